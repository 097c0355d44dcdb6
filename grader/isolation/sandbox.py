"""A node: one student server and one judge server for one problem set, asked by many threads."""

import json
import logging
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import GraderError
from grader.isolation.forking import REQUEST
from grader.isolation.framing import TooLargeError, receive_object, send_object
from grader.isolation.imports import absent_packages, imported_modules
from grader.isolation.policy import ETC_FILES, Limits, Policy
from grader.isolation.servers import STOP_SECONDS, Server, start_judge_server, start_student_server

LOG = logging.getLogger("grader.isolation")
JUDGE, SHELL = "grader.split.judge:Judge", "grader.split.cells:make_shell"
# Beyond the judge's own limits, which its server enforces.
PATIENCE_SECONDS = 120


class ServerDiedError(Exception):
    """A server of the node ended while it was asked."""


class Pair:
    """Both servers, started together; never started again."""

    def __init__(self, settings: dict[str, Any], policy: Policy, node: "Node") -> None:
        began = time.monotonic()
        log = node.log
        self.students = start_student_server(policy, node.scratch, log, sandboxed=node.sandboxed)
        self.judges: Server | None = None
        try:
            self.judges = start_judge_server(
                settings, policy, self.students.control, node.scratch, log
            )
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


class Node:
    """Grades submissions of one problem set; many threads may call `grade` at once.

    Parameters
    ----------
    notebook : str
        Text of the source notebook, with the hidden tests.
    files : mapping
        The other files of the source folder, by relative path.
    limits : Limits
    sandboxed : bool
        Whether the students' code is isolated. Without, it can do all that this user can.
    log : Path, optional
        Where the servers write; both are quiet unless something is wrong.
    policy : Policy, optional
        Made from the notebook by default.

    Raises
    ------
    GraderError
        When a server does not start.
    """

    def __init__(
        self,
        notebook: str,
        files: Mapping[str, bytes],
        limits: Limits,
        *,
        sandboxed: bool = True,
        log: Path | None = None,
        policy: Policy | None = None,
        judge: str = JUDGE,
        judge_shell: str = SHELL,
    ) -> None:
        self.limits, self.sandboxed = limits, sandboxed
        self.scratch = make_scratch(files)
        self.log = log or self.scratch / "servers.log"
        self._policy = policy or policy_of(notebook, limits)
        self._settings = {"notebook": notebook, "judge": judge, "shell": judge_shell}
        self._lock = threading.Lock()
        self._closed = False
        try:
            self._pair = Pair(self._settings, self._policy, self)
        except BaseException:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise

    def grade(self, submission: str, *, seed: int = 0) -> dict[str, Any]:
        """Play one notebook; return what happened, or {"error": why} when a person must look.

        A server that died is started again, once for each submission that meets it.

        Raises
        ------
        GraderError
            When a server that died does not start again.
        """
        request = {"submission": submission, "seed": seed}
        pair = self._pair
        played = self._ask(pair, request)
        if "error" in played and (pair.dead() or pair is not self._pair):
            self._replace(pair)
            played = self._ask(self._pair, request)
        return played

    def close(self) -> None:
        """End both servers, and remove what they wrote."""
        with self._lock:
            self._closed = True
            self._pair.close()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, pair: Pair, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return pair.ask(request, self.limits)
        except ServerDiedError:
            pair.wait_until_dead()
            return {"error": "The judge server ended."}

    def _replace(self, broken: Pair) -> None:
        with self._lock:
            if self._closed:
                raise GraderError("The node was closed while it graded.")
            if self._pair is broken:  # else another thread was faster
                LOG.warning("the %s ended by itself; starting both again", broken.dead())
                broken.close()
                self._pair = Pair(self._settings, self._policy, self)


def policy_of(notebook: str, limits: Limits) -> Policy:
    """Return the sandbox for a source notebook: what it imports is there, and warm."""
    modules = imported_modules(notebook)
    absent = absent_packages(modules)
    course = Path(__file__).parents[2]
    packages = () if "nnlib" in absent else (course / "nnlib",)
    return Policy(limits, imports=("numpy", *modules), absent=absent, packages=packages)


def make_scratch(files: Mapping[str, bytes]) -> Path:
    """Make the folder that both servers start from; `files` in it can be read by everyone."""
    scratch = Path(tempfile.mkdtemp(prefix="grader-"))
    for name in ("etc", "files", "students", "judges"):
        (scratch / name).mkdir()
    contents = {f"etc/{name}": text.encode() for name, text in ETC_FILES.items()}
    contents |= {f"files/{name}": content for name, content in files.items()}
    for name, content in contents.items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in [scratch / "etc", scratch / "files", *scratch.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return scratch


def _end(lifeline: socket.socket) -> str:
    lifeline.settimeout(5)
    try:
        told = lifeline.recv(4096)
    except TimeoutError:
        return "for an unknown reason"
    return str(json.loads(told)["end"]) if told else "with its server"
