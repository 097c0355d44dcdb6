"""`grader status` and `grader report --cells`: where grading stands, and where time went."""

import pytest

from grader.faults import Fault
from grader.running.journal import Entry, Journal
from grader.times import format_cells, format_faults
from tests.grader.running.small_class import rows
from tests.grader.tiny_course import RIGHT, edit, hand_in, run, source_path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain")]


def status(course, capsys):
    capsys.readouterr()
    code = run(course, "status", "tiny")
    return code, capsys.readouterr().out.splitlines()


def test_before_the_first_run(classroom, capsys):
    code, lines = status(classroom, capsys)
    assert code == 1
    assert lines == [
        "tiny: 12 handed in, 0 graded (0 with faults), 0 need a person, 12 wait.",
        "  12 new",
        "No run is on record.",
        "`python -m grader autograde tiny --resume` grades 12 and tries those that need a person "
        "again (0).",
    ]
    assert not (classroom.root / "grades/tiny.journal").exists()


def test_after_a_run_and_after_changes(classroom, capsys):
    assert run(classroom, "autograde", "tiny") == 1
    code, lines = status(classroom, capsys)
    assert code == 1
    assert lines[0] == "tiny: 12 handed in, 10 graded (1 with faults), 2 need a person, 0 wait."
    assert "  lost_cell: the cell test_square was missing and was put back" in lines
    assert any(line.startswith("  cut_short: submitted/cut_short/tiny/") for line in lines)
    assert any("and came to its end." in line for line in lines)
    edit(classroom.root / "submitted/ann/tiny/tiny.ipynb", "double", lambda s: s + "\n")
    journal = Journal(classroom.grades("tiny", ".journal"))
    journal.write("begin", "bea")
    journal.close()
    hand_in(classroom, "new", **RIGHT)
    code, lines = status(classroom, capsys)
    assert lines[0] == "tiny: 13 handed in, 8 graded (1 with faults), 2 need a person, 3 wait."
    assert sorted(lines[1:4]) == [
        "  1 handed in again", "  1 new", "  1 stopped while it was recorded",
    ]  # fmt: skip
    before = rows(classroom)
    edit(source_path(classroom), "test_double", lambda s: s + "\n")
    code, lines = status(classroom, capsys)
    assert "  8 graded before the problem set or a limit changed" in lines
    assert rows(classroom) == before, "looking changes nothing"


def test_all_done(course, capsys):
    hand_in(course, "ann", **RIGHT)
    assert run(course, "autograde", "tiny") == 0
    code, lines = status(course, capsys)
    assert code == 0
    assert lines[-1] == "There is nothing to do."


def test_report_with_cells(classroom, capsys):
    assert run(classroom, "autograde", "tiny") == 1
    capsys.readouterr()
    assert run(classroom, "report", "tiny", "--cells") == 1
    lines = capsys.readouterr().out.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("cell ")))
    assert [line.split()[0] for line in lines[start:start + 5]] == [
        "cell", "double", "test_double", "square", "test_square",
    ]  # fmt: skip
    assert lines[-2:] == ["Faults:", "  1 x lost test_square"]


def test_cells_table():
    entries = {
        "ann": Entry("graded", cells={"double": 0.1, "added-1": 0.2}),
        "ben": Entry("graded", cells={"double": 0.3, "added-1": 0.4, "added-2": 9.0}),
        "cut": Entry("person", reason="no notebook"),
    }
    assert format_cells(entries).splitlines() == [
        "cell           runs  median s  longest s  by",
        "double            2     0.200      0.300  ben",
        "(added cells)     3     0.400      9.000  ben",
    ]
    assert format_faults(entries) == "No faults."


def test_faults_are_counted_by_kind_and_cell():
    slow = Fault("timeout", "double", "too slow")
    entries = {s: Entry("graded", faults=(slow,)) for s in ("ann", "ben")}
    entries["cid"] = Entry("graded", faults=(Fault("left out", "", "x"),))
    assert format_faults(entries).splitlines() == [
        "Faults:", "  2 x timeout double", "  1 x left out",
    ]  # fmt: skip
