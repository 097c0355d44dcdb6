"""Mutants: the reference solutions with one small slip each, which the graders have to notice.

A mutant changes one place of one solution: an operator, a constant, a comparison, a keyword, a
statement. It is `killed` when a test cell gives no points. Those that survive are listed in
tests/exercises/<problem set>/survivors.yml, each with the reason why it is as right as the
reference. Tools such as mutmut mutate files and run a test suite; the graders here are cells.
"""

import ast
import copy
import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from grader.running.alarm import time_limit
from tests.exercises.plants import FOLDER
from tests.exercises.problem_set import ProblemSet

WIDTH = 90  # characters of a statement in the name of a mutant
SECONDS = 5  # of processor time: a mutant may loop for ever; the references take milliseconds
SWAPS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,), ast.MatMult: (ast.Mult,), ast.Mod: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Div,), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE), ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,), ast.And: (ast.Or,), ast.Or: (ast.And,), ast.USub: (ast.UAdd,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
# Names that stand for an operation, and one that is easily taken for it.
NAMES = {
    "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum", "sum": "mean",
    "mean": "sum", "exp": "expm1", "expm1": "exp", "log": "log1p", "log1p": "log",
    "sqrt": "square", "argmax": "argmin", "argmin": "argmax", "zeros_like": "ones_like",
    "ones_like": "zeros_like", "zeros": "ones", "ones": "zeros", "train": "eval", "eval": "train",
}  # fmt: skip
# Calls whose arguments may change places, and calls that only change the type of a number: the
# statements promise arrays, so that leaving such a call out is no slip.
COMMUTING = ("max", "min", "maximum", "minimum")
CONVERSIONS = ("asarray", "array", "bool", "int", "float")


@dataclass(frozen=True)
class Mutant:
    """One mutant: the cell that it belongs to, what it changed, and its code."""

    answer: str
    change: str
    code: str

    def __str__(self) -> str:
        return f"{self.answer}: {self.change}"


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of `node`."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.AugAssign):
        for other in SWAPS.get(type(node.op), ()):
            yield _with(node, op=other())
    if isinstance(node, ast.Compare):
        for other in SWAPS.get(type(node.ops[0]), ()):
            yield _with(node, ops=[other(), *node.ops[1:]])
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield _with(node, value=node.value + 1)
        if node.value:
            yield _with(node, value=0)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield _with(node, attr=NAMES[node.attr])
    if isinstance(node, ast.Name) and node.id in NAMES:
        yield _with(node, id=NAMES[node.id])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Call) and node.keywords:
        yield from (_with(node, keywords=[k for k in node.keywords if k is not gone])
                    for gone in node.keywords)
    if isinstance(node, ast.Call) and node.args and _name(node.func) not in CONVERSIONS:
        yield node.args[0]
    if isinstance(node, ast.Call) and len(node.args) == 2 and _name(node.func) not in COMMUTING:
        yield _with(node, args=node.args[::-1])
    if isinstance(node, ast.If | ast.IfExp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.For | ast.While):
        yield ast.Pass()
    if isinstance(node, ast.AugAssign):
        target = copy.deepcopy(node.target)
        yield ast.Assign([target], node.value)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _with(node: ast.AST, **changes: Any) -> ast.AST:
    new = copy.copy(node)
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def _solution_lines(source: str) -> set[int]:
    """Return the numbers of the lines between BEGIN SOLUTION and END SOLUTION."""
    inside, lines = False, set()
    for number, line in enumerate(source.splitlines(), start=1):
        inside = ("BEGIN SOLUTION" in line) or (inside and "END SOLUTION" not in line)
        if inside:
            lines.add(number)
    return lines


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _change(old: str, new: str) -> str:
    """Say in one line which statement of a cell became which other one."""
    lines = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "-+"]
    parts = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return " -> ".join(part if len(part) <= WIDTH else f"{part[:WIDTH]} ..." for part in parts)


def mutants(problem_set: ProblemSet) -> Iterator[Mutant]:
    """Yield every mutant of every reference solution of a problem set."""
    for answer, cell in problem_set.answers.items():
        lines, tree = _solution_lines(cell.source), ast.parse(cell.source)
        original = ast.unparse(tree)
        seen, names = {original}, set()
        for place, node in enumerate(ast.walk(tree)):
            if getattr(node, "lineno", 0) not in lines:
                continue
            for variant in _variants(node):
                changed = ast.parse(cell.source)
                same = next(itertools.islice(ast.walk(changed), place, None))
                changed = _Replace(same, variant).visit(changed)
                code = ast.unparse(ast.fix_missing_locations(changed))
                if code in seen:
                    continue
                seen.add(code)
                name = _change(original, code)
                while name in names:  # the same line, in another function of the cell
                    name += " (again)"
                names.add(name)
                yield Mutant(answer, name, code)


def survives(problem_set: ProblemSet, mutant: Mutant) -> bool:
    """Say whether all test cells still give their points."""
    try:
        with time_limit(SECONDS):
            verdicts = problem_set.run({mutant.answer: mutant.code}, to_first_failure=True)
            return not any(verdicts.values())
    except (TimeoutError, AssertionError):
        return False  # it never ended, or its cell did not even run


def listed_survivors(name: str) -> dict[str, str]:
    """Return mutant -> reason from the set's survivors.yml, empty where there is none."""
    path = FOLDER / name / "survivors.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
