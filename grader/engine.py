"""The call into nbgrader's converter, in this process: a command-line start costs a second."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from nbgrader.converters import BaseConverter, GenerateAssignment, NbGraderException

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


def _run(converter: BaseConverter) -> None:
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        cause = converter.cause or error
        lines = str(cause).strip().splitlines() or [""]
        raise ConversionError(f"{type(cause).__name__}: {lines[0]}") from cause
