"""The command line itself: help, missing set-up, interruption, environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import autograde
from grader.environment import prepare_environment
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, run

COMMANDS = (
    "release", "preflight", "helper", "self-study", "check", "autograde", "report", "status",
    "doctor", "demo-class",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_without_nbgrader(command):
    done = subprocess.run(
        [sys.executable, "-S", "-m", "grader", command, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "--course-dir" in done.stdout


def test_missing_set_up_is_one_sentence():
    done = subprocess.run(  # -S leaves out everything that was installed
        [sys.executable, "-S", "-m", "grader", "release"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("grader: ")
    assert done.stderr.endswith(" is not installed: run `make setup` first.\n")


def test_interruption_is_one_sentence(course, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(autograde, "grade", interrupt)
    assert run(course, "autograde", "tiny") == 130
    assert capsys.readouterr().err == "grader: interrupted; run the command again to finish.\n"


def test_child_processes_use_the_running_python(monkeypatch):
    scripts = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join(["/elsewhere", scripts]))
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH", raising=False)
    prepare_environment()
    assert os.environ["PATH"].split(os.pathsep) == [scripts, "/elsewhere", scripts]
    assert os.environ["JUPYTER_PREFER_ENV_PATH"] == "1"


def test_demo_class_is_written_for_some_problem_sets_only(course, capsys):
    assert run(course, "demo-class", "tiny") == 2
    error = capsys.readouterr().err
    assert error == "grader: No demo class is written for tiny; there is one for ps1_perceptron.\n"


@pytest.mark.slow
def test_report_before_grading_says_so(course, capsys):
    hand_in(course, "ann", **RIGHT)
    capsys.readouterr()
    assert run(course, "report", "tiny") == 1
    table = capsys.readouterr().out.splitlines()
    assert table[1] == "ann           -  needs a person: not graded yet: run `make grade`"
