import os

import pytest

from grader.course import find_course
from grader.errors import GraderError
from grader.outcomes import Outcome, Status
from grader.submissions import find_students, read_hand_in
from grader.table import format_table
from grader.wording import printable
from tests.grader.bad_hand_ins import BAD, SENTENCES
from tests.grader.tiny_course import RIGHT, hand_in, make_course, other_notebook, run, store


def test_good_hand_in_has_no_fault(course):
    hand_in(course, "ann", **RIGHT)
    assert find_students(course, "tiny") == ["ann"]
    found = read_hand_in(course, "tiny", "ann")
    assert (found.reason, found.faults, found.timestamp) == ("", (), "")
    assert {c.source for c in found.cells} >= set(RIGHT.values())
    assert len(found.digest) == 64


@pytest.mark.parametrize("name", BAD)
def test_bad_hand_in_is_named_with_cause_and_remedy(course, name):
    BAD[name](course)
    assert name in find_students(course, "tiny")
    reason = read_hand_in(course, "tiny", name).reason
    assert SENTENCES[name] in reason
    assert reason.startswith(f"submitted/{name}")


def test_every_bad_hand_in_has_its_sentence():
    assert set(BAD) == set(SENTENCES)


def test_file_above_the_configured_size_is_refused(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.CourseDirectory.max_file_size = 2000\n")
    hand_in(course, "ann", **RIGHT)
    with hand_in(course, "big").open("r+b") as file:
        file.truncate(3_000_000)
    again = find_course(course.root)
    assert read_hand_in(again, "tiny", "ann").reason == ""
    found = read_hand_in(again, "tiny", "big").reason
    assert found == "submitted/big/tiny/tiny.ipynb has 3 MB; at most 2 MB are read"


def test_unreadable_file_is_a_fault_of_one_student(course, monkeypatch):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "locked", **RIGHT)

    forbidden = (course.root / "submitted/locked/tiny").stat().st_ino
    real = os.open

    def deny(name, flags, mode=0o777, *, dir_fd=None):
        if dir_fd is not None and os.fstat(dir_fd).st_ino == forbidden:
            raise PermissionError(13, "Permission denied", name)
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr("grader.running.files.os.open", deny)
    assert read_hand_in(course, "tiny", "ann").reason == ""
    locked = read_hand_in(course, "tiny", "locked").reason
    assert locked == "submitted/locked/tiny/tiny.ipynb cannot be read: Permission denied"


def test_name_that_no_screen_can_show_is_a_fault(course):
    folder = course.root / "submitted" / os.fsdecode(b"bad\xff\x1b[2J")
    (folder / "tiny").mkdir(parents=True)
    (student,) = find_students(course, "tiny")
    reason = read_hand_in(course, "tiny", student).reason
    assert reason.endswith(" has a name with unreadable characters; rename the folder")
    line = format_table([Outcome(student, Status.PERSON, reason)]).splitlines()[1]
    assert line == f"bad??[2J       -  needs a person: {printable(reason)}"
    assert line.isprintable()


def test_name_that_the_gradebook_cannot_hold_is_a_fault(course):
    hand_in(course, "x" * 129)
    found = read_hand_in(course, "tiny", "x" * 129)
    assert found.reason.endswith("has a name of more than 128 characters; rename the folder")


def test_student_with_other_problem_sets_only_handed_in_nothing(course):
    hand_in(course, "ann", **RIGHT)
    store(other_notebook(), course.root / "submitted" / "els" / "other" / "other.ipynb")
    assert find_students(course, "tiny") == ["ann"]


def test_hidden_files_are_not_students(course):
    hand_in(course, "ann", **RIGHT)
    (course.root / "submitted" / ".gitkeep").touch()
    assert find_students(course, "tiny") == ["ann"]


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
    assert coursedir.db_url.endswith("/moved/gradebook.db?timeout=60")
