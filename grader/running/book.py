"""nbgrader's gradebook with one session for a whole submission, and one commit at its end.

nbgrader opens the database anew in each preprocessor and commits after each cell: forty
transactions for a submission, and a half-written one wherever the machine stops.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import autograde
from nbgrader.preprocessors import getgrades, latesubmissions, saveautogrades
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.engine import make_url

from grader.running.retry import Away

USERS = (autograde, saveautogrades, latesubmissions, getgrades)  # modules that open a gradebook


class OneSession(Gradebook):  # type: ignore[misc]
    """A gradebook whose commits wait for `commit`; to be opened by `open_book`."""

    def __init__(self, db_url: str, course_id: str) -> None:
        super().__init__(db_url, course_id)
        self._file = _file(db_url)
        self._rows: dict[tuple[type, str, str, str], dict[str, Any]] = {}
        self._found: dict[tuple[str, ...], Any] = {}
        # nbgrader's methods call `db.commit` after each row: all rows are written together, later.
        self.db.commit = lambda: None

    def close(self) -> None:
        """Do nothing: each of nbgrader's preprocessors closes the gradebook at its end."""

    def commit(self) -> None:
        """Make everything since the last commit permanent, and forget what was read."""
        self.require_file()
        self.db().commit()
        self.forget()

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self.db().rollback()
        self.forget()

    def forget(self) -> None:
        """Forget the rows that were read; with SQLite, also let go of the file.

        Somebody may put another gradebook in its place, and through an open file one would go on
        writing into the old one.
        """
        self._rows.clear()
        self._found.clear()
        self.db.remove()
        if self._file:
            self.engine.dispose()

    def shut(self) -> None:
        """Close the connection for good."""
        self.db.remove()
        self.engine.dispose()

    def require_file(self) -> None:
        """Raise Away when the file of an SQLite gradebook is gone: SQLite would make a new one."""
        if self._file and not self._file.is_file():
            raise Away(f"the gradebook {self._file} is gone")

    def find_student(self, student_id: str) -> Student:
        """Find a student, once in a submission."""
        return self._once(super().find_student, student_id)

    def find_assignment(self, name: str) -> Assignment:
        """Find a problem set, once in a submission."""
        return self._once(super().find_assignment, name)

    def find_submission(self, assignment: str, student: str) -> SubmittedAssignment:
        """Find a submission, once in it."""
        return self._once(super().find_submission, assignment, student)

    def find_submission_notebook(
        self, notebook: str, assignment: str, student: str
    ) -> SubmittedNotebook:
        """Find the notebook of a submission, once in it."""
        return self._once(super().find_submission_notebook, notebook, assignment, student)

    def _once(self, find: Any, *key: str) -> Any:
        name = find.__name__, *key
        if name not in self._found:
            self._found[name] = find(*key)
        return self._found[name]

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Grade:
        """Find one grade, from one query for all grades of the submission."""
        return self._find(Grade, grade_cell, notebook, assignment, student)

    def find_comment(
        self, solution_cell: str, notebook: str, assignment: str, student: str
    ) -> Comment:
        """Find one comment, from one query for all comments of the submission."""
        return self._find(Comment, solution_cell, notebook, assignment, student)

    def _find(self, kind: Any, cell: str, notebook: str, assignment: str, student: str) -> Any:
        key = (kind, notebook, assignment, student)
        if key not in self._rows:
            submitted = self.find_submission_notebook(notebook, assignment, student)
            found = (
                self.db.query(kind, BaseCell.name)
                .join(BaseCell, BaseCell.id == kind.cell_id)
                .filter(kind.notebook_id == submitted.id)
            )
            self._rows[key] = {name: row for row, name in found}
        try:
            return self._rows[key][cell]
        except KeyError:
            raise MissingEntry(f"No {kind.__name__} of {assignment}/{cell} for {student}") from None


@contextmanager
def used_by_nbgrader(book: OneSession) -> Iterator[None]:
    """Let nbgrader's preprocessors, which make a gradebook each, get this one."""
    before = [module.Gradebook for module in USERS]
    for module in USERS:
        module.Gradebook = lambda *_, **__: book
    try:
        yield
    finally:
        for module, original in zip(USERS, before, strict=True):
            module.Gradebook = original


def known_students(db_url: str, problem_set: str) -> set[str]:
    """Return who has a graded submission in the gradebook, without making a gradebook."""
    if (path := _file(db_url)) and not path.is_file():
        return set()
    engine = create_engine(db_url)
    try:
        if not inspect(engine).has_table(SubmittedAssignment.__tablename__):
            return set()
        with engine.connect() as connection:
            return {str(name) for (name,) in connection.execute(_graded(problem_set))}
    finally:
        engine.dispose()


def _graded(problem_set: str) -> Any:
    return (
        select(SubmittedAssignment.student_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(Assignment.name == problem_set)
    )


def _file(db_url: str) -> Path | None:
    url = make_url(db_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)
