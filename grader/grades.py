"""Read all grades of a problem set at once: nbgrader's objects cost a query for each number."""

from dataclasses import dataclass

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import func, select

from grader.course import Course


@dataclass(frozen=True)
class Row:
    """One grade: `auto` by the tests, `manual` by a person, `score` what counts of the two."""

    auto: float | None
    manual: float | None
    score: float
    maximum: float
    by_hand: bool


@dataclass(frozen=True)
class Grades:
    """`rows` by student and grade_id, `penalties` for lateness, and everybody's name."""

    rows: dict[str, dict[str, Row]]
    penalties: dict[str, float]
    roster: set[str]


def read_grades(course: Course, problem_set: str) -> Grades:
    """Return the gradebook's grades of one problem set."""
    submissions = (
        select(SubmittedAssignment.student_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(Assignment.name == problem_set)
    )
    grades = submissions.join(Grade, Grade.notebook_id == SubmittedNotebook.id).join(
        BaseCell, BaseCell.id == Grade.cell_id
    )
    columns = (
        BaseCell.name, Grade.auto_score, Grade.manual_score, Grade.score, Grade.max_score,
        Grade.needs_manual_grade,
    )  # fmt: skip
    rows: dict[str, dict[str, Row]] = {}
    with course.gradebook() as book:
        for student, cell, auto, manual, score, maximum, by_hand in book.db.execute(
            grades.add_columns(*columns)
        ):
            row = Row(auto, manual, float(score), float(maximum), bool(by_hand))
            rows.setdefault(student, {})[cell] = row
        penalty = func.sum(SubmittedNotebook.late_submission_penalty)
        late = submissions.add_columns(penalty).group_by(SubmittedAssignment.student_id)
        penalties = {student: float(sum_ or 0.0) for student, sum_ in book.db.execute(late)}
        roster = {str(name) for (name,) in book.db.execute(select(Student.id))}
    return Grades(rows, penalties, roster)
