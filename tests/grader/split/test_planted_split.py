"""The split gives every planted answer exactly the points that one process gives it.

The first wrong and the first right answer of each function are tried here, but for the project,
whose answers train for seconds; all of them by `python -m tests.grader.split.planted`.
"""

import json

import pytest

from tests.exercises.plants import load
from tests.exercises.problem_set import ROOT
from tests.grader.split.planted import NUMPY_SETS, Split

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[name for name in NUMPY_SETS if name != "ps8_project"])
def split(request):
    found = Split(request.param)
    yield found
    found.server.close()


def test_the_reference_has_all_points_and_the_untouched_release_none(split):
    assert split.plain == dict.fromkeys(split.source.tests, "")
    assert split.last["faults"] == []
    release = ROOT / "exercises" / split.source.name / f"{split.source.name}.ipynb"
    told = split.play(json.loads(release.read_text(encoding="utf-8")))
    assert all("not attempted yet" in why for why in told.values())
    assert set(told) == set(split.source.tests)


def test_the_first_planted_answers_of_each_function(split):
    odd = [str(plant) for wrong, right in load(split.source.name).values()
           for plant in wrong[:1] + right[:1] if not split.agrees(plant, split.run(plant))]
    assert odd == []


@pytest.mark.parametrize("split", ["ps1_perceptron"], indirect=True)
def test_a_follow_on_error_names_the_function_to_repair_first(split):
    wrong, _ = load("ps1_perceptron")["weighted_sum"]
    plant = next(p for p in wrong if p.name == "a batch is summed to one number")
    told = split.run(plant)["test_predict"]
    assert told == split.source.run({plant.answer: plant.code})["test_predict"]
    assert "Repair first   weighted_sum, which this function calls" in told
