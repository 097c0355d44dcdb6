"""Planted solutions: right and wrong answers to a problem set, each with what must become of it.

They are data, in tests/exercises/<problem set>/*.yml, one function in each file, and come with a
name that says which misconception or which other method they stand for.
"""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.exercises.problem_set import ROOT, ProblemSet

FOLDER = ROOT / "tests" / "exercises"


@dataclass(frozen=True)
class Plant:
    """One planted solution.

    `answer` is the grade_id of the cell that it belongs to, `fails` the test cells that must give
    no points (empty for a right solution), `says` a part of the message of its own test cell.
    """

    function: str
    answer: str
    name: str
    code: str
    fails: frozenset[str]
    says: str = ""

    def __str__(self) -> str:
        return f"{self.function}: {self.name}"


def load(problem_set: str) -> dict[str, tuple[list[Plant], list[Plant]]]:
    """Return function name -> (wrong solutions, right solutions) of one problem set."""
    found: dict[str, tuple[list[Plant], list[Plant]]] = {}
    for path in sorted((FOLDER / problem_set).glob("*.yml")):
        if path.name == "survivors.yml":  # of the mutants, see mutants.py
            continue
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        common = {"function": data["function"], "answer": data["answer"]}
        wrong = [Plant(**common, **p | {"fails": frozenset(p["fails"])}) for p in data["wrong"]]
        right = [Plant(**common, **p, fails=frozenset()) for p in data["right"]]
        plants = found.setdefault(data["function"], ([], []))
        plants[0].extend(wrong)
        plants[1].extend(right)
    return found


def functions(problem_set: ProblemSet) -> Iterator[tuple[str, str, str]]:
    """Yield (grade_id of the answer, name, its `def` line) for each graded function or class.

    For a class that is the line of a function that takes the arguments of its constructor.
    """
    for answer, cell in problem_set.answers.items():
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef):
                yield answer, node.name, f"def {node.name}({ast.unparse(node.args)}):"
            if isinstance(node, ast.ClassDef):
                (start,) = (
                    part.args
                    for part in node.body
                    if isinstance(part, ast.FunctionDef) and part.name == "__init__"
                )
                start.args.pop(0)
                yield answer, node.name, f"def {node.name}({ast.unparse(start)}):"


def empty_answers(problem_set: ProblemSet) -> Iterator[Plant]:
    """Yield, for each function, the answers that a grader must never pay for."""
    for answer, name, head in functions(problem_set):
        arguments = ast.parse(head + " pass").body[0].args.args  # type: ignore[attr-defined]
        bodies = ["pass", "return None", "return 0", "raise ValueError('no')"]
        for body in bodies + [f"return {argument.arg}" for argument in arguments[:1]]:
            yield Plant(name, answer, body, f"{head}\n    {body}\n", frozenset([f"test_{answer}"]))


def _written(arguments: Any) -> str:
    """Return arguments as Python writes them, without the places in memory of functions."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(list(arguments)))


class _Memory:
    """Stands in for a function: knows the results of the visible examples and nothing else."""

    def __init__(self, examples: Any) -> None:
        self.results = {_written(arguments.values()): result for arguments, result, _ in examples}

    def __call__(self, *arguments: Any) -> Any:
        """Return the remembered result, and for any other arguments that of the first example."""
        return self.results.get(_written(arguments), next(iter(self.results.values())))


@cache
def hard_coded(problem_set: ProblemSet) -> dict[str, Any]:
    """Return function name -> an impostor that passes the visible check by heart.

    The examples are read off the release: its test cells hold the visible check only, and they are
    run with a `check` that keeps what it is given. A check may call a given cell's function. What
    an example only describes (a trained network, say) is remembered as the reference's result.
    """
    release, impostors = ProblemSet(problem_set.name, "exercises"), {}
    reference = problem_set.reference()

    def check(name: str, _function: Any, _section: str, examples: Any) -> None:
        # What looks behind a call (`look`) also takes itself for a result, in words of its own.
        found = [reference[name](*copy.deepcopy(arguments).values())
                 if hasattr(result, "compare") and not hasattr(result, "look") else result
                 for arguments, result, _ in examples]
        impostors[name] = _Memory(
            [(one[0], result, one[2]) for one, result in zip(examples, found, strict=True)])

    import numpy as np

    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in release.given.values():
        exec(cell.source, namespace)
    namespace |= {"check": check, "np": np} | {name: None for _, name, _ in functions(problem_set)}
    for cell in release.tests.values():
        exec(cell.source, namespace)
    return impostors
