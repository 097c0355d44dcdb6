"""A real Dask cluster on this machine's loopback interface: a scheduler and workers, by command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
QUIET = ["--no-dashboard", "--host", "127.0.0.1"]


class Cluster:
    """A scheduler and its workers, each a process group of its own.

    Parameters
    ----------
    folder : Path
        For the processes' logs and scratch files.
    preload : str
        A module that each worker imports first.
    allowed_failures : int
        How many workers may die of one submission before Dask gives it up.
    """

    def __init__(self, folder: Path, preload: str = "", allowed_failures: int = 3) -> None:
        self.folder, self.preload = folder, preload
        self._file = folder / "scheduler.json"
        self._environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
        }
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", self._file)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = self._wait_for_address()

    def add_worker(self, threads: int = 2, *, nanny: bool = False) -> "subprocess.Popen[bytes]":
        """Start a worker; with a nanny it is started again when it dies."""
        preload = ["--preload", self.preload] if self.preload else []
        worker = self._start(
            "worker", self.address, "--nthreads", str(threads), *preload,
            "--nanny" if nanny else "--no-nanny", "--local-directory", self.folder,
        )
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """End everything that was started here."""
        processes = [*self.workers, self.scheduler]
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        end = time.monotonic() + 3
        for process in processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:  # a worker waits long for a scheduler that is gone
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def said(self) -> str:
        """Return what all processes have logged."""
        return (self.folder / "cluster.log").read_text(encoding="utf-8", errors="replace")

    def _start(self, kind: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", kind, *QUIET, *map(str, arguments)]
        with (self.folder / "cluster.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=log,
                                    stderr=log, start_new_session=True)

    def _wait_for_address(self) -> str:
        end = time.monotonic() + 30
        while time.monotonic() < end and self.scheduler.poll() is None:
            if self._file.exists() and (text := self._file.read_text()):
                return str(json.loads(text)["address"])
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Dask's scheduler did not start: {self.said()}")


@contextmanager
def running_cluster(
    folder: Path, workers: int, threads: int = 2, *, nanny: bool = False, **options: object
) -> Iterator[Cluster]:
    """Start a cluster, yield it, and end its processes."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder, **options)  # type: ignore[arg-type]
    try:
        for _ in range(workers):
            cluster.add_worker(threads, nanny=nanny)
        yield cluster
    finally:
        cluster.stop()
