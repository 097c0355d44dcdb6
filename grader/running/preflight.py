"""Before a release: under this very pipeline the reference scores all, and the stub nothing.

The tests run in another process than the answers, which some ways to write a test do not survive.
An author learns that here, by cell and with a remedy, and not from a class of wrong grades. What
passed is noted in _build/, so that an unchanged problem set costs nothing.
"""

import hashlib
import json
import platform
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_solution

from grader.course import Course
from grader.errors import GraderError
from grader.log import log_to
from grader.running import nodes
from grader.running.executor import Node, Task
from grader.running.idioms import defined_names, explain
from grader.running.limits import read_limits
from grader.running.reference import (
    error_of,
    failing,
    merge_reference,
    most_of,
    name_of,
    played_copy,
    points_of,
    share_of,
    tests_of,
)
from grader.running.skeleton import Skeleton, make_skeleton

PARTS = ("isolation", "split", "running")  # of this package, on which a verdict depends
PACKAGES = ("numpy", "torch", "ipython")


@dataclass(frozen=True)
class Verdict:
    """`problems` is empty when the problem set passed; `how` says how it was tried."""

    problems: tuple[str, ...]
    how: str


def preflight(course: Course, problem_set: str, *, again: bool = False) -> Verdict:
    """Play the reference and the untouched release, and say what is wrong with the tests.

    Parameters
    ----------
    course, problem_set
        Which.
    again : bool
        Try also what passed before and did not change since.
    """
    task, sandbox = _task(course, problem_set)
    skeleton = make_skeleton(course, problem_set)
    note = course.root / "_build" / "preflight" / f"{problem_set}.json"
    digest = _digest(course, task, skeleton)
    if not again and _noted(note) == digest:
        return Verdict((), "passed before, and nothing changed since")
    with (
        TemporaryDirectory() as scratch,
        log_to(Path(scratch) / "log"),
        closing(nodes.start(task)) as node,
    ):
        problems = tuple(_try(course, task, skeleton, node))
    if not problems and task.sandboxed:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"passed": digest}), encoding="utf-8")
    return Verdict(problems, sandbox or "in the sandbox")


def _task(course: Course, problem_set: str) -> tuple[Task, str]:
    """Return the task, and why it is tried without a sandbox, if it is; it is the author's code."""
    from grader.isolation.doctor import require_sandbox

    try:
        require_sandbox()
    except GraderError as error:
        return nodes.make_task(course, problem_set, sandboxed=False), f"without a sandbox ({error})"
    return nodes.make_task(course, problem_set), ""


def _try(course: Course, task: Task, skeleton: Skeleton, node: Node) -> Iterator[str]:
    for what, notebook, judge in (
        ("reference", merge_reference(skeleton, task.notebook).notebook, _judge_reference),
        ("untouched release", skeleton.merge(()).notebook, _judge_stub),
    ):
        try:
            played = played_copy(notebook, node.grade(nbformat.v4.writes(notebook)))
        except (GraderError, ValueError) as error:
            yield f"the {what} was not graded: {error}"
        else:
            yield from judge(course, played)


def _judge_reference(course: Course, played: Any) -> Iterator[str]:
    lost = failing(played)
    if not lost:
        return
    here = {name_of(cell): cell for cell in tests_of(_play_in_one_process(course, played))}
    answers = {name for cell in played.cells if is_solution(cell) and cell.cell_type == "code"
               for name in defined_names(cell.source)}  # fmt: skip
    for cell in lost:
        error = error_of(cell)
        gets = f"the reference gets {share_of(cell)} points in {name_of(cell)} ({error})"
        if points_of(here[name_of(cell)]) < most_of(cell):
            yield f"{gets}, and also in one process: mend the test or the reference"
        else:
            does, instead = explain(cell.source, error, answers)
            yield f"{gets}, but all in one process: the test {does}; {instead}"


def _judge_stub(course: Course, played: Any) -> Iterator[str]:
    for cell in tests_of(played):
        if points_of(cell) > 0:
            text = f"the untouched release gets {share_of(cell)} points in {name_of(cell)}"
            yield f"{text}: the test has to fail when nothing was done"


def _play_in_one_process(course: Course, notebook: Any) -> Any:
    """Return a copy that a kernel has run, as in Jupyter: test and answer in one process."""
    copy = deepcopy(notebook)
    with TemporaryDirectory() as scratch:
        run: Any = Execute(config=course.config)
        played, _ = run.preprocess(copy, {"metadata": {"path": scratch}})
    return played


def _digest(course: Course, task: Task, skeleton: Skeleton) -> str:
    """Return what changes when another verdict is possible: set, grader, Python and packages."""
    limits = read_limits(course.config)
    parts = [nodes.source_digest(skeleton.digest, task.notebook, task.files, limits)]
    package = Path(__file__).parents[1]
    for part in PARTS:
        for path in sorted((package / part).glob("*.py")):
            parts.append(hashlib.sha256(path.read_bytes()).hexdigest())
    parts += [platform.python_version(), *(_version(name) for name in PACKAGES)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _noted(note: Path) -> str:
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["passed"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
