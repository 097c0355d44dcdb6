import os

import pytest

from grader.course import find_course
from grader.errors import GraderError
from grader.outcomes import Outcome, Status
from grader.submissions import Submission, find_submissions
from grader.table import format_table, printable
from tests.grader.bad_hand_ins import BAD, SENTENCES
from tests.grader.tiny_course import RIGHT, hand_in, make_course, other_notebook, run, store


def test_good_hand_in_has_no_fault(course):
    hand_in(course, "ann", **RIGHT)
    assert find_submissions(course, "tiny") == [Submission("ann", "")]


@pytest.mark.parametrize("name", BAD)
def test_bad_hand_in_is_named_with_cause_and_remedy(course, name):
    BAD[name](course)
    faults = {s.student: s.fault for s in find_submissions(course, "tiny")}
    assert SENTENCES[name] in faults[name]
    assert faults[name].startswith(f"submitted/{name}")


def test_every_bad_hand_in_has_its_sentence():
    assert set(BAD) == set(SENTENCES)


def test_file_above_the_configured_size_is_refused(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.CourseDirectory.max_file_size = 2000\n")
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "big").with_name("data.bin").write_bytes(bytes(3_000_000))
    ann, big = find_submissions(find_course(course.root), "tiny")
    assert ann.fault == ""
    assert big.fault == "submitted/big/tiny/data.bin has 3 MB; at most 2 are read"


def test_unreadable_file_is_a_fault_of_one_student(course, monkeypatch):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "locked", **RIGHT)

    def read_bytes(path):
        if "locked" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        with path.open("rb") as file:
            return file.read()

    monkeypatch.setattr("pathlib.Path.read_bytes", read_bytes)
    ann, locked = find_submissions(course, "tiny")
    assert ann.fault == ""
    assert locked.fault == "submitted/locked/tiny/tiny.ipynb cannot be read: Permission denied"


def test_name_that_no_screen_can_show_is_a_fault(course):
    folder = course.root / "submitted" / os.fsdecode(b"bad\xff\x1b[2J")
    (folder / "tiny").mkdir(parents=True)
    (found,) = find_submissions(course, "tiny")
    assert found.fault.endswith(" has a name with unreadable characters; rename the folder")
    line = format_table([Outcome(found.student, Status.PERSON, found.fault)]).splitlines()[1]
    assert line == f"bad??[2J       -  needs a person: {printable(found.fault)}"
    assert line.isprintable()


def test_student_with_other_problem_sets_only_handed_in_nothing(course):
    hand_in(course, "ann", **RIGHT)
    store(other_notebook(), course.root / "submitted" / "els" / "other" / "other.ipynb")
    assert [s.student for s in find_submissions(course, "tiny")] == ["ann"]


def test_hidden_files_are_not_students(course):
    hand_in(course, "ann", **RIGHT)
    (course.root / "submitted" / ".gitkeep").touch()
    assert [s.student for s in find_submissions(course, "tiny")] == ["ann"]


@pytest.mark.parametrize(("made", "says"), [(False, "does not exist"), (True, "is empty")])
def test_nothing_handed_in_says_what_is_expected(course, capsys, made, says):
    if made:
        (course.root / "submitted").mkdir()
    assert run(course, "autograde", "tiny") == 2
    expected = f"grader: submitted/ {says}: put hand-ins at submitted/<student>/tiny/tiny.ipynb.\n"
    assert capsys.readouterr().err == expected


def test_student_who_handed_in_nothing_is_named(course, capsys):
    hand_in(course, "ann", **RIGHT)
    assert run(course, "autograde", "tiny", "--student", "bob") == 2
    expected = "Nothing of tiny was handed in by bob: expected submitted/bob/tiny/tiny.ipynb."
    assert capsys.readouterr().err == f"grader: {expected}\n"


@pytest.mark.parametrize("command", ["autograde", "report", "demo-class", "release"])
def test_unknown_problem_set_lists_the_known_ones(course, capsys, command):
    assert run(course, command, "ps99") == 2
    error = capsys.readouterr().err
    assert error == "grader: There is no problem set 'ps99': solutions/ holds other, tiny.\n"


@pytest.mark.parametrize("command", ["autograde", "report"])
def test_missing_problem_set_lists_the_known_ones(course, capsys, command):
    assert run(course, command, "") == 2
    expected = "grader: Name a problem set, as in make grade PS=<name>; there are: other, tiny.\n"
    assert capsys.readouterr().err == expected


def test_course_is_found_from_a_folder_inside_it(course):
    inside = course.root / "solutions" / "tiny"
    assert find_course(inside).root == course.root


def test_folder_that_is_no_course_is_refused(tmp_path):
    with pytest.raises(GraderError, match=r"No nbgrader_config\.py in .* --course-dir"):
        find_course(tmp_path)


def test_paths_of_the_course_follow_the_config_file(tmp_path):
    course = make_course(tmp_path / "moved")
    coursedir = course.coursedir("tiny")
    assert coursedir.root == str(tmp_path / "moved")
    assert course.config.Exchange.root == str(tmp_path / "moved" / "exchange")
    assert coursedir.db_url.endswith("/moved/gradebook.db")
