import json
import os
import subprocess
import sys

import pytest

from grader.errors import GraderError
from grader.running.lock import only_run, require_free
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, run

pytestmark = pytest.mark.slow
HOLD = """
import sys, time
from pathlib import Path
from grader.course import find_course
from grader.running.lock import only_run
with only_run(find_course(Path(sys.argv[1])), "grading tiny"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(course):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(course.root)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("command", ["autograde", "report"])
def test_a_second_run_is_refused_in_one_sentence(course, holder, capsys, command):
    hand_in(course, "ann", **RIGHT)
    capsys.readouterr()
    assert run(course, command, "tiny") == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"grader: This course is busy: process {holder.pid} is grading tiny since "
    )
    assert said.endswith(f"wait for it, or stop it with `kill {holder.pid}`.\n")
    assert len(said.splitlines()) == 1
    assert not (course.root / "autograded").exists()


def test_a_run_that_was_killed_holds_nothing(course, holder):
    with pytest.raises(GraderError), only_run(course, "reporting"):
        pass
    holder.kill()
    holder.wait()
    with only_run(course, "reporting"):
        note = json.loads((course.root / "grades/.lock.json").read_text())
        assert (note["process"], note["doing"]) == (os.getpid(), "reporting")


def test_nbgraders_own_commands_ask_too(course, holder):
    with pytest.raises(GraderError, match="This course is busy"):
        require_free(course)
    holder.kill()
    holder.wait()
    require_free(course)


def test_runs_in_two_courses_do_not_meet(course, holder, tmp_path_factory):
    other = type(course)(tmp_path_factory.mktemp("other"), course.config)
    with only_run(other, "grading"):
        pass
