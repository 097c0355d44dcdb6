"""Grade a class and say how long each stage of each submission took, as JSON in a file.

    python benchmarks/stages.py RESULT PROBLEM_SET [argument of `grader autograde` ...]

The grader itself keeps no such times: here its functions are wrapped, and then its command line is
called. One worker plays the submissions and one process makes the pages, so that no stage waits for
another's processor.
"""

import functools
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classroom import ROOT  # noqa: F401 - puts the repository on the path

from grader import cli, submissions
from grader.isolation import sandbox
from grader.running import feedback, journal, record, skeleton

STAGES = {
    "intake": "the hand-in is read and its answers are put into the problem set's cells",
    "spawn": "a process of its own is forked and isolated",
    "student": "the student's cells run",
    "judge": "the tests run, in another process, and call the student's functions",
    "hand-over": "the rest of the time between asking for a result and having it",
    "record": "gradebook, graded notebook and journal are written",
    "feedback": "the page for the student is made",
}


class Stopwatch:
    """Seconds by stage, one number for each submission; several threads may add."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        """Keep one measurement."""
        with self._lock:
            self.seconds[stage].append(seconds)

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Time every call of a function, which is an attribute of a class or module."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.add(stage, time.perf_counter() - start)

        setattr(owner, name, timed)

    def around_plays(self, node: Any) -> None:
        """Keep the times that a node tells of each submission."""
        grade = node.grade

        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            played = grade(*arguments, **options)
            whole, told = time.perf_counter() - start, played.get("seconds", {})
            for stage in ("spawn", "student", "judge"):
                self.add(stage, told.get(stage, 0.0))
            self.add("hand-over", whole - sum(told.values()))
            return played

        node.grade = timed


def by_submission(seconds: Mapping[str, list[float]], parts: Mapping[str, int]) -> list[float]:
    """Add up stages that are timed in parts; `parts` says how often each is timed a submission."""
    counts = {len(seconds[name]) // times for name, times in parts.items()}
    if len(counts) != 1:
        raise ValueError(f"unequal numbers of measurements: {counts}")
    (count,) = counts
    return [
        sum(sum(seconds[name][n * times : (n + 1) * times]) for name, times in parts.items())
        for n in range(count)
    ]


def main() -> int:
    """Wrap, grade, write the result."""
    watch = Stopwatch()
    watch.around(submissions, "read_hand_in", "read")
    watch.around(skeleton.Skeleton, "merge", "merge")
    watch.around_plays(sandbox.Node)
    watch.around(record.Recorder, "record", "record")
    watch.around(journal.Journal, "write", "journal")
    watch.around(feedback.Pages, "write", "feedback")
    feedback.FEW = sys.maxsize  # no processes
    status = cli.main(["autograde", *sys.argv[2:], "--workers", "1"])
    seconds = watch.seconds
    # One line of the journal begins the run and one ends it; two belong to each submission.
    seconds["journal"] = seconds["journal"][1:-1]
    # A run begins with the reference, which nobody has handed in and nothing records.
    for name in ("merge", "spawn", "student", "judge", "hand-over"):
        del seconds[name][0]
    found = {name: seconds[name] for name in ("spawn", "student", "judge", "hand-over", "feedback")}
    found["intake"] = by_submission(seconds, {"read": 1, "merge": 1})
    found["record"] = by_submission(seconds, {"record": 1, "journal": 2})
    Path(sys.argv[1]).write_text(json.dumps({name: found[name] for name in STAGES}))
    return status


if __name__ == "__main__":
    sys.exit(main())
