"""The isolated grader comes to the points of plain nbgrader and of the quick runner, for every set.

The hidden tests run here outside the process of the answers, in the sandbox; what a class is graded
with. `python -m tests.exercises.test_isolated_grader` does the same for every planted answer.
"""

import ast
import sys
import time
from contextlib import contextmanager

import nbformat
import pytest
from nbgrader.utils import determine_grade

from grader.course import find_course
from grader.notebooks import parse_notebook
from grader.running import nodes
from grader.running.outputs import take_over
from grader.running.skeleton import make_skeleton
from tests.exercises.plants import load
from tests.exercises.problem_set import ROOT, SETS, ProblemSet
from tests.exercises.test_real_nbgrader import CHOSEN, NAME, OTHERS

COURSE = find_course(ROOT)


class Grader:
    """Grades notebooks of one problem set as a run of `python -m grader autograde` does."""

    def __init__(self, name, node):
        self.source, self.node = ProblemSet(name), node
        self.skeleton = make_skeleton(COURSE, name)

    def failing(self, notebook):
        """Return (test cells without points, faults) of a notebook that was handed in."""
        handed_in = parse_notebook(nbformat.writes(notebook).encode())
        merged = self.skeleton.merge(handed_in.cells)
        result = self.node.grade(merged.text)
        assert "error" not in result, result
        take_over(merged.notebook, result)
        tests = [cell for cell in merged.notebook.cells if cell.id in self.source.tests]
        scores = {cell.id: determine_grade(cell)[0] for cell in tests}
        assert set(scores.values()) <= {0, *(c.metadata.nbgrader.points for c in tests)}
        return {name for name, score in scores.items() if score == 0}, result["faults"]

    def notebook_of(self, plant):
        """Return the source notebook with a planted answer instead of the reference's function."""
        notebook = nbformat.read(self.source.path, as_version=4)
        (cell,) = (cell for cell in notebook.cells if cell.id == plant.answer)
        cell.source = f"{without(cell.source, plant.function)}\n\n\n{plant.code}"
        return notebook


def without(source, function):
    """Return the source of a cell without one of the functions that it defines."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if getattr(node, "name", None) == function:
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines)


@contextmanager
def grader_of(name):
    node = nodes.start(nodes.make_task(COURSE, name))
    try:
        yield Grader(name, node)
    finally:
        node.close()


def some_plants(name):
    """Return the plants that plain nbgrader grades too, in test_real_nbgrader.py."""
    plants = {str(plant): plant for both in load(name).values() for kind in both for plant in kind}
    return CHOSEN.values() if name == NAME else [plants[key] for key in OTHERS[name]]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_the_isolated_grader_agrees(name):
    with grader_of(name) as grader:
        assert grader.failing(grader.source.notebook) == (set(), [])
        release = ProblemSet(name, "exercises").notebook
        assert grader.failing(release) == (set(grader.source.tests), [])
        told = {plant: grader.failing(grader.notebook_of(plant))[0] for plant in some_plants(name)}
        assert told == {plant: set(plant.fails) for plant in told}


def test_a_function_is_cut_out_and_its_place_left_empty():
    source = "import math\n\n\ndef f(x):\n    return x\n\n\ndef g(x):\n    return f(x)"
    assert without(source, "f") == "import math\n\n\n\n\n\n\ndef g(x):\n    return f(x)"


def main(names):
    """Grade every planted answer; print each that does not get the points that it must."""
    odd = 0
    for name in names or SETS:
        began = time.monotonic()
        plants = [plant for both in load(name).values() for kind in both for plant in kind]
        with grader_of(name) as grader:
            for plant in plants:
                failed, faults = grader.failing(grader.notebook_of(plant))
                if failed != plant.fails:
                    odd += 1
                    print(f"{plant}\n  fails {sorted(failed)}, not {sorted(plant.fails)}; {faults}")
        print(f"{name}: {len(plants)} answers, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{odd} answers get other points.")
    return odd > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
