"""Steps for nbgrader's Autograde converter: its own commands and formgrader grade in the sandbox.

nbgrader_config.py names `HandInExporter` and `Play`; `guard` sees to what has no setting.
"""

import os
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from grader.course import Course, find_course
from grader.errors import GraderError
from grader.faults import from_dicts
from grader.running.about import add_faults, describe
from grader.running.nodes import make_task, shared
from grader.running.outputs import take_over
from grader.running.reference import merge_reference
from grader.running.skeleton import make_skeleton
from grader.submissions import read_hand_in


class HandInExporter(NotebookExporter):
    """Stands before nbgrader's sanitise steps: the merged notebook instead of the handed-in one.

    The hand-in is read here, bounded and without following links, and never by nbconvert. Files
    that are not hand-ins, such as those of the second stage, are read as ever.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, Any]:
        """Export the notebook `filename`, as nbconvert's exporters do."""
        place = _hand_in(Path(filename))
        if place is None:
            return super().from_filename(filename, resources=resources, **kw)
        course, problem_set, student = place
        resources = dict(resources or {})
        resources["metadata"] = {"name": problem_set, "path": os.path.dirname(filename)}
        hand_in = read_hand_in(course, problem_set, student)
        if hand_in.reason:
            raise GraderError(hand_in.reason)
        merged = make_skeleton(course, problem_set).merge(hand_in.cells)
        describe(merged.notebook, hand_in.digest, (*hand_in.faults, *merged.faults))
        export: Any = self.from_notebook_node
        exported: tuple[Any, Any] = export(merged.notebook, resources=resources, **kw)
        return exported


class Play(NbGraderPreprocessor):  # type: ignore[misc]
    """Stands for nbgrader's Execute: cells are played in the sandbox, tests outside the student's.

    A run of `python -m grader autograde` has played the notebook already and passes the result in
    `resources["nbgrader"]["played"]`.
    """

    sandboxed = Bool(
        True,
        help="Whether nbgrader's own commands play submissions in the sandbox. Without it, "
        "students' code runs with all your rights.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Play `nb` and put the outputs into its cells, as nbconvert's preprocessors do."""
        if not self.config.Execute.get("enabled", True):
            self.log.warning(
                "--no-execute is not obeyed: points would come from outputs that a student stored."
            )
        played = resources["nbgrader"].get("played")
        if played is None:
            course = find_course(Path(self.config.CourseDirectory.get("root", None) or os.getcwd()))
            problem_set = resources["nbgrader"]["assignment"]
            task = make_task(course, problem_set, sandboxed=self.sandboxed)
            reference = merge_reference(make_skeleton(course, problem_set), task.notebook)
            played = shared.play(task, nbformat.v4.writes(nb), problem_set, reference.notebook)
        if played.get("error"):
            raise GraderError(str(played["error"]))
        faults = (*from_dicts(played.get("faults")), *take_over(nb, played))
        add_faults(nb, faults)
        return nb, resources


def _hand_in(path: Path) -> tuple[Course, str, str] | None:
    """Return whose hand-in lies at `path`, or None when it is something else."""
    try:
        course = find_course(path.parent)
    except GraderError:
        return None
    problem_set, student = path.stem, path.parent.parent.name
    if path.parent != course.folder("submitted", student, problem_set):
        return None
    return course, problem_set, student
