"""The pre-flight of this course's own sets, one in NumPy and one in PyTorch.

tests/exercises/test_isolated_grader.py plays reference and untouched release of every set.
"""

import pytest

from grader.course import find_course
from grader.running.preflight import preflight
from tests.grader.tiny_course import REPOSITORY

COURSE = find_course(REPOSITORY)


@pytest.mark.slow
@pytest.mark.parametrize("problem_set", ["ps1_perceptron", "ps7_pytorch"])
def test_reference_scores_all_and_the_untouched_release_nothing(problem_set):
    assert preflight(COURSE, problem_set, again=True).problems == ()
