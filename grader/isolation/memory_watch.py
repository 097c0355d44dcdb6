"""Where no control group can be made: end a submission whose processes together take too much.

The address space of each process is limited by the kernel; this watches their sum. It looks ten
times a second, so a submission may go over its limit by what it can touch in that time.
"""

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import Path

from grader.isolation.forking import Fork

PAGE = os.sysconf("SC_PAGE_SIZE")
SECONDS = 0.1


def memory_watch(limit: int) -> Callable[[Collection[Fork]], None]:
    """Return a function that kills those of the given forks that hold more than `limit` bytes."""
    own = _resident(os.getpid())  # shared with every fork

    def look(forks: Collection[Fork]) -> None:
        children = _children()
        for fork in forks:
            family = _family(fork.pid, children)
            # Quick and too high, as it counts shared pages for each; the exact sum only if needed.
            if sum(map(_resident, family)) > limit + own and _exact(family) > limit + own:
                fork.reason = "out of memory"
                os.kill(fork.pid, signal.SIGKILL)

    return look


def _children() -> dict[int, list[int]]:
    """Return the children of each process that can be seen from here."""
    found: dict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            # "pid (any text) state parent ..."
            fields = _read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if fields:
                found[int(fields[1])].append(int(name))
    return found


def _family(pid: int, children: dict[int, list[int]]) -> list[int]:
    """Return a process and all below it; orphans of a submission are children of its first."""
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _resident(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def _exact(family: list[int]) -> int:
    """Return the memory of some processes, shared pages counted in proportion."""
    total = 0
    for pid in family:
        lines = [x for x in _read(f"/proc/{pid}/smaps_rollup").splitlines() if x.startswith("Pss:")]
        # A process that hides itself is counted in full.
        total += int(lines[0].split()[1]) * 1024 if lines else _resident(pid)
    return total


def _read(path: str) -> str:
    """Return a file of /proc; nothing when the process has ended or hides itself."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
