"""A class of attackers and honest neighbours, graded once through the real command line."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grader.course import Course, find_course
from grader.table import printable
from tests.grader.attacks import witness
from tests.grader.attacks.attack import Attack
from tests.grader.attacks.canaries import canary
from tests.grader.attacks.course import ANSWERS, REPOSITORY, SET, store_vault, write_answers
from tests.grader.attacks.measuring import Measured, measured
from tests.grader.attacks.traps import Traps, fill_notebook, set_traps
from tests.grader.tiny_course import other_notebook, run, store

HONEST = "_honest_neighbour"  # ends the name of an honest student; he is graded right after an attacker
MODEL = "model"


@dataclass(frozen=True, repr=False)
class Result:
    """What became of one submission: the row of the CSV, the graded notebook, the page."""

    row: dict[str, str]
    notebook: dict | None
    page: str

    @property
    def points(self) -> float | None:
        """Return the points, or None where the submission got no grade."""
        return float(self.row["total"]) if self.row["total"] else None

    def cells(self, *, graded: bool) -> list[dict]:
        """Return the graded cells or the others."""
        cells = self.notebook["cells"] if self.notebook else []
        return [c for c in cells if bool(c["metadata"].get("nbgrader", {}).get("grade")) == graded]

    def shown(self, *, graded: bool) -> str:
        """Return everything that the graded cells, or the others, show."""
        return json.dumps([c.get("outputs", []) for c in self.cells(graded=graded)])

    @property
    def printed(self) -> str:
        """Return what was printed while any of the cells ran."""
        outputs = [
            o for c in (self.notebook or {"cells": []})["cells"] for o in c.get("outputs", [])
        ]
        texts = (o["text"] for o in outputs if o["output_type"] == "stream")
        return "".join(part for text in texts for part in text)


@dataclass
class Graded:
    """A graded class."""

    course: Course
    status: int
    printed: str
    complaints: str
    measured: Measured
    visits: list[str]
    results: dict[str, Result]
    attacks: dict[str, Attack] = field(default_factory=dict)

    @property
    def neighbours(self) -> dict[str, Result]:
        """Return the results of the honest students."""
        return {n: r for n, r in self.results.items() if n == MODEL or n.endswith(HONEST)}


def make_course(root: Path, settings: str) -> Course:
    """Make the course with its release, before anybody has handed in."""
    store_vault(root)
    store(other_notebook(), root / "solutions" / "other" / "other.ipynb")
    config = (REPOSITORY / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(f"{config}\n{settings}", encoding="utf-8")
    course = find_course(root)
    assert run(course, "release") == 0
    with course.gradebook() as book:
        book.add_student("enrolled", email=canary("gradebook"))
    return course


def hand_in(root: Path, attack: Attack, traps: Traps) -> str:
    """Put one attack into submitted/; return the student's name."""
    student = attack.student or attack.name
    folder = root / "submitted" / student / SET
    path = write_submission(root, folder, {**ANSWERS, **attack.answers}, traps, attack.change)
    assert path.is_file()
    if attack.place:
        attack.place(folder)
    return student


def hand_in_honestly(root: Path, student: str, traps: Traps) -> None:
    """Put an honest submission into submitted/ whose last cell looks for traces of others."""

    def add_witness(notebook):
        notebook["cells"].append(nbformat.v4.new_code_cell(witness.CELL, id="witness"))

    answers = {**ANSWERS, "explain": f"My own words. {canary('neighbour')}"}
    folder = root / "submitted" / student / SET
    write_submission(root, folder, answers, traps, add_witness)


def write_submission(root, folder, answers, traps, change) -> Path:
    released = root / "exercises" / SET / f"{SET}.ipynb"
    notebook = json.loads(released.read_text(encoding="utf-8"))
    write_answers(notebook, answers)
    if change:
        change(notebook)
    fill_notebook(notebook, traps.marks)
    folder.mkdir(parents=True)
    path = folder / f"{SET}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def fill_class(root: Path, attacks: Iterable[Attack], traps: Traps, every: int = 4) -> None:
    """Hand in all attacks, with an honest neighbour after each few, in the order of grading."""
    hand_in_honestly(root, MODEL, traps)
    for position, attack in enumerate(sorted(attacks, key=lambda a: a.student or a.name)):
        student = hand_in(root, attack, traps)
        if position % every == 0 and not attack.student:
            hand_in_honestly(root, student + HONEST, traps)


def grade_class(
    folder: Path, attacks: Iterable[Attack], settings: str, *options: str, limit: float = 900
) -> Graded:
    """Make a course below `folder`, hand in `attacks` among neighbours, and grade all."""
    attacks = list(attacks)
    root = folder / "course"
    course = make_course(root, settings)
    with set_traps(folder, root) as traps:
        fill_class(root, attacks, traps)
        before = snapshot(root)
        command = [sys.executable, "-m", "grader", "autograde", SET, "--course-dir", str(root)]
        with measured() as numbers:
            process = subprocess.Popen(
                [*command, *options],
                cwd=REPOSITORY,
                env={**os.environ, **traps.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="backslashreplace",
            )
            numbers.follow(process.pid)
            try:
                printed, complaints = process.communicate(timeout=limit)
            finally:
                process.kill()
        finished = process.returncode in (0, 1) and "Traceback" not in complaints
        assert finished, f"the run was aborted: {printed}{complaints}"
        assert snapshot(root) == before, "what was handed in, and the source, are as they were"
    results = read_results(root)
    return Graded(
        course, process.returncode, printed, complaints, numbers, traps.visits, results,
        {attack.student or attack.name: attack for attack in attacks},
    )  # fmt: skip


def snapshot(root: Path) -> dict[str, tuple]:
    """Return names, kinds, sizes and times of all that grading must not touch."""
    found = {}
    for top in ("submitted", "solutions", "exercises"):
        for folder, folders, files in os.walk(os.fsencode(root / top)):
            for name in (*folders, *files):
                info = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (info.st_mode, info.st_size, info.st_mtime_ns)
    return found


def read_results(root: Path) -> dict[str, Result]:
    """Read the CSV, and for each student the graded notebook and the feedback page."""
    with (root / "grades" / f"{SET}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"].removeprefix("'"): row for row in csv.DictReader(file)}
    # The CSV shows names without control characters.
    names = {printable(name): name for name in os.listdir(root / "submitted")}
    return {
        names.get(shown, shown): _result(root, names.get(shown, shown), row)
        for shown, row in rows.items()
    }


def _result(root: Path, student: str, row: dict[str, str]) -> Result:
    graded = root / "autograded" / student / SET / f"{SET}.ipynb"
    page = root / "feedback" / student / SET / f"{SET}.html"
    notebook = json.loads(graded.read_text(encoding="utf-8")) if graded.is_file() else None
    return Result(row, notebook, page.read_text(encoding="utf-8") if page.is_file() else "")
