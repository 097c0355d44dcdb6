"""The gradebook is locked, gone or read-only, the disk full: a run waits, and loses nothing."""

import os
import resource
import shutil
import sqlite3
import threading
import time

import pytest

from grader import autograde
from grader.running.journal import read_journal
from grader.running.record import Recorder
from grader.running.retry import Stopped
from tests.grader.running.small_class import PLAIN, SAME, difference, files, rows, start, state
from tests.grader.tiny_course import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain")]


@pytest.fixture
def hurried(classroom):
    """Let the driver's own patience with SQLite end soon, so that the run's own is tested."""
    config = classroom.root / "nbgrader_config.py"
    url = f"sqlite:///{classroom.root}/gradebook.db?timeout=0.05"
    lines = f"c.CourseDirectory.db_url = {url!r}\nc.GraderLimits.patience_seconds = 20\n"
    config.write_text(config.read_text() + lines)
    return autograde.Course(classroom.root, _reload(classroom))


def _reload(course):
    from grader.course import find_course

    return find_course(course.root).config


def impatient(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.GraderLimits.patience_seconds = 0.5\n")
    return autograde.Course(course.root, _reload(course))


def after(records, monkeypatch, action):
    """Call `action` once, when so many submissions are on record."""
    count = [0]
    real = Recorder.record

    def record(self, played):
        if count[0] == records:
            action()
        count[0] += 1
        return real(self, played)

    monkeypatch.setattr(Recorder, "record", record)


def test_a_gradebook_that_is_locked_for_a_while_is_waited_for(
    hurried, expected, monkeypatch, capfd
):
    def lock():
        other = sqlite3.connect(hurried.root / "gradebook.db", check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(1.0, lambda: (other.rollback(), other.close())).start()

    after(3, monkeypatch, lock)
    autograde.grade(hurried, "tiny")
    said = capfd.readouterr().err
    assert "the gradebook is not available: database is locked: waiting up to 20 s" in said
    assert "... and it goes on." in said
    assert difference(state(hurried), expected) == SAME


def test_a_gradebook_that_stays_locked_stops_the_run_and_resume_finishes_it(
    hurried, expected, capsys
):
    course = impatient(hurried)
    path = course.root / "gradebook.db"
    other = sqlite3.connect(path)
    with pytest.MonkeyPatch.context() as patch:
        after(5, patch, lambda: other.execute("BEGIN EXCLUSIVE"))
        assert run(course, "autograde", "tiny") == 3
    said = capsys.readouterr().err
    assert "database is locked, still after 0.5 s of waiting. What was graded so far" in said
    assert "go on with `python -m grader autograde tiny --resume`." in said
    other.rollback()
    other.close()
    done = read_journal(course.grades("tiny", ".journal"))
    assert sum(entry.event == "graded" for entry in done.values()) == 5
    graded = {p.parts[-3] for p in course.root.glob("autograded/*/tiny/tiny.ipynb")}
    assert graded == set(rows(course)[0]), "nothing is half recorded"
    autograde.grade(course, "tiny")
    assert difference(state(course), expected) == SAME


def test_a_gradebook_that_goes_away_for_a_while_is_waited_for(
    hurried, expected, monkeypatch, capfd
):
    path = hurried.root / "gradebook.db"

    def move():
        path.rename(path.with_suffix(".away"))
        threading.Timer(1.0, lambda: path.with_suffix(".away").rename(path)).start()

    after(4, monkeypatch, move)
    autograde.grade(hurried, "tiny")
    assert f"the gradebook {path} is gone: waiting up to 20 s" in capfd.readouterr().err
    assert difference(state(hurried), expected) == SAME


def test_another_gradebook_in_its_place_gets_all_that_follows(hurried, expected):
    """As when a backup is put back: what it lacks is graded by the next run."""
    path = hurried.root / "gradebook.db"
    shutil.copy(path, path.with_suffix(".backup"))
    with pytest.MonkeyPatch.context() as patch:
        after(4, patch, lambda: os.replace(path.with_suffix(".backup"), path))
        with pytest.raises(Stopped, match="the gradebook has no problem set 'tiny'"):
            autograde.grade(hurried, "tiny")
    autograde.grade(hurried, "tiny")
    assert difference(state(hurried), expected) == SAME


def test_a_gradebook_that_is_gone_for_good_is_made_anew_by_the_next_run(hurried, expected):
    course = impatient(hurried)
    with pytest.MonkeyPatch.context() as patch:
        after(4, patch, (course.root / "gradebook.db").unlink)
        with pytest.raises(Stopped, match="is gone, still after"):
            autograde.grade(course, "tiny")
    assert not (course.root / "gradebook.db").exists(), "no empty one was made"
    autograde.grade(course, "tiny")
    assert difference(state(course), expected) == SAME


def test_a_gradebook_that_cannot_be_written_stops_the_run(classroom, expected):
    course = impatient(classroom)
    refuse = f"file:{course.root}/gradebook.db?mode=ro&uri=true"
    config = course.root / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(before + f"c.CourseDirectory.db_url = 'sqlite:///{refuse}'\n")
    with pytest.raises(Stopped, match="attempt to write a readonly database"):
        autograde.grade(autograde.Course(course.root, _reload(course)), "tiny")
    config.write_text(before)
    autograde.grade(autograde.Course(course.root, _reload(course)), "tiny")
    assert difference(state(course), expected) == SAME


def test_a_full_disk_is_waited_for(classroom, expected):
    """A limit on the size of files does what a full disk does; it is lifted while the run waits."""
    assert (classroom.root / "gradebook.db").stat().st_size > 2 * LITTLE
    process = start(classroom, "autograde", "tiny", module=PLAIN, preexec_fn=_little_room)
    try:
        lines = iter(process.stderr.readline, "")
        waiting = next(line for line in lines if "waiting up to 300 s" in line)
        assert "the gradebook is not available: disk I/O error" in waiting
        time.sleep(0.3)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1, "two need a person"
    assert out.startswith("student")
    assert difference(state(classroom), expected) == SAME


LITTLE = 50_000  # bytes: room for notebooks, but not for the pages of the gradebook


def _little_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, resource.RLIM_INFINITY))


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_stays_full_stops_the_run_and_resume_finishes_it(
    classroom, expected, capsys, call
):
    course = impatient(classroom)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        after(3, patch, lambda: patch.setattr(f"grader.running.record.os.{call}", full))
        assert run(course, "autograde", "tiny") == 3
    said = capsys.readouterr().err
    assert "the disk refuses to take data: No space left on device" in said
    found, _ = rows(course)
    graded = {p.parts[-3] for p in course.root.glob("autograded/*/tiny/tiny.ipynb")}
    assert set(found) == graded
    assert not (course.root / "autograded/.grader").exists()
    autograde.grade(course, "tiny")
    assert difference(state(course), expected) == SAME


def test_after_a_stop_the_old_results_of_a_regrade_are_whole(classroom, monkeypatch):
    """A regrade that stops leaves each submission as before or as after, nothing between."""
    course = impatient(classroom)
    autograde.grade(course, "tiny")
    before = files(course), rows(course)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("grader.running.record.os.fsync", full)
    with pytest.raises(Stopped):
        autograde.grade(course, "tiny", autograde.Options(regrade=True))
    assert (files(course), rows(course)) == before
