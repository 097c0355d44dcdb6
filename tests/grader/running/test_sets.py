"""Every problem set of this course under the real pipeline: the reference all, the stub nothing."""

import pytest

from grader.course import find_course
from grader.running.preflight import preflight
from tests.grader.tiny_course import REPOSITORY

COURSE = find_course(REPOSITORY)


@pytest.mark.slow
@pytest.mark.parametrize("problem_set", COURSE.problem_sets())
def test_reference_scores_all_and_the_untouched_release_nothing(problem_set):
    assert preflight(COURSE, problem_set, again=True).problems == ()
