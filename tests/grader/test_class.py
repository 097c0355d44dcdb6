"""A class of good, wrong and broken hand-ins, graded once: nobody is lost, nobody disturbs."""

import csv
import re

import pytest

from tests.grader.bad_hand_ins import BAD, SENTENCES
from tests.grader.odd_hand_ins import FAULTS, ODD

FAULTY = "graded with faults ("
ESSAY = "not attempted (explain)"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def table(graded_class):
    """Return student -> (points, status with reason) as printed."""
    lines = graded_class.printed.splitlines()[1:-2]
    return {name: (points, text) for name, points, text in (line.split(None, 2) for line in lines)}


def test_every_student_has_one_line(table):
    good = {"ann", "ben", "col", "una", "syn", "loop", "deaf", "die", "zed", "model"}
    assert set(table) == good | set(BAD) | set(ODD) | {"enrolled"}


def test_some_submission_needs_a_person(graded_class):
    assert graded_class.status == 1


@pytest.mark.parametrize(
    ("student", "points", "text"),
    [
        ("ann", "5/9", "graded; by hand: explain"),
        ("ben", "5/9", f"graded: {ESSAY}"),
        ("zed", "5/9", f"graded: {ESSAY}"),
        ("col", "3/9", f"graded: wrong answer (double), {ESSAY}"),
        ("una", "0/9", "graded: not attempted (all)"),
        ("syn", "3/9", f"graded: does not parse (double), {ESSAY}"),
        ("enrolled", "-", "nothing handed in: in the gradebook's roster only"),
    ],
)
def test_points_and_status(table, student, points, text):
    assert table[student] == (points, text)


@pytest.mark.parametrize(
    ("student", "cause"),
    [
        ("loop", "over the time limit"),
        ("deaf", "its process ended"),
        ("die", "its process ended"),
    ],
)
def test_a_cell_that_hangs_or_kills_costs_its_own_points_and_is_a_fault(table, student, cause):
    points, text = table[student]
    assert points == "3/9"
    assert text.startswith(FAULTY)
    assert text.endswith(f"): {cause} (double), {ESSAY}")


@pytest.mark.parametrize("student", ODD)
def test_odd_hand_in_has_its_points(table, student):
    points, text = table[student]
    assert points == "5/9"
    fault = FAULTS.get(student)
    assert text == (f"{FAULTY}{fault}): {ESSAY}" if fault else f"graded: {ESSAY}")


@pytest.mark.parametrize("student", BAD)
def test_broken_hand_in_is_a_stated_reason(table, student):
    points, text = table[student]
    assert points == "-"
    assert text.startswith("needs a person: submitted/")
    assert SENTENCES[student] in text


def test_last_lines_count_and_say_where_to_look(graded_class):
    *_, totals, where = graded_class.printed.splitlines()
    faulty = len(FAULTS) + 3
    good = 7 + len(ODD) - len(FAULTS)
    assert totals.startswith(f"Students {len(BAD) + len(ODD) + 11}: graded {good}, ")
    assert f"graded with faults {faulty}, needs a person {len(BAD)}, nothing handed in 1." in totals
    assert totals.endswith("To grade by hand in formgrader: 1.")
    assert where == "Grades: grades/tiny.csv  feedback: feedback/  log: grades/tiny.log"


def test_screen_shows_results_only_and_the_log_the_rest(graded_class):
    lines = graded_class.complaints.splitlines()
    assert all(line.startswith("grading ") for line in lines), lines
    log = (graded_class.course.root / "grades" / "tiny.log").read_text()
    assert "INFO ann: graded in " in log
    assert "INFO cut_short: needs a person: submitted/cut_short/" in log
    assert re.search(r"INFO loop: graded in .* \(timeout: test_double: ", log)


def test_csv_agrees_with_the_table(graded_class, table):
    path = graded_class.course.root / "grades" / "tiny.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(table)
    for name, (points, text) in table.items():
        total = f"{rows[name]['total']}/{rows[name]['maximum']}"
        assert points == (total if rows[name]["total"] else "-")
        assert text.startswith(rows[name]["status"])
        assert rows[name]["reason"] in text
        assert rows[name]["faults"] in text
    ann = rows["ann"]
    assert [ann["double (of 2)"], ann["square (of 3)"], ann["explain (of 4)"]] == ["2", "3", ""]
    assert ann["needs manual grading"] == "explain"


def test_feedback_exists_for_exactly_the_graded(graded_class, table):
    pages = graded_class.course.root.glob("feedback/*/tiny/tiny.html")
    graded = {name for name, (points, _) in table.items() if points != "-"}
    assert {page.parts[-3] for page in pages} == graded


@pytest.mark.parametrize("student", ["ann", "col", "una"])
def test_feedback_hides_the_hidden_tests(graded_class, student):
    root = graded_class.course.root
    page = (root / "feedback" / student / "tiny" / "tiny.html").read_text()
    graded = (root / "autograded" / student / "tiny" / "tiny.ipynb").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    assert "secret_number" in graded, "formgrader still shows what was run"
    for secret in ("secret_number", "== -62", "square(-13)"):
        assert secret not in text
    assert text.count("# hidden tests ran here") == 2


def test_script_of_a_student_does_not_reach_the_feedback_page(graded_class):
    page = (graded_class.course.root / "feedback" / "ann" / "tiny" / "tiny.html").read_text()
    assert "Minus times minus." in page
    assert "<script>alert(" not in page


def test_feedback_says_what_failed(graded_class):
    page = (graded_class.course.root / "feedback" / "col" / "tiny" / "tiny.html").read_text()
    assert "a negative number was doubled wrongly" in page
    assert "a hidden test" in page
