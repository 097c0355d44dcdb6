"""The locked cells of a source notebook, compiled, with the names that they read and set."""

import ast
import dis
import marshal
import types
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Cell:
    """A locked code cell of the source notebook."""

    name: str
    source: str
    graded: bool
    number: int
    codes: list[Any] = field(default_factory=list)  # compiled; empty for a cell with magics
    packed: bytes = b""  # the same for the student's process, which need not compile it again
    reads: frozenset[str] = frozenset()  # names that it takes from the notebook
    sets: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # every identifier in it


def cell_id(cell: dict[str, Any], position: int) -> str:
    """Return the grade_id of a cell, else its id."""
    info = cell.get("metadata", {}).get("nbgrader", {})
    return str(info.get("grade_id") or cell.get("id") or position)


def source_of(cell: dict[str, Any]) -> str:
    """Return the text of a cell."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def names_in(code: types.CodeType, top: bool = True) -> tuple[set[str], set[str], set[str]]:
    """Return the global names that code reads and sets, and all names in it."""
    reads: set[str] = set()
    sets: set[str] = set()
    words = {*code.co_names, *code.co_varnames}
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            reads.add(step.argval)
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (
            top and step.opname in ("STORE_NAME", "DELETE_NAME")
        ):
            sets.add(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more = names_in(inner, top=False)
            reads |= more[0]
            sets |= more[1]
            words |= more[2]
    return reads, sets, words


def read_cell(shell: Any, name: str, source: str, graded: bool, number: int) -> Cell:
    """Compile a locked cell, the last expression apart, as IPython does."""
    cell = Cell(name, source, graded, number)
    filename = f"<cell {name}>"
    shell.compile.cell_name = filename
    text = shell.transform_cell(source)
    shell.compile.cache(text, number, raw_code=source)
    plain = text.rstrip("\n") == source.rstrip("\n")
    tree = ast.parse(text, filename)
    whole = compile(tree, filename, "exec", dont_inherit=True)
    reads, sets, words = names_in(whole)
    cell.reads, cell.sets, cell.words = frozenset(reads), frozenset(sets), frozenset(words)
    if plain and tree.body:
        last = tree.body[-1]
        parts: list[ast.Module | ast.Interactive] = [tree]
        if isinstance(last, ast.Expr) and not source.rstrip().endswith(";"):
            parts = [ast.Module(tree.body[:-1], []), ast.Interactive([last])]
        cell.codes = [
            compile(part, filename, "single" if isinstance(part, ast.Interactive) else "exec",
                    0, True)
            for part in parts
        ]
        # What is imported from __future__ holds for later cells, too, if IPython compiles this one.
        if not graded and "__future__" not in source:
            cell.packed = marshal.dumps(cell.codes)
    return cell
