"""The numbers that problem set 1 tells students are true."""

import re
from itertools import product

import nbformat
import numpy as np
import pytest
from scipy.optimize import minimize

from nnlib import Perceptron
from tests.exercises.problem_set import ROOT, ProblemSet, run_cell

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = list(product([0, 1], repeat=4))
XOR, XNOR, AND, NAND = (0, 1, 1, 0), (1, 0, 0, 1), (0, 0, 0, 1), (1, 1, 1, 0)


def mistakes_of(gate, max_epochs=100):
    return Perceptron(in_features=2).fit(CORNERS, np.array(gate), max_epochs=max_epochs)


def squared_length_of_best_weights(gate):
    """Return 1 / margin^2, or None where no line separates: a quadratic programme."""
    signed = (2 * np.array(gate) - 1)[:, None] * np.column_stack([CORNERS, np.ones(4)])
    best = minimize(lambda v: v @ v, np.zeros(3), jac=lambda v: 2 * v, constraints={
        "type": "ineq", "fun": lambda v: signed @ v - 1, "jac": lambda _: signed})
    return best.fun if best.success else None


@pytest.fixture(scope="module")
def statement():
    cells = ProblemSet("ps1_perceptron").notebook.cells
    return {c.id: " ".join(c.source.split()) for c in cells if c.cell_type == "markdown"}


def test_the_bound_of_exercise_8_holds_for_every_separable_gate(statement):
    lengths = {gate: squared_length_of_best_weights(gate) for gate in GATES}
    assert {gate for gate, length in lengths.items() if length is None} == {XOR, XNOR}
    lengths = {gate: length for gate, length in lengths.items() if length is not None}
    worst = max(lengths.values())
    assert worst == pytest.approx(17)
    at_worst = {gate for gate, length in lengths.items() if length == pytest.approx(worst)}
    assert at_worst == {AND, NAND}
    assert "1/\\sqrt{17}$ (reached by AND and NAND)" in statement["about_separability"]
    assert f"$(R/\\gamma)^2 = {3 * 17}$" in statement["about_separability"]


def test_the_measured_number_of_epochs(statement):
    runs = {gate: mistakes_of(gate) for gate in GATES if gate not in (XOR, XNOR)}
    assert all(mistakes[-1] == 0 for mistakes in runs.values())
    assert max(map(len, runs.values())) == len(runs[AND]) == 6
    assert "every separable gate has converged by epoch 6" in statement["about_separability"]
    assert [sum(len(m) <= k for m in runs.values()) for k in range(1, 7)] == [1, 4, 8, 10, 12, 14]


def test_training_on_xor_goes_round(statement):
    mistakes = mistakes_of(XOR)
    assert mistakes == [2, 3] + [4] * 98
    assert "2, 3, 4, 4, 4, ..." in statement["explain_xor"]


def test_the_hidden_layer_of_the_model_answer_computes_xor(statement):
    hidden = (CORNERS @ np.array([[1, -1], [-1, 1]]) > 0.5).astype(int)
    assert hidden.tolist() == [[0, 0], [0, 1], [1, 0], [0, 0]]
    assert tuple((hidden.sum(axis=1) > 0.5).astype(int)) == XOR
    answer = statement["explain_xor"]
    assert "x_1 - x_2 - 0.5" in answer
    assert "x_2 - x_1 - 0.5" in answer
    assert "$(0,0), (0,1), (1,0), (0,0)$" in answer


def test_the_model_answer_on_claims_tells_what_chapter_1_printed(statement):
    cells = nbformat.read(ROOT / "chapters" / "01_introduction.ipynb", as_version=4).cells
    printed = {c.id: "".join(o.get("text", "") for o in c.get("outputs", ())) for c in cells}
    answer = statement["judge_claims"]
    assert "302 parameters compute what 8 compute: True" in printed["pitfall-linear-code"]
    assert "302 parameters computed exactly what 8 compute" in answer
    errors = [float(e) for e in re.findall(r"outside (\d\.\d)", printed["pitfall-universal-code"])]
    assert len(errors) == 5
    assert all(round(e) == 3 for e in errors)
    assert "missed by about 3 beyond" in answer
    random = re.search(
        r"random labels: fitted 100\.0% \(100\.0% to .+, test ([\d.]+)% \(.+ to ([\d.]+)%\)$",
        printed["pitfall-random"],
    )
    assert all(float(share) < 15 for share in random.groups())
    assert "fitted all of its 300 digits" in answer
    years = dict(re.findall(r"^(\d{4}) (.+?) +too late", printed["dates"], re.M))
    assert {years["2014"]} == {"Adam"}
    assert "Batch normalisation (2015) and Adam (2014)" in answer


def test_the_worked_examples_in_the_statements(statement):
    namespace = {"__name__": "__main__"}
    source = ProblemSet("ps1_perceptron")
    for cell in source.notebook.cells:
        if cell.id in source.given or cell.id in source.answers:
            assert run_cell(cell.source, cell.id, namespace) == ""
    x, y = np.arange(4), np.array([1, 4, 3, 8])
    w, b, loss = namespace["line_update"](x, y, 1, 1, 0.1)
    assert f"are $({', '.join(map(str, x + 1 - y))})$" in statement["about_line_update"]
    assert f"L = \\frac{{20}}{{4}} = {loss:g}$" in statement["about_line_update"]
    assert f"\\cdot 14 = {w:g}$" in statement["about_line_update"]
    assert f"\\cdot 6 = {b:g}$" in statement["about_line_update"]
    z = namespace["weighted_sum"](np.array([1, 2]), np.array([0.5, -1]), 0.25)
    assert f"= {z}$" in statement["about_weighted_sum"]
    assert f"{namespace['sigmoid'](2.0):.14f}..." in statement["about_step_and_sigmoid"]
    w, b = namespace["perceptron_update"](np.array([2, 1]), 1, np.array([0.0, -1.0]), 0.5, 0.5)
    told = f"= ({w[0]:g}, {w[1]:g})$, $b_\\text{{new}} = {b:g}$"
    assert told in statement["about_perceptron_update"]
    w, b, mistakes = namespace["train_perceptron"](CORNERS, np.array([0, 1, 1, 1]))
    told = f"({w[0]:g}, {w[1]:g})$, $b = {b:g}$, `mistakes = {mistakes}`"
    assert told in statement["about_train_perceptron"]
