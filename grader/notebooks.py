"""Whether a submitted file is a notebook of the problem set, found without running it."""

import json
from pathlib import Path
from typing import Any

from nbgrader.utils import is_grade

from grader.course import Course
from grader.notebook_file import read_notebook

AGAIN = "ask for the file again"


def graded_cells(course: Course, problem_set: str) -> list[str]:
    """Return the grade_ids that carry points, in the order of the source notebook."""
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    cells = read_notebook(path).cells
    return [cell.metadata.nbgrader.grade_id for cell in cells if is_grade(cell)]


def find_notebook_fault(course: Course, problem_set: str, path: Path) -> str:
    """Return why the file at `path` cannot be graded, or an empty string."""
    shown = course.show(path)
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"{shown} is not a notebook: byte {error.start} is not UTF-8; {AGAIN}"
    except json.JSONDecodeError as error:
        return f"{shown} is not a notebook: no JSON at line {error.lineno} ({error.msg}); {AGAIN}"
    except RecursionError:
        return f"{shown} is not a notebook: its JSON is nested too deeply; {AGAIN}"
    return _structure_fault(content, shown) or _cells_fault(course, problem_set, content, shown)


def _structure_fault(content: Any, shown: str) -> str:
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        return f"{shown} is not a notebook: it has no nbformat number; {AGAIN}"
    if content["nbformat"] != 4:
        return f"{shown} has notebook format {content['nbformat']}; expected 4: open it and save it"
    cells = content.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        return f"{shown} is not a notebook: its cells are missing or malformed; {AGAIN}"
    return ""


def _is_cell(cell: Any) -> bool:
    return (
        isinstance(cell, dict)
        and cell.get("cell_type") in ("code", "markdown", "raw")
        and isinstance(cell.get("source"), (str, list))
        and isinstance(cell.get("metadata"), dict)
        and isinstance(cell["metadata"].get("nbgrader", {}), dict)
    )


def _cells_fault(course: Course, problem_set: str, content: Any, shown: str) -> str:
    present = {str(c["metadata"].get("nbgrader", {}).get("grade_id")) for c in content["cells"]}
    expected = graded_cells(course, problem_set)
    missing = [name for name in expected if name not in present]
    if not missing:
        return ""
    if len(missing) < len(expected):
        return f"{shown} lacks the graded cells {', '.join(missing)}; {AGAIN}"
    others = (name for name in course.problem_sets() if name != problem_set)
    owner = next((n for n in others if present.intersection(graded_cells(course, n))), None)
    whose = f"it is a notebook of {owner}" if owner else "it is not a notebook of this problem set"
    return f"{shown} has none of the graded cells of {problem_set}: {whose}; {AGAIN}"
