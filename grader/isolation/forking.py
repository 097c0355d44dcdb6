"""The loop of both warm servers: fork for each request, watch the forks, say how they ended.

A request is one message on the control socket that brings two sockets: *data*, which the fork
gets, and a *lifeline*, which stays here. On the lifeline the client writes `i` (interrupt) or `k`
(kill); when it closes the lifeline, or is killed itself, the fork is killed. When the fork has
ended, the server writes one JSON object there: {"end": ..., "rss_mb": ..., "cpu_seconds": ...}.
When everybody has closed the control socket, or one has said `bye` there, the server kills what is
left and returns.
"""

import contextlib
import json
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

REQUEST, BYE = b"fork", b"bye"
INTERRUPT, KILL = b"i", b"k"


@dataclass
class Fork:
    """A process that somebody asked for; `clean_up` is called when it has ended."""

    pid: int
    clean_up: Callable[[], None] = lambda: None
    deadline: float = float("inf")
    # Filled in by the loop.
    lifeline: socket.socket = field(init=False)
    watch: int = field(init=False)
    reason: str = field(init=False, default="")


class ByeError(Exception):
    """A client has said that it needs the server no more."""


def read_requests(control: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield the sockets of at most one request.

    Raises
    ------
    EOFError, ByeError
        When no client is left: killed, or in order.
    """
    message, descriptors, _, _ = socket.recv_fds(control, 16, 2)
    sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if not message and not sockets:
        raise EOFError
    if message == BYE:
        raise ByeError
    if len(sockets) == 2 and message == REQUEST:
        yield sockets[0], sockets[1]
    else:
        for one in sockets:
            one.close()


def serve_forks(
    control: socket.socket,
    start: Callable[[socket.socket], Fork],
    look: Callable[[Collection[Fork]], None] | None = None,
    every: float = float("inf"),
) -> bool:
    """Answer requests until no client is left; return whether it went in order.

    Parameters
    ----------
    control : socket.socket
        A SOCK_SEQPACKET socket.
    start : callable
        Forks for the given data socket and returns in the parent. In the fork it must not return.
    look : callable, optional
        Called with the living forks after at most `every` seconds, as long as there are any.
    """
    loop = _Loop(control, start, look, every)
    try:
        while True:
            loop.turn()
    except ByeError:
        return True
    except EOFError:
        return False
    finally:
        loop.end_all()


class _Loop:
    def __init__(
        self,
        control: socket.socket,
        start: Callable[[socket.socket], Fork],
        look: Callable[[Collection[Fork]], None] | None,
        every: float,
    ) -> None:
        self.control, self.start, self.look, self.every = control, start, look, every
        self.looked = 0.0
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.by_lifeline: dict[int, Fork] = {}
        self.by_watch: dict[int, Fork] = {}

    def turn(self) -> None:
        """Wait for something to happen and deal with it."""
        events = [descriptor for descriptor, _ in self.poll.poll(self._patience())]
        # First, while no descriptor of this batch has been closed and its number given out again.
        if self.control.fileno() in events:
            for data, lifeline in read_requests(self.control):
                self._begin(data, lifeline)
        for descriptor in events:
            if descriptor in self.by_watch:
                self._finish(self.by_watch[descriptor])
            elif descriptor in self.by_lifeline:
                self._obey(self.by_lifeline[descriptor])
        self._end_late()

    def _end_late(self) -> None:
        now = time.monotonic()
        if self.look is not None and now - self.looked >= self.every:
            self.looked = now
            self.look(self.by_watch.values())
        for fork in self.by_watch.values():
            if fork.deadline <= now:
                fork.deadline = float("inf")
                fork.reason = "out of time"
                os.kill(fork.pid, signal.SIGKILL)

    def _patience(self) -> float | None:
        """Return the milliseconds until the next deadline or look."""
        nearest = min((f.deadline for f in self.by_watch.values()), default=float("inf"))
        if self.look is not None and self.by_watch:
            nearest = min(nearest, self.looked + self.every)
        if nearest == float("inf"):
            return None
        return max(0.0, (nearest - time.monotonic()) * 1000 + 1)

    def _begin(self, data: socket.socket, lifeline: socket.socket) -> None:
        try:
            fork = self.start(data)
        except OSError as error:  # no memory or no process left: this request fails, not the server
            _say(lifeline, {"end": f"could not start: {error.strerror or error}"})
            lifeline.close()
            return
        finally:
            data.close()
        fork.lifeline, fork.watch = lifeline, os.pidfd_open(fork.pid)
        self.by_lifeline[lifeline.fileno()] = self.by_watch[fork.watch] = fork
        self.poll.register(lifeline, select.POLLIN)
        self.poll.register(fork.watch, select.POLLIN)

    def _obey(self, fork: Fork) -> None:
        try:
            order = fork.lifeline.recv(16)
        except OSError:
            order = b""
        if order == INTERRUPT:
            os.kill(fork.pid, signal.SIGINT)
        else:
            os.kill(fork.pid, signal.SIGKILL)
        if not order:  # nobody listens any more; a closed socket would wake the loop for ever
            self.poll.unregister(fork.lifeline)

    def _finish(self, fork: Fork) -> None:
        _, status, usage = os.wait4(fork.pid, 0)
        end = {
            "end": fork.reason or describe_end(status),
            "rss_mb": round(usage.ru_maxrss / 1024, 1),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        }
        del self.by_watch[fork.watch], self.by_lifeline[fork.lifeline.fileno()]
        self.poll.unregister(fork.watch)
        os.close(fork.watch)
        _say(fork.lifeline, end)
        with contextlib.suppress(KeyError):  # unregistered already when its client went away
            self.poll.unregister(fork.lifeline)
        fork.lifeline.close()
        fork.clean_up()

    def end_all(self) -> None:
        """Kill what still runs."""
        for fork in list(self.by_watch.values()):
            os.kill(fork.pid, signal.SIGKILL)
            self._finish(fork)


def end_with(work: Callable[[], None]) -> NoReturn:
    """Be a fork: do the work and end the process; nothing gets back into the server's loop."""
    status = 1
    try:
        work()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        traceback.print_exc()
    finally:
        os._exit(status & 255)


def describe_end(status: int) -> str:
    """Return a wait status in words: "exit status 1", "signal 9"."""
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _say(lifeline: socket.socket, end: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # the client is gone, and with it whoever wanted to know
        lifeline.send(json.dumps(end).encode(), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
