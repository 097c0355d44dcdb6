"""Judge and student without a sandbox: plain forks at the two ends of socket pairs.

`Server` is what the isolation's judge server is: a process that has made a `Judge` once, and forks
for each submission. The process of the tests itself never becomes a judge or a student.
"""

import contextlib
import copy
import faulthandler
import json
import multiprocessing
import os
import signal
import socket
import sys
from dataclasses import dataclass

from grader.split import cells, student
from grader.split.judge import Judge


@dataclass(frozen=True)
class Limits:
    cell_seconds: float = 30
    total_seconds: float = 600
    output_kb: int = 200
    message_mb: int = 64


class Forked:
    """A student's process without a sandbox."""

    def __init__(self):
        self.sock, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgid(0, 0)
                self.sock.close()
                student.serve(theirs, cells.make_shell())
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


class Server:
    """Plays submissions to one source notebook, each in a fork of a process with its judge."""

    def __init__(self, source, limits=None):
        here, there = multiprocessing.Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                here.close()
                faulthandler.enable()
                self._serve(there, source, limits or Limits())
            finally:
                os._exit(1)
        there.close()
        self.pipe = here
        assert self.pipe.recv() == "ready"

    def _serve(self, pipe, source, limits):
        sys.modules.pop("pytest", None)
        judge = Judge(source, cells.make_shell(), limits)
        pipe.send("ready")
        while True:
            merged, skip = pipe.recv()
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                with os.fdopen(writing, "w") as out:
                    for name in skip:
                        judge.locked[name] = copy.copy(judge.locked[name])
                        judge.locked[name].codes = [compile("", "<skipped>", "exec")]
                    json.dump(judge.play(merged, Forked), out)
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading) as got:
                text = got.read()
            status = os.waitpid(child, 0)[1]
            pipe.send(json.loads(text) if text else {"error": f"the judge ended: {status}"})

    def play(self, merged, skip=()):
        """Return what the judge makes of a notebook; the test cells of `skip` are not run."""
        self.pipe.send((merged if isinstance(merged, str) else json.dumps(merged), list(skip)))
        return self.pipe.recv()

    def close(self):
        self.pipe.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


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
