"""The chapters as the tests read them: in order, with their prose and their mathematics."""

import functools
import re
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1`*$", re.S | re.M)
DISPLAY = re.compile(r"\$\$(.+?)\$\$[ \t]*(?:\(([a-z0-9-]+)\))?", re.S)
INLINE = re.compile(r"(?<![\\$])\$(?!\$)(.+?)(?<!\\)\$", re.S)
CODE_SPAN = re.compile(r"(`+)(.+?)\1", re.S)


@functools.cache
def chapters() -> tuple[tuple[str, Any], ...]:
    """Return (name, notebook) of every chapter, in the order of the book."""
    paths = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
    return tuple((path.stem, nbformat.read(path, as_version=4)) for path in paths)


def markdown(notebook: Any) -> str:
    """Return all Markdown cells as one text."""
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def labels(notebook: Any) -> set[str]:
    """Return the labels of the sections."""
    return set(re.findall(r"^\((sec-[a-z0-9-]+)\)=$", markdown(notebook), re.M))


def headings(name: str) -> set[str]:
    """Return the headings of the chapter `name`."""
    return set(re.findall(r"^#+ (.+)$", markdown(dict(chapters())[name]), re.M))


def displays(text: str) -> list[tuple[str, str]]:
    """Return (TeX, label or '') of every displayed formula."""
    return [(tex, label) for tex, label in DISPLAY.findall(FENCE.sub("", text))]


def mathematics(text: str) -> list[str]:
    """Return the TeX of every formula, displayed or in a line."""
    text = FENCE.sub("", text)
    shown = [tex for tex, _ in DISPLAY.findall(text)]
    rest = CODE_SPAN.sub(" ", DISPLAY.sub(" ", text))
    return shown + INLINE.findall(rest)


def prose(text: str) -> str:
    """Return the words that a reader reads: no formulas, code, link targets or citations."""
    text = DISPLAY.sub(" ", FENCE.sub(" ", text))
    text = re.sub(r"\{[\w:]+\}`[^`]*`", " ", text)
    text = INLINE.sub(" ", CODE_SPAN.sub(" ", text))
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"^\([a-z0-9-]+\)=$|<[^>]+>", " ", text, flags=re.M)
