"""Refuse a release that shows what students must not see."""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from grader.drift import files_below
from grader.notebook_file import read_notebook
from grader.regions import KINDS, Secret, cell_name, secrets

# So many lines of a region in a row count as a leak (fewer when the region is shorter): single
# lines such as an import stand in visible cells for good reasons.
WINDOW = 3
# Windows with fewer characters than this (spaces not counted) occur by chance.
SHORTEST = 10
# A sentence of a commentary is a leak by itself if it has so many characters.
SENTENCE = 40
LEFT_OVER = re.compile(r"^[ \t]*(?:#+|<!--)\s*(BEGIN|END)\s+(\w+)", re.IGNORECASE | re.MULTILINE)


def find_leaks(source: Path, released: Path, kinds: Collection[str] | None = None) -> list[str]:
    """Return one sentence for each secret of the source notebooks that the release shows.

    Parameters
    ----------
    source, released : Path
        Folders of one problem set before and after nbgrader's conversion.
    kinds : collection of str, optional
        Kinds of secrets to look for, such as "hidden test"; all of them when None.
    """
    texts = {path: _text(released / path) for path in sorted(files_below(released))}
    squeezed = {path: _squeeze(text) for path, text in texts.items()}
    leaks: list[str] = []
    for path in sorted(source.glob("*.ipynb")):
        notebook = read_notebook(path)
        leaks += _unopened(notebook, path.name)
        chosen = (s for s in secrets(notebook) if kinds is None or s.kind in kinds)
        for secret in chosen:
            told = _windows(secret)
            where = [f for f, text in squeezed.items() if any(window in text for window in told)]
            leaks += [f"{file} shows the {secret.kind} of cell {secret.cell}" for file in where]
    for file, text in texts.items():
        found = {f"{m[1]} {m[2]}".upper() for m in LEFT_OVER.finditer(text) if _is_marker(m[2])}
        leaks += [f"{file} still has a line {marker!r}: misspelt?" for marker in sorted(found)]
    return leaks


def _is_marker(word: str) -> bool:
    """Whether `word` may be meant to start a marker's name: HIDDEN, HIDEN, SOLUTIONS, MARK."""
    return word.upper()[:3] in {marker[:3] for marker in KINDS}


def _unopened(notebook: Any, file: str) -> Iterator[str]:
    # nbgrader drops an END line that no BEGIN opened, and keeps the text before it.
    for index, cell in enumerate(notebook.cells):
        for marker in KINDS:
            if cell.source.count(f"BEGIN {marker}") != cell.source.count(f"END {marker}"):
                name = cell_name(cell, index)
                yield f"{file}, cell {name}: BEGIN {marker} and END {marker} do not pair up"


def _windows(secret: Secret) -> list[str]:
    """Return the texts, without spaces, each of which would give the secret away."""
    lines = [_squeeze(line) for line in secret.lines if line.split("#")[0].strip()]
    prose = secret.kind == "commentary"
    size, shortest = (1, SENTENCE) if prose else (min(WINDOW, len(lines)), SHORTEST)
    windows = ("".join(lines[i : i + size]) for i in range(len(lines) - size + 1))
    return [window for window in windows if len(window) >= shortest]


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _text(path: Path) -> str:
    """Return everything a reader could find in a file: for a notebook, its cells as plain text."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8", errors="replace")
    notebook = read_notebook(path)
    hidden = [
        json.dumps([cell.metadata, cell.get("outputs"), cell.get("attachments")])
        for cell in notebook.cells
    ]
    return "\n".join([cell.source for cell in notebook.cells] + hidden)
