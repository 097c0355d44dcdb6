"""The calls into nbgrader's converters, in this process: a command-line start costs a second."""

import glob
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbgrader.converters import (
    Autograde,
    BaseConverter,
    GenerateAssignment,
    GenerateFeedback,
    NbGraderException,
)

from grader.course import Course
from grader.errors import GraderError


class ConversionError(GraderError):
    """nbgrader gave up on a notebook; the message is the cause in one line."""


class _KeepsCause:
    """Keep the exception that stopped a conversion: nbgrader logs it and raises a general one."""

    cause: Exception | None = None

    def init_assignment(self, *args: Any) -> None:
        try:
            super().init_assignment(*args)  # type: ignore[misc]
        except Exception as error:
            self.cause = error
            raise

    def convert_single_notebook(self, *args: Any) -> None:
        try:
            super().convert_single_notebook(*args)  # type: ignore[misc]
        except Exception as error:
            self.cause = error
            raise


class _Generate(_KeepsCause, GenerateAssignment):  # type: ignore[misc]
    pass


class _Autograde(_KeepsCause, Autograde):  # type: ignore[misc]
    pass


class _Feedback(_KeepsCause, GenerateFeedback):  # type: ignore[misc]
    pass


def generate(course: Course, problem_set: str, into: Path, *, record: bool) -> None:
    """Write the release version of a problem set to `into`/<problem_set>.

    Parameters
    ----------
    course, problem_set
        What to release.
    into : Path
        Folder for the result; a throw-away one when only the gradebook matters.
    record : bool
        Whether the gradebook learns the problem set's cells and hidden tests.
    """
    config = deepcopy(course.config)
    if not record:  # what `nbgrader generate_assignment --no-db` sets
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    coursedir = course.coursedir(problem_set)
    coursedir.release_directory = str(into)
    _run(_Generate(coursedir=coursedir, config=config))


def autograde(course: Course, problem_set: str, student: str) -> None:
    """Run one student's notebook and record its points; an earlier result is replaced."""
    _run(_Autograde(coursedir=_for_student(course, problem_set, student), config=course.config))


def feedback(course: Course, problem_set: str, student: str) -> None:
    """Write one student's feedback page from the graded notebook and the gradebook."""
    _run(_Feedback(coursedir=_for_student(course, problem_set, student), config=course.config))


def _for_student(course: Course, problem_set: str, student: str) -> Any:
    coursedir = course.coursedir(problem_set)
    coursedir.student_id = glob.escape(student)  # nbgrader reads it as a file pattern
    return coursedir


def _run(converter: BaseConverter) -> None:
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        cause = converter.cause or error
        lines = str(cause).strip().splitlines() or [""]
        raise ConversionError(f"{type(cause).__name__}: {lines[0]}") from cause
