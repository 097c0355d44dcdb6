import subprocess
import sys
from dataclasses import dataclass

import pytest

from grader.course import Course
from tests.grader.bad_hand_ins import BAD
from tests.grader.odd_hand_ins import ODD
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, make_course

LOOP = "def double(x):\n    while True:\n        pass"
IGNORE = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
DEAF = f"import signal\ndef double(x):\n    {IGNORE}\n    while True:\n        pass"
SCRIPT = "Minus times minus. <script>alert('mine')</script>"


@pytest.fixture
def course(tmp_path):
    """Return a course that nobody has released, handed in to or graded."""
    return make_course(tmp_path)


@dataclass(frozen=True)
class GradedClass:
    course: Course
    status: int
    printed: str
    complaints: str


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory):
    """Return a class with good, wrong and broken hand-ins, graded once by the command line."""
    course = make_course(tmp_path_factory.mktemp("class"))
    hand_in(course, "ann", **RIGHT, explain=SCRIPT)
    ben = hand_in(
        course, "ben", double="double = lambda x: x + x", square="square = lambda x: x * x"
    )
    ben.write_text(ben.read_text().replace('"name": "python3"', '"name": "bens-own-environment"'))
    hand_in(course, "col", double="def double(x):\n    return abs(2 * x)", square=RIGHT["square"])
    hand_in(course, "una")
    hand_in(course, "syn", double="def double(x)\n    return 2 * x", square=RIGHT["square"])
    hand_in(course, "loop", double=LOOP, square=RIGHT["square"])
    hand_in(course, "deaf", double=DEAF, square=RIGHT["square"])
    hand_in(course, "die", double="import os\nos._exit(1)", square=RIGHT["square"])
    for make in (*BAD.values(), *ODD.values()):
        make(course)
    hand_in(course, "zed", **RIGHT)
    with course.gradebook() as book:
        book.add_student("enrolled")
    return grade_in_a_shell(course)


def grade_in_a_shell(course):
    command = [sys.executable, "-m", "grader", "autograde", "tiny"]
    done = subprocess.run(
        [*command, "--course-dir", str(course.root)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return GradedClass(course, done.returncode, done.stdout, done.stderr)
