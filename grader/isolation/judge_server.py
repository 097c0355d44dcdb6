"""The warm server outside the sandbox: it holds the hidden tests, and forks a judge for each.

Started by sandbox.py as `python -m grader.isolation.judge_server`, with one JSON object on stdin.
A judge reads one request from its socket, {"submission": ..., "seed": ...}, starts student
processes as it needs them, and answers with one JSON object.
"""

import contextlib
import gc
import itertools
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from typing import Any

from grader.isolation import cgroups, kernel, namespaces
from grader.isolation.forking import Fork, end_with, serve_forks
from grader.isolation.framing import TooLargeError, receive_object, send_object
from grader.isolation.policy import Limits
from grader.isolation.process import Spawner
from grader.isolation.seeding import seed_everything
from grader.isolation.student_server import load, require_one_thread

# What a judge may take beyond the student's time: it ends that by itself, this is for a judge that
# hangs.
GRACE_SECONDS = 60
OPEN_FILES = 1024


def main() -> None:
    """Prepare the judge once, say that it is ready, fork on request."""
    began = time.monotonic()
    gc.disable()  # until everything is imported, which leaves no garbage
    settings = json.load(sys.stdin.buffer)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limits = Limits(**settings["limits"])
    control = socket.socket(fileno=settings["control"])
    students = socket.socket(fileno=settings["students"])
    # The locked cells before the first student's cell run here, beside the set's data files.
    scratch = settings["scratch"]
    folders = os.path.join(scratch, "judges")
    home = tempfile.mkdtemp(dir=folders)
    copy_files(os.path.join(scratch, "files"), home)
    shell = load(settings["shell"])()
    judge = load(settings["judge"])(settings["notebook"], shell, limits)
    require_one_thread()
    groups = cgroups.find_groups()
    if groups is not None:
        groups.sweep()
    gc.collect()
    gc.freeze()
    gc.enable()
    with contextlib.suppress(BrokenPipeError):  # the coordinator was killed: the loop below sees it
        control.send(json.dumps({"seconds": round(time.monotonic() - began, 3)}).encode())

    def start(data: socket.socket) -> Fork:
        folder = tempfile.mkdtemp(dir=folders)
        pid = os.fork()
        if pid == 0:
            end_with(lambda: run(data, students, (home, folder), judge, limits, groups))
        deadline = time.monotonic() + limits.total_seconds + GRACE_SECONDS
        return Fork(pid, lambda: clean_up(pid, folder, groups), deadline)

    if not serve_forks(control, start):  # the coordinator was killed and cannot tidy up
        shutil.rmtree(scratch, ignore_errors=True)


def run(
    data: socket.socket,
    students: socket.socket,
    folders: tuple[str, str],
    judge: Any,
    limits: Limits,
    groups: cgroups.Groups | None,
) -> None:
    """Be one judge: read the request, play the notebook, answer."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    close_others({data.fileno(), students.fileno()})
    copy_files(folders[0], os.path.join(folders[1], "work"))
    use_temporary_folder(os.path.join(folders[1], "tmp"))
    namespaces.limit_resources(judge_limits(limits), 2 * limits.memory_mb << 20)
    most = limits.message_mb << 20
    request = receive_object(data, most)
    seed_everything(request["seed"])
    spawn = Spawner(students, limits, groups, os.getppid(), request["seed"])
    played = answer(judge, request["submission"], spawn)
    try:
        send_object(data, played, most)
    except TooLargeError as error:
        send_object(data, {"error": f"What the notebook put out is too large: {error}."}, most)


def answer(judge: Any, submission: str, spawn: Spawner) -> dict[str, Any]:
    """Return what the judge found, or {"error": sentence} when the judge itself failed."""
    try:
        played: dict[str, Any] = judge.play(submission, spawn)
        return {**played, "rss_mb": spawn.peak_mb()}
    except Exception as error:  # noqa: BLE001 - a bug of the judge's costs one submission only
        traceback.print_exc()
        return {"error": f"The judge failed ({type(error).__name__}: {error}); see the log."}


def judge_limits(limits: Limits) -> dict[str, int]:
    """Return a judge's own limits: tests of a set are trusted, what they hold is a stranger's."""
    return {
        "FSIZE": 4 * limits.file_mb << 20,
        "NOFILE": OPEN_FILES,
        "CPU": int(limits.total_seconds + GRACE_SECONDS),
        "CORE": 0,
    }


def close_others(kept: set[int]) -> None:
    """Close every descriptor above 2 that belongs to the server or to other judges."""
    for low, high in itertools.pairwise([2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
        os.closerange(low + 1, high)


def copy_files(source: str, target: str) -> None:
    """Copy the set's data files to the folder that cells then run in."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    os.chdir(target)


def use_temporary_folder(folder: str) -> None:
    """Make an empty folder and have `tempfile` use it."""
    os.mkdir(folder)
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None


def clean_up(pid: int, folder: str, groups: cgroups.Groups | None) -> None:
    """Remove what a judge leaves behind, however it ended."""
    shutil.rmtree(folder, ignore_errors=True)
    if groups is not None:
        groups.remove_all(f"{cgroups.PREFIX}{os.getpid()}-{pid}-")


if __name__ == "__main__":
    main()
