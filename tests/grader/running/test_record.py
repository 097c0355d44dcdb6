"""Records: nbgrader's own rows, in one transaction, whole at every moment."""

import datetime

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from sqlalchemy import event
from sqlalchemy.engine import Engine

from grader import autograde
from grader.autograde import Options
from grader.course import find_course
from grader.running.book import OneSession
from grader.running.journal import read_journal
from grader.running.record import Recorder
from tests.grader.running.small_class import SAME, difference, files, rows, state
from tests.grader.tiny_course import RIGHT, hand_in, run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain")]
DUE = datetime.datetime(2026, 3, 1)


def by_nbgrader(course, *students):
    """Grade with nbgrader's own converter, which formgrader's button calls."""
    coursedir = course.coursedir("tiny")
    api = NbGraderAPI(coursedir=coursedir, config=course.config)
    return {student: api.autograde("tiny", student) for student in students}


def set_due_date(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with course.gradebook() as book:
        book.update_or_create_assignment("tiny", duedate=DUE)
    return find_course(course.root)


def test_rows_and_notebooks_are_those_of_nbgraders_own_converter(classroom):
    course = set_due_date(classroom)
    autograde.grade(course, "tiny", Options(feedback=False))
    ours = rows(course)
    assert ours[0]["ida"]["penalty"] == 5.0
    assert ours[0]["ida"]["timestamp"] == datetime.datetime(2026, 3, 2, 12)
    assert ours[0]["ann"]["penalty"] is None
    written = files(course)
    result = by_nbgrader(course, *ours[0])
    assert all(found["success"] for found in result.values()), result
    assert rows(course) == ours
    again = files(course)
    for name, content in written.items():
        if name.endswith(".ipynb"):
            one, other = (nbformat.reads(c.decode(), 4) for c in (content, again[name]))
            assert one == other, name
    assert set(again) == set(written)


def test_one_transaction_for_a_submission(course, monkeypatch):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "ben", **RIGHT)
    commits = []
    real = OneSession.commit
    monkeypatch.setattr(OneSession, "commit", lambda self: (commits.append(1), real(self))[1])
    flushed = []
    record = Recorder.record

    def spy(self, played):
        book = self._open()
        before = book.db.commit
        book.db.commit = lambda: (flushed.append(1), before())[1]
        try:
            return record(self, played)
        finally:
            book.db.commit = before

    monkeypatch.setattr(Recorder, "record", spy)
    autograde.grade(course, "tiny")
    assert len(commits) == 2
    assert len(flushed) > 10, "nbgrader asked to commit more often"


def test_a_record_asks_for_nothing_twice(course, monkeypatch):
    hand_in(course, "ann", **RIGHT)
    autograde.grade(course, "tiny", Options(feedback=False))
    asked = []
    record = Recorder.record

    def note(connection, cursor, statement, parameters, *_):
        asked.append((statement, str(parameters)))

    def spy(self, played):
        event.listen(Engine, "before_cursor_execute", note)
        try:
            return record(self, played)
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    monkeypatch.setattr(Recorder, "record", spy)
    autograde.grade(course, "tiny", Options(feedback=False, regrade=True))
    assert len(asked) > 5
    assert len(asked) == len(set(asked)), sorted(asked)


@pytest.mark.parametrize("moment", ["_enter", "_run_steps", "_write_aside", "_move", "commit"])
def test_a_crash_at_any_step_leaves_the_old_or_the_new_and_resume_mends_it(
    classroom, expected, moment
):
    class Crash(BaseException):
        pass

    owner = OneSession if moment == "commit" else Recorder
    real = getattr(owner, moment)
    count = [0]

    def crash(self, *arguments):
        count[0] += 1
        if count[0] == 4:
            if moment != "commit":
                real(self, *arguments)
            raise Crash
        return real(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, moment, crash)
        with pytest.raises(Crash):
            autograde.grade(classroom, "tiny", Options(workers=1))
    found, _ = rows(classroom)
    journal = read_journal(classroom.grades("tiny", ".journal"))
    graded = {student for student, entry in journal.items() if entry.event == "graded"}
    assert graded == set(found)
    assert len(graded) == 3
    assert [entry.event for entry in journal.values()].count("begin") == 1
    assert run(classroom, "report", "tiny") == 1
    autograde.grade(classroom, "tiny")
    assert difference(state(classroom), expected) == SAME


def test_grades_by_hand_and_comments_stay_in_a_regrade(course):
    hand_in(course, "ann", **RIGHT, explain="Minus times minus.")
    autograde.grade(course, "tiny")
    with course.gradebook() as book:
        grade = book.find_grade("explain", "tiny", "tiny", "ann")
        grade.manual_score, grade.needs_manual_grade, grade.extra_credit = 3.5, False, 0.5
        book.find_comment("explain", "tiny", "tiny", "ann").manual_comment = "Say why."
        book.db.commit()
    autograde.grade(course, "tiny", Options(regrade=True))
    ann = rows(course)[0]["ann"]
    assert ann["grades"]["explain"] == (None, 3.5, 0.5, True)
    assert ann["comments"]["explain"] == (None, "Say why.")


def test_students_are_not_made_up_where_the_course_forbids_it(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Autograde.create_student = False\n")
    course = find_course(course.root)
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "ben", **RIGHT)
    with course.gradebook() as book:
        book.add_student("ann")
    found = {o.student: o for o in autograde.grade(course, "tiny").outcomes}
    assert found["ann"].exercises
    assert found["ben"].reason == (
        "the gradebook knows no student 'ben', and c.Autograde.create_student is False"
    )
    with course.gradebook() as book:
        assert [s.id for s in book.students] == ["ann"]


def test_the_set_s_own_files_lie_beside_the_graded_notebook(course):
    (course.root / "solutions/tiny/data.csv").write_text("1,2")
    path = hand_in(course, "ann", **RIGHT)
    path.with_name("data.csv").write_text("a student's own version")
    path.with_name("helper.py").write_text("import os")
    autograde.grade(course, "tiny")
    folder = course.root / "autograded/ann/tiny"
    assert sorted(p.name for p in folder.iterdir()) == ["data.csv", "tiny.ipynb"]
    assert (folder / "data.csv").read_text() == "1,2"
    assert (folder / "tiny.ipynb").stat().st_mode & 0o777 == 0o444


def test_a_step_that_would_run_code_here_is_replaced(course, plain):
    config = course.root / "nbgrader_config.py"
    steps = ["nbgrader.preprocessors.Execute", "nbgrader.preprocessors.SaveAutoGrades"]
    config.write_text(config.read_text() + f"c.Autograde.autograde_preprocessors = {steps}\n")
    course = find_course(course.root)
    hand_in(course, "ann", **RIGHT)
    recorder = Recorder(course, "tiny", {})
    assert [type(step).__name__ for step in recorder._steps] == ["Play", "SaveAutoGrades"]
    autograde.grade(course, "tiny")
    assert plain[0].played == 2
