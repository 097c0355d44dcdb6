"""A class that hands in a problem set: the reference, an untouched notebook, planted answers.

The planted answers of tests/exercises/ say which test cells they lose, so a benchmark can see that
every grader it times comes to the same points.
"""

import ast
import copy
import random
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script: only this file's folder is on the path
    sys.path.insert(0, str(ROOT))

from tests.exercises.plants import Plant, load  # noqa: E402
from tests.exercises.problem_set import ProblemSet  # noqa: E402

MARKER = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
WRITTEN = "The gradient of an early layer is a product of many factors, one for each layer above."


@dataclass(frozen=True)
class Student:
    """One hand-in; `plant` is None for the reference and the untouched notebook."""

    name: str
    problem_set: str
    plant: Plant | None = None
    untouched: bool = False

    @property
    def loses(self) -> frozenset[str]:
        """The test cells that must give no points."""
        if self.untouched:
            return frozenset(_read(self.problem_set, "solutions").tests)
        return self.plant.fails if self.plant else frozenset()


def make_class(problem_set: str, size: int, seed: int = 0) -> list[Student]:
    """Return `size` students: the reference, the untouched notebook, then one plant each.

    Plants are drawn without replacement, and again from all of them once each has been drawn.
    """
    plants = [p for wrong, right in load(problem_set).values() for p in wrong + right]
    rng, drawn = random.Random(seed), list[Plant]()
    while len(drawn) < size:
        drawn += rng.sample(plants, len(plants))
    first = [("reference", False), ("untouched", True)]
    students = [Student(name, problem_set, untouched=empty) for name, empty in first]
    for number, plant in enumerate(drawn[: max(0, size - 2)]):
        students.append(Student(f"student{number:05d}", problem_set, plant))
    return students[:size]


def hand_in(students: list[Student], submitted: Path) -> None:
    """Write every student's notebook where nbgrader looks for it."""
    for student in students:
        name = student.problem_set
        folder = submitted / student.name / name
        folder.mkdir(parents=True)
        nbformat.write(notebook_of(student), folder / f"{name}.ipynb")


def notebook_of(student: Student) -> Any:
    """Return the released notebook with this student's answers in it."""
    release = copy.deepcopy(_read(student.problem_set, "exercises").notebook)
    if student.untouched:
        return release
    answers = _answers(student.problem_set)
    for cell in release.cells:
        info = cell.metadata.get("nbgrader", {})
        if info.get("solution"):
            cell.source = answers.get(info["grade_id"], WRITTEN)
            if student.plant and info["grade_id"] == student.plant.answer:
                cell.source = replaced(cell.source, student.plant)
    return release


def replaced(source: str, plant: Plant) -> str:
    """Return a cell with a plant in place of the function or class that it is about."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == plant.function:
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join([*lines, "", "", plant.code]).strip()


def lost(scores: Mapping[str, float]) -> frozenset[str]:
    """Return the test cells that gave nothing."""
    return frozenset(name for name, points in scores.items() if not points)


@cache
def _read(problem_set: str, folder: str) -> ProblemSet:
    return ProblemSet(problem_set, folder)


@cache
def _answers(problem_set: str) -> dict[str, str]:
    """Return grade_id -> the reference's code, without the marks around it."""
    answers = _read(problem_set, "solutions").answers
    return {name: MARKER.sub("", cell.source).rstrip() for name, cell in answers.items()}
