"""Put one played submission on record: gradebook and autograded/, both or neither.

The order makes every moment a safe one to be killed at: the new files are written aside and synced;
the rows are written in one open transaction; the files are moved into place; the transaction is
committed; the journal says so. Before the commit the gradebook is the old one, and the journal's
last word is `begin`, so that `--resume` does the submission again.
"""

import os
import shutil
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import ExecutePreprocessor
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata
from nbgrader.utils import rmtree

from grader.course import Course
from grader.errors import GraderError
from grader.running.book import OneSession, used_by_nbgrader
from grader.running.play import Play
from grader.running.retry import Stopped, describe
from grader.running.steps import make_steps, resources_for
from grader.running.turns import shared_turn
from grader.submissions import TIMESTAMP


@dataclass(frozen=True)
class Played:
    """What is to be recorded of one submission; `notebook` is the merged one, without outputs."""

    student: str
    notebook: Any
    result: dict[str, Any]
    timestamp: str = ""


class Recorder:
    """Records submissions of one problem set, one after the other.

    Parameters
    ----------
    course, problem_set
        Which.
    files : mapping
        The problem set's own files, which lie beside each graded notebook as nbgrader puts them.
    """

    def __init__(self, course: Course, problem_set: str, files: dict[str, bytes]) -> None:
        self._course, self._set, self._files = course, problem_set, files
        coursedir = course.coursedir(problem_set)
        self._url, self._course_id = coursedir.db_url, coursedir.course_id
        converter = Autograde(coursedir=coursedir, config=course.config)
        self._create_student = converter.create_student
        self._mode = int(str(converter.permissions), 8)
        self._steps = _harmless(make_steps(converter.config, converter.autograde_preprocessors))
        self._book: OneSession | None = None

    def record(self, played: Played) -> Any:
        """Record one submission, replacing what was recorded of it before; return the notebook.

        Raises
        ------
        GraderError
            When the judge gave up, or a step of nbgrader did.
        OSError, sqlalchemy.exc.DBAPIError, Away
            When disk or database do not take it: call `undo`, and later this again.
        """
        book = self._open()
        shared_turn(book.db)
        notebook = deepcopy(played.notebook)
        with used_by_nbgrader(book):
            self._enter(book, played)
            notebook = self._run_steps(notebook, played)
        fresh = self._write_aside(played, nbformat.v4.writes(notebook) + "\n")
        book.db.flush()
        book.require_file()
        self._move(fresh, played.student)
        book.commit()
        return notebook

    def undo(self) -> None:
        """Forget an attempt that failed."""
        if self._book is not None:
            self._book.rollback()
        shutil.rmtree(self._aside(), ignore_errors=True)

    def clear(self, student: str) -> None:
        """Remove the files of an earlier grade: they show what is no longer true."""
        for step in ("autograded", "feedback"):
            if (folder := self._place(step, student)).exists():
                rmtree(folder)

    def close(self) -> None:
        """Let go of the gradebook."""
        if self._book is not None:
            self._book.shut()
        shutil.rmtree(self._aside(), ignore_errors=True)

    def _open(self) -> OneSession:
        if self._book is None:
            self._book = OneSession(self._url, self._course_id)
        self._book.require_file()
        return self._book

    def _enter(self, book: OneSession, played: Played) -> None:
        """Make the rows of student and submission, as nbgrader's converter does."""
        if self._create_student:
            book.update_or_create_student(played.student)
        else:
            try:
                book.find_student(played.student)
            except MissingEntry as error:
                raise GraderError(
                    f"the gradebook knows no student {played.student!r}, and "
                    "c.Autograde.create_student is False"
                ) from error
        try:
            book.find_assignment(self._set)
        except MissingEntry as error:
            raise Stopped(
                f"the gradebook has no problem set {self._set!r} any more: another one was put in "
                "its place"
            ) from error
        given = {"timestamp": played.timestamp} if played.timestamp else {}
        with book.db.no_autoflush:  # nbgrader looks up rows while others are half made
            book.update_or_create_submission(self._set, played.student, **given)

    def _run_steps(self, notebook: Any, played: Played) -> Any:
        resources = resources_for(self._set, played.student, self._url)
        resources["nbgrader"]["played"] = played.result
        for step in self._steps:
            try:
                notebook, resources = step(notebook, resources)
            except (ValueError, KeyError, RuntimeError) as error:
                if describe(error):  # the database, behind one of nbgrader's own errors
                    raise
                name = type(step).__name__
                text = f"nbgrader's step {name} stopped ({type(error).__name__}: {error})"
                raise GraderError(text) from error
        return notebook

    def _write_aside(self, played: Played, text: str) -> Path:
        fresh = self._aside() / "new"
        shutil.rmtree(self._aside(), ignore_errors=True)
        fresh.mkdir(parents=True)
        contents = {**self._files, f"{self._set}.ipynb": text.encode("utf-8")}
        if played.timestamp:
            contents[TIMESTAMP] = f"{played.timestamp}\n".encode("ascii")
        for name, content in contents.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            path.chmod(self._mode)
        return fresh

    def _move(self, fresh: Path, student: str) -> None:
        place = self._place("autograded", student)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.clear(student)
        os.rename(fresh, place)
        _sync(place.parent)

    def _place(self, step: str, student: str) -> Path:
        return self._course.folder(step, student, self._set)

    def _aside(self) -> Path:
        """Return a folder on the same disk, whose name no pattern of nbgrader's matches."""
        return self._course.folder("autograded") / ".grader"


def _harmless(steps: list[Any]) -> list[Any]:
    """Return the configured steps, with `Play` for whatever would run the notebook here.

    The step that validates nbgrader's metadata is left out: all of it comes from the source, whose
    release was validated, and looking again costs as much as all other steps together.
    """
    safe: list[Any] = [Play() if isinstance(s, ExecutePreprocessor) else s for s in steps]
    if not any(isinstance(step, Play) for step in safe):
        safe.insert(0, Play())
    return [step for step in safe if not isinstance(step, CheckCellMetadata)]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
