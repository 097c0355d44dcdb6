"""Compare a freshly generated release with the one that is stored, file by file, cell by cell."""

from pathlib import Path
from typing import Any

import nbformat

from grader.notebook_file import read_notebook
from grader.regions import cell_name

IGNORED = {".ipynb_checkpoints", "__pycache__"}


def files_below(folder: Path) -> set[Path]:
    """Return the files below `folder`, relative to it, without what Jupyter and Python leave."""
    found = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    return {p for p in found if not IGNORED.intersection(p.parts)}


def find_drift(fresh: Path, stored: Path, label: str) -> list[str]:
    """Return one line for each difference of the stored release from the fresh one.

    Parameters
    ----------
    fresh, stored : Path
        Folders of one problem set's release.
    label : str
        How to call the stored folder in the lines.
    """
    wanted, present = files_below(fresh), files_below(stored)
    lines = [f"{label}/{p.as_posix()}: missing" for p in sorted(wanted - present)]
    lines += [f"{label}/{p.as_posix()}: not part of the release" for p in sorted(present - wanted)]
    for path in sorted(wanted & present):
        if (fresh / path).read_bytes() != (stored / path).read_bytes():
            where = f"{label}/{path.as_posix()}"
            lines += [f"{where}: {what}" for what in _differences(fresh / path, stored / path)]
    return lines


def _differences(fresh: Path, stored: Path) -> list[str]:
    if fresh.suffix != ".ipynb":
        return ["the content differs"]
    try:
        old = read_notebook(stored)
    except (ValueError, AttributeError, nbformat.ValidationError):
        return ["not a notebook any more"]
    return _cell_differences(read_notebook(fresh), old) or [
        "the notebook's metadata or the file's formatting differs"
    ]


def _cell_differences(fresh: Any, stored: Any) -> list[str]:
    new = {cell_name(cell, i): cell for i, cell in enumerate(fresh.cells)}
    old = {cell_name(cell, i): cell for i, cell in enumerate(stored.cells)}
    lines = [f"cell {name} is missing" for name in new if name not in old]
    lines += [f"cell {name} is not part of the release" for name in old if name not in new]
    for name in new:
        if name in old and new[name] != old[name]:
            parts = [part for part in new[name] if new[name][part] != old[name].get(part)]
            parts += [part for part in old[name] if part not in new[name]]
            lines.append(f"cell {name} differs in its {' and '.join(parts)}")
    if not lines and list(new) != list(old):
        lines.append("the order of the cells differs")
    return lines
