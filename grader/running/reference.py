"""The reference answers, played like a submission: what they lose shows that something is broken.

Each run begins with them. Where the sandbox fails, or a test misjudges, no submission is graded
instead of a whole class getting nothing.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from nbgrader.utils import determine_grade, is_grade, is_solution

from grader.errors import GraderError
from grader.notebooks import parse_notebook
from grader.running.outputs import take_over
from grader.running.skeleton import Merged, Skeleton
from grader.wording import format_points


def merge_reference(skeleton: Skeleton, source: str) -> Merged:
    """Return the source notebook's own answers as a submission."""
    own = {cell.id for cell in skeleton.cells}  # commentaries on solutions are not among them
    cells = parse_notebook(source.encode()).cells
    return skeleton.merge([cell for cell in cells if cell.id in own])


def played_copy(notebook: Any, result: dict[str, Any]) -> Any:
    """Return a copy of a notebook with the outputs of a play.

    Raises
    ------
    GraderError
        When the judge gave up.
    """
    if result.get("error"):
        raise GraderError(str(result["error"]))
    copy = deepcopy(notebook)
    take_over(copy, result)
    return copy


def tests_of(notebook: Any) -> Iterator[Any]:
    """Yield the cells whose points a test gives."""
    return (cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell))


def failing(notebook: Any) -> list[Any]:
    """Return the test cells of a played notebook that give less than all points."""
    return [cell for cell in tests_of(notebook) if points_of(cell) < most_of(cell)]


def name_of(cell: Any) -> str:
    """Return a graded cell's name."""
    return str(cell.metadata.nbgrader.grade_id)


def points_of(cell: Any) -> float:
    """Return what a played test cell gives, by nbgrader's rule."""
    return float(determine_grade(cell)[0])


def most_of(cell: Any) -> float:
    """Return the points of a cell."""
    return float(cell.metadata.nbgrader.points)


def share_of(cell: Any) -> str:
    """Return points and maximum in words."""
    return f"{format_points(points_of(cell))} of {format_points(most_of(cell))}"


def error_of(cell: Any) -> str:
    """Return the error of a played cell in one line."""
    for output in cell.outputs:
        if output.output_type == "error":
            lines = str(output.evalue).strip().splitlines() or [""]
            return f"{output.ename}: {lines[0]}"
    return "no error"


def require_reference(notebook: Any, result: dict[str, Any], problem_set: str) -> None:
    """Make sure that the reference got all points.

    Raises
    ------
    GraderError
        When it did not; the message names the cells.
    """
    more = f"Nothing was graded; `python -m grader preflight {problem_set}` says more."
    try:
        played = played_copy(notebook, result)
    except (GraderError, ValueError) as error:
        raise GraderError(f"The reference answers cannot be graded here: {error} {more}") from error
    lost = [f"{share_of(c)} points in {name_of(c)} ({error_of(c)})" for c in failing(played)]
    if lost:
        raise GraderError(f"The reference answers themselves get {'; '.join(lost)}. {more}")
