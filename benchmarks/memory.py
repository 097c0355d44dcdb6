"""How much memory a command and all processes below it take at most, seen from outside."""

import contextlib
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")


def parents() -> dict[int, int]:
    """Return process -> parent, of all processes that run now."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has just ended
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                found[int(entry.name)] = int(fields[1])
    return found


def below(root: int, parent_of: dict[int, int]) -> set[int]:
    """Return a process and all its descendants."""
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parent_of.items() if parent in found}
    return found


def share(process: int) -> int:
    """Return a process's bytes of memory; what several share counts for each in part."""
    with contextlib.suppress(OSError):  # ended, or another user's
        for line in (PROC / str(process) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


def highest(process: int) -> int:
    """Return the most bytes that a running process alone has ever had in memory."""
    with contextlib.suppress(OSError):
        for line in (PROC / str(process) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 0


class Watch:
    """Look at a process and its descendants again and again, until the end of the `with` block.

    Attributes
    ----------
    own, tree : int
        The most bytes of the process itself, and of all together.
    processes : int
        The most processes at a time.
    """

    def __init__(self, process: int, every: float = 0.5) -> None:
        self.process, self.every = process, every
        self.own = self.tree = self.processes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def look(self) -> None:
        """Look once."""
        family = below(self.process, parents())
        self.own = max(self.own, highest(self.process))
        self.tree = max(self.tree, sum(map(share, family)))
        self.processes = max(self.processes, len(family))

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            self.look()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(
        os.lstat(Path(folder, name)).st_size for folder, _, names in os.walk(path) for name in names
    )
