"""Read and write notebooks in the one format that this package works with."""

from pathlib import Path
from typing import Any

import nbformat


def read_notebook(path: Path) -> Any:
    """Return the notebook at `path` in format 4 (an `nbformat.NotebookNode`)."""
    return nbformat.read(path, as_version=4)


def read_graded(path: Path) -> Any:
    """Return a graded notebook, which this package or nbgrader wrote, without validating it."""
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def write_notebook(notebook: Any) -> str:
    """Return `notebook` as the text of a file."""
    return str(nbformat.writes(notebook))
