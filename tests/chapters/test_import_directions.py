"""Imports point one way: chapters, solutions and grader use nnlib, and nothing uses chapters."""

import ast
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
OURS = {"nnlib", "grader", "chapters", "solutions", "exercises", "tests", "benchmarks"}
ALLOWED = {
    "nnlib": {"nnlib"},
    "grader": {"grader", "nnlib"},
    "chapters": {"nnlib"},
    "solutions": set(),  # students write the library's functions themselves
    "benchmarks": {"nnlib", "grader", "benchmarks", "tests"},  # classes of planted answers
}


def sources(folder):
    """Yield (name, source) of every module and notebook in `folder`."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / folder).rglob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and "%pip" not in cell.source:
                yield f"{path.relative_to(ROOT).as_posix()}, cell {cell.id}", cell.source


def imported(source):
    """Return the top-level packages that `source` imports, wherever the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", ALLOWED)
def test_folder_imports_only_what_it_may(folder):
    wrong = {name: imported(source) & OURS - ALLOWED[folder] for name, source in sources(folder)}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_a_planted_import_is_found():
    assert imported("def f():\n    from chapters.x import y\n    import tests.z") == {
        "chapters", "tests",
    }
