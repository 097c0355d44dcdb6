"""The test's folder for temporary files, mirrored in the student's process at the same path.

Before a call files that the test has written are sent down, after it those that the student's code
has written are sent up. Only test cells whose code mentions `tempfile` have this. Regular files and
folders only, and bounded; the judge never follows a link, and writes below its own folder alone.
"""

import os
import pathlib
import shutil
import stat
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

from grader.split.kinds import Context, Json, Kind
from grader.split.peer import Peer
from grader.split.wire import TooLarge, strict

if TYPE_CHECKING:
    from grader.split.judge_peer import JudgePeer

MOST_FILES = 200
MOST_BYTES = 32 * 2**20
Listing = dict[str, tuple[int, ...]]


def listing(folder: str) -> Listing:
    """Return relative path -> what tells that a file has changed, of all regular files."""
    found: Listing = {}
    for place, folders, files in os.walk(folder):
        for name in sorted(files + folders):
            path = os.path.join(place, name)
            info = os.lstat(path)
            relative = os.path.relpath(path, folder)
            if stat.S_ISREG(info.st_mode):
                found[relative] = info.st_mtime_ns, info.st_size, info.st_ino
            elif stat.S_ISDIR(info.st_mode):
                found[relative] = ()
            if len(found) > MOST_FILES:
                raise TooLarge(f"more than {MOST_FILES} files in the folder for temporary files")
    return found


def changes(folder: str, before: Listing, now: Listing, peer: Peer) -> Json:
    """Write the files that differ: pairs of path and size, -1 for a folder, -2 for one gone."""
    found: Json = []
    total = 0
    for name in before:
        if name not in now:
            found += [name, -2]
    for name, signs in sorted(now.items()):
        if before.get(name) == signs:
            continue
        if not signs:
            found += [name, -1]
            continue
        total += signs[1]
        if total > MOST_BYTES:
            raise TooLarge(f"more than {MOST_BYTES >> 20} MiB of temporary files")
        with open(os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            data = file.read(MOST_BYTES + 1)
        peer.put(data)
        found += [name, len(data)]
    return found


def apply(folder: str, told: Json, peer: Peer) -> None:
    """Write the files that the other side has changed."""
    strict(len(told) % 2 == 0 and len(told) <= 4 * MOST_FILES, "a list of files")
    for name, size in zip(told[::2], told[1::2], strict=True):
        strict(type(name) is str and type(size) is int and len(name) < 500, "a file")
        parts = name.split("/")
        strict(all(part not in ("", ".", "..") for part in parts), "the path of a file")
        strict("\0" not in name and len(parts) < 20, "the path of a file")
        data = peer.take(size) if size >= 0 else b""
        for end in range(1, len(parts)):
            _folder(os.path.join(folder, *parts[:end]))
        path = os.path.join(folder, name)
        if size == -1:
            _folder(path)
        elif size == -2:
            _remove(path)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with open(os.open(path, flags, 0o600), "wb") as file:
                file.write(data)


def _folder(path: str) -> None:
    """Make a folder; whatever else is there is no folder of this tree."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        strict(stat.S_ISDIR(os.lstat(path).st_mode), "a file where a folder should be")


def _remove(path: str) -> None:
    if not os.path.lexists(path):
        return
    if stat.S_ISDIR(os.lstat(path).st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


class TestFolder(Context):
    """The folder for temporary files of the test."""

    name = "files"

    def wanted(self, names: frozenset[str]) -> bool:
        return bool(names & {"tempfile", "mkdtemp", "TemporaryDirectory", "NamedTemporaryFile"})

    def get(self, peer: Peer) -> Any:
        return listing(tempfile.gettempdir())

    def encode(self, state: Any, peer: Peer) -> Any:
        folder = tempfile.gettempdir()
        before = peer.notes.get("files", {})
        told = changes(folder, before, state, peer)
        peer.notes["files"] = state
        peer.undo.append(partial(peer.notes.__setitem__, "files", before))
        return [folder, told]

    def set(self, data: Any, peer: Peer) -> None:
        folder, told = data
        os.makedirs(folder, exist_ok=True)
        peer.notes["folder"] = folder
        apply(folder, told, peer)
        peer.notes["files"] = listing(folder)


def written(peer: Peer) -> Json:
    """Write, in the student's process, what its code has changed in the folder."""
    folder = peer.notes.get("folder")
    if folder is None:
        return []
    now = listing(folder)
    if now == peer.notes["files"]:
        return []
    before = peer.notes["files"]
    told = changes(folder, before, now, peer)
    peer.notes["files"] = now
    peer.undo.append(partial(peer.notes.__setitem__, "files", before))
    return told


def abandon(peer: Peer) -> Json:
    """Remove, in the student's process, what came into the folder: more than may be sent up."""
    folder = peer.notes.pop("folder", None)
    if folder is None:
        return []
    known = peer.notes.pop("files")
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files + folders:
            path = os.path.join(place, name)
            if os.path.relpath(path, folder) not in known:
                _remove(path)
    return ["E", []]


def start_over(peer: "JudgePeer") -> None:
    """Send, in the judge, its files again: the student's process has lost them."""
    strict("files" in peer.notes, "files that nobody asked for")
    peer.notes["files"] = {}
    for number, context in peer.contexts:
        if isinstance(context, TestFolder):
            peer.sent.pop(number, None)


def take_over(told: Json, peer: Peer) -> None:
    """Write, in the judge, what the student's code has changed."""
    folder = tempfile.gettempdir()
    strict("files" in peer.notes, "files that nobody asked for")
    apply(folder, told, peer)
    peer.notes["files"] = listing(folder)


class Path(Kind):
    """Paths."""

    tag = "P"

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, pathlib.PurePath)

    def encode(self, value: Any, peer: Peer) -> Json:
        return [self.tag, isinstance(value, pathlib.Path), str(value)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, real, text = data
        strict(type(text) is str and type(real) is bool, "a path")
        return (pathlib.Path if real else pathlib.PurePath)(text)


FILE_KINDS = (Path(),)
