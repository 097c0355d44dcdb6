"""Where submissions are played: threads that call this machine's node, or a cluster's workers."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from grader.isolation.policy import Limits

PER_CORE = 3  # cores are busy while a submission waits for a fork or for its own sleeps


class Node(Protocol):
    """What plays one merged notebook after the other; see `grader.isolation.sandbox.Node`."""

    def grade(self, submission: str, *, seed: int = 0) -> dict[str, Any]:
        """Play one merged notebook; return its outputs, faults and times."""

    def close(self) -> None:
        """End the servers behind it."""


class Executor(Protocol):
    """What plays submissions, several at a time; `grader.running.cluster` is one for Dask."""

    workers: int  # so many are played at a time; the runner hands over twice as many

    def submit(self, student: str, merged: str, seed: int = 0) -> "Future[dict[str, Any]]":
        """Start to play one merged notebook.

        The result is what `Node.grade` returns, or `{"error": sentence}`; `student` is for logs.
        """

    def close(self) -> None:
        """Stop at once, also what is being played."""


@dataclass(frozen=True)
class Task:
    """Everything a worker, here or on another machine, needs to make its node.

    Attributes
    ----------
    notebook : str
        Text of the source notebook, hidden tests inside.
    files : mapping
        The other files of the source folder: name -> content.
    limits : Limits
        What one submission may use.
    sandboxed : bool
        False only under `--unsafe-no-sandbox`.
    """

    notebook: str
    files: Mapping[str, bytes]
    limits: "Limits"
    sandboxed: bool = True


class LocalExecutor:
    """Worker threads of this process: each call to the node waits for a judge process.

    Parameters
    ----------
    start : callable
        Starts the node that plays the submissions, in one of the threads: whoever made the executor
        has other things to do in that second. What it raises is the result of each submission.
    workers : int
        How many at a time.
    """

    def __init__(self, start: Callable[[], Node], workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="grader")
        self._node = self._threads.submit(start)

    def submit(self, student: str, merged: str, seed: int = 0) -> "Future[dict[str, Any]]":
        """Start to play one merged notebook."""
        return self._threads.submit(self._play, merged, seed)

    def _play(self, merged: str, seed: int) -> dict[str, Any]:
        return self._node.result().grade(merged, seed=seed)

    def close(self) -> None:
        """Stop at once: the node ends what its threads wait for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if not self._node.cancelled() and self._node.exception() is None:
            self._node.result().close()
        self._threads.shutdown(wait=True)


def default_workers(memory_mb: float) -> int:
    """Return how many submissions this machine plays at a time: by its cores and free memory."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(PER_CORE * cores, int(0.8 * _free_mb() / memory_mb)))


def _free_mb() -> float:
    """Return the memory that programs may still take, in MB: of the machine and of its cgroup."""
    free = []
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            free.append(int(line.split()[1]) / 1024)
    try:
        most = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
        if most != "max":
            free.append((int(most) - int(used)) / 1e6)
    except (OSError, ValueError):  # no cgroup of version 2, so no limit by it
        pass
    return min(free)
