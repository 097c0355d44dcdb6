"""The numbers that problem set 2 tells students are true, and its rules are fair."""

import math
import re
import warnings

import numpy as np
import pytest
from scipy.optimize import brentq

from nnlib import ELU, GELU, LeakyReLU, ReLU, SiLU
from tests.exercises.problem_set import ProblemSet, run_cell

SOURCE = ProblemSet("ps2_activations")


@pytest.fixture
def reference():
    """The names of a notebook in which every answer cell holds the reference solution."""
    namespace = {"__name__": "__main__"}
    for cell in SOURCE.notebook.cells:
        if cell.id in SOURCE.given or cell.id in SOURCE.answers:
            assert run_cell(cell.source, cell.id, namespace) == ""
    return namespace


def digits(value):
    """Ten decimals, cut off as in the statements."""
    return f"{value:.13f}"[:-3] + "..."


def matrix(text, name):
    """Read the first small matrix that follows `name =` in a statement."""
    rows = re.search(rf"{re.escape(name)} = \\begin{{pmatrix}} (.*?) \\end", text)[1].split(r"\\")
    return np.array([[float(v) for v in row.split("&")] for row in rows])


def test_the_example_of_exercise_1(statement, reference):
    text = statement["about_collapse"]
    layers = [matrix(text, "$W^{[1]}"), np.array([1, -1]), matrix(text, "$W^{[2]}"),
              np.array([0.5, 2])]
    W, b = reference["collapse_layers"](*layers)
    assert (matrix(text, "into $W") == W).all()
    assert f"$\\mathbf{{b}} = ({b[0]:g}, {b[1]:g})$" in text
    x = np.array([0.3, -7.0])
    assert np.allclose(W @ x + b, layers[2] @ (layers[0] @ x + layers[1]) + layers[3])


def test_the_examples_of_exercises_2_and_3(statement, reference):
    value, slope = reference["sigmoid"](2.0), reference["sigmoid_grad"](2.0)
    assert f"(0.5,\\ {digits(value)})" in statement["about_sigmoid"]
    assert f"(0.25,\\ {digits(slope)})" in statement["about_sigmoid"]
    value, slope = reference["tanh"](0.5), reference["tanh_grad"](0.5)
    assert f"(0,\\ {digits(value)})" in statement["about_tanh"]
    assert f"(1,\\ {digits(slope)})" in statement["about_tanh"]
    assert (value, slope) == pytest.approx((math.tanh(0.5), 1 / math.cosh(0.5) ** 2))


def test_where_the_definition_of_tanh_breaks(statement):
    def quotient(z):
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))

    with np.errstate(all="ignore"):
        assert np.isfinite(quotient(np.float64(709.0)))
        assert np.isnan(quotient(np.float64(710.0)))
    assert "from $|z| = 710$ on" in statement["about_tanh"]


def test_the_examples_of_exercise_4(statement, reference):
    text = statement["about_relu_family"]
    value, slope = reference["leaky_relu"](np.array([-2.0, 0.0, 3.0]), 0.1)
    assert f"({value[0]:g}, {abs(value[1]):g}, {value[2]:g})$, the slope" in text
    assert f"$({slope[0]:g}, {slope[1]:g}, {slope[2]:g})$" in text
    value, slope = reference["elu"](-1.0)
    assert f"$e^{{-1}} - 1 = {digits(value)}$" in text
    assert f"$e^{{-1}} = {digits(slope)}$" in text
    dead = reference["dead_units"](matrix(text, "$Z"))
    assert f"`{dead.tolist()}`" in text


def test_the_examples_of_exercise_5(statement, reference):
    for name in ("gelu", "silu"):
        value, slope = reference[name](1.0)
        told = f"\\operatorname{{{name}}} = {digits(value)}$ with slope ${digits(slope)}$"
        assert told in statement["about_gelu_and_silu"]
        assert reference[name](0.0) == (0.0, 0.5)
    slopes = reference["gelu"](np.linspace(-3, 3, 61))[1]
    assert slopes.min() < 0
    assert slopes.max() > 1


def test_the_example_of_exercise_6(statement, reference):
    text, z = statement["about_softmax"], np.array([2.0, 1.0, 0.1])
    assert "$" + ", ".join(f"{v:.3f}" for v in np.exp(z)) + "$" in text
    assert f"sum to ${np.exp(z).sum():.4f}$" in text
    for name in ("softmax", "log_softmax"):
        assert "(" + ", ".join(f"{v:.3f}" for v in reference[name](z)) + ")" in text
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(710.0))
        assert np.isfinite(np.exp(709.0))


def test_the_example_of_exercise_7(statement, reference):
    text, sigmoid, slope = statement["about_slope_through_layers"], *map(
        reference.get, ("sigmoid", "sigmoid_grad"))
    assert f"\\sigma'(2) = {digits(slope(2.0))}$" in text
    assert f"\\sigma(2) = {digits(sigmoid(2.0))}$" in text
    assert f"$g'(z_2) = {digits(slope(sigmoid(2.0)))}$" in text
    product = reference["slope_through_layers"]("sigmoid", 2.0, 2)
    assert f"The product is ${digits(product)}$" in text
    h = 1e-6
    both = [sigmoid(sigmoid(z)) for z in (2.0 + h, 2.0 - h)]
    assert product == pytest.approx((both[0] - both[1]) / (2 * h), rel=1e-7)


def test_the_numbers_of_the_model_answer(statement, reference):
    text = statement["choose_activation"]
    assert f"{0.25**10 * 1e7:.1f} \\cdot 10^{{-7}}$" in text
    assert f"{0.25**20 * 1e13:.1f} \\cdot 10^{{-13}}$" in text
    for name, told in (("gelu", "GELU has its minimum"), ("silu", "SiLU")):
        function = reference[name]
        place = brentq(lambda z, function=function: function(z)[1], -2, 0)
        assert f"{told} ${function(place)[0]:.3f}$ at $z = {place:.3f}$" in text
        assert function(place - 0.1)[1] < 0 < function(place + 0.1)[1]
        assert f"[{function(place)[0]:.3f}, \\infty)" in text


@pytest.mark.parametrize(("name", "layer", "more"), [
    ("relu", ReLU(), ()), ("leaky_relu", LeakyReLU(2.5), (2.5,)), ("elu", ELU(0.7), (0.7,)),
    ("gelu", GELU(), ()), ("silu", SiLU(), ()),
])
def test_values_and_slopes_are_those_of_nnlib(reference, name, layer, more):
    z = np.array([-1e4, -3.0, -0.75, 0.0, 0.75, 3.0, 1e4])
    value, slope = reference[name](z, *more)
    assert np.allclose(value, layer(z), rtol=1e-12, atol=1e-15)
    assert np.allclose(slope, layer.backward(np.ones_like(z)), rtol=1e-12, atol=1e-15)


def test_no_reference_warns_at_the_ends_of_the_promised_range(reference):
    names = ("sigmoid", "sigmoid_grad", "tanh", "tanh_grad", "relu", "leaky_relu", "elu", "gelu",
             "silu", "softmax", "log_softmax")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ends in (np.array([-1e4, 1e4]), np.array([-40, 40], dtype=np.float32)):
            results = [reference[name](ends) for name in names]
            assert all(np.isfinite(result).all() for result in results)


FAIR = {
    "a number that is called tanh": "tanh = 0.5\ndef relu(z):\n    return max(z, tanh * 0), 1.0",
    "a package that is only imported": "import scipy.special\ndef relu(z):\n    return z, 1.0",
    "another package": "import yaml\ndef relu(z):\n    yaml.safe_load('2')\n    return z, 1.0",
    "an output": "def relu(z):\n    print('z is', z)\n    return z, 1.0",
    "two functions that call one another": "def relu(z):\n    return back(z) if z < 0 else (z, 1.0)"
                                           "\ndef back(z):\n    return relu(-z)",
}
UNFAIR = {
    "a function in a dictionary": "import nnlib\nT = {1: nnlib.ReLU()}\n"
                                  "def relu(z):\n    return T[1](np.array([z]))[0], 1.0",
    "a layer": "import nnlib\nlayer = nnlib.ReLU()\ndef relu(z):\n    return layer(z), 1.0",
    "a function inside": "def relu(z):\n    def inner():\n        import torch\n    return z, 1.0",
    "a function that it calls": "def deep(z):\n    import sklearn\n    return z, 1.0\n"
                                "def relu(z):\n    return deep(z)",
    "tanh behind a lambda": "f = lambda z: np.tanh(z)\ndef relu(z):\n    return f(z), 1.0",
}


def visible_check(reference, code):
    """Run the visible check of a function that is right for z = 2; return its failure."""
    assert run_cell(code, "answer", reference) == ""
    call = "check('relu', relu, 'chapter 3', [(dict(z=2.0), (2.0, 1.0), {})])"
    return run_cell(call, "check", reference)


@pytest.mark.parametrize("name", FAIR)
def test_the_rules_leave_alone_what_is_allowed(reference, name):
    assert visible_check(reference, FAIR[name]) == ""


@pytest.mark.parametrize("name", UNFAIR)
def test_the_rules_notice_what_is_not_allowed(reference, name):
    assert re.search("not allowed|does not allow", visible_check(reference, UNFAIR[name]))


def test_the_cell_of_the_rules_may_be_run_twice(reference):
    (rules,) = [c.source for c in SOURCE.notebook.cells if c.id == "rules"]
    assert run_cell(rules, "rules", reference) == ""
    assert visible_check(reference, FAIR["an output"]) == ""
    assert "not allowed" in visible_check(reference, UNFAIR["a layer"])
