"""A class of twelve on the tiny problem set, and everything that grading leaves behind of it."""

import os
import subprocess
import sys

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)

from tests.grader.bad_hand_ins import cut_short, linked_notebook
from tests.grader.odd_hand_ins import lost_cell
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in

WRONG = "def double(x):\n    return abs(2 * x)"
CRASH = "def double(x):\n    return x.no_such_thing"


def hand_in_all(course):
    """Put the hand-ins into a course; return it."""
    for name in ("ann", "bea", "cid"):
        hand_in(course, name, **RIGHT)
    hand_in(course, "dee", **RIGHT, explain="Minus times minus gives plus.")
    hand_in(course, "eli", double=WRONG, square=RIGHT["square"])
    hand_in(course, "fox", double=CRASH)
    hand_in(course, "gil")
    hand_in(course, "hal", double="def double(x)\n    return", square="print('no')\nsquare = abs")
    late = hand_in(course, "ida", **RIGHT)
    late.with_name("timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    lost_cell(course)
    cut_short(course)
    linked_notebook(course)
    return course


def command(course, *arguments, module="grader"):
    """Return the command line that grades the course in a process of its own."""
    return [sys.executable, "-m", module, *arguments, "--course-dir", str(course.root)]


def start(course, *arguments, module="grader", **options):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        command(course, *arguments, module=module), cwd=REPOSITORY, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


PLAIN = "tests.grader.running.plain_grader"


def rows(course, problem_set="tiny"):
    """Return the gradebook's rows about submissions, without their random keys."""
    found = {}
    with Gradebook(course.coursedir().db_url, course.coursedir().course_id) as book:
        for submission in book.assignment_submissions(problem_set):
            found[submission.student_id] = _submission(book, submission)
        counts = [
            book.db.query(kind).count()
            for kind in (SubmittedAssignment, SubmittedNotebook, Grade, Comment)
        ]
    return found, counts


def _submission(book, submission):
    (notebook,) = submission.notebooks
    grades = book.db.query(Grade, BaseCell.name).join(BaseCell).filter(
        Grade.notebook_id == notebook.id
    )
    comments = book.db.query(Comment, BaseCell.name).join(BaseCell).filter(
        Comment.notebook_id == notebook.id
    )
    return {
        "timestamp": submission.timestamp,
        "penalty": notebook.late_submission_penalty,
        "grades": {
            name: (g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
            for g, name in grades
        },
        "comments": {name: (c.auto_comment, c.manual_comment) for c, name in comments},
    }


def files(course):
    """Return what lies in autograded/ and feedback/, and the CSV."""
    found = {}
    for step in ("autograded", "feedback", "grades"):
        for path in sorted((course.root / step).rglob("*")):
            name = path.relative_to(course.root).as_posix()
            if path.is_file() and (step != "grades" or path.suffix == ".csv"):
                found[name] = path.read_bytes()
    return found


def difference(one, other):
    """Return what differs between two states, for a message that can be read."""
    (rows_one, counts_one), files_one = one
    (rows_other, counts_other), files_other = other
    return {
        "rows": {s for s in rows_one | rows_other if rows_one.get(s) != rows_other.get(s)},
        "counts": counts_one != counts_other,
        "files": {f for f in files_one | files_other if files_one.get(f) != files_other.get(f)},
    }


SAME = {"rows": set(), "counts": False, "files": set()}


def state(course):
    """Return everything that a finished run leaves behind."""
    return rows(course), files(course)
