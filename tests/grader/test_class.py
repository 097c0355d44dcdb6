"""A class of good, wrong and broken hand-ins, graded once: nobody is lost, nobody disturbs."""

import csv
import re

import pytest

from tests.grader.bad_hand_ins import BAD, SENTENCES

FAILED = "graded with failures"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def table(graded_class):
    """Return student -> (points, status with reason) as printed."""
    lines = graded_class.printed.splitlines()[1:-2]
    return {name: (points, text) for name, points, text in (line.split(None, 2) for line in lines)}


def test_every_student_has_one_line(table):
    good = {"ann", "ben", "col", "una", "syn", "loop", "deaf", "die", "zed", "model"}
    assert set(table) == good | set(BAD) | {"enrolled"}


def test_some_submission_needs_a_person(graded_class):
    assert graded_class.status == 1


@pytest.mark.parametrize(
    ("student", "points", "text"),
    [
        ("ann", "5/9", "graded; by hand: explain"),
        ("ben", "5/9", f"{FAILED}: not attempted (explain)"),
        ("zed", "5/9", f"{FAILED}: not attempted (explain)"),
        ("col", "3/9", f"{FAILED}: wrong answer (double), not attempted (explain)"),
        ("una", "0/9", f"{FAILED}: not attempted (all)"),
        ("syn", "3/9", f"{FAILED}: does not parse (double), not attempted (explain)"),
        (
            "loop",
            "3/9",
            f"{FAILED}: over the time limit (double), not attempted (explain)",
        ),
        ("enrolled", "-", "nothing handed in: in the gradebook's roster only"),
    ],
)
def test_points_and_status(table, student, points, text):
    assert table[student] == (points, text)


@pytest.mark.parametrize(
    ("student", "cause"),
    [("die", "DeadKernelError: Kernel died"), ("deaf", "CellTimeoutError: A cell timed out")],
)
def test_run_that_cannot_go_on_is_a_stated_reason(table, student, cause):
    points, text = table[student]
    assert points == "-"
    assert text.startswith(f"needs a person: nbgrader stopped while running it ({cause}")
    assert text.endswith("; see grades/tiny.log")


@pytest.mark.parametrize("student", BAD)
def test_broken_hand_in_is_a_stated_reason(table, student):
    points, text = table[student]
    assert points == "-"
    assert text.startswith("needs a person: submitted/")
    assert SENTENCES[student] in text


def test_last_lines_count_and_say_where_to_look(graded_class):
    *_, totals, where = graded_class.printed.splitlines()
    people = len(BAD) + 2
    assert totals.startswith(f"Students {len(BAD) + 11}: graded 1, graded with failures 7, ")
    assert f"needs a person {people}, nothing handed in 1." in totals
    assert totals.endswith("To grade by hand in formgrader: 1.")
    assert where == "Grades: grades/tiny.csv  feedback: feedback/  log: grades/tiny.log"


def test_screen_shows_results_only_and_the_log_the_rest(graded_class):
    assert graded_class.complaints == ""
    log = (graded_class.course.root / "grades" / "tiny.log").read_text()
    assert "Autograding " in log
    assert "DeadKernelError" in log


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
