"""Grades as a CSV file that opens well in a spreadsheet."""

import csv
from pathlib import Path

from grader.course import Course
from grader.outcomes import Outcome
from grader.wording import format_points, printable

LAST = (
    "late penalty", "total", "maximum", "needs manual grading", "status", "reason", "faults",
    "feedback",
)  # fmt: skip


def write_csv(course: Course, problem_set: str, outcomes: list[Outcome], path: Path) -> None:
    """Write one row for each outcome: student, points of each exercise, totals, status.

    Points of a submission that needs a person are left empty: zero would look like a grade.
    The byte order mark makes spreadsheets read the file as UTF-8. An old file is replaced at once.
    """
    maxima = {e.name: e.maximum for outcome in outcomes for e in outcome.exercises}
    heads = [f"{name} (of {format_points(maximum)})" for name, maximum in maxima.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["student", *heads, *LAST])
        for outcome in outcomes:
            cells = [*_scores(outcome, list(maxima)), *_rest(course, problem_set, outcome)]
            writer.writerow([as_text(outcome.student), *cells])
    fresh.replace(path)


def as_text(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula (a folder name may be one)."""
    value = printable(value)
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def _scores(outcome: Outcome, names: list[str]) -> list[str]:
    # An answer that no person has read yet has no points, not zero points.
    given = {e.name: e.points for e in outcome.exercises if e.points is not None}
    return [format_points(given[name]) if name in given else "" for name in names]


def _rest(course: Course, problem_set: str, outcome: Outcome) -> list[str]:
    if not outcome.exercises:
        return ["", "", "", "", str(outcome.status), as_text(outcome.reason), "", ""]
    folder = course.folder("feedback", student=outcome.student, problem_set=problem_set)
    return [
        format_points(outcome.penalty),
        format_points(outcome.points),
        format_points(sum(exercise.maximum for exercise in outcome.exercises)),
        " ".join(outcome.by_hand) or "no",
        str(outcome.status),
        as_text(outcome.reason),
        as_text("; ".join(fault.sentence for fault in outcome.faults)),
        course.show(folder / f"{problem_set}.html"),
    ]
