"""Problem set 7 under the split: the points of one process, for the reference and planted answers.

Here the first wrong and the first right answer of each function; all of them:
python -m tests.grader.split.planted ps7_pytorch
"""

import pytest

from tests.exercises.plants import load
from tests.exercises.problem_set import ProblemSet
from tests.grader.split.planted import Split

NAME = "ps7_pytorch"
PLANTS = load(NAME)
pytestmark = pytest.mark.slow
LONGEST = 20_000  # characters of an error that are kept


@pytest.fixture(scope="module")
def split():
    made = Split(NAME)
    yield made
    made.server.close()


def test_the_reference_has_all_points_and_the_untouched_release_none(split):
    assert split.plain == dict.fromkeys(split.source.tests, "")
    assert split.last["faults"] == []
    told = split.play(ProblemSet(NAME, "exercises").notebook)
    assert told.keys() == split.source.tests.keys()
    assert all("not attempted yet" in why for why in told.values())


@pytest.mark.parametrize("plant", [both[i][0] for both in PLANTS.values() for i in (0, 1)], ids=str)
def test_a_planted_answer_has_the_points_of_one_process(split, plant):
    told = split.run(plant)
    assert {test for test, why in told.items() if why} == plant.fails
    why = told[f"test_{plant.answer}"]
    assert plant.says in why or len(why) >= LONGEST
    assert split.last["faults"] == []
