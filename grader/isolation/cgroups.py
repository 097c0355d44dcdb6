"""Control groups: real memory, processes and a fair share of the processors for one submission.

Where this process may not make groups, the limits of the kernel for each process remain, and the
student server's watch over memory (memory_watch.py).
"""

import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

# Files that show that a controller works in a group, in either version.
LIMITS = {
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "pids": ("pids.max",),
    "cpu": ("cpu.weight", "cpu.shares"),
}
CONTROLLERS = tuple(LIMITS)
PREFIX = "submission-"  # then the numbers of the judge server, the judge, and the student process


@dataclass(frozen=True)
class Group:
    """The groups of one submission: one folder for each controller (version 2: one for all)."""

    folders: dict[str, Path]

    def add(self, pid: int) -> None:
        """Move a process, by its number as seen from here, with all it will start."""
        for folder in set(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def out_of_memory(self) -> bool:
        """Whether the kernel ended a process because the group was at its limit."""
        folder = self.folders["memory"]
        for name in ("memory.events", "memory.oom_control"):
            if (folder / name).exists():
                text = (folder / name).read_text(encoding="ascii")
                return any(
                    line.startswith("oom_kill ") and not line.endswith(" 0")
                    for line in text.splitlines()
                )
        return False

    def remove(self) -> None:
        """Remove the groups once their processes have ended."""
        for folder in set(self.folders.values()):
            _remove(folder)


class Groups:
    """Makes groups below those of this process."""

    def __init__(self, parents: dict[str, Path]) -> None:
        self._parents = parents

    def make(self, name: str, memory_mb: int, processes: int) -> Group:
        """Make the groups of one submission."""
        folders: dict[str, Path] = {}
        for controller, parent in self._parents.items():
            folder = parent / name
            folder.mkdir(exist_ok=True)
            folders[controller] = folder
        limits = {
            "memory.max": memory_mb << 20,
            "memory.swap.max": 0,
            "memory.limit_in_bytes": memory_mb << 20,
            "memory.memsw.limit_in_bytes": memory_mb << 20,
            "pids.max": processes,
        }
        for folder in set(folders.values()):
            for file, value in limits.items():
                if (folder / file).exists():
                    (folder / file).write_text(str(value), encoding="ascii")
        return Group(folders)

    def remove_all(self, prefix: str) -> None:
        """Remove the groups whose name begins with `prefix`: what a killed judge leaves behind."""
        for parent in set(self._parents.values()):
            for folder in parent.glob(f"{prefix}*"):
                _remove(folder)

    def sweep(self) -> None:
        """Remove the groups of a run that was killed with its judge server."""
        for parent in set(self._parents.values()):
            for folder in parent.glob(f"{PREFIX}*"):
                server = int(folder.name.removeprefix(PREFIX).split("-")[0])
                if not Path(f"/proc/{server}").exists():
                    _remove(folder)


def _remove(folder: Path, patience: float = 2.0) -> None:
    """Remove a group; the kernel takes a moment to let go of processes that were killed."""
    until = time.monotonic() + patience
    while folder.exists():
        try:
            folder.rmdir()
        except OSError as error:
            if time.monotonic() > until:
                print(f"control group {folder} stays behind: {error.strerror}", file=sys.stderr)
                return
            time.sleep(0.005)


def find_groups() -> Groups | None:
    """Return a maker of groups if this process may limit memory with them, else None."""
    found = {}
    for controller, parents in own_groups().items():
        for parent in parents:
            if _works(parent, controller):
                found[controller] = parent
                break
    return Groups(found) if "memory" in found else None


def own_groups(
    membership: Path = Path("/proc/self/cgroup"), mounts: Path = Path("/proc/self/mountinfo")
) -> dict[str, list[Path]]:
    """Return, for each controller, the folders in which groups could be made, best first.

    Version 1 has one tree for each controller: below the group that this process is in. Version 2
    has one tree, and a group with processes has no groups with limits below it: beside the own
    group then, or beside one above.
    """
    own = {}
    for line in membership.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    found: dict[str, list[Path]] = {}
    for line in mounts.read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        _, _, _, root, place, *_ = before.split(" ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup":
            for name in set(options.split(",")) & set(CONTROLLERS) & set(own):
                found[name] = _below(place, root, own[name])[:1]
        elif kind == "cgroup2" and "" in own:
            for name in set(CONTROLLERS) - set(own):
                found[name] = _below(place, root, own[""])
    return found


def _below(place: str, root: str, path: str) -> list[Path]:
    """Return a group's folder and those above it, where the tree from `root` on is at `place`."""
    relative = os.path.relpath(path, root)
    if ".." in Path(relative).parts or ".." in Path(path).parts:  # it is not in this part of it
        return []
    folder = Path(place) / relative
    return [one for one in (folder, *folder.parents) if one.is_relative_to(place)]


def _works(parent: Path, controller: str) -> bool:
    """Whether this process can make a group in `parent` that limits what `controller` counts."""
    # Moving a process needs this right on the group above both its old and its new one.
    if not os.access(parent / "cgroup.procs", os.W_OK):
        return False
    trial = parent / f"trial-{os.getpid()}-{threading.get_ident()}"
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        return any((trial / name).exists() for name in LIMITS[controller])
    finally:
        trial.rmdir()
