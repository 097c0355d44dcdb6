"""Start the servers that play submissions; keep one for nbgrader's own commands and formgrader."""

import atexit
import hashlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import find_all_files

from grader.course import Course
from grader.errors import GraderError
from grader.notebook_file import read_notebook
from grader.running.executor import Node, Task
from grader.running.limits import GraderLimits, read_limits
from grader.running.reference import require_reference

IDLE_SECONDS = 300  # after which a node that formgrader used gives its memory back
FORMAT = 1  # raise it when grades of the same submission may come out differently


def start(task: Task, log: Path | None = None) -> Node:
    """Start the node for a task.

    Raises
    ------
    GraderError
        When this machine has no sandbox and the task asks for one; the message names the remedy.
    """
    from grader.isolation.doctor import require_sandbox
    from grader.isolation.sandbox import Node as Started

    if task.sandboxed:
        require_sandbox()
    node: Node = Started(task.notebook, task.files, task.limits, sandboxed=task.sandboxed, log=log)
    return node


def make_task(course: Course, problem_set: str, *, sandboxed: bool = True) -> Task:
    """Read what playing submissions of a problem set needs."""
    path = course.folder("source", problem_set=problem_set) / f"{problem_set}.ipynb"
    return Task(
        path.read_text(encoding="utf-8"),
        source_files(course, problem_set),
        read_limits(course.config).for_sandbox(),
        sandboxed,
    )


def source_files(course: Course, problem_set: str) -> dict[str, bytes]:
    """Return the other files of a problem set's source folder: name -> content.

    Raises
    ------
    GraderError
        When another notebook in the folder has cells with points: only one is graded.
    """
    folder = course.folder("source", problem_set=problem_set)
    for other in sorted(folder.rglob("*.ipynb")):
        if other.stem != problem_set and ".ipynb_checkpoints" not in other.parts:
            cells = read_notebook(other).cells
            if any(cell.metadata.get("nbgrader", {}).get("grade") for cell in cells):
                raise GraderError(
                    f"{course.show(other)} has cells with points, and only {problem_set}.ipynb is "
                    "graded: make it a problem set of its own."
                )
    ignored = [*course.coursedir().ignore, "*.ipynb"]
    paths = [Path(name) for name in find_all_files(str(folder), ignored)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def source_digest(
    skeleton: str, source: str, files: Mapping[str, bytes], limits: GraderLimits
) -> str:
    """Return what changes when grades given before may not hold any more.

    Parameters
    ----------
    skeleton : str
        Digest of the cells that are graded.
    source : str
        Text of the source notebook.
    files, limits
        What tests may read, and what they may use.
    """
    parts: list[object] = [FORMAT, skeleton, hashlib.sha256(source.encode()).hexdigest()]
    parts += sorted((name, hashlib.sha256(data).hexdigest()) for name, data in files.items())
    parts.append(limits.deciding())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class _Shared:
    """One node for this process, made when it is first asked for.

    formgrader's server lives for days and grades now and then, so the node is closed when nobody
    has asked for it for a while.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._task: Task | None = None
        self._node: Node | None = None
        self._timer: threading.Timer | None = None
        self._owner = 0

    def play(
        self, task: Task, merged: str, problem_set: str, reference: Any
    ) -> dict[str, object]:
        """Play one notebook; a fresh node plays the reference first."""
        with self._lock:  # nbgrader grades one after the other anyway
            if self._timer:
                self._timer.cancel()
            if self._node is None or self._task != task or self._owner != os.getpid():
                self.close()
                self._node, self._task, self._owner = start(task), task, os.getpid()
                atexit.register(self.close)
                try:
                    result = self._node.grade(nbformat.v4.writes(reference))
                    require_reference(reference, result, problem_set)
                except BaseException:
                    self.close()
                    raise
            try:
                return self._node.grade(merged)
            finally:
                self._timer = threading.Timer(IDLE_SECONDS, self.close)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._node is not None and self._owner == os.getpid():
                self._node.close()
            self._node = self._task = self._timer = None
            atexit.unregister(self.close)


shared = _Shared()
