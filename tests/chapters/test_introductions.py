"""No name of nnlib is used in a chapter before the text has mentioned it."""

import ast
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.chapters.book import CODE_SPAN, chapters

# To say what `datasets` or `plots` is, is to introduce everything in it: the names speak.
SPEAKING = {"datasets", "plots"}


def names_used(source, modules):
    """Return nnlib's names used by a code cell; add the modules that it imports to `modules`.

    `modules` maps a local name to the module of nnlib that it stands for.
    """
    tree = ast.parse(re.sub(r"^(\s*)%.*$", r"\1pass", source, flags=re.M))
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nnlib":
            for alias in node.names:
                modules[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.Import):
            modules.update({alias.asname or "nnlib": "nnlib" for alias in node.names
                            if alias.name.split(".")[0] == "nnlib"})
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = modules.get(node.value.id)
            if owner is not None and owner not in SPEAKING and owner.islower():
                used.add(node.attr)
        elif isinstance(node, ast.Name) and node.id in modules and modules[node.id] != "nnlib":
            used.add(modules[node.id])
    return used


def faults(book):
    """Return one sentence for each name that is used before it is mentioned in code type."""
    mentioned, found = set(), []
    for name, notebook in book:
        modules = {}
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                spans = " ".join(span for _, span in CODE_SPAN.findall(cell.source))
                mentioned |= set(re.findall(r"\w+", spans))
            elif cell.cell_type == "code":
                for used in sorted(names_used(cell.source, modules) - mentioned):
                    found.append(f"{name}, cell {cell.id}: {used} of nnlib is used before the text "
                                 f"mentions `{used}`")
                    mentioned.add(used)
    return found


def test_every_name_is_introduced_before_its_use():
    assert faults(chapters()) == []


def book(*cells):
    made = [new_markdown_cell(c[3:]) if c.startswith("md:") else new_code_cell(c) for c in cells]
    return [("ch", nbformat.v4.new_notebook(cells=made))]


@pytest.mark.parametrize(("cells", "says"), [
    (["from nnlib import Linear", "Linear(2, 3)"], "Linear of nnlib is used before"),
    (["from nnlib import Linear", "md:The `Linear` layer.", "Linear(2, 3)"], None),
    (["from nnlib.train import Trainer", "md:`nnlib.train.Trainer`", "Trainer()"], None),
    (["from nnlib.train import Trainer", "x = Trainer()"], "Trainer of nnlib"),
    (["from nnlib import init", "md:`init`", "init.normal_(w)"], "normal_ of nnlib"),
    (["import nnlib", "md:text", "nnlib.save(1)"], "save of nnlib"),
    (["from nnlib import datasets", "md:`datasets`", "datasets.moons(3)"], None),
    (["from nnlib import datasets", "datasets.moons(3)"], "datasets of nnlib"),
    (["from nnlib import sigmoid", "def f(x):\n    return sigmoid(x)"], "sigmoid of nnlib"),
])
def test_a_planted_early_use_is_noticed(cells, says):
    found = faults(book(*cells))
    assert found == [] if says is None else len(found) == 1 and says in found[0]
