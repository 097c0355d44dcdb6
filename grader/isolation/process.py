"""A student's process as the judge sees it: one socket, and interrupt, kill and end."""

import contextlib
import itertools
import json
import os
import select
import socket
import struct
from typing import Any

from grader.isolation.cgroups import PREFIX, Group, Groups
from grader.isolation.forking import INTERRUPT, KILL, REQUEST
from grader.isolation.policy import Limits
from grader.isolation.student_server import GO, READY

START_SECONDS = 30  # for a fork that takes milliseconds: a machine under heavy load
END_SECONDS = 10
NEWS_SECONDS = 0.25
# In a control group, on top of the memory that cells may take: the warm server's pages become a
# fork's own when it writes to them. So one process meets MemoryError first, which it can handle.
SHARED_MB = 128


class SpawnError(Exception):
    """No student process could be started; the message says why."""


class Student:
    """One process inside the sandbox; `sock` is the only way to it.

    Attributes
    ----------
    sock : socket.socket
        Speaks with `serve(sock, shell, message_bytes)` in the process.
    usage : dict
        After the end: `rss_mb` and `cpu_seconds` of the process.
    """

    def __init__(self, sock: socket.socket, lifeline: socket.socket, group: Group | None) -> None:
        self.sock = sock
        self.usage: dict[str, Any] = {}
        self._lifeline, self._group, self._end = lifeline, group, ""

    def interrupt(self) -> None:
        """Send SIGINT, as Jupyter does: KeyboardInterrupt in the running cell."""
        self._order(INTERRUPT)

    def kill(self) -> None:
        """End it with everything it has started."""
        self._order(KILL)
        self.end(END_SECONDS)

    def end(self, wait: float = NEWS_SECONDS) -> str:
        """Return "" while it lives, else "exit status 1", "signal 9", "out of memory".

        Parameters
        ----------
        wait : float
            Seconds to wait for news of its end, which come after its socket has closed.
        """
        if not self._end and select.select([self._lifeline], [], [], wait)[0]:
            try:
                told = self._lifeline.recv(4096)
            except ConnectionResetError:  # it ended before it had read what was sent to it
                told = b""
            self.usage = json.loads(told) if told else {}
            self._end = str(self.usage.pop("end", "the student server ended"))
            if self._group is not None:
                if self._end == "signal 9" and self._group.out_of_memory():
                    self._end = "out of memory"
                self._group.remove()
        return self._end

    def close(self) -> None:
        """Kill it if it lives, and let go of it."""
        if not self._end:
            self.kill()
        self.sock.close()
        self._lifeline.close()

    def _order(self, order: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended already
            self._lifeline.send(order)


class Spawner:
    """Starts student processes of one student server.

    Parameters
    ----------
    control : socket.socket
        The server's control socket, shared by all judges.
    limits : Limits
    groups : Groups or None
        Where control groups can be made.
    server : int
        Process number of the judge server, for the names of the groups.
    seed : int
        Of the processes' global random numbers.
    """

    def __init__(
        self,
        control: socket.socket,
        limits: Limits,
        groups: Groups | None,
        server: int,
        seed: int = 0,
    ) -> None:
        self._control, self._limits, self._groups = control, limits, groups
        self._server, self._seed = server, seed
        self._started: list[Student] = []
        self._numbers = itertools.count()

    def __call__(self) -> Student:
        """Start one student process and wait until it is isolated.

        Raises
        ------
        SpawnError
            When the server is gone or the fork could not isolate itself.
        """
        sock, theirs = socket.socketpair()
        lifeline, held = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            socket.send_fds(self._control, [REQUEST], [theirs.fileno(), held.fileno()])
        except OSError as error:
            sock.close()
            lifeline.close()
            raise SpawnError("the student server has ended") from error
        finally:
            theirs.close()
            held.close()
        student = Student(sock, lifeline, None)
        self._started.append(student)
        try:
            pid = _wait_until_ready(student)
            student._group = self._make_group(pid)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
            sock.settimeout(None)
            sock.sendall(GO.pack(self._seed))
        except BaseException:
            student.close()
            raise
        return student

    def peak_mb(self) -> float:
        """Return the most memory that one of the processes held, of those that have ended."""
        return max((student.usage.get("rss_mb", 0.0) for student in self._started), default=0.0)

    def _make_group(self, pid: int) -> Group | None:
        if self._groups is None:
            return None
        name = f"{PREFIX}{self._server}-{os.getpid()}-{next(self._numbers)}"
        limits = self._limits
        memory_mb = limits.memory_mb + limits.file_mb + SHARED_MB
        group = self._groups.make(name, memory_mb, limits.processes + 1)
        group.add(pid)
        return group


def _wait_until_ready(student: Student) -> int:
    """Return the process's number as seen from here, which the kernel vouches for."""
    sock, line, pid = student.sock, b"", 0
    sock.settimeout(START_SECONDS)
    size = socket.CMSG_SPACE(struct.calcsize("3i"))
    while not line.endswith(b"\n"):
        try:
            part, ancillary, _, _ = sock.recvmsg(1024, size)
        except TimeoutError as error:
            raise SpawnError(f"not ready after {START_SECONDS} seconds") from error
        if not part:
            raise SpawnError(f"the process ended before it was ready: {student.end(1.0)}")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = struct.unpack("3i", content)[0]
        line += part
    if line != READY:
        raise SpawnError(line.decode("utf-8", "replace").strip())
    return pid
