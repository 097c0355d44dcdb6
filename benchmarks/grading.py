"""Time the grading of one class: this course's grader against nbgrader and otter-grader.

    python benchmarks/grading.py [--students N] [--rounds N] [--workers N] [--store]

The class hands in the reference, an untouched notebook and planted right and wrong answers. In each
round every grader grades it by its own command, and a ratio is the median over the rounds of plain
nbgrader's time by the other's in the same round, so that noise of the machine hits both. A grader
that comes to other points than the planted answers ask for stops the benchmark.

otter-grader lies in a virtual environment of its own, which is made below _build/ unless --otter
names a Python that has it. The figures mean something only while nothing else runs.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import contending_graders as graders
from classroom import ROOT, Student, lost, make_class
from contending_graders import Run, Scores
from machine import machine

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
OTTER_VENV = ROOT / "_build" / "otter"
PACKAGES = ("nbgrader", "nbclient", "ipykernel", "numpy")
SLOWEST = 0.25  # seconds a submission
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


def line(cells: Sequence[str]) -> str:
    """Return one line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table(measured: Measured) -> str:
    """Return the table for README.md."""
    lines = [line(HEADINGS), line(["---"] + ["--:"] * (len(HEADINGS) - 1))]
    return "\n".join([*lines, *map(line, rows(measured))])


def shares(stages: dict[str, list[float]]) -> str:
    """Return the mean seconds of each stage of our grader, and its share, as one sentence."""
    means = {name: statistics.mean(values) for name, values in stages.items() if values}
    total = sum(means.values())
    parts = (f"{name} {mean:.3f} s ({mean / total:.0%})" for name, mean in means.items())
    return f"Stages of one submission, one after the other: {', '.join(parts)}."


def verdicts(measured: Measured) -> list[str]:
    """Return for each goal whether it is met."""
    found = [
        f"{name}: {measured.ratio(name):.1f} times as fast as one call of nbgrader for all, goal "
        f"{goal:g}: {'met' if measured.ratio(name) >= goal else 'MISSED'}"
        for name, goal in GOALS.items() if name in measured.runs
    ]
    if STEADY in measured.runs:
        each = measured.seconds(STEADY)
        found.append(f"{STEADY}: {each:.3f} s a submission, goal {SLOWEST}: "
                     f"{'met' if each <= SLOWEST else 'MISSED'}")
    return found


def measure(options: argparse.Namespace, scratch: Path) -> Measured:
    """Let the graders take turns on one class."""
    name = options.problem_set
    students = make_class(name, options.students)
    few = students[: options.few]
    plain = graders.PlainNbgrader(name, students, scratch)
    ours = graders.Ours(students, scratch, options.grader_options)
    otter = None
    if options.otter != "none":
        python = Path(options.otter) if options.otter else graders.install_otter(name, OTTER_VENV)
        otter = graders.Otter(name, python, scratch)
    measured = Measured()
    for number in range(options.rounds):
        def add(kind: str, run: Run, group: list[Student] = students, at: int = number + 1) -> None:
            measured.add(kind, agreed(kind, group, run))
            print(f"round {at}: {kind}: {run.each:.3f} s", file=sys.stderr, flush=True)

        graded = plain.for_all()
        add(ALL, graded)
        add(FEEDBACK, added(graded, plain.feedback_for_all()))
        run = ours.for_all(name)
        add(OURS, run)
        add(STEADY, ours.under_way(name, run))
        add(BARE, graders.bare_cells(name, ours.template / "submitted"))
        add(EACH, plain.for_each(few), few)
        if otter:
            add(OTTER, otter.run(few), few)
    measured.stages = ours.stages(name)
    return measured


def added(first: Run, second: Run) -> Run:
    """Return two runs over the same class as one."""
    return Run(first.seconds + second.seconds, first.cpu_seconds + second.cpu_seconds,
               first.students, second.scores)


def as_json(measured: Measured, options: argparse.Namespace) -> dict[str, Any]:
    """Return everything that README.md and the book tell of this run."""
    return {
        "machine": machine(*PACKAGES),
        "otter": graders.OTTER_VERSION,
        "problem_set": options.problem_set,
        "students": options.students,
        "few": options.few,
        "rounds": options.rounds,
        "runs": {
            name: {
                "each": [run.each for run in runs],
                "cpu": [run.cpu_seconds / run.students for run in runs],
            }
            for name, runs in measured.runs.items()
        },
        "rows": rows(measured),
        "goals": verdicts(measured),
        "stages": measured.stages,
    }


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problem-set", default="ps4_backprop", metavar="PS")
    parser.add_argument("--students", type=int, default=60, metavar="N")
    parser.add_argument("--few", type=int, default=4, metavar="N",
                        help="so many for graders that need seconds for each")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--workers", type=int, metavar="N", help="for `grader autograde`")
    parser.add_argument("--otter", default="", metavar="PYTHON",
                        help="a Python with otter-grader, or `none` to leave it out")
    parser.add_argument("--store", action="store_true", help="keep the numbers in results/")
    options = parser.parse_args(arguments)
    options.grader_options = ["--workers", str(options.workers)] if options.workers else []
    with tempfile.TemporaryDirectory() as scratch:
        measured = measure(options, Path(scratch))
    print(table(measured))
    print(shares(measured.stages))
    print(*verdicts(measured), sep="\n")
    if options.store:
        path = RESULTS / "grading.json"
        path.write_text(json.dumps(as_json(measured, options), indent=1) + "\n", encoding="utf-8")
        print(f"stored in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
