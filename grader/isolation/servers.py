"""Starting the two warm servers of a node, and waiting until they are ready."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.isolation import cgroups
from grader.isolation.forking import BYE
from grader.isolation.policy import ENVIRONMENT, FILES, Policy

START_SECONDS = 180  # importing PyTorch on a machine under heavy load
STOP_SECONDS = 10
# An unprivileged user for each grading process; numbers of this size belong to nobody.
FIRST_UID, NOBODY = 2_000_000_000, 65534


class StartError(GraderError):
    """A server did not start; `why` is its own last word."""

    def __init__(self, name: str, why: str) -> None:
        self.why = why
        super().__init__(
            f"The {name} did not start ({why}); `python -m grader doctor` says what this machine "
            "lacks."
        )


class Server:
    """A warm server: its process, and the control socket on which it takes requests."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self.name, self.process, self.control = name, process, control

    def wait_until_ready(self, log: Path) -> dict[str, Any]:
        """Return what the server says when it is ready.

        Raises
        ------
        StartError
            When it ended instead.
        """
        if select.select([self.control], [], [], START_SECONDS)[0]:
            told = self.control.recv(4096)
            if told:
                return dict(json.loads(told))
            self.process.wait(STOP_SECONDS)
            why = last_line(log)
        else:
            why = f"not ready after {START_SECONDS} seconds"
        raise StartError(self.name, why)

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """Have it end its forks and itself; kill it when it does not."""
        with contextlib.suppress(OSError):  # closed already, or the server has ended
            self.control.send(BYE)
        self.control.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_student_server(
    policy: Policy, scratch: Path, log: Path, *, sandboxed: bool = True
) -> Server:
    """Start the student server, inside bubblewrap unless `sandboxed` is false."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    uid = unprivileged_uid() if sandboxed else None
    plan = {**policy.plan(), "control": theirs.fileno(), "leave_root": uid, "files": FILES}
    plan["watch_memory"] = cgroups.find_groups() is None
    wrapper, environment = [], None
    if sandboxed:
        wrapper = policy.bubblewrap(scratch, as_root=uid is not None)
    else:
        plan |= {"namespaces": (), "drop_capabilities": False, "seccomp": False}
        plan |= {"files": str(scratch / "files"), "folder": str(scratch / "students")}
        course = os.pathsep.join([str(Path(__file__).parents[2]), *map(_parent, policy.packages)])
        environment = {**ENVIRONMENT, "PYTHONPATH": course, "HOME": str(scratch / "students")}
    command = [*wrapper, sys.executable, "-m", "grader.isolation.student_server", json.dumps(plan)]
    with theirs, log.open("ab") as output:
        process = _popen(command, theirs.fileno(), output=output, env=environment, cwd="/")
    return Server("student server", process, ours)


def start_judge_server(
    settings: Mapping[str, Any], policy: Policy, students: socket.socket, scratch: Path, log: Path
) -> Server:
    """Start the judge server; `settings` say which notebook and which judge."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told = {
        **settings,
        "limits": asdict(policy.limits),
        "control": theirs.fileno(),
        "students": students.fileno(),
        "scratch": str(scratch),
    }
    course = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [course, os.environ.get("PYTHONPATH", "")]))
    threads = {name: "1" for name in ENVIRONMENT if name.endswith("_NUM_THREADS")}
    environment = {**os.environ, **threads, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "grader.isolation.judge_server"]
    with theirs, log.open("ab") as output:
        process = _popen(
            command, theirs.fileno(), students.fileno(), output=output, env=environment, cwd="/",
            stdin=subprocess.PIPE,
        )  # fmt: skip
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it will not become ready
        pipe.write(json.dumps(told).encode())
    return Server("judge server", process, ours)


def unprivileged_uid() -> int | None:
    """Return the user that root's student server becomes; None when this process is not root.

    Root of a container may own a few users only: then nobody, or (None) the user that bubblewrap's
    own namespace gives.
    """
    if os.geteuid() != 0:
        return None
    owned = []
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        owned.append(range(first, first + count))
    wanted = (FIRST_UID + os.getpid(), NOBODY)
    return next((uid for uid in wanted if any(uid in users for users in owned)), None)


def last_line(log: Path) -> str:
    """Return the last line that a server wrote, which is where Python names an error."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _popen(command: list[str], *kept: int, **options: Any) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C at the terminal is for the coordinator, which then closes both.
    output = options.pop("output")
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(
        command, pass_fds=kept, stdout=output, stderr=output, start_new_session=True, **options
    )


def _parent(package: Path) -> str:
    return str(package.parent)
