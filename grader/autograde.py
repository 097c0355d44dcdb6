"""Grade a class: every submission ends with a grade or a stated reason."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from nbgrader.utils import rmtree

from grader import engine
from grader.course import Course
from grader.errors import GraderError
from grader.export import write_csv
from grader.log import log_to
from grader.outcomes import Outcome, find_outcomes
from grader.submissions import Submission, find_submissions
from grader.table import printable


@dataclass(frozen=True)
class Report:
    """What a grading run found, and where it wrote."""

    outcomes: list[Outcome]
    csv: Path
    log: Path


def grade(course: Course, problem_set: str, students: list[str] | None = None) -> Report:
    """Run the submissions of one problem set, write feedback and CSV.

    Parameters
    ----------
    course, problem_set
        What to grade; submissions are graded again when they were graded before.
    students : list of str, optional
        Grade these only. The CSV still lists everyone.

    Raises
    ------
    GraderError
        When nothing can be done: unknown problem set, nothing handed in, unknown student.
    """
    submissions = find_submissions(course, course.require(problem_set))
    chosen = _choose(course, problem_set, submissions, students)
    with log_to(course.grades(problem_set, ".log")) as screen:
        _record_problem_set(course, problem_set)
        stopped = {}
        for position, submission in enumerate(chosen, 1):
            _show_progress(screen, position, len(chosen), submission.student)
            stopped[submission.student] = _grade_one(course, problem_set, submission)
        return _write_report(course, problem_set, submissions, stopped)


def report(course: Course, problem_set: str) -> Report:
    """Write feedback and CSV again without running anything, as after grading by hand."""
    submissions = find_submissions(course, course.require(problem_set))
    with log_to(course.grades(problem_set, ".log"), mode="a"):
        found = _write_report(course, problem_set, submissions, {})
        for outcome in found.outcomes:
            if outcome.exercises:
                engine.feedback(course, problem_set, outcome.student)
    return found


def _write_report(
    course: Course, problem_set: str, submissions: list[Submission], stopped: dict[str, str]
) -> Report:
    outcomes = find_outcomes(course, problem_set, submissions, stopped)
    path = course.grades(problem_set, ".csv")
    write_csv(course, problem_set, outcomes, path)
    return Report(outcomes, path, course.grades(problem_set, ".log"))


def _choose(
    course: Course, problem_set: str, submissions: list[Submission], students: list[str] | None
) -> list[Submission]:
    handed_in = {submission.student: submission for submission in submissions}
    unknown = [name for name in students or [] if name not in handed_in]
    if unknown:
        expected = course.folder("submitted", unknown[0], problem_set) / f"{problem_set}.ipynb"
        raise GraderError(
            f"Nothing of {problem_set} was handed in by {', '.join(unknown)}: "
            f"expected {course.show(expected)}."
        )
    return [handed_in[name] for name in students] if students else submissions


def _record_problem_set(course: Course, problem_set: str) -> None:
    """Tell the gradebook the cells, points and hidden tests as they are in the source now."""
    try:
        with TemporaryDirectory() as scratch:
            engine.generate(course, problem_set, Path(scratch), record=True)
    except engine.ConversionError as error:
        source = course.folder("source", problem_set=problem_set)
        raise GraderError(
            f"The gradebook did not accept {course.show(source)}/ ({error}). If cells were added "
            "or removed after grading began, move gradebook.db aside and grade again; grades given "
            "by hand are in that file."
        ) from error


def _grade_one(course: Course, problem_set: str, submission: Submission) -> str:
    """Grade one submission and return why that was impossible, or an empty string."""
    for step in ("autograded", "feedback"):  # what an earlier run left is no longer true
        folder = course.folder(step, submission.student, problem_set)
        if folder.exists():
            rmtree(folder)
    if submission.fault:
        return submission.fault
    doing = "running it"
    try:
        engine.autograde(course, problem_set, submission.student)
        doing = "writing its feedback"
        engine.feedback(course, problem_set, submission.student)
    except engine.ConversionError as error:
        log = course.show(course.grades(problem_set, ".log"))
        return f"nbgrader stopped while {doing} ({error}); see {log}"
    return ""


def _show_progress(screen: TextIO, position: int, total: int, student: str) -> None:
    if screen.isatty():
        end = "\n" if position == total else ""
        line = f"\r\033[Kgrading {position}/{total}: {printable(student)}"
        print(line, end=end, file=screen, flush=True)
