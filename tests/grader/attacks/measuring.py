"""How long a grading run takes and how much memory it takes with all that it starts."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.25


@dataclass
class Measured:
    """Seconds of the run, and the most memory at one moment in MB (proportional set sizes)."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    most_processes: int = 0
    roots: list[int] = field(default_factory=list)

    def follow(self, pid: int) -> None:
        """Measure this process with everything below it."""
        self.roots.append(pid)


@contextmanager
def measured() -> Iterator[Measured]:
    """Measure what happens inside."""
    numbers, over = Measured(), threading.Event()

    def watch() -> None:
        while not over.wait(INTERVAL):
            family = _descendants(numbers.roots)
            numbers.most_processes = max(numbers.most_processes, len(family))
            numbers.peak_mb = max(numbers.peak_mb, sum(map(_proportional_mb, family)))

    thread, start = threading.Thread(target=watch), time.monotonic()
    thread.start()
    try:
        yield numbers
    finally:
        numbers.seconds = time.monotonic() - start
        over.set()
        thread.join()


def _descendants(roots: list[int]) -> set[int]:
    """Return the processes below `roots`; init of a namespace adopts those without a parent."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has ended meanwhile
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = set(), list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def _proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)
