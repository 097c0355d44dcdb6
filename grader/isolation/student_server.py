"""The warm server inside the sandbox: it has imported what notebooks need, and forks for each.

Started by sandbox.py as `python -m grader.isolation.student_server PLAN`, PLAN being the JSON of
`policy.Policy.plan` and what only the starter knows. It never runs a line of a student's itself.
"""

import gc
import importlib
import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.isolation import kernel, namespaces
from grader.isolation.absence import make_absent
from grader.isolation.forking import Fork, end_with, serve_forks
from grader.isolation.memory_watch import SECONDS, memory_watch
from grader.isolation.seeding import seed_everything

READY, FAULT = b"ready\n", b"fault: "
GO = struct.Struct("!Q")  # the judge's go: the seed of the random numbers


def main() -> None:
    """Isolate the server, import, say that it is ready, fork on request."""
    began = time.monotonic()
    gc.disable()  # until everything is imported, which leaves no garbage
    plan = json.loads(sys.argv[1])
    control = socket.socket(fileno=plan["control"])
    if plan["leave_root"]:
        namespaces.leave_root(plan["leave_root"])
    if plan["namespaces"]:
        namespaces.make_own_namespaces()
    make_absent(plan["absent"])
    for name in plan["imports"]:
        importlib.import_module(name)
    shell = load(plan["shell"])()
    serve = load(plan["entry"])
    require_one_thread()
    # Pages that the collector does not touch stay shared between the server and its forks.
    gc.collect()
    gc.freeze()
    gc.enable()
    control.send(json.dumps({"seconds": round(time.monotonic() - began, 3)}).encode())
    look = memory_watch(plan["memory_bytes"]) if plan["watch_memory"] else None
    serve_forks(control, lambda data: start(data, plan, serve, shell), look, SECONDS)


def start(data: socket.socket, plan: dict[str, Any], serve: Callable[..., Any], shell: Any) -> Fork:
    """Fork; the fork isolates itself, waits for the judge's go, and serves `data`."""
    own_table = "pid" in plan["namespaces"]
    # Without a sandbox there is no disk of its own, which would vanish with the process.
    folder = None if "mount" in plan["namespaces"] else tempfile.mkdtemp(dir=plan["folder"])
    if own_table:
        kernel.unshare("pid")
    pid = -1
    try:
        pid = os.fork()
    finally:
        if own_table and pid != 0:
            kernel.back_to_own_pid_namespace()
    if pid == 0:
        end_with(lambda: run(data.fileno(), plan, serve, shell, folder))
    if folder is None:
        return Fork(pid)
    return Fork(pid, lambda: shutil.rmtree(folder, ignore_errors=True))


def run(
    descriptor: int, plan: dict[str, Any], serve: Callable[..., Any], shell: Any, folder: str | None
) -> None:
    """Be a student's process: isolated, then at the judge's service until the end."""
    os.setsid()
    # Whoever started the server may have had these ignored or blocked, as nohup does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    data = socket.socket(fileno=namespaces.keep_descriptor(descriptor))
    try:
        namespaces.enter(plan)
        go_to_work(plan, folder)
        namespaces.limit_resources(plan["rlimits"], plan["memory_bytes"])
    except Exception as error:
        data.sendall(FAULT + f"{type(error).__name__}: {error}\n".encode())
        raise
    data.sendall(READY)
    go = data.recv(GO.size, socket.MSG_WAITALL)
    if go:  # else the judge is gone
        seed_everything(*GO.unpack(go))
        serve(data, shell, plan["message_bytes"])


def go_to_work(plan: dict[str, Any], folder: str | None) -> None:
    """Make the work folder, in which the set's data files lie, and go there."""
    work = Path(folder or "/sandbox/work")
    for file in Path(plan["files"]).iterdir():
        (work / file.name).symlink_to(file)
    os.chdir(work)


def load(name: str) -> Callable[..., Any]:
    """Return the function called `module:function`."""
    module, function = name.split(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return loaded


def require_one_thread() -> None:
    """Raise when something imported has started threads: a fork would inherit their locks."""
    threads = os.listdir("/proc/self/task")
    if len(threads) > 1:
        raise RuntimeError(f"{len(threads)} threads run before the first fork; expected one")


if __name__ == "__main__":
    main()
