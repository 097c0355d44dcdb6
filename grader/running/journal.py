"""What a run did, line by line, on disk before it goes on: the memory of `--resume`.

A line is one JSON object with an `event`:

- `run`: a run began; `source` is the digest of the problem set and the limits, `by` how it ran.
- `begin`: the gradebook and files of a student are about to change.
- `graded`: they have changed; with digests, faults, seconds of each cell.
- `person`: a submission got no grade; `reason` says why.
- `end`: the run ended by itself.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.faults import Fault, from_dicts


@dataclass(frozen=True)
class Entry:
    """The last that is known of one student: `event` is begin, graded or person."""

    event: str
    submission: str = ""
    source: str = ""
    reason: str = ""
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    cells: dict[str, float] = field(default_factory=dict)


class Journal:
    """The file of one problem set, for one run that appends to it.

    Parameters
    ----------
    path : Path
        The file; made when missing. A last line that was cut off when a machine stopped is ended,
        and later ignored.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            self._append(b"\n")

    def write(self, event: str, student: str = "", **facts: Any) -> None:
        """Append one line and wait until the disk has it.

        Raises
        ------
        OSError
            When the disk does not take it; the file is then as it was before.
        """
        line = {"event": event, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        if student:
            line["student"] = student
        self._append(json.dumps(line | facts).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _append(self, data: bytes) -> None:
        before = os.fstat(self._file).st_size
        try:
            if os.write(self._file, data) != len(data):
                raise OSError(28, "No space left on device")
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, before)  # half a line would spoil the next one
            raise


def read_journal(path: Path) -> dict[str, Entry]:
    """Return student -> what is last known; empty when there is no journal."""
    entries: dict[str, Entry] = {}
    for line in _lines(path):
        if line.get("event") in ("begin", "graded", "person") and "student" in line:
            entries[str(line["student"])] = _entry(line)
    return entries


def last_run(path: Path) -> dict[str, Any] | None:
    """Return the last run's first line, with `finished` added, or None."""
    run: dict[str, Any] | None = None
    for line in _lines(path):
        if line.get("event") == "run":
            run = line | {"finished": False}
        elif line.get("event") == "end" and run is not None:
            run["finished"] = True
    return run


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for raw in file:
            try:
                line = json.loads(raw)
            except ValueError:  # the machine stopped while this line was written
                continue
            if isinstance(line, dict):
                yield line


def _entry(line: dict[str, Any]) -> Entry:
    return Entry(
        event=str(line["event"]),
        submission=str(line.get("submission", "")),
        source=str(line.get("source", "")),
        reason=str(line.get("reason", "")),
        faults=from_dicts(line.get("faults")),
        seconds=float(line.get("seconds", 0.0)),
        cells=dict(line.get("cells", {})),
    )
