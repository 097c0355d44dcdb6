"""Play submissions on the workers of a Dask cluster: `--dask tcp://scheduler:8786`.

Workers are pure functions: each makes a node from the task it is sent (source notebook, files,
limits) and plays merged notebooks. None of them sees the course's folder, other submissions or the
gradebook; only this process records. What comes back is JSON text, never a pickled object.
"""

import json
import logging
import threading
import uuid
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import distributed
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from grader.errors import GraderError
from grader.running.cluster_worker import NodePlugin, play
from grader.running.executor import Task
from grader.running.retry import Stopped

CONNECT_SECONDS = 10
LOOK_SECONDS = 2.0  # how often the workers are counted
KILLS = "the worker process that played it died each time, also when it played nothing else"
log = logging.getLogger(__name__)


@dataclass
class _Job:
    """One submission on its way."""

    student: str
    merged: str
    seed: int
    result: "Future[dict[str, Any]]" = field(default_factory=Future)
    alone: bool = False  # its worker died once too often while it and others were played


class ClusterExecutor:
    """An `Executor` whose workers are those of a Dask cluster, of any number of machines.

    A worker that dies costs nothing: Dask gives its submissions to others. When that happens too
    often to a submission (Dask's `allowed-failures`), it or a neighbour is to blame, so it is
    played once more while nothing else runs; only then does it need a person.

    Parameters
    ----------
    address : str
        Of the scheduler.
    task : Task
        What the workers make their nodes from.
    patience : float
        Seconds to wait for a worker when there is none.

    Attributes
    ----------
    workers : int
        How many submissions the cluster plays at a time, now.

    Raises
    ------
    GraderError
        When there is no scheduler at `address`, or no worker.

    Notes
    -----
    What `submit` returns raises `Stopped` when the run cannot go on: the scheduler is lost, there
    is no worker any more, or none that can isolate submissions.
    """

    def __init__(self, address: str, task: Task, patience: float = 300.0) -> None:
        self.address, self.patience = address, patience
        self._lock = threading.RLock()
        self._running: dict[distributed.Future[str], _Job] = {}
        self._waiting: deque[_Job] = deque()  # while another job is played alone
        self._suspects: deque[_Job] = deque()
        self._unfit: dict[str, str] = {}  # address of a worker -> why it cannot run submissions
        self._failure: Stopped | None = None
        self._closing = threading.Event()
        self._client = _client(address)
        self._plugin = f"grader-{uuid.uuid4().hex}"
        try:
            self._threads = self._first_workers()
            self.workers = sum(self._threads.values())
            self._send(task)
        except BaseException:
            self._client.close()
            raise
        self._watch = threading.Thread(target=self._look_after, name="grader-cluster", daemon=True)
        self._watch.start()

    def submit(self, student: str, merged: str, seed: int = 0) -> "Future[dict[str, Any]]":
        """Start to play one merged notebook."""
        job = _Job(student, merged, seed)
        job.result.set_running_or_notify_cancel()  # from here on it cannot be cancelled
        with self._lock:
            if self._failure:
                raise self._failure
            if any(other.alone for other in self._running.values()):
                self._waiting.append(job)
            else:
                self._start(job)
        return job.result

    def close(self) -> None:
        """Stop at once; workers end their nodes and go on serving others."""
        self._closing.set()
        with self._lock:
            self._fail(Stopped("the run was stopped"))
        if self._client.status == "running":
            self._client.unregister_worker_plugin(self._plugin)
        self._client.close()
        self._watch.join()

    def _first_workers(self) -> dict[str, int]:
        try:
            self._client.wait_for_workers(1, timeout=self.patience)
        except TimeoutError:
            raise GraderError(f"{self._nobody()} and try again.") from None
        return dict(self._client.nthreads())

    def _send(self, task: Task) -> None:
        """Give every worker, also one that comes later, what it makes its node from."""
        try:
            self._client.register_plugin(NodePlugin(self._plugin, task))
        except Exception as error:
            raise GraderError(
                f"A worker of {self.address} cannot run submissions "
                f"({type(error).__name__}: {error}): start the workers with this course's Python "
                "in this course's folder, as in `python -m dask worker ADDRESS`."
            ) from error

    def _start(self, job: _Job) -> None:
        """Hand one job to the scheduler; the lock is held."""
        fit = [name for name in self._threads if name not in self._unfit]
        future = self._client.submit(
            play, self._plugin, job.merged, job.seed,
            key=f"grade-{uuid.uuid4().hex}", pure=False,
            # Workers that come later count as well, unless some are known to be unfit.
            workers=fit if self._unfit else None,
        )
        self._running[future] = job
        future.add_done_callback(self._done)

    def _done(self, future: distributed.Future[str]) -> None:
        """Take a result from the cluster; called in a thread of Dask's client."""
        played: dict[str, Any] = {}
        error: Exception | None = None
        try:
            # Waits again when the worker died between its answer and this question.
            played = json.loads(future.result())
        except Exception as problem:  # noqa: BLE001 - whatever the worker raised; it is passed on
            error = problem
        with self._lock:
            if self._failure or future not in self._running:
                return
            if isinstance(error, CancelledError):
                self._fail(Stopped(self._lost()))
                return
            job = self._running.pop(future)
            if error is not None:
                self._take_error(job, error)
            else:
                self._take(job, played)
            self._next()

    def _take(self, job: _Job, played: dict[str, Any]) -> None:
        if "unfit" not in played:
            job.result.set_result(played)
            return
        self._unfit[played["worker"]] = played["unfit"]
        log.warning("The worker %(worker)s gets no more work: %(unfit)s", played)
        self._waiting.append(job)
        if set(self._threads) <= set(self._unfit):
            self._fail(Stopped(
                f"no worker of {self.address} can run submissions: {played['unfit']}"))

    def _take_error(self, job: _Job, error: Exception) -> None:
        if not isinstance(error, KilledWorker):
            job.result.set_exception(error)
        elif job.alone:
            job.result.set_result({"error": KILLS})
        else:
            log.warning("%s: its worker died too often; it is played again, alone", job.student)
            job.alone = True
            self._suspects.append(job)

    def _next(self) -> None:
        """Start what waited: the others first, a suspect once nothing else is played."""
        if self._failure or any(job.alone for job in self._running.values()):
            return
        while self._waiting:
            self._start(self._waiting.popleft())
        if self._suspects and not self._running:
            self._start(self._suspects.popleft())

    def _fail(self, error: Stopped) -> None:
        """Nothing more can be played: say so to whoever waits."""
        self._failure = self._failure or error
        jobs = [*self._running.values(), *self._waiting, *self._suspects]
        self._running.clear()
        self._waiting.clear()
        self._suspects.clear()
        for job in jobs:
            job.result.set_exception(self._failure)

    def _look_after(self) -> None:
        """Count the workers; give up when there has been none for too long."""
        alone_for = 0.0
        while not self._closing.wait(LOOK_SECONDS) and not self._failure:
            try:
                self._threads = dict(self._client.nthreads())
                fit = [n for name, n in self._threads.items() if name not in self._unfit]
                self.workers = max(1, sum(fit))
            except (OSError, TimeoutError, CommClosedError):
                continue  # the connection is lost: every future hears of that by itself
            alone_for = 0.0 if self._threads else alone_for + LOOK_SECONDS
            if alone_for >= self.patience:
                with self._lock:
                    self._fail(Stopped(self._nobody()))

    def _nobody(self) -> str:
        return (
            f"the Dask scheduler at {self.address} has had no worker for {self.patience:g} s: "
            f"start some (`python -m dask worker {self.address}`)"
        )

    def _lost(self) -> str:
        return f"the connection to the Dask scheduler at {self.address} was lost"


def _client(address: str) -> distributed.Client:
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GraderError(
            f"No Dask scheduler answers at {address} ({cause}): start one (`python -m dask "
            "scheduler`) and name its address, as in --dask tcp://127.0.0.1:8786."
        ) from error
