"""The glossary and the chapters agree, and each way of disagreeing is noticed."""

import copy

import book_data
import pytest

from tests.chapters.book import chapters
from tests.chapters.term_rules import bold_terms, faults


def test_every_term_is_defined_once_in_time_and_in_the_glossary():
    assert faults(chapters(), book_data.terms()) == []


def test_every_definition_is_one_or_two_sentences():
    long = {e["term"]: len(e["definition"].split()) for e in book_data.terms()
            if not 4 <= len(e["definition"].split()) <= 60}
    assert long == {}


def planted(text="", **entry):
    """Return the book with `text` added to chapter 2, and a term planted in chapter 3."""
    book = [(name, copy.deepcopy(notebook)) for name, notebook in chapters()]
    book[1][1].cells[0].source += f"\n\n{text}"
    book[2][1].cells[0].source += "\n\nThis is a **gribble**."
    (section, *_) = [e["section"] for e in book_data.terms() if e["file"] == book[2][0]]
    new = {"term": "gribble", "also": [], "foreshadowed": [], "file": book[2][0],
           "section": section, "definition": "A word that nobody uses elsewhere.", **entry}
    return faults(book, [*book_data.terms(), new])


@pytest.mark.slow
@pytest.mark.parametrize(("text", "entry", "says"), [
    ("", {}, None),
    ("A **gronk** is.", {}, "**gronk** is bold and in no *.terms.yml"),
    ("Gribbles: one gribble is enough.", {}, "gribble: 02_perceptron uses 'gribble'"),
    ("One gribble.", {"foreshadowed": ["02_perceptron"]}, None),
    ("In code, `gribble`; in a formula, $gribble$.", {}, None),
    ("Two gribbles.", {"also": ["gribbles"]}, "uses 'gribbles'"),
    ("", {"section": "sec-act-nowhere"}, "has no section sec-act-nowhere"),
    ("", {"file": "99_nothing"}, "99_nothing.terms.yml has no chapter"),
    ("", {"term": "flonk"}, "flonk: 03_activations never sets it in bold"),
    ("", {"also": ["perceptron"]}, "perceptron: defined twice"),
])
def test_a_planted_fault_is_noticed(text, entry, says):
    found = planted(text, **entry)
    assert found == [] if says is None else any(says in fault for fault in found)


def test_run_in_headings_are_no_terms():
    text = '**By hand.** **Proof:** **Why?** **"A claim."** a **term** and `**code**`'
    assert bold_terms(text) == ["term"]


@pytest.mark.parametrize(("text", "says"), [
    ("- {term: a, section: b}", r"x\.terms\.yml, entry 1: expected the keys definition"),
    ("term: a", "expected a list of entries, got dict"),
    ("- {term: a, section: b, definition: c, colour: d}", "entry 1: expected the keys"),
    ("- [", "while parsing"),
])
def test_a_damaged_list_is_refused(tmp_path, text, says):
    (tmp_path / "x.terms.yml").write_text(text)
    with pytest.raises(book_data.BookDataError, match=says):
        book_data.terms(tmp_path)
