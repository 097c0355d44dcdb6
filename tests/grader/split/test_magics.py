"""The quick look for magics: it finds whatever IPython's own, slower one would change."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from grader.split import magics
from grader.split.magics import Transformers

ROOT = Path(__file__).parents[3]
PIECES = [
    "x", " ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", "\x0c", "\x1e", "\u2028", "\\\n", "=", "==",
    "!=", "%", "%%", "!", "!!", "?", "??", ",", ";", "/", "(", ")", "[", "]", "'", '"', '"""', "# ",
    "def f():\n", "    ", "ls", "a = ", "return ", "if x:\n", ":", "time", "f'", "{", "}", "$",
    ">>> ", "... ", "In [1]: ", "...: ", "\0", "é", "\xa0",
]  # fmt: skip
COURSE = sorted(ROOT.glob("solutions/*/*.ipynb"))


@pytest.mark.filterwarnings("ignore:`make_tokens_by_line`")  # of line breaks that only Python knows
@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_becomes_what_ipython_makes_of_it(cell):
    try:
        expected = TransformerManager().transform_cell(cell)
    except (SyntaxError, IndexError) as error:  # lines out of step, a text without an end
        with pytest.raises((SyntaxError, ValueError, type(error))):
            compile(Transformers().transform_cell(cell), "<cell>", "exec")
    else:
        assert Transformers().transform_cell(cell) == expected


@pytest.mark.parametrize("cell", [
    "%time x", "x = %time y", "a = !ls", "a = \\\n!ls", "f?", "if x:\n    !ls", "x\n%%time", "??f",
    "(1,\n 2)\n/f x", "'''\n'''\n,f a b",
])
def test_every_kind_of_magic_is_seen(cell):
    plain = TransformerManager().transform_cell(cell)
    assert Transformers().transform_cell(cell) == plain
    assert "get_ipython" in plain or "(" in plain


def test_a_pattern_that_misses_one_kind_is_noticed(monkeypatch):
    monkeypatch.setattr(magics, "MAYBE", re.compile(r"^\s*[!?%,;/]", re.MULTILINE))
    assert Transformers().transform_cell("a = !ls") == "a = !ls\n"


@pytest.mark.parametrize("part", ["\n", " ", "=", "= ", "?", "? ", "\n ", "=\n", "\\\n"])
def test_a_page_of_one_thing_takes_no_time(part):
    text = f"x{part * (60_000 // len(part))}x\n"  # seventeen seconds, if each looks at all others
    began = time.process_time()
    assert not magics.MAYBE.search(text)
    assert time.process_time() - began < 2


def test_a_transformer_that_a_cell_adds_is_used():
    class Adds:
        @classmethod
        def find(cls, tokens_by_line):
            raise KeyError("seen")

    manager = Transformers()
    manager.token_transformers = [*manager.token_transformers, Adds]
    with pytest.raises(KeyError, match="seen"):
        manager.transform_cell("x = 1")


def test_most_cells_of_the_course_need_no_tokens(monkeypatch):
    cells = [
        "".join(cell["source"])
        for path in COURSE
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    slow = []
    own = TransformerManager.do_token_transforms
    monkeypatch.setattr(
        TransformerManager, "do_token_transforms",
        lambda self, lines: slow.append(lines) or own(self, lines),
    )  # fmt: skip
    for cell in cells:
        Transformers().transform_cell(cell)
    assert len(cells) > 100
    assert len(slow) < len(cells) / 10
