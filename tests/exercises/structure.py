"""What every problem set's source notebook has in common, checked cell by cell."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import nbformat

from grader.self_study import exercises

ANNOUNCED = re.compile(r"\*\*(\d+) points, (\d+) to (\d+) minutes\.\*\*")
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n(.*?)^### END HIDDEN TESTS$", re.S | re.M)
SHORTEST, LONGEST = 60, 120  # minutes for a whole set
FEWEST, MOST = 100, 200  # words of a commentary on a solution
# How a check names what to read: check("name", name, 'chapter 2, "Heading"', ...)
SECTION = re.compile(r"^check\(\"\w+\", \w+, 'chapter (\d+), \"([^\"]+)\"'", re.M)
SOLUTION = re.compile(r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION$", re.S | re.M)


def _info(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def faults(notebook: Any) -> list[str]:
    """Return one sentence for each way in which a source notebook breaks the common form."""
    nbformat.validate(notebook)
    found = [*_notebook_faults(notebook)]
    for cell in notebook.cells:
        name = _info(cell).get("grade_id", cell.id)
        kind = _test_faults if _info(cell).get("grade") and cell.cell_type == "code" else None
        if _info(cell).get("solution"):
            kind = _answer_faults
        found += [f"{name}: {fault}" for fault in (kind(cell) if kind else [])]
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count):
            found.append(f"{name}: a source stores no outputs")
    return found


def _notebook_faults(notebook: Any) -> Iterator[str]:
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield "the notebook format is not 4.5"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    graded = [_info(cell) for cell in notebook.cells if _info(cell)]
    ids = [info["grade_id"] for info in graded]
    yield from (f"{i}: the grade_id is used twice" for i in sorted(set(ids)) if ids.count(i) > 1)
    yield from (f"{info['grade_id']}: schema 3 expected" for info in graded
                if info["schema_version"] != 3)
    points = sum(info.get("points", 0) for info in graded)
    announced = ANNOUNCED.search(notebook.cells[0].source)
    told, least, most = map(int, announced.groups()) if announced else (0, 0, 0)
    if told != points or not SHORTEST <= least < most <= LONGEST:
        yield (f"the first cell does not announce {points} points and a time within {SHORTEST} to "
               f"{LONGEST} minutes")
    wanted = {f"test_{i}" for i, c in zip(ids, _graded_cells(notebook), strict=True)
              if c.cell_type == "code" and _info(c).get("solution")}
    yield from (f"{test}: no such test cell" for test in sorted(wanted - set(ids)))
    for _, graded, commentary in exercises(notebook):
        words = len(commentary.source.split()) if commentary is not None else 0
        if not FEWEST <= words <= MOST:
            yield (f"{_info(graded)['grade_id']}: a commentary (a cell with the tag self-study) of "
                   f"{FEWEST} to {MOST} words must follow, not one of {words}")


def _graded_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if _info(cell)]


def _test_faults(cell: Any) -> Iterator[str]:
    info = _info(cell)
    if not info.get("points", 0) > 0:
        yield "a test cell needs points"
    if not info.get("locked"):
        yield "a test cell is locked"
    # A student whose first check fails still wants the other cells to run.
    if cell.metadata.get("tags") != ["raises-exception"]:
        yield "needs the tag raises-exception"
    hidden = HIDDEN.search(cell.source)
    if not hidden or "assert " not in hidden[1]:
        yield "there are no hidden tests"
    visible = ast.parse(HIDDEN.sub("", cell.source)).body
    # A name set here would reach the student's later cells only while both share a process.
    if not visible or not all(map(_is_check, visible)):
        yield "the visible part consists of calls of check"
    # nbgrader takes the value of a last expression for partial credit, any text for full points.
    last = ast.parse(cell.source).body[-1]
    if not isinstance(last, ast.With):
        yield "the cell must end with the block that runs the hidden tests"


def _is_check(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("check(")


def _answer_faults(cell: Any) -> Iterator[str]:
    if not SOLUTION.search(cell.source):
        yield "an answer needs a solution region"
    if cell.cell_type == "markdown":
        if not _info(cell).get("points", 0) > 0:
            yield "a written answer needs points"
        return
    for node in ast.parse(cell.source).body:
        if not (isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)):
            yield "an answer consists of functions and classes with docstrings"
    if re.search(r"\bnnlib\b", cell.source):
        yield "the answers use NumPy only, no nnlib"
    for region in SOLUTION.findall(cell.source):
        lines = [line for line in region.splitlines() if line.strip()]
        if not 1 <= len(lines) <= 10:
            yield f"a reference solution has 1 to 10 lines, not {len(lines)}"


def statement_faults(notebook: Any, headings: Mapping[int, set[str]]) -> list[str]:
    """Return what is missing around the exercises: hints, links, sections that exist.

    `headings` maps the number of each chapter that the set belongs to to its headings.
    """
    found = []
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        name = _info(cell).get("grade_id", cell.id)
        if cell.cell_type == "code" and _info(cell).get("solution"):
            hints = re.findall(r"<details><summary>(Hint \d)</summary>\n\n", before.source)
            if hints != ["Hint 1", "Hint 2"] or before.source.count("</details>") != 2:
                found.append(f"{name}: the statement before it needs two folded hints")
            parts = ("**Example.**", "**Pitfalls.**", "../../chapters/")
            found += [f"{name}: its statement lacks {p}" for p in parts if p not in before.source]
        if _info(cell).get("grade") and cell.cell_type == "code":
            sections = SECTION.findall(cell.source)
            found += [f"{name}: chapter {number} has no section {section!r}"
                      for number, section in sections
                      if section not in headings.get(int(number), ())]
            if len(sections) != len(re.findall(r"^check\(", cell.source, re.M)):
                found.append(f"{name}: a check does not say which chapter and section to read")
    return found
