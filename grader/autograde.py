"""Grade a class: every submission ends with a grade or a stated reason."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from grader import engine
from grader.course import Course
from grader.errors import GraderError
from grader.export import write_csv
from grader.log import log_to
from grader.outcomes import Outcome, find_outcomes
from grader.running import choice, nodes
from grader.running.executor import Executor, LocalExecutor, Task, default_workers
from grader.running.feedback import page_path, write_pages
from grader.running.journal import Journal, read_journal
from grader.running.limits import read_limits
from grader.running.lock import only_run
from grader.running.progress import Progress
from grader.running.record import Recorder
from grader.running.reference import merge_reference
from grader.running.retry import Patience, Stopped, describe
from grader.running.runner import Run
from grader.running.skeleton import make_skeleton
from grader.running.stopping import stop_on_signals
from grader.running.turns import own_turn
from grader.submissions import find_students, read_hand_ins


@dataclass(frozen=True)
class Options:
    """How to grade; the command line's flags.

    Attributes
    ----------
    students : tuple of str
        Grade these only, and also when nothing changed; everybody if empty.
    regrade : bool
        Grade everybody again, not only what is new or changed.
    workers : int
        How many at a time; 0: as many as suit the machine.
    feedback : bool
        Whether to write feedback pages.
    twice : bool
        Grade everything twice to find flaky tests.
    dask : str
        Address of a Dask scheduler whose workers play the submissions; empty: this machine does.
    sandboxed : bool
        False: students' code runs with all rights of this process.
    """

    students: tuple[str, ...] = ()
    regrade: bool = False
    workers: int = 0
    feedback: bool = True
    twice: bool = False
    dask: str = ""
    sandboxed: bool = True


@dataclass(frozen=True)
class Report:
    """What a grading run found, and where it wrote; `kept` submissions were not run again."""

    outcomes: list[Outcome]
    csv: Path
    log: Path
    kept: int = 0


class Interrupted(Exception):
    """The user stopped the run; the message says what is done and how to go on."""


def grade(course: Course, problem_set: str, options: Options | None = None) -> Report:
    """Grade the submissions of one problem set, write feedback and CSV.

    Raises
    ------
    GraderError
        When nothing can be done: unknown problem set, nothing handed in, no sandbox.
    Stopped, Interrupted
        When the run ended before its end; all that it did is kept.
    """
    options = options or Options()
    students = find_students(course, course.require(problem_set))
    chosen = _choose(course, problem_set, students, options)
    task = nodes.make_task(course, problem_set, sandboxed=options.sandboxed)
    with (
        only_run(course, f"grading {problem_set}"),
        log_to(course.grades(problem_set, ".log"), "w" if options.regrade else "a") as screen,
        stop_on_signals() as stop,
    ):
        try:
            kept = _run(course, problem_set, options, task, chosen, screen, stop)
            found = _write_report(course, problem_set, students, kept)
            if options.feedback:
                _write_feedback(course, problem_set, found, screen, stop, everybody=False)
        except Stopped as error:
            raise Stopped(f"{error}. {_resume(problem_set)}") from error
        if stop.is_set():
            raise Interrupted(f"stopped. {_resume(problem_set)}")
    return found


def report(course: Course, problem_set: str) -> Report:
    """Write feedback and CSV again without running anything, as after grading by hand."""
    students = find_students(course, course.require(problem_set))
    with (
        only_run(course, f"reporting on {problem_set}"),
        log_to(course.grades(problem_set, ".log"), mode="a") as screen,
        stop_on_signals() as stop,
    ):
        found = _write_report(course, problem_set, students)
        _write_feedback(course, problem_set, found, screen, stop, everybody=True)
        if stop.is_set():
            raise Interrupted("stopped before all feedback pages were written; run it again.")
    return found


def _resume(problem_set: str) -> str:
    return (
        "What was graded so far is on record; go on with "
        f"`python -m grader autograde {problem_set} --resume`."
    )


def _choose(
    course: Course, problem_set: str, students: list[str], options: Options
) -> list[str]:
    unknown = [name for name in options.students if name not in students]
    if unknown:
        expected = course.folder("submitted", unknown[0], problem_set) / f"{problem_set}.ipynb"
        raise GraderError(
            f"Nothing of {problem_set} was handed in by {', '.join(unknown)}: "
            f"expected {course.show(expected)}."
        )
    return list(options.students) or students


def _record_problem_set(course: Course, problem_set: str) -> None:
    """Tell the gradebook the cells, points and hidden tests as they are in the source now."""
    try:
        with TemporaryDirectory() as scratch, own_turn(course.coursedir().db_url):
            engine.generate(course, problem_set, Path(scratch), record=True)
    except engine.ConversionError as error:
        if describe(error):  # a locked gradebook, a full disk: it may pass
            raise
        source = course.folder("source", problem_set=problem_set)
        raise GraderError(
            f"The gradebook did not accept {course.show(source)}/ ({error}). If cells were added "
            "or removed after grading began, move gradebook.db aside and grade again; grades given "
            "by hand are in that file."
        ) from error


def _run(
    course: Course,
    problem_set: str,
    options: Options,
    task: Task,
    chosen: list[str],
    screen: TextIO,
    stop: threading.Event,
) -> int:
    """Grade what has to be graded; return how many grades were kept."""
    skeleton = make_skeleton(course, problem_set)
    limits = read_limits(course.config)
    source = nodes.source_digest(skeleton.digest, task.notebook, task.files, limits)
    todo = chosen
    if not (options.regrade or options.students):
        todo = list(choice.not_done(course, problem_set, chosen, source))
    if not todo:
        patience = _patience(limits.patience_seconds, screen, stop)
        patience.insist(lambda: _record_problem_set(course, problem_set))
        return len(chosen)
    workers = options.workers or default_workers(limits.memory_mb)
    log = course.grades(problem_set, ".log")
    progress = Progress(screen, len(todo))
    with (
        closing(progress),
        closing(Journal(course.grades(problem_set, ".journal"))) as journal,
        closing(Recorder(course, problem_set, dict(task.files))) as recorder,
        _executor(options, task, workers, limits.patience_seconds, log) as executor,
    ):
        patience = Patience(limits.patience_seconds, progress.say, stop)
        by = {"workers": workers, "twice": options.twice, "sandboxed": options.sandboxed}
        run = Run(
            problem_set, skeleton, merge_reference(skeleton, task.notebook), executor, recorder,
            journal, progress, patience, stop, source, twice=options.twice,
            unsafe=not options.sandboxed,
        )  # fmt: skip
        patience.insist(lambda: _record_problem_set(course, problem_set))
        if run.passes():
            patience.insist(lambda: journal.write("run", source=source, todo=len(todo), by=by))
            run.grade(read_hand_ins(course, problem_set, todo))
            if not stop.is_set():
                patience.insist(lambda: journal.write("end"))
    return len(chosen) - len(todo)


@contextmanager
def _executor(
    options: Options, task: Task, workers: int, patience: float, log: Path
) -> Iterator[Executor]:
    executor: Executor
    if options.dask:
        from grader.running.cluster import ClusterExecutor

        executor = ClusterExecutor(options.dask, task, patience)
    else:
        executor = LocalExecutor(partial(nodes.start, task, log), workers)
    with closing(executor):
        yield executor


def _write_report(
    course: Course, problem_set: str, students: list[str], kept: int = 0
) -> Report:
    journal = read_journal(course.grades(problem_set, ".journal"))
    outcomes = find_outcomes(course, problem_set, students, journal)
    path = course.grades(problem_set, ".csv")
    write_csv(course, problem_set, outcomes, path)
    return Report(outcomes, path, course.grades(problem_set, ".log"), kept)


def _write_feedback(
    course: Course,
    problem_set: str,
    found: Report,
    screen: TextIO,
    stop: threading.Event,
    *,
    everybody: bool,
) -> None:
    """Write the feedback pages that are missing, or everybody's."""
    graded = [outcome.student for outcome in found.outcomes if outcome.exercises]
    todo = [s for s in graded if everybody or not page_path(course, problem_set, s).is_file()]
    with closing(Progress(screen, len(todo), "feedback")) as progress:
        for student, fault in write_pages(course, problem_set, todo, stop):
            progress.step(student, faults=bool(fault))
            if fault:
                progress.say(f"no feedback page for {student}: {fault}")


def _patience(seconds: float, screen: TextIO, stop: threading.Event) -> Patience:
    def say(text: str) -> None:
        print(f"grader: {text}", file=screen, flush=True)

    return Patience(seconds, say, stop)
