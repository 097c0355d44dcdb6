"""What the Validate button of JupyterLab says, on the command line: by nbgrader's own validator."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbconvert.filters import strip_ansi
from nbgrader.validator import Validator

from grader.course import Course
from grader.errors import GraderError
from grader.notebook_file import read_notebook


@dataclass(frozen=True)
class Check:
    """One graded cell: its name, why it would get no points (or ""), and whether it is prose."""

    cell: str
    failure: str
    written: bool


def check(course: Course, problem_set: str) -> list[Check]:
    """Run the student's notebook in `exercises/` and return what each visible check says.

    Raises
    ------
    GraderError
        When the notebook is missing or unreadable, or a locked cell was changed.
    """
    folder = course.folder("release", problem_set=course.require(problem_set))
    path = folder / f"{problem_set}.ipynb"
    if not path.is_file():
        raise GraderError(f"{course.show(path)} does not exist: run `make release`.")
    graded = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in read_notebook(path).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    results = _validate(path, course)
    changed = [entry["source"] for kind in ("changed", "type_changed")
               for entry in results.get(kind, [])]  # fmt: skip
    if changed:
        names = [name for name, cell in graded.items() if cell.source.strip() in changed]
        raise GraderError(
            f"{course.show(path)}: {', '.join(names) or 'a locked cell'} was changed, and grading "
            "will put the original back; your answers belong into the cells that say so."
        )
    failed = {entry["source"]: entry["raw_error"] for entry in results.get("failed", [])}
    return [
        Check(name, strip_ansi(failed.get(cell.source.strip(), "")), cell.cell_type == "markdown")
        for name, cell in graded.items()
    ]


def _validate(path: Path, course: Course) -> dict[str, list[dict[str, str]]]:
    before = Path.cwd()
    try:
        results: Any = Validator(config=course.config).validate(str(path))
    finally:
        os.chdir(before)  # nbgrader works in the notebook's folder, also when it fails
    return dict(results)
