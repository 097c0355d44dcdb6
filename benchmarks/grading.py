"""Time the grading of one class: this course's grader against nbgrader and otter-grader.

    python benchmarks/grading.py [--students N] [--rounds N] [--workers N] [--markdown] [--store]

The class hands in the reference, an untouched notebook and planted right and wrong answers. In each
round every grader grades it by its own command, and a ratio is the median over the rounds of plain
nbgrader's time by the other's in the same round, so that noise of the machine hits both. A grader
that comes to other points than the planted answers ask for stops the benchmark.

otter-grader lies in a virtual environment of its own, which is made below _build/ unless --otter
names a Python that has it. The figures mean something only while nothing else runs.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import contending_graders as graders
from classroom import ROOT, Student, lost, make_class
from contending_graders import Run, Scores

RESULTS = Path(__file__).parent / "results"
EACH = "nbgrader autograde, one call for each student"
ALL = "nbgrader autograde, one call for all"
OTTER = "otter run, one call for each student"
FEEDBACK = "nbgrader autograde and generate_feedback, one call each for all"
OURS = "grader autograde, start to end, with feedback"
STEADY = "grader autograde, once it is under way"
BARE = "the cells alone, in one process (the limit)"
ORDER = (OTTER, EACH, FEEDBACK, ALL, OURS, STEADY, BARE)
HEADINGS = ("grader", "s a submission", "times as fast", "processor, s")
GOALS = {STEADY: 10.0, OURS: 7.0}  # times as fast as one call for all


@dataclass
class Measured:
    """The runs of each grader, one for each round, and where ours spent its time."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    stages: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, run: Run) -> None:
        """Keep one run."""
        self.runs.setdefault(name, []).append(run)

    def seconds(self, name: str) -> float:
        """Return the median of a grader's seconds a submission."""
        return statistics.median(run.each for run in self.runs[name])

    def ratio(self, name: str) -> float:
        """Return how many times as fast as one call of nbgrader for all a grader is."""
        pairs = zip(self.runs[ALL], self.runs[name], strict=True)
        return statistics.median(plain.each / other.each for plain, other in pairs)


def disagreements(students: Sequence[Student], scores: Scores) -> list[str]:
    """Return a sentence for each student who did not lose exactly what must be lost."""
    found = []
    for student in students:
        missing = student.name not in scores
        failed = frozenset[str]() if missing else lost(scores[student.name])
        if missing or failed != student.loses:
            got = "has no points" if missing else f"lost {sorted(failed)}"
            found.append(f"{student.name} ({student.plant or 'no plant'}) {got}, "
                         f"not {sorted(student.loses)}")
    return found


def agreed(name: str, students: Sequence[Student], run: Run) -> Run:
    """Return the run, or stop: the comparison is of equal work."""
    if wrong := disagreements(students, run.scores):
        raise SystemExit(f"{name} came to other points:\n  " + "\n  ".join(wrong))
    return run


def rows(measured: Measured) -> list[list[str]]:
    """Return the lines of the table, slowest kind of run first."""
    table = []
    for name in ORDER:
        if name in measured.runs:
            used = statistics.median(r.cpu_seconds / r.students for r in measured.runs[name])
            table.append([name, f"{measured.seconds(name):.3f}", f"{measured.ratio(name):.1f}",
                          f"{used:.2f}" if used else ""])
    return table
