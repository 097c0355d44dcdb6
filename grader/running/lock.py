"""One grading run in a course at a time: a second would take turns with the first in all files."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from grader.course import Course
from grader.errors import GraderError


@contextmanager
def only_run(course: Course, doing: str) -> Iterator[None]:
    """Hold the course's lock; the system releases it however this process ends.

    Raises
    ------
    GraderError
        When another process holds it; the message names that process and what it is doing.
    """
    lock = _lock(course)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise GraderError(_refusal(course)) from error
    except OSError as error:
        raise GraderError(f"{lock.lock_file} cannot be made: {error.strerror}.") from error
    try:
        note = {"process": os.getpid(), "doing": doing, "since": time.strftime("%H:%M")}
        _note(course).write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        lock.release()


def require_free(course: Course) -> None:
    """Raise GraderError when another process holds the lock (as formgrader has to ask)."""
    lock = _lock(course)
    if not Path(lock.lock_file).exists():
        return
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise GraderError(_refusal(course)) from error
    lock.release()


def _lock(course: Course) -> FileLock:
    folder = course.root / "grades"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / ".lock")


def _note(course: Course) -> Path:
    return course.root / "grades" / ".lock.json"


def _refusal(course: Course) -> str:
    try:
        note = json.loads(_note(course).read_text(encoding="utf-8"))
        who = f"process {note['process']} is {note['doing']} since {note['since']}"
        remedy = f"wait for it, or stop it with `kill {note['process']}`"
    except (OSError, ValueError, KeyError, TypeError):
        who, remedy = "another process is grading", "wait for it"
    return f"This course is busy: {who}. Two runs would disturb each other: {remedy}."
