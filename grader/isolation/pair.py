"""The two warm servers of a node, started together, and one question to them."""

import json
import socket
import time
from pathlib import Path
from typing import Any

from grader.isolation.forking import REQUEST
from grader.isolation.framing import TooLargeError, receive_object, send_object
from grader.isolation.policy import Limits, Policy
from grader.isolation.servers import (
    STOP_SECONDS,
    Server,
    start_judge_server,
    start_student_server,
)

# Beyond the judge's own limits, which its server enforces.
PATIENCE_SECONDS = 120


class ServerDiedError(Exception):
    """A server of the node ended while it was asked."""


class Pair:
    """Both servers, started together; never started again."""

    def __init__(
        self, settings: dict[str, Any], policy: Policy, scratch: Path, log: Path, *, sandboxed: bool
    ) -> None:
        began = time.monotonic()
        self.students = start_student_server(policy, scratch, log, sandboxed=sandboxed)
        self.judges: Server | None = None
        try:
            self.judges = start_judge_server(settings, policy, self.students.control, scratch, log)
            for server in (self.students, self.judges):
                server.wait_until_ready(log)
        except BaseException:
            self.close()
            raise
        # Only the judges hold it from now on: when they are gone, the student server ends.
        self.students.control.close()
        self.seconds = time.monotonic() - began

    def dead(self) -> str:
        """Return the name of a server that has ended, or an empty string."""
        servers = [server for server in (self.judges, self.students) if server is not None]
        return next((server.name for server in servers if not server.is_alive()), "")

    def wait_until_dead(self) -> None:
        """Give a server that closed its socket the moment it takes to end."""
        until = time.monotonic() + STOP_SECONDS
        while not self.dead() and time.monotonic() < until:
            time.sleep(0.01)

    def ask(self, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
        """Have one submission judged.

        Raises
        ------
        ServerDiedError
            When the judge server ended.
        """
        assert self.judges is not None
        ours, theirs = socket.socketpair()
        lifeline, held = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, lifeline:
            with theirs, held:
                try:
                    socket.send_fds(
                        self.judges.control, [REQUEST], [theirs.fileno(), held.fileno()]
                    )
                except OSError as error:
                    raise ServerDiedError from error
            ours.settimeout(limits.total_seconds + PATIENCE_SECONDS)
            try:
                send_object(ours, request, limits.message_mb << 20)
                return receive_object(ours, limits.message_mb << 20)
            except (EOFError, ConnectionError):
                return {"error": f"The judge ended ({_end(lifeline)}) before it had judged."}
            except TooLargeError as error:
                return {"error": f"The notebook is too large for the judge: {error}."}
            except TimeoutError:
                return {"error": f"The judge did not answer in {ours.gettimeout():.0f} seconds."}

    def close(self) -> None:
        """End both servers and all their forks."""
        for server in (self.judges, self.students):
            if server is not None:
                server.close()


def _end(lifeline: socket.socket) -> str:
    lifeline.settimeout(5)
    try:
        told = lifeline.recv(4096)
    except TimeoutError:
        return "for an unknown reason"
    return str(json.loads(told)["end"]) if told else "with its server"
