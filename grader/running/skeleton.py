"""The notebook that is graded: the source's cells, the student's answers, and nothing else of his.

Deleting, doubling, renaming, moving, retagging, relocking or editing cells has no effect, because
no cell of the submission is taken over: answers and extra cells are text, put into new cells.
"""

import hashlib
import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import is_solution

from grader.course import Course
from grader.faults import Fault
from grader.notebook_file import read_notebook
from grader.notebooks import Cell
from grader.running.limits import GraderLimits, read_limits
from grader.running.matching import Match, match_cells
from grader.running.steps import make_steps, resources_for

MAKERS: dict[str, Any] = {
    "code": nbformat.v4.new_code_cell,
    "markdown": nbformat.v4.new_markdown_cell,
    "raw": nbformat.v4.new_raw_cell,
}


@dataclass(frozen=True)
class Merged:
    """A notebook to grade, and what was wrong with the one that was handed in."""

    notebook: Any
    faults: tuple[Fault, ...]

    @property
    def text(self) -> str:
        """The notebook as JSON, without the line breaks of a file, which cost milliseconds."""
        return json.dumps(self.notebook, ensure_ascii=False)


class Skeleton:
    """The cells of a problem set, with hidden tests and without solutions.

    Parameters
    ----------
    notebook
        The source as nbgrader records it in the gradebook.
    released
        The source as students get it: the text that an answer has before anybody wrote one.
    limits
        How much of a submission is taken over.
    """

    def __init__(self, notebook: Any, released: Any, limits: GraderLimits) -> None:
        stubs = {cell.id: cell for cell in released.cells}
        self.cells = [stubs.get(c.id, c) if is_solution(c) else c for c in notebook.cells]
        self.metadata = notebook.metadata
        self.limits = limits
        text = nbformat.v4.writes(self._notebook(self.cells))
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def merge(self, handed_in: Sequence[Cell]) -> Merged:
        """Return the notebook to grade: these cells, with the answers of a submission."""
        match = match_cells(self.cells, handed_in)
        faults = list(match.faults)
        pictures = _Pictures(1000 * self.limits.pictures_kb)
        added = self._extra_cells(handed_in, match, pictures, faults)
        cells = list(added.get(-1, ()))
        for index, own in enumerate(self.cells):
            cell = deepcopy(own)
            answer = match.answers.get(index)
            if answer is not None:
                cell.source = handed_in[answer].source
                if cell.cell_type == "markdown":
                    pictures.attach(cell, handed_in[answer])
            elif is_solution(own):
                name = own.metadata.nbgrader.grade_id
                text = f"the cell {name} was missing and counts as not attempted"
                faults.append(Fault("lost", name, text))
            cells += [cell, *added.get(index, ())]
        if pictures.left_out:
            text = f"{pictures.left_out} attached pictures were left out: too large"
            faults.append(Fault("left out", "", text))
        return Merged(self._notebook(cells), tuple(faults))

    def _extra_cells(
        self, handed_in: Sequence[Cell], match: Match, pictures: "_Pictures", faults: list[Fault]
    ) -> dict[int, list[Any]]:
        """Return the student's own cells by the cell they follow (-1: before all)."""
        most = self.limits.extra_cells
        if len(match.extra) > most:
            text = f"{len(match.extra) - most} of {len(match.extra)} added cells were left out"
            faults.append(Fault("left out", "", text))
        taken = {cell.id for cell in self.cells}
        taken |= {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in self.cells}
        added: dict[int, list[Any]] = {}
        number = 0
        for position, anchor in match.extra[:most]:
            number += 1
            while f"added-{number}" in taken:
                number += 1
            extra = handed_in[position]
            cell = MAKERS[extra.kind](extra.source, id=f"added-{number}")
            if extra.kind == "markdown":
                pictures.attach(cell, extra)
            added.setdefault(anchor, []).append(cell)
        return added

    def _notebook(self, cells: list[Any]) -> Any:
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=deepcopy(self.metadata))
        notebook.nbformat_minor = 5
        return notebook


class _Pictures:
    """Attach pictures to written answers until they are too many."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.left_out = 0

    def attach(self, cell: Any, answer: Cell) -> None:
        for name, bundle in answer.attachments.items():
            size = sum(len(data) for data in bundle.values())
            if size > self.room:
                self.left_out += 1
                continue
            self.room -= size
            cell.setdefault("attachments", nbformat.NotebookNode())[name] = bundle


def make_skeleton(course: Course, problem_set: str) -> Skeleton:
    """Make the skeleton of a problem set by nbgrader's own steps for a release.

    The notebook before the step that records it holds the hidden tests; the one at the end is what
    students get.
    """
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    notebook = read_notebook(path)
    coursedir = course.coursedir(problem_set)
    converter = GenerateAssignment(coursedir=coursedir, config=course.config)
    resources = resources_for(problem_set, ".", coursedir.db_url, str(path.parent))
    recorded = None
    for step in make_steps(converter.config, converter.preprocessors):
        if isinstance(step, SaveCells):
            recorded = deepcopy(notebook)
        else:
            notebook, resources = step(notebook, resources)
    return Skeleton(recorded or deepcopy(notebook), notebook, read_limits(course.config))
