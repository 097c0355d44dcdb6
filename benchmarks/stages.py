"""Grade a class in this process and say how long each stage of each submission took, as JSON.

    python benchmarks/stages.py COURSE PROBLEM_SET [argument of `grader autograde` ...]

The grader itself keeps no such times. Here its functions are wrapped before its command line is
called: what they do is unchanged. Stages of different submissions overlap, so their sum is not the
time of the run.
"""

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from classroom import ROOT  # noqa: F401 - puts the repository on the path

STAGES = ("intake", "wait", "spawn", "student", "judge", "record", "feedback")


class Stopwatch:
    """Seconds by stage and submission, from several threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        """Keep one measurement."""
        with self._lock:
            self.seconds[stage].append(seconds)

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function`, timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.add(stage, time.perf_counter() - start)

        return timed
