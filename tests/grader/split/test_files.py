"""The mirrored folder for temporary files: what crosses, and what a hostile side cannot do."""

import os
from types import SimpleNamespace

import pytest

from grader.split import files
from grader.split.wire import ProtocolError, TooLarge


class Carrier:
    """Carries raw data as a peer does."""

    def __init__(self):
        self.data, self.notes = b"", {}

    def put(self, data):
        self.data += data

    def take(self, size):
        data, self.data = self.data[:size], self.data[size:]
        if len(data) < size:
            raise ProtocolError("missing")
        return data


def copy(source, target, before=None):
    peer = Carrier()
    told = files.changes(str(source), before or {}, files.listing(str(source)), peer)
    files.apply(str(target), told, peer)
    return told


@pytest.fixture
def folders(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    return here, there


def test_files_and_folders_arrive_change_and_go(folders):
    here, there = folders
    (here / "a.txt").write_bytes(b"one")
    (here / "sub" / "empty").mkdir(parents=True)
    (here / "sub" / "b").write_bytes(bytes(range(256)))
    copy(here, there)
    assert (there / "sub" / "b").read_bytes() == bytes(range(256))
    assert (there / "sub" / "empty").is_dir()
    before = files.listing(str(here))
    (here / "a.txt").write_bytes(b"other")
    (here / "sub" / "b").unlink()
    told = copy(here, there, before)
    assert told[::2] == ["sub/b", "a.txt"]
    assert (there / "a.txt").read_bytes() == b"other"
    assert not (there / "sub" / "b").exists()


def test_links_and_pipes_do_not_cross(folders):
    here, there = folders
    secret = here.parent / "secret"
    secret.write_text("secret")
    (here / "link").symlink_to(secret)
    (here / "folder").symlink_to(here.parent)
    os.mkfifo(here / "pipe")
    copy(here, there)
    assert list(there.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a/./b", "a\0b",
                                  "/".join("a" * 30), "x" * 600, 3, None])
def test_no_path_leads_out_of_the_folder(folders, name):
    peer = Carrier()
    peer.data = b"x"
    with pytest.raises((ProtocolError, TypeError, AttributeError)):
        files.apply(str(folders[1]), [name, 1], peer)
    assert {path.name for path in folders[0].parent.iterdir()} == {"here", "there"}


def test_a_link_in_the_judges_folder_is_not_followed(folders):
    here, there = folders
    outside = here.parent / "outside"
    outside.write_text("kept")
    (there / "link").symlink_to(outside)
    (there / "out").symlink_to(here)
    for name in ("link", "out/x"):
        peer = Carrier()
        peer.data = b"x"
        with pytest.raises((ProtocolError, OSError)):
            files.apply(str(there), [name, 1], peer)
    assert outside.read_text() == "kept"
    assert list(here.iterdir()) == []


def test_there_are_limits(folders, monkeypatch):
    here, there = folders
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    (here / "big").write_bytes(b"x" * 1001)
    with pytest.raises(TooLarge):
        copy(here, there)
    (here / "big").unlink()
    monkeypatch.setattr(files, "MOST_FILES", 5)
    for n in range(6):
        (here / str(n)).touch()
    with pytest.raises(TooLarge):
        copy(here, there)


def test_only_cells_that_speak_of_temporary_files_have_them():
    context = files.TestFolder()
    assert not context.wanted(frozenset({"open", "np"}))
    assert context.wanted(frozenset({"tempfile"}))
    peer = SimpleNamespace(notes={})
    assert files.written(peer) == []
    with pytest.raises(ProtocolError):
        files.take_over(["x", 0], peer)
