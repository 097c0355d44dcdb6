"""Each displayed derivative is bound to a cell that checks it, and a missing check is noticed."""

import copy
import re

import pytest

from tests.chapters.book import chapters, displays, markdown

DERIVATIVE = re.compile(
    r"\\partial|\\nabla|\\frac\{(?:d|\\mathrm\{d\})[^{}]*\}\{(?:d|\\mathrm\{d\})"
    r"|(?:[a-z]|\\sigma|\\tanh|\\operatorname\{\w+\})'\s*(?:\\!)?\("  # g'(z)
)
TAG = "checks-"


def faults(name, notebook):
    """Return one sentence for each derivative without a label or without a cell that checks it."""
    checked = {
        tag.removeprefix(TAG)
        for cell in notebook.cells if cell.cell_type == "code"
        for tag in cell.metadata.get("tags", []) if tag.startswith(TAG)
    }
    silent = [cell.id for cell in notebook.cells if cell.cell_type == "code"
              and any(tag.startswith(TAG) for tag in cell.metadata.get("tags", []))
              and not any(output.output_type == "stream" for output in cell.outputs)]
    shown = displays(markdown(notebook))
    found = [f"{name}, cell {cell}: checks a derivative and prints no evidence" for cell in silent]
    for tex, label in shown:
        if DERIVATIVE.search(tex) and label not in checked:
            what = label or "unlabelled: " + " ".join(tex.split())[:60]
            found.append(f"{name}: no code cell has the tag {TAG}… for the derivative {what}")
    known = {label for _, label in shown}
    return found + [f"{name}: the tag {TAG}{label} names no displayed formula"
                    for label in sorted(checked - known)]


@pytest.mark.parametrize(("name", "notebook"), chapters(), ids=[n for n, _ in chapters()])
def test_every_displayed_derivative_is_checked(name, notebook):
    assert faults(name, notebook) == []


def test_a_cell_that_loses_its_tag_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    (cell,) = [c for c in notebook.cells if c.id == "gradient-check"]
    cell.metadata["tags"] = []
    assert faults("ch", notebook) == [
        "ch: no code cell has the tag checks-… for the derivative eq-per-bce-gradient"]


def test_a_check_that_prints_nothing_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    (cell,) = [c for c in notebook.cells if c.id == "gradient-check"]
    cell.outputs = []
    says = "ch, cell gradient-check: checks a derivative and prints no evidence"
    assert faults("ch", notebook) == [says]


def test_a_tag_without_a_formula_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    (cell,) = [c for c in notebook.cells if c.id == "gradient-check"]
    cell.metadata["tags"] += ["checks-eq-per-nothing"]
    says = "ch: the tag checks-eq-per-nothing names no displayed formula"
    assert faults("ch", notebook) == [says]


@pytest.mark.parametrize("tex", [
    r"\frac{\partial L}{\partial w} = 1", r"\nabla L = 0", r"\frac{dy}{dx}", r"\sigma'(z) = 1",
    r"\tanh'(z)", r"\operatorname{ReLU}'(z)", r"\frac{\mathrm{d}y}{\mathrm{d}x}",
])
def test_an_unlabelled_derivative_is_noticed(tex):
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    notebook.cells[0].source += f"\n\n$$\n{tex}\n$$\n"
    assert any("unlabelled" in fault for fault in faults("ch", notebook))
