"""`grader check` says of a student's notebook what JupyterLab's Validate button says."""

import nbformat
import pytest
from nbgrader.validator import Validator

from grader.cli import main
from tests.grader.tiny_course import RIGHT, run

pytestmark = pytest.mark.slow


@pytest.fixture
def exercise(course):
    """Return the path of a released notebook, as a student has it."""
    assert run(course, "release", "tiny") == 0
    return course.root / "exercises" / "tiny" / "tiny.ipynb"


def write(path, **sources):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(name, cell.source)
    nbformat.write(notebook, path)


def test_an_untouched_notebook_passes_nothing(course, exercise, capsys):
    assert run(course, "check", "tiny") == 1
    said = capsys.readouterr().out
    assert "test_double:\n  " in said
    assert "NotImplementedError" in said
    assert said.endswith("0 of 3 pass. Hidden tests decide the points.\n")


def test_right_and_wrong_answers_as_validate_sees_them(course, exercise, capsys):
    write(exercise, **RIGHT | {"square": "def square(x):\n    return x"}, explain="Because.")
    assert run(course, "check", "tiny") == 1
    said = capsys.readouterr().out
    assert "test_double: the visible check passes.\n" in said
    assert "test_square:\n" in said
    assert "AssertionError" in said
    assert "explain: written; a person will read it.\n" in said
    assert "2 of 3 pass" in said
    failed = Validator(config=course.config).validate(str(exercise))["failed"]
    assert ["square(2) == 4" in cell["source"] for cell in failed] == [True]
    write(exercise, **RIGHT)
    assert run(course, "check", "tiny") == 0


def test_a_changed_test_cell_is_named(course, exercise, capsys):
    write(exercise, test_square="assert True")
    assert run(course, "check", "tiny") == 2
    assert "exercises/tiny/tiny.ipynb: test_square was changed" in capsys.readouterr().err


def test_a_missing_notebook_says_what_to_do(course, capsys):
    assert run(course, "check", "tiny") == 2
    assert "tiny.ipynb does not exist: run `make release`" in capsys.readouterr().err


def test_an_unknown_set_is_refused(course, capsys):
    assert main(["check", "ps9", "--course-dir", str(course.root)]) == 2
    assert "There is no problem set 'ps9'" in capsys.readouterr().err
