"""Grading into a real PostgreSQL: the same grades as in SQLite, also while others read."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from http.client import HTTPException

import pytest

from grader.course import find_course
from grader.running.record import Recorder
from grader.running.turns import own_turn
from tests.grader.running.gradebook import everything
from tests.grader.running.postgresql import free_port, running_server
from tests.grader.test_safe_html import active_content
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, make_course, run

pytestmark = pytest.mark.slow
WRONG = {"double": "def double(x):\n    return x", "square": RIGHT["square"]}
WRITTEN = "Minus times minus. [x](files/javascript:alert(1)) <img src=x onerror=alert(1)>"
MANY = 12


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


@pytest.fixture
def course(tmp_path):
    """Return a course with a class that has handed in."""
    course = make_course(tmp_path)
    hand_in(course, "una")
    hand_in(course, "syn", double="def double(x)\n    return x", square=RIGHT["square"])
    hand_in(course, "no").write_text("no notebook")
    for number in range(MANY):
        answers = WRONG if number % 3 else {**RIGHT, "explain": WRITTEN}
        hand_in(course, f"s{number:02}", **answers)
    return course


def use(course, url):
    """Make `url` the gradebook of the course in its settings; return the course anew."""
    config = course.root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\nc.CourseDirectory.db_url = {url!r}\n")
    return find_course(course.root)


def test_the_same_grades_as_in_sqlite(course, server):
    url = server.url("same")
    assert run(course, "autograde", "tiny") == 1  # one hand-in needs a person
    csv = course.root / "grades" / "tiny.csv"
    in_sqlite = everything(f"sqlite:///{course.root}/gradebook.db"), csv.read_text()
    (course.root / "gradebook.db").unlink()
    assert run(course, "autograde", "tiny", "--regrade", "--db", url) == 1
    assert (everything(url), csv.read_text()) == in_sqlite
    assert not (course.root / "gradebook.db").exists()
    assert len(in_sqlite[0]) == MANY + 2
    assert in_sqlite[0]["s00"]["score"] == (5, 9, True)
    assert in_sqlite[0]["s01"]["score"] == (3, 9, False)


def test_grades_by_hand_stay_and_a_second_run_keeps_what_is_done(course, server, capsys):
    course = use(course, server.url("again"))
    assert run(course, "autograde", "tiny") == 1
    with course.gradebook() as book:
        grade = book.find_grade("explain", "tiny", "tiny", "s00")
        grade.manual_score = 4
        grade.needs_manual_grade = False
        book.db.commit()
    before = everything(course.coursedir().db_url)
    assert before["s00"]["score"] == (9, 9, False)
    assert run(course, "autograde", "tiny") == 1
    assert f"Kept from before, as nothing changed: {MANY + 2}" in capsys.readouterr().out
    assert run(course, "autograde", "tiny", "--student", "s00") == 0
    after = everything(course.coursedir().db_url)
    assert after["s00"]["score"][:2] == (9, 9)
    assert {k: v for k, v in after.items() if k != "s00"} == {
        k: v for k, v in before.items() if k != "s00"
    }


def test_while_another_process_reads_as_formgrader_does(course, server, tmp_path):
    course = use(course, server.url("read"))
    assert run(course, "autograde", "tiny", "--student", "una") == 0  # makes the gradebook
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-m", "tests.grader.running.formgrader_reader", course.root, "tiny", stop],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        assert "reading" in reader.stderr.readline()
        for _ in range(2):
            assert run(course, "autograde", "tiny", "--regrade") == 1
    finally:
        stop.touch()
        out, errors = reader.communicate(timeout=30)
    assert reader.returncode == 0, errors
    told = json.loads(out)
    final = everything(course.coursedir().db_url)
    # Never half a submission: of each student, only the final score was ever seen.
    assert told["seen"] == {name: [json.dumps(list(facts["score"]))]
                            for name, facts in final.items()}
    assert told["reads"] > 3


class Formgrader:
    """JupyterLab's server with formgrader on a course, as `make lab` starts it."""

    def __init__(self, course, log):
        self.port = free_port()
        self.log = log
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
                   f"--port={self.port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1",
                   "--IdentityProvider.token=a-token", "--ServerApp.disable_check_xsrf=True"]
        with log.open("wb") as out:
            # The course's own folder would have the grader; this one of the tests has not.
            self.process = subprocess.Popen(command, cwd=course.root, stdout=out, stderr=out,
                                            env={**os.environ, "PYTHONPATH": str(REPOSITORY)})

    def ask(self, path, method="GET"):
        """Return what an address of formgrader answers."""
        address = f"http://127.0.0.1:{self.port}/formgrader/{path}"
        request = urllib.request.Request(address, method=method,
                                         headers={"Authorization": "token a-token"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def wait(self):
        """Wait until it answers."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return self.ask("api/assignments")
            except (OSError, HTTPException):
                time.sleep(0.2)
        raise AssertionError(f"formgrader did not start: {self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def formgrader(tmp_path):
    started = []

    def start(course):
        started.append(Formgrader(course, tmp_path / "jupyter.log"))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_formgrader_shows_and_grades_on_postgresql(course, server, formgrader):
    course = use(course, server.url("formgrader"))
    assert run(course, "autograde", "tiny") == 1
    before = everything(course.coursedir().db_url)
    served = formgrader(course)
    (assignment,) = [a for a in json.loads(served.wait()) if a["name"] == "tiny"]
    assert assignment["num_submissions"] == len(before) + 1  # the broken hand-in as well
    shown = {s["student"]: s["score"] for s in json.loads(served.ask("api/submissions/tiny"))
             if s["autograded"]}
    assert shown == {name: facts["score"][0] for name, facts in before.items()}
    assert "nbgrader formgrade" in served.ask("manage_submissions/tiny")
    (page,) = (s["id"] for s in json.loads(served.ask("api/submitted_notebooks/tiny/tiny"))
               if s["student"] == "s00")
    shown = served.ask(f"submissions/{page}")
    assert "Minus times minus." in shown
    assert active_content(shown[shown.index("Minus times minus.") :]) == []
    # Its "autograde" button.
    answer = json.loads(served.ask("api/submission/tiny/s01/autograde", "POST"))
    assert answer["success"], answer
    assert everything(course.coursedir().db_url) == before


def part_of(course, names, root):
    """Make a course folder with some of the hand-ins; return its root."""
    shutil.copytree(course.root / "solutions", root / "solutions")
    shutil.copy(course.root / "nbgrader_config.py", root)
    for name in names:
        shutil.copytree(course.root / "submitted" / name, root / "submitted" / name)
    return root


def test_two_coordinators_record_into_one_database_at_the_same_time(course, server, tmp_path):
    assert run(course, "autograde", "tiny") == 1
    alone = everything(f"sqlite:///{course.root}/gradebook.db")
    url = server.url("two")
    names = sorted(path.name for path in (course.root / "submitted").iterdir())
    roots = [part_of(course, names[n::2], tmp_path / f"part{n}") for n in (0, 1)]
    command = [sys.executable, "-m", "grader", "autograde", "tiny", "--db", url, "--course-dir"]
    grading = [
        subprocess.Popen([*command, root], cwd=REPOSITORY, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
        for root in roots
    ]
    said = [one.communicate(timeout=120)[0] for one in grading]
    assert {one.returncode for one in grading} <= {0, 1}, "\n".join(said)
    assert everything(url) == alone


def test_only_one_run_at_a_time_changes_a_problem_set(server):
    url = server.url("turns").replace("postgresql:", "postgresql+psycopg:")
    order = []

    def second():
        with own_turn(url):
            order.append("second")

    with own_turn(url):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        order.append("first")
    waiting.join(20)
    assert order == ["first", "second"]


def test_a_problem_set_is_not_changed_while_a_submission_is_recorded(course, server, monkeypatch):
    course = use(course, server.url("recording"))
    order = []

    def change():
        with own_turn(course.coursedir().db_url):
            order.append("changed")

    changing = threading.Thread(target=change)
    move = Recorder._move

    def move_late(recorder, *arguments):
        changing.start()
        changing.join(0.5)
        order.append("recorded")
        move(recorder, *arguments)

    monkeypatch.setattr(Recorder, "_move", move_late)
    assert run(course, "autograde", "tiny", "--student", "s00") == 0
    changing.join(20)
    assert order == ["recorded", "changed"]


def test_no_submission_is_recorded_while_a_problem_set_is_changed(course, server, monkeypatch):
    course = use(course, server.url("changing"))
    order, begun = [], threading.Event()

    def change():
        with own_turn(course.coursedir().db_url):
            begun.set()
            time.sleep(0.5)
            order.append("changed")

    record = Recorder.record

    def record_meanwhile(recorder, played):
        changing = threading.Thread(target=change)
        changing.start()
        assert begun.wait(20)
        notebook = record(recorder, played)
        order.append("recorded")
        changing.join(20)
        return notebook

    monkeypatch.setattr(Recorder, "record", record_meanwhile)
    assert run(course, "autograde", "tiny", "--student", "s00") == 0
    assert order == ["changed", "recorded"]
