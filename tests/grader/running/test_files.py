"""Reading what strangers handed in: never through a link, never what blocks, never too much."""

import os

import pytest

from grader.running import files
from grader.running.files import Refused, opened_folder, read_bounded
from grader.submissions import read_hand_in
from tests.grader.running.conftest import copy_course
from tests.grader.tiny_course import RIGHT, hand_in, source_path

SECRET = "hidden tests"


@pytest.fixture
def course(released_only, tmp_path):
    """Return a course without a gradebook: nobody is graded here."""
    return copy_course(released_only, tmp_path / "course")


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "ann" / "tiny"
    inside.mkdir(parents=True)
    (tmp_path / "secret").write_text(SECRET)
    return inside


def read(folder, name="tiny.ipynb", limit=1000):
    with opened_folder(folder.parents[1], "ann", "tiny") as descriptor:
        return read_bounded(descriptor, name, limit)


def test_a_file_is_read_whole_up_to_the_limit(folder):
    (folder / "tiny.ipynb").write_bytes(b"x" * 1000)
    assert read(folder) == b"x" * 1000
    with pytest.raises(Refused, match="has 1 kB; at most 1 kB are read"):
        read(folder, limit=999)


def test_a_file_that_grows_while_it_is_read_is_refused(folder, monkeypatch):
    path = folder / "tiny.ipynb"
    path.write_bytes(b"x" * 10)
    real = os.fstat

    def grow(descriptor):
        found = real(descriptor)
        path.write_bytes(b"x" * 2000)
        return found

    monkeypatch.setattr(files.os, "fstat", grow)
    with pytest.raises(Refused, match="has more than 1 kB, which are not read"):
        read(folder)


def test_a_file_that_becomes_a_link_between_check_and_read_is_refused(folder, monkeypatch):
    path = folder / "tiny.ipynb"
    path.write_text("honest")
    real = os.open

    def swap(name, flags, mode=0o777, *, dir_fd=None):
        if name == "tiny.ipynb":
            path.unlink()
            path.symlink_to(folder.parents[1] / "secret")
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(files.os, "open", swap)
    with pytest.raises(Refused, match="is a link, which is not followed"):
        read(folder)


def test_a_folder_that_becomes_a_link_leads_nowhere_else(folder, monkeypatch):
    other = folder.parents[1] / "other"
    other.mkdir()
    (other / "tiny.ipynb").write_text(SECRET)
    (folder / "tiny.ipynb").write_text("honest")
    real = os.open

    def swap(name, flags, mode=0o777, *, dir_fd=None):
        descriptor = real(name, flags, mode, dir_fd=dir_fd)
        if name == "tiny":  # the folder is open; now its name leads elsewhere
            folder.rename(folder.with_name("moved"))
            folder.symlink_to(other)
        return descriptor

    monkeypatch.setattr(files.os, "open", swap)
    assert read(folder) == b"honest"
    monkeypatch.undo()
    with pytest.raises(Refused, match=r"ann/tiny is a link"):
        read(folder)


def test_a_submission_swapped_for_a_link_to_the_source_gets_no_grade(course, monkeypatch):
    path = hand_in(course, "ann", **RIGHT)
    real = os.open

    def swap(name, flags, mode=0o777, *, dir_fd=None):
        if name == path.name and dir_fd is not None and not path.is_symlink():
            path.unlink()
            path.symlink_to(source_path(course))
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(files.os, "open", swap)
    found = read_hand_in(course, "tiny", "ann")
    assert "tiny.ipynb is a link, which is not followed" in found.reason
    assert found.cells == ()


@pytest.mark.parametrize("make", ["pipe", "link", "loop", "folder", "nothing"])
def test_what_is_no_file_is_refused_at_once(folder, make):
    path = folder / "tiny.ipynb"
    if make == "pipe":
        os.mkfifo(path)
    elif make == "link":
        path.symlink_to("/dev/zero")
    elif make == "loop":
        path.symlink_to(path)
    elif make == "folder":
        path.mkdir()
    with pytest.raises(Refused):
        read(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused(folder):
    try:
        os.mknod(folder / "tiny.ipynb", 0o600 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this system lets nobody make devices")
    with pytest.raises(Refused, match=r"is neither a file nor a folder|cannot be read"):
        read(folder)


def test_descriptors_are_closed_whatever_happens(folder):
    os.mkfifo(folder / "tiny.ipynb")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("tiny.ipynb", "missing"):
        with pytest.raises(Refused):
            read(folder, name)
    assert len(os.listdir("/proc/self/fd")) == before
