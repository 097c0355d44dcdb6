"""What lies in submitted/: who handed in, and each hand-in with what is wrong with it."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.course import Course
from grader.errors import GraderError
from grader.faults import Fault
from grader.notebooks import Cell, answer_cells, find_stranger, parse_notebook
from grader.running.files import Refused, opened_folder, read_bounded
from grader.running.limits import read_limits

LONGEST_NAME = 128  # of a student, in the gradebook
TIMESTAMP = "timestamp.txt"  # nbgrader's: when it was handed in
UNREMARKABLE = {TIMESTAMP, ".ipynb_checkpoints", "__pycache__", "submission_secret.txt"}


@dataclass(frozen=True)
class HandIn:
    """One student's hand-in, as it was read once.

    `reason` says why it cannot be graded, or is empty; `faults` do not stand in the way of a grade;
    `digest` is that of the notebook file.
    """

    student: str
    reason: str = ""
    cells: tuple[Cell, ...] = ()
    faults: tuple[Fault, ...] = ()
    digest: str = ""
    timestamp: str = ""


def find_students(course: Course, problem_set: str) -> list[str]:
    """Return the names of those with an entry in submitted/ for this problem set.

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
    return [entry.name for entry in entries if not _only_others(entry, others)]


def read_hand_ins(course: Course, problem_set: str, students: list[str]) -> Iterator[HandIn]:
    """Yield one hand-in after the other, so that no more than one is in memory."""
    own = set(answer_cells(course, problem_set))
    for student in students:
        yield read_hand_in(course, problem_set, student, own)


def read_hand_in(
    course: Course, problem_set: str, student: str, own: set[str] | None = None
) -> HandIn:
    """Read one hand-in without running anything; nothing that it holds can raise or block.

    Parameters
    ----------
    course, problem_set, student
        Whose hand-in.
    own : set of str, optional
        The problem set's `answer_cells`, when the caller knows them already.
    """
    submitted = course.folder("submitted", student=".")
    shown = course.show(submitted / student)
    if not student.isprintable():
        return HandIn(student, f"{shown} has a name with unreadable characters; rename the folder")
    if len(student) > LONGEST_NAME:
        return HandIn(
            student, f"{shown} has a name of more than {LONGEST_NAME} characters; rename the folder"
        )
    own = set(answer_cells(course, problem_set)) if own is None else own
    try:
        _require_folders(course, problem_set, submitted / student)
        with opened_folder(submitted, student, problem_set) as folder:
            return _read(course, problem_set, student, folder, own)
    except Refused as refused:
        return HandIn(student, str(refused).replace(f"{course.root}{os.sep}", ""))
    except OSError as error:
        # The name is a number where a folder was read through its descriptor.
        named = error.filename and not isinstance(error.filename, int)
        where = course.show(Path(error.filename)) if named else shown
        return HandIn(student, f"{where} cannot be read: {error.strerror}")


def _only_others(entry: Path, others: set[str]) -> bool:
    if entry.is_symlink() or not entry.is_dir() or not os.access(entry, os.R_OK | os.X_OK):
        return False
    names = {p.name for p in entry.iterdir() if not p.name.startswith(".")}
    return bool(names) and names <= others


def _require_folders(course: Course, problem_set: str, entry: Path) -> None:
    """Say what was expected where a folder is missing; `opened_folder` guards what is read."""
    notebook = f"{problem_set}.ipynb"
    for folder, expected in (
        (entry, f"a folder for the student, with {problem_set}/ in it"),
        (entry / problem_set, f"a folder with {notebook} in it"),
    ):
        shown = course.show(folder)
        if folder.is_symlink():
            raise Refused(f"{shown} is a link, which is not followed; expected {expected}")
        if not folder.exists():
            raise Refused(f"{shown} is missing{_found(folder.parent)}; expected {expected}")
        if not folder.is_dir():
            raise Refused(f"{shown} is a file; expected {expected}")


def _read(
    course: Course, problem_set: str, student: str, folder: int, own: set[str]
) -> HandIn:
    name = f"{problem_set}.ipynb"
    path = course.folder("submitted", student, problem_set)
    shown = course.show(path / name)
    names = sorted(os.listdir(folder))
    if name not in names:
        reason = f"{course.show(path)}/ has no {name}{_list(names)}; rename it and grade again"
        return HandIn(student, reason)
    source = course.folder("source", problem_set=problem_set) / name
    if os.path.samestat(os.stat(name, dir_fd=folder, follow_symlinks=False), source.stat()):
        # Whoever may not read that file may still be able to give it a second name.
        return HandIn(student, f"{shown} is the problem set's own source under a second name")
    try:
        content = read_bounded(folder, name, 1000 * course.coursedir().max_file_size)
    except Refused as refused:
        return HandIn(student, f"{shown} {refused}")
    digest = hashlib.sha256(content).hexdigest()
    parsed = parse_notebook(content)
    reason = parsed.reason or _too_much_text(course, parsed.cells)
    reason = reason or find_stranger(course, problem_set, parsed.cells, own)
    if reason:
        return HandIn(student, f"{shown} {reason}", digest=digest)
    timestamp, faults = _read_timestamp(folder, names)
    if parsed.malformed:
        faults.append(Fault("left out", "", f"{parsed.malformed} malformed cells were left out"))
    faults += _beside(course, problem_set, names)
    return HandIn(student, "", parsed.cells, tuple(faults), digest, timestamp)


def _too_much_text(course: Course, cells: tuple[Cell, ...]) -> str:
    most = read_limits(course.config).text_kb
    size = sum(len(cell.source) for cell in cells) // 1000
    return f"has {size} kB of text in its cells; at most {most} are graded" if size > most else ""


def _read_timestamp(folder: int, names: list[str]) -> tuple[str, list[Fault]]:
    if TIMESTAMP not in names:
        return "", []
    try:
        text = read_bounded(folder, TIMESTAMP, 200).decode("ascii").strip()
        if text:
            parse_utc(text)
    except Refused as refused:
        why = str(refused)
    except (ValueError, OverflowError):  # UnicodeDecodeError is a ValueError
        why = "holds no point in time"
    else:
        return text, []
    return "", [Fault("left out", "", f"{TIMESTAMP} {why}; no lateness was counted")]


def _beside(course: Course, problem_set: str, names: list[str]) -> list[Fault]:
    """Name the files beside the notebook: tests run with the problem set's own files only."""
    source = course.folder("source", problem_set=problem_set)
    own = {path.name for path in source.iterdir()} | UNREMARKABLE
    others = [repr(n)[1:-1] for n in names if n not in own and not n.startswith(".")]
    if not others:
        return []
    listed = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
    return [Fault("left out", "", f"files beside the notebook were not used: {listed}")]


def _found(folder: Path) -> str:
    return _list(sorted(p.name for p in folder.iterdir()))


def _list(names: list[str]) -> str:
    shown = [name for name in names if not name.startswith(".")][:10]
    return f" (found: {', '.join(shown)})" if shown else " (the folder is empty)"
