"""The real pipeline, from the command line: steady for any number of workers, and flaky tests."""

import pytest

from grader import autograde
from grader.autograde import Options
from tests.grader.running.conftest import copy_course
from tests.grader.running.small_class import SAME, difference, hand_in_all, state
from tests.grader.tiny_course import RIGHT, edit, hand_in, run, source_path

pytestmark = pytest.mark.slow


def test_workers_change_nothing(released, tmp_path):
    states = []
    for workers in (1, 2, 16):
        course = hand_in_all(copy_course(released, tmp_path / str(workers)))
        autograde.grade(course, "tiny", Options(workers=workers))
        states.append(state(course))
    assert difference(states[0], states[1]) == SAME
    assert difference(states[0], states[2]) == SAME


def test_a_flaky_test_is_detected(course, capsys):
    flaky = "import numpy as np\nassert double(2) == 4\nassert np.random.rand() > 0.5"
    edit(source_path(course), "test_double", lambda _: flaky)
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "eli", double="def double(x):\n    return 5", square=RIGHT["square"])
    capsys.readouterr()
    assert run(course, "autograde", "tiny", "--twice") == 0
    ann, eli = capsys.readouterr().out.splitlines()[1:3]
    assert "the test test_double is flaky: it gave 2 and then 0 points" in ann
    assert ann.split()[1] == "5/9"
    assert "flaky" not in eli


def test_random_numbers_without_a_seed_are_the_same_each_time(course):
    draw = "import numpy as np, random\nprint(np.random.rand(), random.random())\n"
    hand_in(course, "ann", double=draw + RIGHT["double"])
    graded = course.root / "autograded/ann/tiny/tiny.ipynb"
    seen = []
    for _ in range(2):
        autograde.grade(course, "tiny", Options(regrade=True))
        seen.append(graded.read_bytes())
    assert seen[0] == seen[1]
    assert b"0.5488" in seen[0]
