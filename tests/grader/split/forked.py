"""Judge and student without a sandbox: plain forks at the two ends of socket pairs.

`Server` is what the isolation's judge server is: a process that has made a `Judge` once, and forks
for each submission. The process of the tests itself never becomes a judge or a student.
"""

import contextlib
import functools
import json
import multiprocessing
import os
import random
import re
import signal
import socket
import subprocess
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from grader.split import cells, student
from grader.split.judge import Judge

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Limits:
    cell_seconds: float = 30
    total_seconds: float = 600
    output_kb: int = 200
    message_mb: int = 64


PACKAGES = ("nnlib", "scipy", "torch", "sklearn", "tensorflow", "keras", "jax", "autograd", "optax")


def absent(source):
    """Return the packages that a source notebook's student process does not have."""
    cells_ = [c for c in json.loads(source)["cells"] if c["cell_type"] == "code"]
    text = "\n".join("".join(cell["source"]) for cell in cells_)
    used = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", text, re.MULTILINE))
    if "sklearn" in used:
        used.add("scipy")
    return [name for name in PACKAGES if name not in used]


def seed_everything(seed):
    """Seed what the isolation seeds, too."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002


class Absent:
    """Finds that some packages are not there, as in the sandbox."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class Forked:
    """A student's process without a sandbox."""

    absent = ()
    message_bytes = 64 * 2**20

    def __init__(self):
        self.sock, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgid(0, 0)
                self.sock.close()
                for name in [n for n in sys.modules if n.partition(".")[0] in self.absent]:
                    del sys.modules[name]
                sys.meta_path.insert(0, Absent(self.absent))
                seed_everything(0)
                student.serve(theirs, cells.make_shell(warm=False), self.message_bytes)
            finally:
                os._exit(3)
        theirs.close()
        self.status = None

    def interrupt(self):
        os.kill(self.pid, signal.SIGINT)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.status is None:
            self.status = os.waitpid(self.pid, 0)[1]
        self.sock.close()

    def end(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if not pid:
                return ""
            self.status = status
        code = os.waitstatus_to_exitcode(self.status)
        return f"exit status {code}" if code >= 0 else f"signal {-code}"


class _Base:
    """A process that has imported what judges and students need, and forks judge servers."""

    def __init__(self):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.grader.split.forked", str(theirs.fileno())],
            cwd=ROOT, pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self.pipe = Connection(ours.detach())

    def ask(self, *question):
        self.pipe.send(question)
        answer = self.pipe.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer


@functools.cache
def base():
    """Return the one base process of this session."""
    return _Base()


class Server:
    """Plays submissions to one source notebook, each in a fork of a process with its judge."""

    def __init__(self, source, limits=None):
        text = source if isinstance(source, str) else json.dumps(source)
        self.key = base().ask("make", text, limits or Limits())

    def play(self, merged, skip=()):
        """Return what the judge makes of a notebook; the test cells of `skip` are not run."""
        text = merged if isinstance(merged, str) else json.dumps(merged)
        return base().ask("play", self.key, text, list(skip))

    def close(self):
        base().ask("close", self.key)


def _serve_base(pipe):
    """Fork a judge server for each source notebook, and pass questions on."""
    servers = {}
    while True:
        try:
            question = pipe.recv()
        except EOFError:
            os._exit(0)
        if question[0] == "make":
            here, there = multiprocessing.Pipe()
            pid = os.fork()
            if pid == 0:
                here.close()
                pipe.close()
                _serve_judge(there, *question[1:])
            there.close()
            answer = here.recv()
            if not isinstance(answer, BaseException):
                servers[pid] = here
                answer = pid
            pipe.send(answer)
        elif question[0] == "play":
            servers[question[1]].send(question[2:])
            pipe.send(servers[question[1]].recv())
        else:
            servers.pop(question[1]).close()
            os.waitpid(question[1], 0)
            pipe.send(None)


def _serve_judge(pipe, source, limits):
    """Make a judge, and fork for each notebook to play."""
    try:
        judge = Judge(source, cells.make_shell(), limits)
        Forked.absent = absent(source)
        Forked.message_bytes = limits.message_mb * 2**20
    except Exception as error:  # noqa: BLE001 - the asker is told
        pipe.send(error)
        os._exit(1)
    pipe.send("ready")
    while True:
        try:
            merged, skip = pipe.recv()
        except EOFError:
            os._exit(0)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            pipe.close()
            os.close(reading)
            try:
                for name in skip:
                    judge.locked[name].codes = [compile("", "<skipped>", "exec")]
                    judge.locked[name].reads = frozenset()
                seed_everything(0)
                played = judge.play(merged, Forked)
                with os.fdopen(writing, "w") as out:
                    json.dump(played, out)
                os._exit(0)
            except BaseException:  # noqa: BLE001 - the end of this fork
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as got:
            text = got.read()
        status = os.waitpid(child, 0)[1]
        pipe.send(json.loads(text) if text else {"error": f"the judge ended: {status}"})


def notebook(*parts):
    """Return a source notebook of cells given as (kind, name, source).

    Kinds: "given" (locked), "answer", "test" (1 point), "own" (a student's own).
    """
    found = []
    for kind, name, source in parts:
        info = {"schema_version": 3, "grade_id": name, "locked": kind in ("given", "test"),
                "grade": kind == "test", "solution": kind == "answer", "task": False}
        info |= {"points": 1} if kind == "test" else {}
        found.append({"cell_type": "code", "id": name, "source": source, "outputs": [],
                      "execution_count": None,
                      "metadata": {} if kind == "own" else {"nbgrader": info}})
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def errors_of(merged, played):
    """Return test cell -> why it has no points, the empty string if it has them."""
    found = {}
    for cell, result in zip(merged["cells"], played["cells"], strict=True):
        info = cell["metadata"].get("nbgrader", {})
        if info.get("grade") and cell["cell_type"] == "code":
            errors = [out for out in result["outputs"] if out["output_type"] == "error"]
            found[info["grade_id"]] = (
                f"{errors[0]['ename']}: {errors[0]['evalue']}" if errors else "")
    return found


if __name__ == "__main__":
    from tests.grader.split import forked

    forked._serve_base(Connection(int(sys.argv[1])))
