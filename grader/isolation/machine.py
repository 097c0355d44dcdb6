"""What the machine itself offers to grading: amounts, and the kernel that JupyterLab starts."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.isolation import cgroups, obstacles

Level = Literal["ok", "warning", "problem"]
NEEDED_MEMORY_GB, NEEDED_DISK_GB = 2.0, 1.0


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report; `remedy` is empty when there is nothing to mend."""

    name: str
    level: Level
    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Yield what this machine has."""
    if sys.platform == "linux":
        yield _control_groups()
        yield _memory()
        yield Finding("processors", "ok", f"{len(os.sched_getaffinity(0))} for this process")
    yield _disk()
    yield _kernelspec()


def _control_groups() -> Finding:
    if cgroups.find_groups() is not None:
        return Finding("control groups", "ok", "memory and processes are limited by the kernel")
    return Finding("control groups", "warning", "this user may not make control groups: memory is "
                   "watched ten times a second instead", obstacles.CONTROL_GROUPS)  # fmt: skip


def _memory() -> Finding:
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    text = f"{total:.1f} GB, {available:.1f} free"
    if total < NEEDED_MEMORY_GB:
        return Finding("memory", "warning", text,
                       "Grade with one worker: `make grade WORKERS=1`.")  # fmt: skip
    return Finding("memory", "ok", text)


def _disk() -> Finding:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / 1e9
    if free < NEEDED_DISK_GB:
        return Finding("disk", "warning", f"{free:.1f} GB free in {folder}",
                       "Free some space, or name another folder in TMPDIR.")  # fmt: skip
    return Finding("disk", "ok", f"{free:.1f} GB free in {folder}")


def _kernelspec() -> Finding:
    """JupyterLab and formgrader open notebooks with it; grading itself starts no kernel."""
    spec = Path(sys.prefix, "share", "jupyter", "kernels", "python3", "kernel.json")
    if spec.is_file():
        program = json.loads(spec.read_text(encoding="utf-8"))["argv"][0]
        if shutil.which(program):
            return Finding("kernelspec", "ok", f"python3 is {program}")
    return Finding("kernelspec", "warning", "the kernel `python3` of this environment is missing",
                   f"Type: {sys.executable} -m ipykernel install --sys-prefix.")  # fmt: skip
