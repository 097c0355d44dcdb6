"""How each submission ended: read from the graded notebooks, the gradebook and the journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from grader.causes import find_causes
from grader.course import Course
from grader.faults import Fault
from grader.grades import Grades, Row, read_grades
from grader.notebook_file import read_graded
from grader.notebooks import graded_cells
from grader.running.about import faults_of
from grader.running.journal import Entry


class Status(StrEnum):
    """The ways in which a submission can end, and a student without one."""

    GRADED = "graded"
    FAULTS = "graded with faults"
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
    """One row of the report; `exercises` is empty when there is no grade.

    `reason` says why there is none, or why points were lost: an answer that fails its tests is no
    fault of the run. `faults` are such faults.
    """

    student: str
    status: Status
    reason: str = ""
    exercises: tuple[Exercise, ...] = ()
    penalty: float = 0.0
    faults: tuple[Fault, ...] = ()

    @property
    def points(self) -> float:
        """Points so far, less what a late hand-in costs; never below zero."""
        return max(0.0, sum(e.points or 0.0 for e in self.exercises) - self.penalty)

    @property
    def by_hand(self) -> list[str]:
        """Names of the exercises that wait for a person's grade in formgrader."""
        return [e.name for e in self.exercises if e.by_hand]


def find_outcomes(
    course: Course, problem_set: str, students: list[str], journal: Mapping[str, Entry]
) -> list[Outcome]:
    """Return one outcome for each submission and each other student of the gradebook.

    Parameters
    ----------
    course, problem_set
        What was graded.
    students : list of str
        Who handed in.
    journal : mapping
        What is last known of each.
    """
    order = graded_cells(course, problem_set)
    grades = read_grades(course, problem_set)
    handed_in = [
        _outcome(course, problem_set, grades, order, name, journal.get(name, Entry("")))
        for name in students
    ]
    roster = grades.roster - set(students)
    missing = [Outcome(name, Status.MISSING, "in the gradebook's roster only") for name in roster]
    return sorted([*handed_in, *missing], key=lambda outcome: outcome.student)


def _outcome(
    course: Course, problem_set: str, grades: Grades, order: list[str], student: str, entry: Entry
) -> Outcome:
    graded = course.folder("autograded", student, problem_set) / f"{problem_set}.ipynb"
    if entry.event == "begin":
        again = "stopped while it was recorded: run `make grade` again"
        return Outcome(student, Status.PERSON, again)
    if not graded.is_file():
        reason = entry.reason if entry.event == "person" else ""
        return Outcome(student, Status.PERSON, reason or "not graded yet: run `make grade`")
    rows = grades.rows.get(student)
    if rows is None:
        return Outcome(student, Status.PERSON, "not in the gradebook: run `make grade`")
    notebook = read_graded(graded)
    causes = find_causes(notebook)
    exercises = tuple(
        _exercise(rows[cell], _short(cell, order), causes.get(cell, ""))
        for cell in order
        if cell in rows
    )
    faults = faults_of(notebook)
    status = Status.FAULTS if faults else Status.GRADED
    penalty = grades.penalties.get(student, 0.0)
    return Outcome(student, status, _summary(exercises), exercises, penalty, faults)


def _short(cell: str, order: list[str]) -> str:
    """Return `predict` for the test cell `test_predict`, unless that names another graded cell."""
    name = cell.removeprefix("test_")
    return cell if name in order else name


def _exercise(row: Row, name: str, cause: str) -> Exercise:
    by_program = row.manual is None and row.auto is not None
    points = None if row.manual is None and row.auto is None else row.score
    lost = by_program and row.score < row.maximum
    return Exercise(name, points, row.maximum, row.by_hand, cause if lost else "")


def _summary(exercises: tuple[Exercise, ...]) -> str:
    """Return the failed exercises by cause, as in 'wrong answer (a, b), not attempted (c)'."""
    groups: dict[str, list[str]] = {}
    for exercise in exercises:
        if exercise.cause:
            groups.setdefault(exercise.cause, []).append(exercise.name)
    if len(exercises) > 1 and [len(names) for names in groups.values()] == [len(exercises)]:
        return f"{next(iter(groups))} (all)"
    return ", ".join(f"{cause} ({', '.join(names)})" for cause, names in groups.items())
