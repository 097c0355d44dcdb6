"""Every answer of a review chapter points to the section of another chapter that proves it."""

import copy
import re

import pytest

from tests.chapters.book import FENCE, chapters, labels, markdown

# Whose dropdowns are all answers that need a proof elsewhere: reviews (test_anatomy.REVIEWS).
PROVED_ELSEWHERE = ("14_interview",)
ANSWER = re.compile(r"^(:{3,})\{dropdown\} *([^\n]*)\n(.*?)^\1[ \t]*$", re.S | re.M)
LINK = re.compile(r"\]\(#(sec-[a-z0-9-]+)\)")


def faults(name, book):
    """Return one sentence for each answer without a proof, and for each link that leads nowhere.

    `book` maps the names of all chapters to their notebooks.
    """
    text = FENCE.sub("", markdown(book[name]))
    own = labels(book[name])
    elsewhere = set().union(*(labels(other) for key, other in book.items() if key != name))
    answers = ANSWER.findall(text)
    opened = len(re.findall(r"^:{3,}\{dropdown\}", text, re.M))
    found = [] if answers and len(answers) == opened else [
        f"{name}: {opened} dropdowns are opened and {len(answers)} are closed; expected at least 1"]
    for _, question, answer in answers:
        if not set(LINK.findall(answer)) & elsewhere:
            found.append(f"{name}: the answer to {question!r} links to no section of another "
                         "chapter")
    return found + [f"{name}: links to {label}, which no chapter has"
                    for label in sorted(set(LINK.findall(text)) - own - elsewhere)]


@pytest.mark.parametrize("name", PROVED_ELSEWHERE)
def test_every_answer_points_to_its_proof(name):
    assert faults(name, dict(chapters())) == []


REVIEW = """
(sec-rev-one)=
## One

:::{dropdown} Why?
Because of [this](#sec-oth-proof).
:::

::::{dropdown} How?
See [there](#sec-oth-more).
::::

See also [above](#sec-rev-one).
"""
OTHER = "(sec-oth-proof)=\n## Proof\n\n(sec-oth-more)=\n## More"


def planted(old="", new=""):
    """Return the faults of a small review chapter after a replacement in its text."""
    assert old in REVIEW
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    book = {}
    for name, text in (("review", REVIEW.replace(old, new, 1)), ("other", OTHER)):
        book[name] = copy.deepcopy(notebook)
        book[name].cells = [c for c in book[name].cells if c.cell_type == "markdown"][:1]
        book[name].cells[0].source = text
    return faults("review", book)


def test_a_review_with_proofs_has_no_fault():
    assert planted() == []


@pytest.mark.parametrize(("old", "new", "says"), [
    ("[this](#sec-oth-proof)", "this", "the answer to 'Why?' links to no section"),
    ("[there](#sec-oth-more)", "there", "the answer to 'How?' links to no section"),
    ("#sec-oth-more", "#sec-rev-one", "the answer to 'How?' links to no section"),
    ("#sec-oth-proof", "#sec-oth-prof", "links to sec-oth-prof, which no chapter has"),
    ("[above](#sec-rev-one)", "[above](#sec-gone)", "links to sec-gone, which no chapter has"),
    ("[this](#sec-oth-proof).\n:::\n", "this.\n", "2 dropdowns are opened and 1 are closed"),
])
def test_a_planted_fault_is_noticed(old, new, says):
    assert any(says in fault for fault in planted(old, new))


def test_a_review_without_answers_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    notebook.cells = [c for c in notebook.cells if "{dropdown}" not in c.source]
    says = "02_perceptron: 0 dropdowns are opened and 0 are closed; expected at least 1"
    assert says in faults("02_perceptron", {"02_perceptron": notebook})


@pytest.mark.parametrize("name", PROVED_ELSEWHERE)
def test_an_answer_that_loses_its_links_is_noticed(name):
    notebook = copy.deepcopy(dict(chapters())[name])
    cell = next(c for c in notebook.cells if "{dropdown}" in c.source)
    cell.source = LINK.sub("]", cell.source)
    before = faults(name, dict(chapters()))
    after = faults(name, dict(chapters()) | {name: notebook})
    assert len([f for f in after if f not in before]) == len(ANSWER.findall(cell.source))
