"""Grade a class of 2,000 once: time, memory, size of the gradebook.

    python benchmarks/class_of_2000.py [--students N] [--workers N] [--store]

Most students hand in problem set 4, the others one of the other sets; each has a planted answer.
Every set is one `grader autograde`, feedback pages included, on one gradebook. Points other than
those that the planted answers ask for are counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from classroom import ROOT, Student, lost, make_class
from contending_graders import Ours, fresh_copy, read_scores
from grading import PACKAGES, RESULTS
from machine import machine
from memory import Watch, size_of

MAIN, SHARE = "ps4_backprop", 0.7
# The project trains a network for seconds in each hand-in: few of them show that it works.
OTHERS = {
    "ps1_perceptron": 0.06,
    "ps2_activations": 0.06,
    "ps3_forward_and_losses": 0.06,
    "ps5_init_and_optimizers": 0.05,
    "ps6_regularization": 0.04,
    "ps7_pytorch": 0.02,
    "ps8_project": 0.01,
}


def sizes(students: int) -> dict[str, int]:
    """Return how many of so many students hand in which problem set, at least two in each."""
    found = {name: max(2, round(share * students)) for name, share in OTHERS.items()}
    return {MAIN: students - sum(found.values())} | found


def make_classes(students: int) -> dict[str, list[Student]]:
    """Return the class of each problem set; names are theirs alone."""
    classes = {}
    for name, count in sizes(students).items():
        prefix = name.partition("_")[0]
        classes[name] = [
            Student(f"{prefix}-{s.name}", name, s.plant, s.untouched)
            for s in make_class(name, count)
        ]
    return classes


def grade(ours: Ours, name: str, students: list[Student]) -> dict[str, Any]:
    """Grade one problem set and tell what it took."""
    start = time.perf_counter()
    log = ours.work / "grades.txt"
    with log.open("wb") as out:
        running = subprocess.Popen(
            ours.command(name), cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=out, stderr=out,
        )
        with Watch(running.pid) as watch:
            status = running.wait()
    seconds = time.perf_counter() - start
    if status not in (0, 1):
        raise SystemExit(f"{name} ended with {status}:\n{log.read_text()}")
    scores = read_scores(ours.work / "gradebook.db", name)
    wrong = [s.name for s in students if lost(scores.get(s.name, {"": 0.0})) != s.loses]
    return {
        "students": len(students),
        "seconds": seconds,
        "coordinator_bytes": watch.own,
        "tree_bytes": watch.tree,
        "processes": watch.processes,
        "other_points": wrong,
    }


def run(students: int, options: list[str], scratch: Path) -> dict[str, Any]:
    """Grade the whole class."""
    classes = make_classes(students)
    ours = Ours([s for group in classes.values() for s in group], scratch, options)
    fresh_copy(ours.template, ours.work)
    sets = {}
    for name, group in classes.items():
        sets[name] = grade(ours, name, group)
        told = sets[name]
        print(f"{name}: {told['students']} in {told['seconds']:.0f} s, "
              f"{told['students'] / told['seconds']:.1f} a second, "
              f"other points: {told['other_points'] or 'none'}", file=sys.stderr, flush=True)
    folders = {name: size_of(ours.work / name) for name in ("submitted", "autograded", "feedback")}
    return {
        "machine": machine(*PACKAGES),
        "students": students,
        "seconds": sum(one["seconds"] for one in sets.values()),
        "coordinator_bytes": max(one["coordinator_bytes"] for one in sets.values()),
        "tree_bytes": max(one["tree_bytes"] for one in sets.values()),
        "gradebook_bytes": size_of(ours.work / "gradebook.db"),
        "journal_bytes": sum(map(size_of, (ours.work / "grades").glob("*.journal"))),
        "folder_bytes": folders,
        "sets": sets,
    }


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, grade and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=2000, metavar="N")
    parser.add_argument("--workers", type=int, metavar="N", help="for `grader autograde`")
    parser.add_argument("--store", action="store_true", help="keep the numbers in results/")
    options = parser.parse_args(arguments)
    workers = ["--workers", str(options.workers)] if options.workers else []
    with tempfile.TemporaryDirectory() as scratch:
        found = run(options.students, workers, Path(scratch))
    text = json.dumps(found, indent=1)
    print(text)
    if options.store:
        path = RESULTS / "class_of_2000.json"
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
