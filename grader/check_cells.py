"""The cells that every problem set shares, `helper` and `rules`, from one text each.

The text of a cell is a file beside the problem sets, so that a repair reaches all of them. A set's
own rules are lines at the end of its rules cell, which start with the line OWN.
"""

from pathlib import Path
from typing import Any

import nbformat

from grader.course import Course
from grader.errors import GraderError
from grader.notebook_file import read_notebook

FILES = {"helper": "check_helper.py", "rules": "check_rules.py"}
OWN = "# In this set:"


def write_check_cells(course: Course, problem_set: str) -> list[str]:
    """Write the shared cells into one source notebook; return the names of the changed cells.

    Raises
    ------
    GraderError
        When the notebook has no cell with the id `helper`, after which the others belong.
    """
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    notebook = read_notebook(path)
    cells = {cell.get("id"): cell for cell in notebook.cells}
    if "helper" not in cells:
        raise GraderError(f"{course.show(path)} has no cell with the id 'helper'.")
    changed = []
    for name, text in shared_texts(course.folder("source")).items():
        if name not in cells:
            place = 1 + next(i for i, cell in enumerate(notebook.cells) if cell.id == "helper")
            cells[name] = _new_cell(name)
            notebook.cells.insert(place, cells[name])
        wanted = text + own_lines(cells[name].source)
        if cells[name].source != wanted:
            cells[name].source = wanted
            changed.append(name)
    if changed:
        nbformat.write(notebook, path)
    return changed


def shared_texts(source: Path) -> dict[str, str]:
    """Return the name of each shared cell -> its text, without the file's last line break."""
    return {name: (source / file).read_text(encoding="utf-8").rstrip("\n")
            for name, file in FILES.items()}  # fmt: skip


def own_lines(source: str) -> str:
    """Return what a problem set adds to a shared cell: the lines from OWN on, or nothing."""
    start = source.find(f"\n\n{OWN}")
    return source[start:] if start >= 0 else ""


def _new_cell(name: str) -> Any:
    info = {"schema_version": 3, "grade_id": name, "locked": True,
            "grade": False, "solution": False, "task": False}  # fmt: skip
    return nbformat.v4.new_code_cell(
        id=name, metadata={"jupyter": {"source_hidden": True}, "nbgrader": info}
    )
