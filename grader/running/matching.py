"""Which handed-in cell is the answer to which cell of the problem set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from grader.faults import Fault
from grader.notebooks import Cell


@dataclass
class Match:
    """The result: `answers` of cells by index, `extra` cells with the index they follow."""

    answers: dict[int, int] = field(default_factory=dict)
    extra: list[tuple[int, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def match_cells(own: Sequence[Any], handed_in: Sequence[Cell]) -> Match:
    """Match handed-in cells with the cells `own` of a problem set.

    A cell is known by its id, else by its grade_id, else (a cell without either, in notebooks that
    other programs saved) by its unchanged text. Of several with one name the one counts that has
    the original id, as copies made in Jupyter do not, and else the first. Further copies of an
    answer are added cells: somebody who split his answer in two loses nothing.
    """
    known = _known(own, handed_in)
    match = Match()
    candidates: dict[int, list[int]] = {}
    copies: set[int] = set()
    for position, index in known.items():
        candidates.setdefault(index, []).append(position)
    for index, positions in candidates.items():
        chosen = next((p for p in positions if handed_in[p].id == own[index].id), positions[0])
        if _is_open(own[index]):
            match.answers[index] = chosen
            copies.update(p for p in positions if p != chosen)
        match.faults += _faults(own[index], handed_in, chosen, len(positions))
    for index, cell in enumerate(own):
        if is_grade(cell) and not is_solution(cell) and index not in candidates:
            name = cell.metadata.nbgrader.grade_id
            text = f"the cell {name} was missing and was put back"
            match.faults.append(Fault("lost", name, text))
    anchor = -1
    for position in range(len(handed_in)):
        if position not in known or position in copies:
            match.extra.append((position, anchor))
        else:
            anchor = known[position]
    return match


def _known(own: Sequence[Any], handed_in: Sequence[Cell]) -> dict[int, int]:
    """Return position in the submission -> index in the problem set."""
    by_grade_id = {
        cell.metadata.nbgrader.grade_id: index
        for index, cell in enumerate(own)
        if is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)
    }
    by_id = {cell.id: index for index, cell in enumerate(own)}
    known: dict[int, int] = {}
    for position, cell in enumerate(handed_in):
        index = by_id.get(cell.id, by_grade_id.get(cell.grade_id))
        if index is not None:
            known[position] = index
    missing = set(range(len(own))) - set(known.values())
    by_text = {(own[i].cell_type, own[i].source.strip()): i for i in sorted(missing, reverse=True)}
    for position, cell in enumerate(handed_in):
        index = by_text.get((cell.kind, cell.source.strip()))
        if position not in known and index is not None and cell.source.strip():
            known[position] = index
    return dict(sorted(known.items()))


def _is_open(cell: Any) -> bool:
    """Whether students write into a cell: an answer, or a cell that nbgrader does not know."""
    return bool(is_solution(cell) or not (is_locked(cell) or is_grade(cell) or is_task(cell)))


def _faults(own: Any, handed_in: Sequence[Cell], chosen: int, count: int) -> list[Fault]:
    if not is_solution(own):
        return []
    name = own.metadata.nbgrader.grade_id
    faults = []
    if count > 1:
        text = f"the cell {name} was there {count} times; the first counts, others are added cells"
        faults.append(Fault("doubled", name, text))
    kind = handed_in[chosen].kind
    if kind != own.cell_type:
        text = f"the cell {name} was a {kind} cell and is a {own.cell_type} cell again"
        faults.append(Fault("retyped", name, text))
    return faults
