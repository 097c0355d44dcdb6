"""Play submissions by several workers and put each on record as it is done.

Workers wait for judges; this thread reads hand-ins, records and writes the journal, so that
gradebook and files have one writer. No more than twice the workers' number is in memory.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from grader.errors import GraderError
from grader.faults import Fault, as_dicts
from grader.running.about import describe, faults_of
from grader.running.executor import Executor
from grader.running.flaky import first_and_faults
from grader.running.journal import Journal
from grader.running.outputs import cell_seconds
from grader.running.progress import Progress
from grader.running.record import Played, Recorder
from grader.running.reference import require_reference
from grader.running.retry import Patience, Stopped
from grader.running.skeleton import Merged, Skeleton
from grader.submissions import HandIn

SUSPICIOUS = 5  # so many submissions in a row whose processes ended
UNSAFE = Fault("unsafe", "", "graded WITHOUT A SANDBOX")

log = logging.getLogger("traitlets")  # nbgrader's: one log, in the order of events


@dataclass
class _Job:
    """One submission on its way: `futures` are its plays, two of them under `--twice`."""

    hand_in: HandIn
    notebook: Any
    futures: list[Future[dict[str, Any]]] = field(default_factory=list)


@dataclass
class Run:
    """Everything that one run over hand-ins needs.

    Attributes
    ----------
    reference : Merged
        The reference answers; the executor begins with them as soon as there is a run.
    source : str
        Digest of problem set and limits, for the journal.
    twice : bool
        Play each submission a second time with other random numbers, to find flaky tests.
    unsafe : bool
        Whether students' code runs without a sandbox; a fault of each submission says so.
    suspects : list of HandIn
        The last submissions, as far as their processes or judges ended by themselves in a row.
    """

    problem_set: str
    skeleton: Skeleton
    reference: Merged
    executor: Executor
    recorder: Recorder
    journal: Journal
    progress: Progress
    patience: Patience
    stop: threading.Event
    source: str
    twice: bool = False
    unsafe: bool = False
    suspects: list[HandIn] = field(default_factory=list)
    _first: Future[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        """Begin to play the reference."""
        self._first = self._play_reference()

    def passes(self) -> bool:
        """Whether the reference got all points; False when the user stopped the run.

        Raises
        ------
        GraderError
            When the reference answers do not get all points, or nothing can be played at all.
        """
        while not self.stop.is_set():
            if wait([self._first], timeout=0.5).done:
                error = self._first.exception()
                if isinstance(error, GraderError):
                    raise error
                failed = {"error": f"{type(error).__name__}: {error}"}
                result = failed if error else self._first.result()
                require_reference(self.reference.notebook, result, self.problem_set)
                return True
        return False

    def grade(self, hand_ins: Iterable[HandIn]) -> None:
        """Grade hand-ins until all are done or `stop` is set.

        Raises
        ------
        Stopped
            When disk, gradebook or executor stayed away too long.
        """
        waiting = iter(hand_ins)
        jobs: dict[Future[dict[str, Any]], _Job] = {}
        self._fill(waiting, jobs)
        while jobs and not self.stop.is_set():
            done, _ = wait(jobs, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                job = jobs.pop(future)
                if all(f.done() for f in job.futures) and not self.stop.is_set():
                    self._finish(job)
                self._fill(waiting, jobs)

    def _play_reference(self) -> Future[dict[str, Any]]:
        return self.executor.submit("(reference)", self.reference.text)

    def _fill(self, waiting: Iterator[HandIn], jobs: dict[Future[dict[str, Any]], _Job]) -> None:
        while len(jobs) < 2 * self.executor.workers and not self.stop.is_set():
            hand_in = next(waiting, None)
            if hand_in is None:
                return
            if hand_in.reason:
                self._give_up(hand_in, hand_in.reason)
                continue
            job = self._start(hand_in)
            jobs.update((future, job) for future in job.futures)

    def _start(self, hand_in: HandIn) -> _Job:
        merged = self.skeleton.merge(hand_in.cells)
        faults = (*hand_in.faults, *merged.faults, *((UNSAFE,) if self.unsafe else ()))
        describe(merged.notebook, hand_in.digest, faults)
        job = _Job(hand_in, merged.notebook)
        for seed in (0, 1) if self.twice else (0,):
            job.futures.append(self.executor.submit(hand_in.student, merged.text, seed))
        return job

    def _finish(self, job: _Job) -> None:
        student = job.hand_in.student
        try:
            result = _result(job)
            played = Played(student, job.notebook, result, job.hand_in.timestamp)
            self._insist(lambda: self.journal.write("begin", student))
            notebook = self._insist(lambda: self.recorder.record(played))
        except GraderError as error:
            if type(error) is not GraderError:
                raise
            self._give_up(job.hand_in, str(error))
            self._suspect(job.hand_in)
            return
        faults = faults_of(notebook)
        seconds = cell_seconds(notebook, result)
        facts = {
            "submission": job.hand_in.digest,
            "source": self.source,
            "faults": as_dicts(faults),
            "seconds": round(sum(seconds.values()), 3),
            "cells": seconds,
        }
        self._insist(lambda: self.journal.write("graded", student, **facts))
        _log(student, f"graded in {facts['seconds']} s", faults)
        self.progress.step(student, faults=bool(faults))
        if any(fault.kind == "died" for fault in faults):
            self._suspect(job.hand_in)
        else:
            self.suspects.clear()

    def _suspect(self, hand_in: HandIn) -> None:
        """Ask, when many processes ended in a row, whether it is them or this machine.

        Raises
        ------
        Stopped
            When the reference does not pass any more; what was graded meanwhile does not count.
        """
        self.suspects.append(hand_in)
        if len(self.suspects) < SUSPICIOUS:
            return
        self._first = self._play_reference()
        try:
            self.passes()
        except GraderError as error:
            for suspect in self.suspects:
                self._give_up(suspect, "graded while the sandbox failed", counted=True)
            raise Stopped(f"the sandbox fails ({error})") from error
        self.suspects.clear()

    def _give_up(self, hand_in: HandIn, reason: str, *, counted: bool = False) -> None:
        self._insist(lambda: self.recorder.clear(hand_in.student))
        facts = {"submission": hand_in.digest, "source": self.source, "reason": reason}
        self._insist(lambda: self.journal.write("person", hand_in.student, **facts))
        _log(hand_in.student, f"needs a person: {reason}", ())
        if not counted:
            self.progress.step(hand_in.student, person=True)

    def _insist(self, action: Any) -> Any:
        return self.patience.insist(action, self.recorder.undo)


def _result(job: _Job) -> dict[str, Any]:
    """Return what was played, with the faults that two plays showed.

    Raises
    ------
    GraderError
        When the judge itself gave up, or its worker was lost: then nobody knows the points.
    Stopped
        When nothing can be played any more.
    """
    results = []
    for future in job.futures:
        error = future.exception()
        if isinstance(error, Stopped):
            raise error
        if error is not None:
            text = f"grading it failed ({type(error).__name__}: {error})"
            raise GraderError(text) from error
        result = future.result()
        if result.get("error"):
            raise GraderError(f"grading it failed: {result['error']}")
        results.append(result)
    return first_and_faults(job.notebook, results)


def _log(student: str, text: str, faults: tuple[Fault, ...]) -> None:
    told = "; ".join(f"{fault.kind}: {fault.sentence}" for fault in faults)
    log.info("%s: %s%s", student, text, f" ({told})" if told else "")


