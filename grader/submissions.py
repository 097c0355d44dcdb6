"""What lies in submitted/: one entry for each student, with the reason when it cannot be graded."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.errors import GraderError
from grader.notebooks import find_notebook_fault


@dataclass(frozen=True)
class Submission:
    """One student's hand-in; `fault` is empty when it can be graded."""

    student: str
    fault: str = ""


def find_submissions(course: Course, problem_set: str) -> list[Submission]:
    """Look through submitted/ without running anything.

    A student folder that holds only other problem sets of the course is not a submission of this
    one, and is left out.

    Raises
    ------
    GraderError
        When submitted/ is missing or holds nobody.
    """
    submitted = course.folder("submitted", student=".")
    wanted = f"{course.show(submitted)}/<student>/{problem_set}/{problem_set}.ipynb"
    if not submitted.is_dir():
        raise GraderError(f"{course.show(submitted)}/ does not exist: put hand-ins at {wanted}.")
    entries = sorted(p for p in submitted.iterdir() if not p.name.startswith("."))
    if not entries:
        raise GraderError(f"{course.show(submitted)}/ is empty: put hand-ins at {wanted}.")
    others = set(course.problem_sets()) - {problem_set}
    return [
        Submission(entry.name, _fault(course, problem_set, entry))
        for entry in entries
        if not _only_others(entry, others)
    ]


def _only_others(entry: Path, others: set[str]) -> bool:
    if entry.is_symlink() or not entry.is_dir():
        return False
    names = {p.name for p in entry.iterdir() if not p.name.startswith(".")}
    return bool(names) and names <= others


def _fault(course: Course, problem_set: str, entry: Path) -> str:
    try:
        return _find_fault(course, problem_set, entry)
    except OSError as error:
        return f"{course.show(Path(error.filename or entry))} cannot be read: {error.strerror}"


def _find_fault(course: Course, problem_set: str, entry: Path) -> str:
    notebook = entry / problem_set / f"{problem_set}.ipynb"
    if not entry.name.isprintable():
        return f"{course.show(entry)} has a name with unreadable characters; rename the folder"
    return (
        _folder_fault(course, entry, f"a folder for the student, with {problem_set}/ in it")
        or _folder_fault(course, notebook.parent, f"a folder with {notebook.name} in it")
        or _content_fault(course, notebook.parent)
        or _missing_fault(course, notebook)
        or find_notebook_fault(course, problem_set, notebook)
    )


def _folder_fault(course: Course, folder: Path, expected: str) -> str:
    shown = course.show(folder)
    if folder.is_symlink():
        return f"{shown} is a link, which is not followed; expected {expected}"
    if not folder.exists():
        return f"{shown} is missing{_found(folder.parent)}; expected {expected}"
    if not folder.is_dir():
        return f"{shown} is a file; expected {expected}"
    return ""


def _content_fault(course: Course, folder: Path) -> str:
    """Refuse what nbgrader would follow, block on or read into memory when it copies files."""
    largest = course.coursedir().max_file_size  # in kB
    for path in sorted(folder.rglob("*")):
        shown, info = course.show(path), os.lstat(path)
        if stat.S_ISLNK(info.st_mode):
            return f"{shown} is a link, which is not followed; expected the file itself"
        if not stat.S_ISREG(info.st_mode) and not stat.S_ISDIR(info.st_mode):
            return f"{shown} is neither a file nor a folder"
        if info.st_size > 1000 * largest and not stat.S_ISDIR(info.st_mode):
            return f"{shown} has {info.st_size / 1e6:.0f} MB; at most {largest / 1e3:.0f} are read"
    return ""


def _missing_fault(course: Course, notebook: Path) -> str:
    if notebook.is_file():
        return ""
    folder = course.show(notebook.parent)
    return f"{folder}/ has no {notebook.name}{_found(notebook.parent)}; rename it and grade again"


def _found(folder: Path) -> str:
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    return f" (found: {', '.join(names)})" if names else " (the folder is empty)"
