"""`python -m grader helper`: the cells that all problem sets share come from one text each."""

import nbformat
import pytest

from grader.check_cells import OWN
from tests.grader.tiny_course import make_course, run, source_path, store, tag, tiny_notebook

RULES = f"{OWN}\nALLOWED = {{'torch'}}"


@pytest.fixture
def course(tmp_path):
    """A course whose tiny set has the two cells, with old texts and a rule of its own."""
    course = make_course(tmp_path)
    (tmp_path / "solutions" / "check_helper.py").write_text("visible = {}\n")
    (tmp_path / "solutions" / "check_rules.py").write_text("ALLOWED = set()\n")
    notebook = tiny_notebook()
    for name, text in (("rules", f"old = 1\n\n{RULES}"), ("helper", "old = 2")):
        cell = nbformat.v4.new_code_cell(text, id=name, metadata=tag(name, locked=True))
        notebook.cells.insert(1, cell)
    store(notebook, source_path(course))
    return course


def sources(course):
    cells = nbformat.read(source_path(course), as_version=4).cells
    return {cell.id: cell.source for cell in cells[1:3]}


def test_the_cells_are_written_and_what_is_a_set_s_own_stays(course, capsys):
    assert run(course, "helper", "tiny") == 0
    assert capsys.readouterr().out == "tiny: wrote helper, rules\n"
    assert sources(course) == {"helper": "visible = {}", "rules": f"ALLOWED = set()\n\n{RULES}"}
    before = source_path(course).stat().st_mtime_ns
    assert run(course, "helper", "tiny") == 0
    assert capsys.readouterr().out == "tiny: up to date\n"
    assert source_path(course).stat().st_mtime_ns == before


def test_a_set_without_rules_gets_them_after_the_helper(course):
    notebook = tiny_notebook()
    helper = nbformat.v4.new_code_cell("old = 2", id="helper", metadata=tag("helper", locked=True))
    notebook.cells.insert(1, helper)
    store(notebook, source_path(course))
    assert run(course, "helper", "tiny") == 0
    assert sources(course) == {"helper": "visible = {}", "rules": "ALLOWED = set()"}
    assert run(course, "release", "tiny") == 0
    released = nbformat.read(course.root / "exercises" / "tiny" / "tiny.ipynb", as_version=4)
    rules = released.cells[2]
    assert (rules.id, rules.metadata.editable) == ("rules", False)


def test_a_set_without_a_helper_is_left_alone(course, capsys):
    assert run(course, "helper", "other") == 2
    error = capsys.readouterr().err
    assert error == "grader: solutions/other/other.ipynb has no cell with the id 'helper'.\n"
