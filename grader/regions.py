"""The parts of a source notebook that students must not see, as nbgrader delimits them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.utils import is_solution

KINDS = {"SOLUTION": "solution", "HIDDEN TESTS": "hidden test", "MARK SCHEME": "mark scheme"}


@dataclass(frozen=True)
class Secret:
    """One region of a source cell: `kind` as in KINDS, `cell` its name, `lines` its text."""

    kind: str
    cell: str
    lines: tuple[str, ...]


def cell_name(cell: Any, index: int) -> str:
    """Return the name by which an author knows a cell: grade_id, else cell id, else position."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return str(grade_id or cell.get("id") or f"number {index + 1}")


def region_lines(source: str, marker: str) -> list[tuple[str, ...]]:
    """Return the lines of every region that `BEGIN marker` and `END marker` enclose in `source`."""
    regions: list[tuple[str, ...]] = []
    inside: list[str] | None = None
    for line in source.splitlines():
        if f"BEGIN {marker}" in line:
            inside = []
        elif f"END {marker}" in line and inside is not None:
            regions.append(tuple(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    return regions


def secrets(notebook: Any) -> Iterator[Secret]:
    """Yield every region of a source notebook that nbgrader takes out of the release.

    A solution cell without a marked region is replaced as a whole, so all of it is secret.
    """
    for index, cell in enumerate(notebook.cells):
        name = cell_name(cell, index)
        marked = {m: region_lines(cell.source, m) for m in KINDS}
        for marker, regions in marked.items():
            for lines in regions:
                yield Secret(KINDS[marker], name, lines)
        if is_solution(cell) and not marked["SOLUTION"]:
            yield Secret("solution", name, tuple(cell.source.splitlines()))
