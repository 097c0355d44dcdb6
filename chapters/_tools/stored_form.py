"""The form in which a chapter is stored: running it twice gives the same bytes.

No timings, no versions of the machine it ran on, no path of that machine; and one cell that
installs what the chapter imports when it runs in Colab, made from the address in `_config.yml`.
"""

import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
# What authors write; everything else is an editor's or a kernel's, and comes and goes.
KEPT_NOTEBOOK_METADATA = ("myst", "mystnb")
KEPT_CELL_METADATA = ("tags", "mystnb")

COLAB_TAGS = ["colab-setup", "remove-cell"]
COLAB_SOURCE = """\
import sys

if "google.colab" in sys.modules:
    %pip install -q "nnlib @ git+{url}" myst-nb=={myst_nb}"""
MACHINE_PATH = re.compile(
    rf"(?:{re.escape(str(ROOT))}|/home/|/Users/|/root/|/tmp/|\\Users\\|site-packages|ipykernel_)\S*"
)


class ChapterError(Exception):
    """A chapter cannot be stored; the message says the cell, the cause and the remedy."""


def colab_source(url: str) -> str:
    """Return the code that installs what the chapters import when they run in Colab."""
    return COLAB_SOURCE.format(url=url, myst_nb=version("myst-nb"))


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Tell whether `cell` carries `tag`."""
    return tag in cell.metadata.get("tags", [])


def place_colab_cell(notebook: NotebookNode, url: str) -> None:
    """Write the Colab cell, after the title when the chapter has none yet."""
    cells = [cell for cell in notebook.cells if has_tag(cell, "colab-setup")]
    if len(cells) > 1:
        raise ChapterError("two cells are tagged 'colab-setup'; keep one")
    if not cells:
        cells = [nbformat.v4.new_code_cell(id="colab-setup")]
        notebook.cells[1:1] = cells
    cells[0].metadata = NotebookNode(tags=list(COLAB_TAGS))
    cells[0].source = colab_source(url)


def normalise(notebook: NotebookNode, url: str) -> None:
    """Bring `notebook` into the stored form, its sources and outputs apart."""
    notebook.metadata = NotebookNode(
        {key: notebook.metadata[key] for key in KEPT_NOTEBOOK_METADATA if key in notebook.metadata},
        kernelspec=KERNEL,
        language_info=LANGUAGE,
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    place_colab_cell(notebook, url)
    for index, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{index}")
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        )


def shorten_paths(value: Any) -> Any:
    """Return outputs with the paths in their text given from the repository's root."""
    if isinstance(value, str):
        from_home = str(ROOT).replace(str(Path.home()), "~", 1)
        return value.replace(f"{ROOT}{os.sep}", "").replace(f"{from_home}{os.sep}", "")
    if isinstance(value, list):
        return [shorten_paths(item) for item in value]
    if isinstance(value, dict):
        return NotebookNode({key: shorten_paths(item) for key, item in value.items()})
    return value


def output_text(output: NotebookNode) -> str:
    """Return what a reader can read of an output: its streams, text forms and traceback."""
    data = output.get("data", {})
    texts = [str(value) for kind, value in data.items() if kind.startswith("text/")]
    return "\n".join([*texts, output.get("text", ""), *output.get("traceback", [])])


def output_problem(cell: NotebookNode, output: NotebookNode) -> str | None:
    """Return why `output` must not be stored, or None."""
    if output.output_type == "error" and not has_tag(cell, "raises-exception"):
        return (
            f"{output.ename}: {output.evalue} "
            "(mend the cell, or tag it 'raises-exception' when the error is the point)"
        )
    if path := MACHINE_PATH.search(output_text(output)):
        return f"the output shows a path of this machine, {path.group()!r}"
    return None


def output_problems(notebook: NotebookNode) -> list[str]:
    """Return one sentence for each output that must not be stored."""
    return [
        f"cell {index}: {problem}"
        for index, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if (problem := output_problem(cell, output))
    ]


def drift(stored: NotebookNode, normal: NotebookNode) -> list[str]:
    """Return one sentence for each place where `stored` is not in its `normal` form."""
    if len(stored.cells) != len(normal.cells):
        return ["no cell is tagged 'colab-setup'"]
    found = []
    if stored.metadata != normal.metadata:
        found.append("the notebook's metadata is not in the stored form")
    for index, (cell, wanted) in enumerate(zip(stored.cells, normal.cells, strict=True)):
        if cell.source != wanted.source:
            found.append(f"cell {index}: the Colab cell does not match the address in _config.yml")
        if (cell.metadata, cell.get("id")) != (wanted.metadata, wanted.id):
            found.append(f"cell {index}: its metadata is not in the stored form")
    return found
