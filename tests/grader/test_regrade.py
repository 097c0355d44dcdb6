"""Grading again: manual grades stay, old results go, nbgrader's own commands go on working."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import find_course
from tests.grader.tiny_course import REPOSITORY, RIGHT, edit, hand_in, make_course, run, source_path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("regrade"))
    hand_in(course, "ann", **RIGHT, explain="Minus times minus.")
    hand_in(course, "una")
    assert run(course, "autograde", "tiny") == 0
    return course


@pytest.fixture
def again(graded, tmp_path, capsys):
    """Return a copy of the graded course, so that each test changes its own."""
    shutil.copytree(graded.root, tmp_path / "course")
    capsys.readouterr()
    return find_course(tmp_path / "course")


def grade_by_hand(course, student, points, comment):
    """Do what formgrader's page does when an instructor types points and a comment."""
    with course.gradebook() as book:
        grade = book.find_grade("explain", "tiny", "tiny", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("explain", "tiny", "tiny", student).manual_comment = comment
        book.db.commit()


def row(course, student):
    with (course.root / "grades" / "tiny.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["student"] == student)


def test_grade_by_hand_survives_a_regrade(again):
    grade_by_hand(again, "ann", 3.5, "Say why.")
    assert run(again, "autograde", "tiny", "--student", "ann") == 0
    assert row(again, "ann")["explain (of 4)"] == "3.5"
    assert row(again, "ann")["total"] == "8.5"
    # nbgrader's rule: after a regrade a person should look at a grade given by hand once more.
    assert row(again, "ann")["needs manual grading"] == "explain"
    assert "Say why." in (again.root / "feedback/ann/tiny/tiny.html").read_text()
    assert row(again, "una")["total"] == "0", "the CSV still lists who was not graded again"


def test_report_takes_up_grades_by_hand_without_running_anything(again, capsys, monkeypatch):
    grade_by_hand(again, "ann", 4, "Complete.")
    monkeypatch.setattr("grader.running.nodes.start", None)
    assert run(again, "report", "tiny") == 0
    assert capsys.readouterr().out.splitlines()[1] == "ann         9/9  graded"
    assert "Complete." in (again.root / "feedback/ann/tiny/tiny.html").read_text()


def test_better_hand_in_replaces_the_old_result(again):
    edit(again.root / "submitted/una/tiny/tiny.ipynb", "double", lambda _: RIGHT["double"])
    assert run(again, "autograde", "tiny", "--student", "una") == 0
    assert row(again, "una")["total"] == "2"


def test_hand_in_that_broke_since_leaves_no_old_result(again):
    (again.root / "submitted/ann/tiny/tiny.ipynb").write_text("broken")
    assert run(again, "autograde", "tiny", "--student", "ann") == 1
    assert row(again, "ann")["status"] == "needs a person"
    assert not (again.root / "feedback/ann/tiny").exists()
    assert not (again.root / "autograded/ann/tiny").exists()


def test_changed_problem_set_counts_without_being_asked(again, capsys):
    edit(source_path(again), "square", lambda source: source.replace("x**2", "abs(x**3)"))
    edit(source_path(again), "test_square", lambda _: "assert square(-2) == 8")
    assert run(again, "autograde", "tiny") == 0
    assert row(again, "ann")["square (of 3)"] == "0"
    assert "Kept from before" not in capsys.readouterr().out
    assert run(again, "autograde", "tiny") == 0
    assert "Kept from before, as nothing changed: 2 (" in capsys.readouterr().out


def test_a_test_that_the_reference_fails_grades_nobody(again, capsys):
    before = (again.root / "grades" / "tiny.csv").read_bytes()
    edit(source_path(again), "test_square", lambda source: source.replace("== 169", "== 0"))
    assert run(again, "autograde", "tiny") == 2
    said = capsys.readouterr().err
    assert said.startswith(
        "grader: The reference answers themselves get 0 of 3 points in test_square (AssertionError"
    )
    assert "Nothing was graded; `python -m grader preflight tiny` says more." in said
    assert (again.root / "grades" / "tiny.csv").read_bytes() == before
    assert row(again, "ann")["square (of 3)"] == "3"


def test_changed_cells_are_refused_with_the_remedy(again, capsys):
    def rename(text):
        return text.replace('"grade_id": "test_square"', '"grade_id": "test_squares"')

    path = source_path(again)
    path.write_text(rename(path.read_text()))
    submitted = again.root / "submitted/ann/tiny/tiny.ipynb"
    submitted.write_text(rename(submitted.read_text()))
    assert run(again, "autograde", "tiny") == 2
    error = capsys.readouterr().err
    assert error.startswith("grader: The gradebook did not accept solutions/tiny/ (RuntimeError: ")
    assert "move gradebook.db aside and grade again" in error


def nbgrader(course, *arguments):
    """Run nbgrader's own command line in the course folder; return what it wrote."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), *arguments],
        cwd=course.root,
        # The repository's own config file finds the grader package beside it; a copy does not.
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_nbgrader_exports_from_the_same_gradebook(again):
    nbgrader(again, "export", "--to", "all.csv")
    with (again.root / "all.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ann": 5.0, "una": 0.0}


def test_nbgrader_grades_and_writes_feedback_on_the_same_course(again):
    nbgrader(again, "autograde", "tiny", "--student", "ann", "--force")
    nbgrader(again, "generate_feedback", "tiny", "--student", "ann", "--force")
    page = (again.root / "feedback/ann/tiny/tiny.html").read_text()
    assert "5.0 / 9.0" in page
    assert "secret_number" not in page
    assert run(again, "report", "tiny") == 0
    assert row(again, "ann")["total"] == "5"


def test_validate_agrees_with_grading(again):
    ann, una = (f"submitted/{name}/tiny/tiny.ipynb" for name in ("ann", "una"))
    said = nbgrader(again, "validate", ann)
    assert "Success! Your notebook passes all the tests." in said
    said = nbgrader(again, "validate", una)
    assert "VALIDATION FAILED ON 3 CELL(S)!" in said
    assert "Not attempted: replace this line with your code." in said
