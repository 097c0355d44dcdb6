"""Read a handed-in notebook, tolerantly: what can be graded is, the rest has a stated reason."""

import json
from dataclasses import dataclass, field
from typing import Any

from nbgrader.utils import is_grade, is_solution

from grader.course import Course
from grader.notebook_file import read_notebook

AGAIN = "ask for the file again"
TYPES = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Cell:
    """What counts of one handed-in cell; `names` are its grade_id and id, as far as it has them."""

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Parsed:
    """A notebook's cells; `malformed` counts those left out, `reason` says why there are none."""

    cells: tuple[Cell, ...] = ()
    malformed: int = 0
    reason: str = ""


def graded_cells(course: Course, problem_set: str) -> list[str]:
    """Return the grade_ids that carry points, in the order of the source notebook."""
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    cells = read_notebook(path).cells
    return [cell.metadata.nbgrader.grade_id for cell in cells if is_grade(cell)]


def answer_cells(course: Course, problem_set: str) -> list[str]:
    """Return the grade_ids of the cells that carry points or hold answers."""
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    cells = read_notebook(path).cells
    return [c.metadata.nbgrader.grade_id for c in cells if is_grade(c) or is_solution(c)]


def parse_notebook(content: bytes) -> Parsed:
    """Return the cells of a notebook file, or why it cannot be graded.

    Only what grading uses is looked at, so that a notebook with broken outputs or metadata, a byte
    order mark, numbers beyond measure or unknown keys is graded like any other.
    """
    if not content.strip():
        return Parsed(reason=f"is empty; {AGAIN}")
    try:
        # A number may have more digits than Python converts, and none of them counts here.
        notebook = json.loads(content.decode("utf-8-sig"), parse_int=_small)
    except UnicodeDecodeError as error:
        return Parsed(reason=f"is not a notebook: byte {error.start} is not UTF-8; {AGAIN}")
    except json.JSONDecodeError as error:
        where = f"no JSON at line {error.lineno} ({error.msg})"
        return Parsed(reason=f"is not a notebook: {where}; {AGAIN}")
    except RecursionError:
        return Parsed(reason=f"is not a notebook: its JSON is nested too deeply; {AGAIN}")
    reason = _structure_fault(notebook)
    if reason:
        return Parsed(reason=reason)
    cells = [_cell(cell) for cell in notebook["cells"]]
    good = tuple(cell for cell in cells if cell is not None)
    if cells and not good:
        return Parsed(reason=f"is not a notebook: its cells are missing or malformed; {AGAIN}")
    return Parsed(good, malformed=len(cells) - len(good))


def find_stranger(course: Course, problem_set: str, cells: tuple[Cell, ...], own: set[str]) -> str:
    """Return why these cells are not a notebook of the problem set, or an empty string.

    Parameters
    ----------
    course, problem_set
        For which it was handed in.
    cells
        The notebook's.
    own : set of str
        The problem set's `answer_cells`.
    """
    present = {name for cell in cells for name in (cell.grade_id, cell.id) if name}
    graded = [name for name in graded_cells(course, problem_set) if name in present]
    if graded:
        return ""
    others = (name for name in course.problem_sets() if name != problem_set)
    tagged = {cell.grade_id for cell in cells}
    owner = next((n for n in others if tagged.intersection(graded_cells(course, n))), None)
    if owner is None and own.intersection(present):
        return ""
    whose = f"it is a notebook of {owner}" if owner else "it is not a notebook of this problem set"
    return f"has none of the graded cells of {problem_set}: {whose}; {AGAIN}"


def _small(digits: str) -> int:
    return int(digits) if len(digits) < 10 else 0


def _structure_fault(content: Any) -> str:
    if not isinstance(content, dict) or type(content.get("nbformat")) is not int:
        return f"is not a notebook: it has no nbformat number; {AGAIN}"
    if content["nbformat"] != 4:
        return f"has notebook format {content['nbformat']}; expected 4: open it and save it"
    if not isinstance(content.get("cells"), list):
        return f"is not a notebook: its cells are missing or malformed; {AGAIN}"
    return ""


def _cell(cell: Any) -> Cell | None:
    if not isinstance(cell, dict) or cell.get("cell_type") not in TYPES:
        return None
    source = _text(cell.get("source"))
    if source is None:
        return None
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return Cell(
        kind=cell["cell_type"],
        source=source,
        id=_name(cell.get("id")),
        grade_id=_name(grade_id),
        attachments=_attachments(cell.get("attachments")),
    )


def _text(value: Any) -> str | None:
    """Return a source as one string that every file can hold, or None."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return None
    # JSON can write half a character (a lone surrogate), and no UTF-8 file can hold it.
    return value.encode("utf-8", "replace").decode("utf-8")


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _attachments(value: Any) -> dict[str, dict[str, str]]:
    """Return the pictures of a written answer; other attachments are nothing a page can show."""
    pictures: dict[str, dict[str, str]] = {}
    for name, bundle in value.items() if isinstance(value, dict) else ():
        kept = {
            kind: data
            for kind, data in (bundle.items() if isinstance(bundle, dict) else ())
            if kind.startswith("image/") and isinstance(data, str) and data.isascii()
        }
        if kept and name.isprintable():
            pictures[name] = kept
    return pictures
