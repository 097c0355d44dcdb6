"""How each submission ended: read from submitted/, the graded notebooks and the gradebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from grader.causes import find_causes
from grader.course import Course
from grader.notebooks import graded_cells
from grader.submissions import Submission


class Status(StrEnum):
    """The ways in which a submission can end, and a student without one."""

    GRADED = "graded"
    FAILURES = "graded with failures"
    PERSON = "needs a person"
    MISSING = "nothing handed in"


@dataclass(frozen=True)
class Exercise:
    """One graded cell.

    `points` is None while nobody, program or person, has given any; `by_hand` says that a person
    has to look; `cause` says why the tests gave less than full points.
    """

    name: str
    points: float | None
    maximum: float
    by_hand: bool
    cause: str = ""


@dataclass(frozen=True)
class Outcome:
    """One row of the report; `exercises` is empty when there is no grade."""

    student: str
    status: Status
    reason: str = ""
    exercises: tuple[Exercise, ...] = ()
    penalty: float = 0.0

    @property
    def points(self) -> float:
        """Points so far, less what a late hand-in costs; never below zero."""
        return max(0.0, sum(e.points or 0.0 for e in self.exercises) - self.penalty)

    @property
    def by_hand(self) -> list[str]:
        """Names of the exercises that wait for a person's grade in formgrader."""
        return [e.name for e in self.exercises if e.by_hand]


def find_outcomes(
    course: Course,
    problem_set: str,
    submissions: list[Submission],
    stopped: Mapping[str, str],
) -> list[Outcome]:
    """Return one outcome for each submission and each other student of the gradebook.

    Parameters
    ----------
    course, problem_set
        What was graded.
    submissions : list of Submission
        What lies in submitted/.
    stopped : mapping
        For students whose grading stopped in this run: the reason.
    """
    order = graded_cells(course, problem_set)
    with course.gradebook() as book:
        handed_in = [
            _outcome(course, problem_set, book, order, s.student, stopped.get(s.student) or s.fault)
            for s in submissions
        ]
        known = {outcome.student for outcome in handed_in}
        roster = [student.id for student in book.students if student.id not in known]
    missing = [Outcome(name, Status.MISSING, "in the gradebook's roster only") for name in roster]
    return sorted([*handed_in, *missing], key=lambda outcome: outcome.student)


def _outcome(
    course: Course, problem_set: str, book: Gradebook, order: list[str], student: str, fault: str
) -> Outcome:
    if fault:
        return Outcome(student, Status.PERSON, fault)
    folder = course.folder("autograded", student=student, problem_set=problem_set)
    graded = folder / f"{problem_set}.ipynb"
    if not graded.is_file():
        return Outcome(student, Status.PERSON, "not graded yet: run `make grade`")
    return _read_grades(problem_set, book, order, student, graded)


def _read_grades(
    problem_set: str, book: Gradebook, order: list[str], student: str, graded: Path
) -> Outcome:
    try:
        submission = book.find_submission(problem_set, student)
    except MissingEntry:
        return Outcome(student, Status.PERSON, "not in the gradebook: run `make grade`")
    causes = find_causes(graded)
    grades = {g.name: g for notebook in submission.notebooks for g in notebook.grades}
    exercises = tuple(
        _exercise(grades[cell], _short(cell, order), causes.get(cell, ""))
        for cell in order
        if cell in grades
    )
    failed = [e for e in exercises if e.cause]
    status = Status.FAILURES if failed else Status.GRADED
    penalty = submission.late_submission_penalty or 0.0
    return Outcome(student, status, _summary(exercises), exercises, penalty)


def _short(cell: str, order: list[str]) -> str:
    """Return `predict` for the test cell `test_predict`, unless that names another graded cell."""
    name = cell.removeprefix("test_")
    return cell if name in order else name


def _exercise(grade: Any, name: str, cause: str) -> Exercise:
    by_program = grade.manual_score is None and grade.auto_score is not None
    points = None if grade.manual_score is None and grade.auto_score is None else grade.score
    lost = by_program and points < grade.max_score
    by_hand = bool(grade.needs_manual_grade)
    return Exercise(name, points, grade.max_score, by_hand, cause if lost else "")


def _summary(exercises: tuple[Exercise, ...]) -> str:
    """Return the failed exercises by cause, as in 'wrong answer (a, b), not attempted (c)'."""
    groups: dict[str, list[str]] = {}
    for exercise in exercises:
        if exercise.cause:
            groups.setdefault(exercise.cause, []).append(exercise.name)
    if len(exercises) > 1 and [len(names) for names in groups.values()] == [len(exercises)]:
        return f"{next(iter(groups))} (all)"
    return ", ".join(f"{cause} ({', '.join(names)})" for cause, names in groups.items())
