"""An unsandboxed pair: the student's process is a plain fork at the other end of a socket pair."""

import os
import signal
import socket
from dataclasses import dataclass

import pytest

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

    def __init__(self, shell_maker=cells.make_shell):
        self.sock, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.sock.close()
                student.serve(theirs, shell_maker())
            finally:
                os._exit(3)
        theirs.close()
        self.status = None

    def interrupt(self):
        os.kill(self.pid, signal.SIGINT)

    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
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
