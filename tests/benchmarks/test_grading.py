"""The grading benchmark: its class, its arithmetic, and that it notices unequal work. Not timed."""

import sys
import types
from collections import Counter

import nbformat
import pytest

from tests.exercises.problem_set import ProblemSet

SET = "ps4_backprop"


@pytest.fixture
def room(benchmark_script):
    return benchmark_script("classroom")


@pytest.fixture
def graders(benchmark_script):
    return benchmark_script("contending_graders")


@pytest.fixture
def bench(benchmark_script):
    return benchmark_script("grading")


def test_a_class_is_the_reference_an_untouched_notebook_and_one_plant_each(room) -> None:
    students = room.make_class(SET, 60)
    assert [s.name for s in students[:3]] == ["reference", "untouched", "student00000"]
    plants = [s.plant for s in students[2:]]
    assert len(set(map(str, plants))) == 58
    assert students == room.make_class(SET, 60) != room.make_class(SET, 60, seed=1)
    assert {bool(s.loses) for s in students[2:]} == {True, False}


def test_a_large_class_draws_every_plant_as_often(room) -> None:
    students = room.make_class(SET, 400)
    counts = Counter(str(s.plant) for s in students[2:])
    assert len(students) == len({s.name for s in students}) == 400
    assert set(counts.values()) <= {2, 3}


def test_a_hand_in_is_the_release_with_answers(room, tmp_path) -> None:
    students = room.make_class(SET, 4)
    room.hand_in(students, tmp_path)
    release = ProblemSet(SET, "exercises").notebook
    for student in students:
        path = tmp_path / student.name / SET / f"{SET}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        text = path.read_text()
        assert [c.id for c in notebook.cells] == [c.id for c in release.cells]
        assert "HIDDEN TESTS" not in text
        assert "BEGIN SOLUTION" not in text
        assert ("Not attempted: replace" in text) == student.untouched
        if student.plant:
            (cell,) = (c for c in notebook.cells if c.id == student.plant.answer)
            assert cell.source.endswith(student.plant.code.strip())


def test_a_plant_takes_the_place_of_its_function_alone(room) -> None:
    answer, code = "activation_backward", "relu_backward = None"
    plant = room.Plant("relu_backward", answer, "", code, frozenset())
    source = room._answers(SET)[answer]
    assert "def relu_backward" in source
    cell = room.replaced(source, plant)
    assert "def relu_backward" not in cell
    assert "def tanh_backward" in cell
    assert cell.endswith(f"\n\n\n{code}")


@pytest.mark.slow
def test_the_bare_cells_lose_what_the_plants_say(room, graders, tmp_path) -> None:
    students = room.make_class(SET, 12)
    room.hand_in(students, tmp_path)
    run = graders.bare_cells(SET, tmp_path)
    assert run.students == 12
    assert {s.name: room.lost(run.scores[s.name]) for s in students} == {
        s.name: s.loses for s in students
    }


@pytest.mark.slow
def test_plain_nbgrader_grades_the_class_by_both_ways(room, graders, bench, tmp_path) -> None:
    students = room.make_class(SET, 3)
    plain = graders.PlainNbgrader(SET, students, tmp_path)
    together, alone = plain.for_all(), plain.for_each(students[:1])
    assert bench.disagreements(students, together.scores) == []
    assert set(alone.scores) == {"reference"}
    assert together.students == 3
    assert together.each == pytest.approx(together.seconds / 3)


def test_otter_runs_the_same_test_code_in_the_students_names(graders, room, monkeypatch) -> None:
    """Without otter-grader itself: its decorator and its call, as its documentation has them."""
    source = ProblemSet(SET).tests["test_by_hand"].source
    text = graders.OTTER_TEST.format(name="test_by_hand", points=2, source=source)
    cases = []

    def test_case(**settings):
        return lambda function: cases.append((settings, function))

    module = types.ModuleType("otter.test_files")
    module.test_case = test_case
    monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", module)
    test_file = {}
    exec(text, test_file)
    assert (test_file["name"], test_file["points"]) == ("test_by_hand", 2)
    ((settings, function),) = cases
    assert settings == {"points": 2, "hidden": True}
    function(ProblemSet(SET).reference())
    with pytest.raises(NameError, match="by_hand"):
        function({"check": lambda *_: None})


def test_otters_environment_has_the_pinned_packages_of_the_set(graders) -> None:
    assert [pin.partition("==")[0] for pin in graders._pins(SET)] == ["numpy"]
    assert {pin.partition("==")[0] for pin in graders._pins("ps7_pytorch")} == {"numpy", "torch"}


def run(graders, each, students=10, cpu=1.0, scores=None):
    return graders.Run(each * students, cpu * students, students, scores or {})


def test_ratios_are_medians_of_ratios_within_a_round(graders, bench) -> None:
    measured = bench.Measured()
    for plain, ours in ((2.0, 0.2), (4.0, 0.8), (3.0, 0.2)):  # the second round was disturbed
        measured.add(bench.ALL, run(graders, plain))
        measured.add(bench.OURS, run(graders, ours, cpu=0.3))
        measured.add(bench.EACH, run(graders, 2 * plain, students=2))
    assert measured.ratio(bench.OURS) == pytest.approx(10)
    assert measured.ratio(bench.ALL) == 1
    assert measured.ratio(bench.EACH) == 0.5
    assert bench.rows(measured) == [
        [bench.EACH, "6.000", "0.5", "1.00"],
        [bench.ALL, "3.000", "1.0", "1.00"],
        [bench.OURS, "0.200", "10.0", "0.30"],
    ]
    lines = bench.table(measured).splitlines()
    assert lines[0] == "| grader | s a submission | times as fast | processor, s |"
    assert lines[1] == "| --- | --: | --: | --: |"
    assert lines[4] == f"| {bench.OURS} | 0.200 | 10.0 | 0.30 |"


def test_goals_are_said_to_be_met_or_missed(graders, bench) -> None:
    measured = bench.Measured()
    measured.add(bench.ALL, run(graders, 2.0))
    measured.add(bench.OURS, run(graders, 0.3))
    measured.add(bench.STEADY, run(graders, 0.1))
    ours, steady, each = sorted(bench.verdicts(measured), key=lambda text: "start" not in text)
    assert ours.endswith("goal 7: MISSED")
    assert steady.endswith("goal 10: met")
    assert each.endswith("0.100 s a submission, goal 0.25: met")


def test_other_points_stop_the_benchmark(room, graders, bench) -> None:
    reference, untouched = room.make_class(SET, 2)
    tests = ProblemSet(SET).tests
    right = {"reference": dict.fromkeys(tests, 1.0), "untouched": dict.fromkeys(tests, 0.0)}
    assert bench.disagreements([reference, untouched], right) == []
    wrong = {"reference": right["reference"] | {"test_by_hand": 0.0}}
    first, second = bench.disagreements([reference, untouched], wrong)
    assert first == "reference (no plant) lost ['test_by_hand'], not []"
    assert second.startswith("untouched (no plant) has no points, not ['test_activation_backward'")
    with pytest.raises(SystemExit, match="a grader came to other points:\n  reference"):
        bench.agreed("a grader", [reference], run(graders, 1.0, scores=wrong))


@pytest.mark.parametrize(
    ("count", "first", "last"), [(60, 6, 51), (20, 2, 15), (10, 1, 7), (3, 0, 2), (2, 0, 1)]
)
def test_the_busy_part_leaves_out_start_and_end(graders, count, first, last) -> None:
    assert graders.busy_part(count) == (first, last)


def test_stages_are_told_with_their_shares(bench) -> None:
    told = bench.shares({"intake": [0.1, 0.3], "judge": [0.2, 0.4], "wait": []})
    assert told.endswith(": intake 0.200 s (40%), judge 0.300 s (60%).")


def test_a_command_that_fails_stops_the_benchmark(graders, tmp_path) -> None:
    with pytest.raises(SystemExit, match=r"ended with 3:\n.*broken"):
        graders.timed([[sys.executable, "-c", "import sys; print('broken'); sys.exit(3)"]],
                      tmp_path)
