"""Planted answers under the split, and what they must come to. As a script, all of them:

    python -m tests.grader.split.planted [sets] [--first] [--verbose] [--only=word]

It prints each planted answer to which the split gives other points than one process does.
"""

import copy
import functools
import sys
import time

from tests.exercises.plants import load
from tests.exercises.problem_set import ProblemSet, _names
from tests.grader.split.forked import Server, errors_of

NUMPY_SETS = ("ps1_perceptron", "ps2_activations", "ps3_forward_and_losses", "ps4_backprop",
              "ps5_init_and_optimizers", "ps6_regularization", "ps8_project")


class Split:
    """One problem set, played by judge and student."""

    def __init__(self, name, limits=None):
        self.source = ProblemSet(name)
        self.server = Server(self.source.path.read_text(encoding="utf-8"), limits)

    @functools.cached_property
    def plain(self):
        """The verdicts of the reference."""
        return self.play(self.source.notebook)

    def play(self, notebook, skip=()):
        """Return test cell -> why it fails."""
        self.last = self.server.play(notebook, skip)
        assert "error" not in self.last, self.last
        return errors_of(notebook, self.last)

    def run(self, plant):
        """Return the verdicts with a planted answer.

        An answer that imports a package that is not there stops before it redefines anything: it
        is run again without the reference beneath it.
        """
        plain = self.plain  # before `last` is set
        told = self._run(plant, "")
        assert set(told) == set(plain)
        self.absent = any(out.get("ename") in ("ModuleNotFoundError", "ImportError")
               for cell in self.last["cells"] for out in (cell or {}).get("outputs", []))
        if self.absent:
            told = self._run(plant, f"del {plant.function}\n")
        return told

    def agrees(self, plant, told):
        """Say whether the verdicts are those that the planted answer must have.

        What is said of a package that the set forbids may differ: it is not even there.
        """
        says = plant.says in told[f"test_{plant.answer}"] or self.absent
        says = says or "No module named" in told[f"test_{plant.answer}"]
        return {test for test, why in told.items() if why} == plant.fails and says

    def _run(self, plant, first):
        """Return the verdicts; like ProblemSet.run, skip what cannot matter."""
        notebook = copy.deepcopy(self.source.notebook)
        touched = self.source._touched({plant.answer: plant.code})
        skip, changed = [], False
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
            if name == plant.answer:
                cell.source += "\n\n\n" + first + plant.code
                changed = True
            if name in self.source.tests and not (changed and touched & _names(cell.source)):
                skip.append(name)
        return {name: self.plain[name] if name in skip else told
                for name, told in self.play(notebook, skip).items()}


def main(arguments):
    sets = [a for a in arguments if not a.startswith("-")] or NUMPY_SETS
    only = next((a[7:] for a in arguments if a.startswith("--only=")), "")
    odd = 0
    for name in sets:
        split, began, count = Split(name), time.time(), 0
        for wrong, right in load(name).values():
            chosen = wrong[:1] + right[:1] if "--first" in arguments else wrong + right
            for plant in [plant for plant in chosen if only in str(plant)]:
                count += 1
                told = split.run(plant)
                here = split.source.run({plant.answer: plant.code})
                same = split.agrees(plant, told)
                exact = {k: v for k, v in told.items() if v != here[k]}
                if not same or ("--verbose" in arguments and exact):
                    odd += not same
                    print(f"{'OTHER POINTS' if not same else 'other words'}: {plant}", flush=True)
                    for test, why in (exact or told).items():
                        print(f"  {test}\n   here:  {here[test][:600]}\n   split: {why[:600]}")
                    print("  faults:", split.last["faults"])
        print(f"{name}: {count} planted answers in {time.time() - began:.0f} s", flush=True)
        split.server.close()
    print(f"{odd} differ in points")
    return odd


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
