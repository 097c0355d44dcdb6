"""Read what strangers handed in: no links followed, nothing opened that could block, bounded."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe waits until somebody writes into it.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Refused(Exception):
    """A file or folder that is not read; the message says why."""


@contextmanager
def opened_folder(trusted: Path, *names: str) -> Iterator[int]:
    """Open `trusted`/names[0]/names[1]/... and yield its descriptor.

    Each name is opened relative to the folder before it, so a folder that is replaced by a link
    between two looks at it leads nowhere else.

    Raises
    ------
    Refused
        When one of the names is missing, a link, or no folder.
    """
    with ExitStack() as stack:
        descriptor = os.open(trusted, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        for position, name in enumerate(names):
            try:
                descriptor = os.open(name, FOLDER, dir_fd=descriptor)
            except OSError as error:
                shown = Path(trusted, *names[: position + 1])
                raise Refused(f"{shown} {_why(error, 'folder', descriptor, name)}") from error
            stack.callback(os.close, descriptor)
        yield descriptor


def read_bounded(folder: int, name: str, limit: int) -> bytes:
    """Return the content of one regular file, looked at and read through one descriptor.

    Raises
    ------
    Refused
        When it is missing, a link, not a regular file, unreadable, or longer than `limit` bytes.
    """
    try:
        descriptor = os.open(name, FILE, dir_fd=folder)
    except OSError as error:
        raise Refused(_why(error, "file", folder, name)) from error
    try:
        info = os.fstat(descriptor)
        if stat.S_ISDIR(info.st_mode):
            raise Refused("is a folder; expected a file")
        if not stat.S_ISREG(info.st_mode):
            raise Refused("is neither a file nor a folder")
        if info.st_size > limit:
            raise Refused(f"has {_size(info.st_size)}; at most {_size(limit)} are read")
        content = _read(descriptor, limit + 1)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(content) > limit:  # it grew while it was read
        raise Refused(f"has more than {_size(limit)}, which are not read")
    return content


def _read(descriptor: int, most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := os.read(descriptor, min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _why(error: OSError, expected: str, folder: int, name: str) -> str:
    try:
        link = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except (OSError, ValueError):
        link = False
    if link or error.errno == errno.ELOOP:
        return f"is a link, which is not followed; expected the {expected} itself"
    if error.errno == errno.ENOENT:
        return "is missing"
    if error.errno == errno.ENOTDIR:
        return "is a file"
    if error.errno == errno.ENXIO:  # a socket
        return "is neither a file nor a folder"
    return f"cannot be read: {error.strerror}"
