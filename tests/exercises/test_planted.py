"""Each grader is proven: wrong answers lose exactly the points they should, right ones keep all."""

import pytest

from tests.exercises.plants import empty_answers, functions, hard_coded, load
from tests.exercises.problem_set import SETS, ProblemSet, run_cell

FEWEST_WRONG, FEWEST_RIGHT = 8, 2
TRAINING = ("ps7_pytorch", "ps8_project")

SOURCES = {name: ProblemSet(name) for name in SETS}
PLANTS = {name: load(name) for name in SETS}


def cases(index):
    """Return pytest parameters (source, plant): index 0 for wrong plants, 1 for right ones.

    The first of each function are enough for `make check`, and of the sets that train networks
    none; `make test` runs them all.
    """
    return [
        pytest.param(SOURCES[name], plant, id=f"{name}-{plant}",
                     marks=[pytest.mark.slow] * (i > 0 or name in TRAINING))
        for name in SETS
        for both in PLANTS[name].values()
        for i, plant in enumerate(both[index])
    ]


@pytest.mark.parametrize("name", SETS)
def test_the_reference_has_all_points_and_the_untouched_release_none(name):
    assert SOURCES[name].failing() == set()
    release = ProblemSet(name, "exercises")
    assert release.failing() == set(release.tests) == set(SOURCES[name].tests)
    assert all("not attempted yet" in message for message in release.run().values())


@pytest.mark.parametrize(("source", "plant"), cases(0))
def test_a_wrong_answer_loses_exactly_its_points(source, plant):
    verdicts = source.run({plant.answer: plant.code})
    assert {test for test, failure in verdicts.items() if failure} == plant.fails
    assert plant.says in verdicts[f"test_{plant.answer}"]


@pytest.mark.parametrize(("source", "plant"), cases(1))
def test_a_right_answer_keeps_all_points(source, plant):
    assert source.run({plant.answer: plant.code}) == dict.fromkeys(source.tests, "")


@pytest.mark.parametrize("name", SETS)
def test_there_are_enough_plants_for_every_function(name):
    counts = {f: (len(wrong), len(right)) for f, (wrong, right) in PLANTS[name].items()}
    assert set(counts) == {function for _, function, _ in functions(SOURCES[name])}
    few = {f: n for f, n in counts.items() if n[0] < FEWEST_WRONG or n[1] < FEWEST_RIGHT}
    assert few == {}
    names = [str(p) for wrong, right in PLANTS[name].values() for p in wrong + right]
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_empty_answers_get_nothing(name):
    paid = [str(p) for p in empty_answers(SOURCES[name])
            if not p.fails <= SOURCES[name].failing({p.answer: p.code})]
    assert paid == []


@pytest.mark.parametrize("name", SETS)
def test_a_notebook_of_empty_answers_gets_nothing(name):
    for body in ("pass", "return None", "return 0", "raise RuntimeError"):
        planted: dict[str, str] = {}
        for answer, _, head in functions(SOURCES[name]):
            planted[answer] = planted.get(answer, "") + f"{head}\n    {body}\n"
        assert SOURCES[name].failing(planted) == set(SOURCES[name].tests), body


@pytest.mark.parametrize("name", SETS)
def test_knowing_the_visible_examples_by_heart_is_worth_nothing(name):
    release, source = ProblemSet(name, "exercises"), SOURCES[name]
    honest = source.reference()
    impostors = hard_coded(source)
    assert set(impostors) == {function for _, function, _ in functions(source)}
    for test, cell in release.tests.items():
        assert run_cell(cell.source, test, honest | impostors) == "", "the visible check is passed"
    for answer, function, _ in functions(source):
        cheating = honest | {function: impostors[function]}
        paid = not run_cell(source.tests[f"test_{answer}"].source, f"test_{answer}", cheating)
        assert not paid, f"test_{answer} pays for knowing the visible examples of {function}"


class Everything:
    """Stands in for the names that a plant touches, so that no test cell is skipped."""

    def __and__(self, names):
        return True


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_test_cells_that_are_skipped_would_not_have_noticed(name, monkeypatch):
    chosen = [both[0][0] for both in PLANTS[name].values()]
    quick = [SOURCES[name].failing({plant.answer: plant.code}) for plant in chosen]
    monkeypatch.setattr(ProblemSet, "_touched", lambda self, planted: Everything())
    assert [SOURCES[name].failing({plant.answer: plant.code}) for plant in chosen] == quick


def test_a_follow_on_error_names_the_function_to_repair_first():
    source = SOURCES["ps1_perceptron"]
    wrong, _ = PLANTS["ps1_perceptron"]["weighted_sum"]
    plant = next(p for p in wrong if p.name == "a batch is summed to one number")
    told = source.run({plant.answer: plant.code})["test_predict"]
    assert "Repair first   weighted_sum, which this function calls" in told
    missing = "def train_perceptron(*arguments):\n    raise NotImplementedError"
    told = source.run({"train_perceptron": missing})["test_separability"]
    assert "is_linearly_separable: needs train_perceptron first" in told
