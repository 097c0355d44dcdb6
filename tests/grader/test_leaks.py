"""Every way in which a release could show a secret is planted, and has to be refused."""

import pytest

from grader.leaks import find_leaks
from tests.grader.tiny_course import (
    MODEL_ANSWER,
    TEST_DOUBLE,
    edit,
    run,
    source_path,
    store,
    tiny_notebook,
)

HIDDEN = "\n".join(TEST_DOUBLE.splitlines()[2:4])


def misspelt_marker(course):
    edit(source_path(course), "test_double", lambda s: s.replace("BEGIN HIDDEN", "BEGIN HIDEN"))


def lower_case_marker(course):
    edit(source_path(course), "double", lambda s: s.replace("BEGIN SOL", "begin sol"))


def solution_in_a_hint(course):
    notebook = tiny_notebook()
    notebook.cells[0].source = "# Hint\n\n    twice = 2*x\n    return   twice\n"
    store(notebook, source_path(course))


def model_answer_in_a_hint(course):
    notebook = tiny_notebook()
    notebook.cells[0].source = f"Hint: {MODEL_ANSWER}"
    store(notebook, source_path(course))


def hidden_test_made_visible(course):
    notebook = tiny_notebook()
    notebook.cells[4].source = f"{HIDDEN}\n{notebook.cells[4].source}"
    store(notebook, source_path(course))


def helper_file(course):
    source_path(course).with_name("checks.py").write_text(f"def check():\n    pass\n{HIDDEN}\n")


def second_notebook(course):
    notebook = tiny_notebook()
    del notebook.cells[1:]
    notebook.cells[0].source = f"```\n{HIDDEN}\n```"
    store(notebook, source_path(course).with_name("notes.ipynb"))


def cell_metadata(course):
    notebook = tiny_notebook()
    notebook.cells[0].metadata["notes"] = "twice = 2 * x return twice"
    store(notebook, source_path(course))


PLANTED = {
    misspelt_marker: "BEGIN HIDDEN TESTS and END HIDDEN TESTS do not pair up",
    lower_case_marker: "BEGIN SOLUTION and END SOLUTION do not pair up",
    solution_in_a_hint: "tiny.ipynb shows the solution of cell double",
    model_answer_in_a_hint: "tiny.ipynb shows the solution of cell explain",
    hidden_test_made_visible: "tiny.ipynb shows the hidden test of cell test_double",
    helper_file: "checks.py shows the hidden test of cell test_double",
    second_notebook: "notes.ipynb shows the hidden test of cell test_double",
    cell_metadata: "tiny.ipynb shows the solution of cell double",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_leak_is_refused(course, capsys, plant):
    plant(course)
    assert run(course, "release", "tiny") == 2
    error = capsys.readouterr().err
    assert error.startswith("grader: solutions/tiny/tiny.ipynb cannot be released: ")
    assert PLANTED[plant] in error
    assert not (course.root / "exercises").exists()


def test_check_refuses_leaks_too(course, capsys):
    assert run(course, "release") == 0
    solution_in_a_hint(course)
    assert run(course, "release", "--check") == 2
    assert PLANTED[solution_in_a_hint] in capsys.readouterr().err


def test_marker_that_nbgrader_does_not_know_is_reported(tmp_path):
    for step in ("source", "released"):
        notebook = tiny_notebook()
        notebook.cells = notebook.cells[:1]
        notebook.cells[0].source = "### BEGIN HIDEN TESTS\nx = 1"
        store(notebook, tmp_path / step / "tiny.ipynb")
    leaks = find_leaks(tmp_path / "source", tmp_path / "released")
    assert leaks == ["tiny.ipynb still has a line 'BEGIN HIDEN': misspelt?"]


def test_shared_lines_are_not_leaks(course):
    """A line that hidden and visible parts share, and words that look like a marker."""
    notebook = tiny_notebook()
    notebook.cells[0].source = "# Begin here\n\nDo not begin solutions before you have read this."
    notebook.cells[2].source = "secret_number = -31\n" + TEST_DOUBLE
    store(notebook, source_path(course))
    assert run(course, "release", "tiny") == 0
