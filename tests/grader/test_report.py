"""The table and the CSV, from made-up outcomes."""

import csv

import pytest

from grader.export import as_text, write_csv
from grader.faults import Fault
from grader.outcomes import Exercise, Outcome, Status
from grader.table import format_table, format_totals
from grader.wording import format_points

ANN = Outcome(
    "ann",
    Status.GRADED,
    exercises=(Exercise("double", 2, 2, False), Exercise("explain", None, 4, True)),
)
BEN = Outcome(
    "ben",
    Status.FAULTS,
    "wrong answer (double)",
    (Exercise("double", 0.5, 2, False, "wrong answer"), Exercise("explain", 3, 4, False)),
    penalty=1.0,
    faults=(Fault("timeout", "double", "It took longer than 2 seconds."),),
)
CUT = Outcome("cut", Status.PERSON, "submitted/cut is a file; expected a folder")
ENR = Outcome("enr", Status.MISSING, "in the gradebook's roster only")
CLASS = [ANN, BEN, CUT, ENR]


def test_table_aligns_points_and_states_reasons():
    assert format_table(CLASS).splitlines() == [
        "student  points  status",
        "ann         2/6  graded; by hand: explain",
        "ben       2.5/6  graded with faults (double: It took longer than 2 seconds): "
        "wrong answer (double)",
        "cut           -  needs a person: submitted/cut is a file; expected a folder",
        "enr           -  nothing handed in: in the gradebook's roster only",
    ]


def test_totals_count_every_student_once():
    assert format_totals(CLASS) == (
        "Students 4: graded 1, graded with faults 1, needs a person 1, nothing handed in 1. "
        "To grade by hand in formgrader: 1."
    )
    assert format_totals([BEN]) == "Students 1: graded with faults 1."


@pytest.mark.parametrize(
    ("points", "text"), [(2.0, "2"), (0.5, "0.5"), (1 / 3, "0.33"), (10, "10"), (0, "0")]
)
def test_points_have_no_idle_decimals(points, text):
    assert format_points(points) == text


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_column_for_each_exercise_and_a_row_for_each_student(course):
    path = course.root / "grades" / "tiny.csv"
    write_csv(course, "tiny", CLASS, path)
    ann, ben, cut, enr = read(path)
    assert ann == {
        "student": "ann",
        "double (of 2)": "2",
        "explain (of 4)": "",
        "late penalty": "0",
        "total": "2",
        "maximum": "6",
        "needs manual grading": "explain",
        "status": "graded",
        "reason": "",
        "faults": "",
        "feedback": "feedback/ann/tiny/tiny.html",
    }
    assert (ben["double (of 2)"], ben["explain (of 4)"], ben["total"]) == ("0.5", "3", "2.5")
    assert (ben["needs manual grading"], ben["reason"]) == ("no", "wrong answer (double)")
    assert ben["faults"] == "double: It took longer than 2 seconds"
    assert (cut["total"], cut["status"], cut["reason"]) == ("", "needs a person", CUT.reason)
    assert (enr["total"], enr["status"]) == ("", "nothing handed in")


def test_csv_opens_as_utf8_in_a_spreadsheet(course):
    path = course.root / "grades" / "tiny.csv"
    write_csv(course, "tiny", [Outcome("Zoë", Status.MISSING)], path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read(path)[0]["student"] == "Zoë"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x"])
def test_no_name_becomes_a_formula(name):
    assert as_text(name) == f"'{name}"
    assert as_text(f"x{name}") == f"x{name}"
