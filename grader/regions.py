"""The parts of a source notebook that the release must not show: regions and commentaries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.utils import is_solution

KINDS = {"SOLUTION": "solution", "HIDDEN TESTS": "hidden test", "MARK SCHEME": "mark scheme"}
TAG = "self-study"  # of a cell with a commentary on a solution


@dataclass(frozen=True)
class Secret:
    """One region of a source cell: `kind` as in KINDS, `cell` its name, `lines` its text.

    A whole cell is secret when it is a commentary: its `lines` are the sentences.
    """

    kind: str
    cell: str
    lines: tuple[str, ...]


def cell_name(cell: Any, index: int) -> str:
    """Return the name by which an author knows a cell: grade_id, else cell id, else position."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return str(grade_id or cell.get("id") or f"number {index + 1}")


def is_commentary(cell: Any) -> bool:
    """Whether a cell comments on a solution, for the self-study edition only."""
    return TAG in cell.metadata.get("tags", [])


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
    """Yield every part of a source notebook that is taken out of the release.

    A solution cell without a marked region is replaced as a whole, so all of it is secret.
    """
    for index, cell in enumerate(notebook.cells):
        name = cell_name(cell, index)
        if is_commentary(cell):
            yield Secret("commentary", name, tuple(re.split(r"(?<=[.:;?])\s+|\n", cell.source)))
            continue
        marked = {m: region_lines(cell.source, m) for m in KINDS}
        for marker, regions in marked.items():
            for lines in regions:
                yield Secret(KINDS[marker], name, lines)
        if is_solution(cell) and not marked["SOLUTION"]:
            yield Secret("solution", name, tuple(cell.source.splitlines()))
