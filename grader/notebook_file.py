"""Read and write notebooks in the one format that this package works with."""

from pathlib import Path
from typing import Any

import nbformat


def read_notebook(path: Path) -> Any:
    """Return the notebook at `path` in format 4 (an `nbformat.NotebookNode`)."""
    return nbformat.read(path, as_version=4)


def write_notebook(notebook: Any) -> str:
    """Return `notebook` as the text of a file."""
    return str(nbformat.writes(notebook))
