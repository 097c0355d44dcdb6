"""Chapters obey the rules, and each rule is shown to catch a planted violation."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.chapters.rules import violations

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("*.ipynb"))
FIGURE = new_output("display_data", {"image/svg+xml": "<svg/>"})


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_obeys_the_rules(path):
    assert violations(path) == []


def test_there_are_chapters():
    assert CHAPTERS


def code(source="1", count=1, outputs=(), **metadata):
    return new_code_cell(
        source, id="planted", execution_count=count, outputs=list(outputs), metadata=metadata
    )


def glued(text):
    return new_output("display_data", {"application/papermill.record/text/plain": text})


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (code(count=None), "execution count None"),
        (code(count=7), "execution count 7, expected 1"),
        (code("\n".join("x = 1" for _ in range(41))), "41 lines"),
        (code("x = " + "1 + " * 20 + "1"), "a line of 85 columns"),
        (code(tags=["nbval-ignore-output"]), "excused from nbval"),
        (code("# NBVAL_SKIP\n1"), "excused from nbval"),
        (code(outputs=[new_output("error", ename="E", evalue="", traceback=[])]), "error output"),
        (code(outputs=[glued("0.1234567")]), "glues 0.1234567: round it"),
        (code(outputs=[new_output("stream", name="stderr", text="w")]), "wrote to stderr"),
        (code(outputs=[FIGURE]), "without a describing alt text"),
        (code(outputs=[FIGURE], mystnb={"image": {"alt": "figure.svg"}}), "alt text"),
        (new_markdown_cell("It works!", id="planted"), "exclamation mark"),
    ],
)
def test_a_planted_violation_is_named(tmp_path, cell, says):
    path = tmp_path / "planted.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    (sentence,) = violations(path)
    assert sentence.startswith("planted.ipynb, cell planted: ")
    assert says in sentence


def test_a_good_notebook_passes(tmp_path):
    alt = {"image": {"alt": "a line that rises from the lower left corner"}}
    cells = [new_markdown_cell("Text."), code(), code(count=2, outputs=[FIGURE], mystnb=alt)]
    cells[1].id = "first"
    nbformat.write(new_notebook(cells=cells), tmp_path / "good.ipynb")
    assert violations(tmp_path / "good.ipynb") == []
