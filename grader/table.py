"""The table that grading prints."""

from collections import Counter
from collections.abc import Iterable

from grader.outcomes import Outcome, Status
from grader.wording import format_points, printable


def format_table(outcomes: Iterable[Outcome]) -> str:
    """Return one line for each outcome: student, points/maximum, status with its reason."""
    rows = [("student", "points", "status"), *(_printable_row(o) for o in outcomes)]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "\n".join(f"{s:<{widths[0]}}  {p:>{widths[1]}}  {text}" for s, p, text in rows)


def format_totals(outcomes: list[Outcome]) -> str:
    """Return the line that counts how the submissions ended and what waits for a person."""
    counts = Counter(outcome.status for outcome in outcomes)
    parts = [f"{status} {counts[status]}" for status in Status if counts[status]]
    line = f"Students {len(outcomes)}: {', '.join(parts)}."
    waiting = sum(len(outcome.by_hand) for outcome in outcomes)
    return f"{line} To grade by hand in formgrader: {waiting}." if waiting else line


def _printable_row(outcome: Outcome) -> tuple[str, str, str]:
    student, points, text = _row(outcome)
    return printable(student), points, printable(text)


def _row(outcome: Outcome) -> tuple[str, str, str]:
    if not outcome.exercises:
        return outcome.student, "-", f"{outcome.status}: {outcome.reason}"
    maximum = sum(exercise.maximum for exercise in outcome.exercises)
    points = f"{format_points(outcome.points)}/{format_points(maximum)}"
    faults = f" ({'; '.join(fault.sentence for fault in outcome.faults)})" if outcome.faults else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    text = f"{outcome.status}{faults}{reason}"
    waiting = f"; by hand: {', '.join(outcome.by_hand)}" if outcome.by_hand else ""
    return outcome.student, points, text + waiting
