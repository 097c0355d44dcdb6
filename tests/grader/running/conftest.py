"""Courses that were made once and are copied: making a gradebook and a release takes seconds."""

import shutil

import pytest

from grader.course import find_course
from grader.running.nodes import shared
from tests.grader.running import plain_node
from tests.grader.running.small_class import hand_in_all
from tests.grader.tiny_course import make_course, run


@pytest.fixture(scope="session")
def released_only(tmp_path_factory):
    """Return the tiny course, released; nobody handed in."""
    course = make_course(tmp_path_factory.mktemp("released") / "course")
    assert run(course, "release") == 0
    return course


@pytest.fixture(scope="session")
def released(released_only, tmp_path_factory):
    """Return the released course with a gradebook, which takes seconds to make."""
    course = copy_course(released_only, tmp_path_factory.mktemp("booked") / "course")
    with course.gradebook():
        return course


@pytest.fixture
def course(released, tmp_path):
    """Return a copy of the released course."""
    return copy_course(released, tmp_path / "course")


@pytest.fixture
def classroom(released, tmp_path):
    """Return a copy of the released course in which twelve handed in."""
    return hand_in_all(copy_course(released, tmp_path / "class"))


def copy_course(course, root):
    shutil.copytree(course.root, root)
    return find_course(root)


@pytest.fixture
def plain(monkeypatch):
    """Play cells in this process: for what does not depend on how they are played."""
    nodes = []

    def start(task, log=None):
        nodes.append(plain_node.PlainNode(task))
        return nodes[-1]

    monkeypatch.setattr("grader.running.nodes.start", start)
    yield nodes
    shared.close()


@pytest.fixture(scope="session")
def expected(released, tmp_path_factory):
    """Return the state of the classroom after an undisturbed run of the stand-in."""
    from grader import autograde
    from grader.autograde import Options
    from tests.grader.running.small_class import state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grader.running.nodes.start", plain_node.start)
        course = hand_in_all(copy_course(released, tmp_path_factory.mktemp("expected") / "class"))
        autograde.grade(course, "tiny", Options(workers=1))
        return state(course)
