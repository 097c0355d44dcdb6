"""What runs in a worker of a Dask cluster: one node for each problem set, and nothing else."""

import hashlib
import json
import threading
from pathlib import Path

import distributed

import grader
from grader.errors import GraderError
from grader.running import nodes
from grader.running.executor import Node, Task


class NodePlugin(distributed.WorkerPlugin):
    """Holds the task on every worker, also on those that come later, and the node made from it.

    Parameters
    ----------
    name : str
        By which `play` finds it.
    task : Task
        What the node is made from.
    """

    def __init__(self, name: str, task: Task) -> None:
        self.name, self.task, self.code = name, task, fingerprint()

    def setup(self, worker: distributed.Worker) -> None:
        """Get ready; the node is made when the first submission comes."""
        self._lock = threading.Lock()
        self._node: Node | None = None

    def teardown(self, worker: distributed.Worker) -> None:
        """End the node's servers."""
        with self._lock:
            if self._node is not None:
                self._node.close()
                self._node = None

    def node(self) -> Node:
        """Return the node, and make it the first time.

        Raises
        ------
        GraderError
            When this machine cannot isolate submissions, or has another version of the grader.
        """
        if self.code != fingerprint():
            raise GraderError(
                "its files of grader/ are not those of the computer that records the grades: "
                "bring both to the same version"
            )
        with self._lock:
            if self._node is None:
                self._node = nodes.start(self.task)
            return self._node


def play(plugin: str, merged: str, seed: int) -> str:
    """Play one merged notebook; return what `Node.grade` returned, as JSON text.

    A worker that cannot run submissions returns {"unfit": reason, "worker": address}.
    """
    worker = distributed.get_worker()
    try:
        holder = worker.plugins[plugin]
        assert isinstance(holder, NodePlugin)
        node = holder.node()
    except GraderError as error:
        return json.dumps({"unfit": str(error), "worker": worker.address})
    return json.dumps(node.grade(merged, seed=seed))


def fingerprint() -> str:
    """Return a hash of the code that decides what a submission earns."""
    digest = hashlib.sha256()
    root = Path(grader.__file__).parent
    for folder in ("isolation", "split"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
