"""The self-study edition: a release with a worked solution folded under each exercise.

A commentary is a Markdown cell of the source with the tag `self-study`, after the check of its
exercise. The release leaves it out; here it stands below the reference solution, in one fold.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from grader.course import Course
from grader.drift import files_below
from grader.errors import GraderError
from grader.leaks import find_leaks
from grader.notebook_file import read_notebook, write_notebook
from grader.regions import is_commentary
from grader.release import generate_checked

FOLDER = "self_study"
REGION = re.compile(r"^ *### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", re.DOTALL | re.MULTILINE)
FUNCTION = re.compile(r"^ *def (\w+\([^\n]*\)):", re.MULTILINE)
FOLD = "<details><summary>Worked solution</summary>\n\n{}\n\n**Commentary**\n\n{}\n\n</details>"
NOTE = """\
**Self-study edition.** This notebook is for working without an instructor. Below the check of each
exercise a worked solution is folded: open it after an attempt of your own, or when both hints have
not helped. The visible checks are those of the course. The hidden tests that decide the points are
not in here, so compare your function with the worked solution also where its check passes. Your
written answers you mark yourself: the mark scheme is in the fold."""


class DropCommentaries(NbGraderPreprocessor):  # type: ignore[misc]
    """Release preprocessor: leave out what only the self-study edition shows."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Drop cells of `nb`, as nbconvert's preprocessors do."""
        nb.cells = [cell for cell in nb.cells if not is_commentary(cell)]
        return nb, resources


def write_self_study(course: Course, problem_set: str) -> str:
    """Write one problem set's self-study edition; return what happened, in words.

    A notebook that its reader has worked in is kept. Raises as `generate_self_study` does.
    """
    target = course.root / FOLDER / course.require(problem_set)
    path = target / f"{problem_set}.ipynb"
    with TemporaryDirectory() as scratch:
        fresh = generate_self_study(course, problem_set, Path(scratch))
        if path.is_file() and _worked_in(path, read_notebook(fresh / path.name)):
            return f"kept {course.show(path)}, which you have worked in; rename it for a fresh one"
        for file in sorted(files_below(fresh)):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            (target / file).write_bytes((fresh / file).read_bytes())
    return f"wrote {course.show(path)}"


def generate_self_study(course: Course, problem_set: str, scratch: Path) -> Path:
    """Generate one problem set's self-study edition below `scratch`; return its folder.

    Raises
    ------
    GraderError
        When the set cannot be released, an exercise has no commentary, or a hidden test would show.
    """
    fresh = generate_checked(course, problem_set, scratch)
    source, path = course.folder("source", problem_set=problem_set), fresh / f"{problem_set}.ipynb"
    edition = _edition(read_notebook(source / path.name), read_notebook(path))
    path.write_text(write_notebook(edition) + "\n", encoding="utf-8")
    shown = find_leaks(source, fresh, kinds={"hidden test"})
    if shown:
        raise GraderError(f"The self-study edition is not written: {'; '.join(shown)}.")
    return fresh


def exercises(source: Any) -> Iterator[tuple[list[Any], Any, Any]]:
    """Yield (solution cells, last graded cell, commentary or None) for each exercise of a source.

    An exercise ends with its graded cell: the check, or the written answer itself. Its commentary
    is the next cell.
    """
    solutions: list[Any] = []
    for cell, after in zip(source.cells, [*source.cells[1:], None], strict=True):
        if is_solution(cell):
            solutions.append(cell)
        if is_grade(cell):
            yield solutions, cell, after if after is not None and is_commentary(after) else None
            solutions = []


def missing_commentaries(source: Any) -> list[str]:
    """Return the grade_id of each graded cell that no commentary follows."""
    return [
        graded.metadata.nbgrader.grade_id
        for _, graded, commentary in exercises(source)
        if commentary is None
    ]


def _edition(source: Any, release: Any) -> Any:
    """Return `release` with the worked solutions of `source`."""
    missing = missing_commentaries(source)
    if missing:
        raise GraderError(f"No commentary (a cell with the tag self-study) after {missing}.")
    folds = {
        graded.id: nbformat.v4.new_markdown_cell(
            FOLD.format("\n\n".join(map(_worked, solutions)), commentary.source),
            id=commentary.id,
        )
        for solutions, graded, commentary in exercises(source)
    }
    note = nbformat.v4.new_markdown_cell(NOTE, id="self-study")
    cells = [cell for own in release.cells for cell in (own, folds.get(own.id)) if cell is not None]
    release.cells = [cells[0], note, *cells[1:]]
    return release


def _worked(cell: Any) -> str:
    """Return the solution regions of one cell as Markdown."""
    if cell.cell_type == "markdown":
        regions = REGION.findall(cell.source) or [cell.source]
        return "\n\n".join(f"**A model answer**\n\n{region.strip()}" for region in regions)
    found = []
    for region in REGION.finditer(cell.source):
        heads = FUNCTION.findall(cell.source[: region.start()])
        code = textwrap.dedent(region[1]).strip("\n")
        found.append((f"`{heads[-1]}`:\n\n" if heads else "") + f"```python\n{code}\n```")
    return "\n\n".join(found or [f"```python\n{cell.source}\n```"])


def _worked_in(path: Path, edition: Any) -> bool:
    """Whether a notebook holds an answer or a cell that a fresh edition does not."""
    fresh = {cell.id: cell.source for cell in edition.cells}
    return any(
        cell.get("id") not in fresh or (is_solution(cell) and cell.source != fresh[cell.id])
        for cell in read_notebook(path).cells
    )
