"""Whether a sandbox can be had on this Linux machine: first what it needs, then a trial."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from grader.isolation import kernel, obstacles, seccomp
from grader.isolation.machine import Finding
from grader.isolation.policy import Limits, Policy
from grader.isolation.process import Spawner, SpawnError
from grader.isolation.sandbox import make_scratch
from grader.isolation.servers import StartError, start_student_server

PROBE = "grader.isolation.probe"


def basics() -> Iterator[Finding]:
    """Look at what a trial needs and would name less well."""
    yield _kernel(kernel.version())
    yield _bubblewrap()
    yield _prefix()


def _kernel(version: tuple[int, ...]) -> Finding:
    name = f"Linux {'.'.join(map(str, version))}"
    if version < kernel.OLDEST:
        needed = ".".join(map(str, kernel.OLDEST))
        return Finding("kernel", "problem", f"{name} is too old: {needed} is needed",
                       "Install a newer kernel, or grade on a newer machine.")  # fmt: skip
    if version < kernel.COUNTS_PROCESSES:
        return Finding("kernel", "warning", f"{name} cannot limit the processes of one submission",
                       "Grade where control groups can be made (as root).")  # fmt: skip
    return Finding("kernel", "ok", name)


def _bubblewrap() -> Finding:
    program = shutil.which("bwrap")
    if program is None:
        return Finding("bubblewrap", "problem", "bubblewrap (bwrap) is not installed",
                       obstacles.INSTALL)  # fmt: skip
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    return Finding("bubblewrap", "ok", f"{answer.stdout.strip()} at {program}")


def _prefix() -> Finding:
    closed = obstacles.unreadable_parts()
    if closed and os.geteuid() == 0:
        return Finding("python", "problem", f"{closed} can be read by root only, and the sandbox "
                       "runs as another user",
                       f"Type: chmod -R o+rX {closed}.")  # fmt: skip
    return Finding("python", "ok", f"Python {platform.python_version()} in {sys.prefix}")


def trial(entry: str) -> list[Finding]:
    """Start the sandbox and one process in it, and judge what that process says of itself.

    Parameters
    ----------
    entry : str
        `serve` or, to import packages as well, `serve_packages`.
    """
    policy = Policy(Limits(), imports=(), entry=f"{PROBE}:{entry}", shell=f"{PROBE}:make_shell")
    try:
        said = _ask(policy)
    except (StartError, SpawnError) as error:
        why = error.why if isinstance(error, StartError) else error
        return [Finding("isolation", "problem", f"the sandbox does not start ({why})",
                        obstacles.remedy())]  # fmt: skip
    found = [_isolation(said), _filter(said)]
    if "packages" in said:
        found.append(_packages(said["packages"]))
    return found


def _ask(policy: Policy) -> dict[str, Any]:
    scratch = make_scratch({})
    log = scratch / "servers.log"
    try:
        server = start_student_server(policy, scratch, log)
        try:
            server.wait_until_ready(log)
            student = Spawner(server.control, policy.limits, None, os.getpid())()
            try:
                student.sock.settimeout(30)
                with student.sock.makefile(encoding="ascii") as answer:
                    return dict(json.loads(answer.readline()))
            finally:
                student.close()
        finally:
            server.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _isolation(said: dict[str, Any]) -> Finding:
    wrong = [
        text
        for text, is_wrong in {
            "it is root": said["uid"] == 0,
            "it sees other processes": not said["first"],
            "it has capabilities": said["capabilities"] != 0,
            "it may gain privileges": not said["no_new_privileges"],
            f"it sees networks {said['interfaces']}": bool(said["interfaces"]),
            "it inherits open files": said["descriptors"] != 4,
        }.items()
        if is_wrong
    ]
    if wrong:
        return Finding("isolation", "problem", f"a process in the sandbox is not isolated: "
                       f"{', '.join(wrong)}", obstacles.REPORT)  # fmt: skip
    return Finding("isolation", "ok", "own user, process, file, network, IPC and host namespaces")


def _filter(said: dict[str, Any]) -> Finding:
    if said["seccomp"]:
        return Finding("seccomp", "ok", "system calls are filtered")
    return Finding("seccomp", "warning", f"no filter of system calls for {platform.machine()}",
                   f"Grade on one of: {', '.join(seccomp.MACHINES)}.")  # fmt: skip


def _packages(failures: dict[str, str]) -> Finding:
    """Report which packages could not be imported; only some sets need PyTorch."""
    if list(failures) == ["torch"]:
        return Finding("packages", "warning", f"PyTorch cannot be used: {failures['torch']}",
                       "Run `make torch` to grade the sets that use it.")  # fmt: skip
    if failures:
        return Finding("packages", "problem", f"in the sandbox: {'; '.join(failures.values())}",
                       "Run `make setup`, and grade with the Python of .venv.")  # fmt: skip
    return Finding("packages", "ok", "NumPy, IPython and PyTorch can be used in the sandbox")
