"""Feedback pages: the same as nbconvert's own, and made in parallel as well as one by one."""

import threading

import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateFeedback

from grader import autograde
from grader.autograde import Options
from grader.running import feedback
from grader.running.feedback import Pages, page_path, write_pages
from grader.running.pages import FeedbackExporter
from grader.running.steps import resources_for
from tests.grader.tiny_course import RIGHT, hand_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain")]
PICTURE = "![drawn](data:image/png;base64,aGk=) <img src='data:image/png;base64,aGk='>"


@pytest.fixture
def graded(classroom):
    hand_in(classroom, "pic", **RIGHT, explain=PICTURE)
    autograde.grade(classroom, "tiny", Options(feedback=False))
    return classroom


def export(course, kind, student):
    coursedir = course.coursedir("tiny")
    converter = GenerateFeedback(coursedir=coursedir, config=course.config)
    exporter = kind(config=converter.config)
    for step in converter.preprocessors:
        exporter.register_preprocessor(step)
    path = course.folder("autograded", student, "tiny") / "tiny.ipynb"
    resources = resources_for("tiny", student, coursedir.db_url)
    page, _ = exporter.from_filename(str(path), resources=resources)
    return page


@pytest.mark.parametrize("student", ["ann", "eli", "fox", "pic"])
def test_a_page_is_what_nbconvert_itself_makes(graded, student):
    ours, theirs = export(graded, FeedbackExporter, student), export(graded, HTMLExporter, student)
    assert str(BeautifulSoup(ours, "html.parser")) == str(BeautifulSoup(theirs, "html.parser"))


def test_pictures_have_a_description(graded):
    page = export(graded, FeedbackExporter, "pic")
    assert page.count("<img") == 2
    assert 'alt="drawn"' in page
    assert 'alt="No description has been provided for this image"' in page


def test_no_page_shows_what_another_student_wrote(graded):
    pages = Pages(graded, "tiny")
    for student in ("eli", "ann"):
        assert pages.write(student) == ""
    pages.close()
    assert "abs(2 * x)" not in page_path(graded, "tiny", "ann").read_text()


def test_one_page_that_fails_costs_itself_only(graded):
    path = graded.folder("autograded", "bea", "tiny") / "tiny.ipynb"
    path.chmod(0o644)
    path.write_text("broken")
    found = dict(write_pages(graded, "tiny", ["ann", "bea", "cid"], threading.Event()))
    assert (found["ann"], found["cid"]) == ("", "")
    assert "NotJSONError" in found["bea"]
    assert page_path(graded, "tiny", "cid").is_file()
    assert not page_path(graded, "tiny", "bea").exists()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_make_the_same_pages(graded, monkeypatch, method):
    students = ["ann", "bea", "eli", "pic"]
    list(write_pages(graded, "tiny", students, threading.Event()))
    before = [page_path(graded, "tiny", student).read_bytes() for student in students]
    monkeypatch.setattr(feedback, "FEW", 0)
    monkeypatch.setattr(feedback.os, "sched_getaffinity", lambda _: {0, 1})
    count = 1 if method == "fork" else 2
    monkeypatch.setattr(feedback.threading, "active_count", lambda: count)
    assert dict(write_pages(graded, "tiny", students, threading.Event())) == dict.fromkeys(
        students, ""
    )
    assert [page_path(graded, "tiny", student).read_bytes() for student in students] == before
    assert not (graded.root / "feedback/.grader").exists()
