"""gradcheck passes right derivatives and refuses wrong ones, each planted in a small module."""

import re

import numpy as np
import pytest

import nnlib as nn
from nnlib.gradcheck import GradcheckError, gradcheck, numerical_gradient


def rng(seed=0):
    return np.random.default_rng(seed)


def away_from_zero(shape):
    x = rng(1).normal(size=shape)
    return x + np.sign(x) * 0.01


def test_numerical_gradient_is_exact_for_parabolas_and_leaves_x_alone() -> None:
    x = rng().normal(size=(2, 3, 2))
    before = x.copy()
    np.testing.assert_allclose(
        numerical_gradient(lambda: float(np.sum(x * x)), x), 2 * x, atol=1e-9
    )
    assert np.array_equal(x, before)
    point = np.array(3.0)
    assert numerical_gradient(lambda: float(point**2), point) == pytest.approx(6)


@pytest.mark.parametrize(
    ("x", "eps", "message"),
    [
        (np.ones(2, np.float32), 1e-5, "x must be a float64 array, got float32."),
        ([1.0], 1e-5, "x must be a float64 array, got list."),
        (np.ones(2), 0.0, "eps must be a finite number > 0, got 0.0."),
    ],
)
def test_numerical_gradient_refuses_mistakes(x, eps, message) -> None:
    with pytest.raises(ValueError, match=f"^numerical_gradient: {re.escape(message)}$"):
        numerical_gradient(lambda: 0.0, x, eps)


LAYERS = {
    "linear": lambda: nn.Linear(4, 3, rng=rng()),
    "dropout": lambda: nn.Dropout(0.4, rng=rng()),
    "batch norm": lambda: nn.BatchNorm1d(4),
    "network": lambda: nn.Sequential(
        nn.Linear(4, 5, rng=rng()),
        nn.LayerNorm(5),
        nn.GELU(),
        nn.Residual(nn.Sequential(nn.Linear(5, 5, rng=rng()), nn.Tanh(), nn.Dropout(rng=rng()))),
        nn.Linear(5, 2, rng=rng()),
        nn.Softmax(dim=1),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_right_layers_pass(name) -> None:
    assert gradcheck(LAYERS[name](), away_from_zero((6, 4)), rng=rng()) < 1e-6


def test_the_module_is_left_as_it_was() -> None:
    model, x = LAYERS["network"](), away_from_zero((6, 4))
    expected = LAYERS["network"]()
    gradcheck(model, x, rng=rng())
    assert all(p.grad is None for p in model.parameters())
    assert np.array_equal(model(x), expected(x))  # the same mask: no number was drawn


def test_gradients_that_the_module_holds_do_not_disturb() -> None:
    layer = nn.Linear(2, 2, rng=rng())
    layer.weight.grad = np.full((2, 2), 7.0)
    gradcheck(layer, away_from_zero((3, 2)), rng=rng())
    assert layer.weight.grad.tolist() == [[7, 7], [7, 7]]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_right_losses_pass(reduction) -> None:
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, reduction=reduction)
    assert (
        gradcheck(criterion, rng().normal(size=(5, 3)), np.array([0, 2, 1, 1, 0]), rng=rng()) < 1e-6
    )


class Square(nn.Module):
    """y = w x^2, right; the wrong ones below change one thing."""

    def __init__(self):
        self.w = nn.Parameter(np.full(3, 1.5))

    def _forward(self, x):
        return self.w.data * x**2, x

    def _backward(self, grad, x):
        self.w.add_grad((grad * x**2).sum(axis=0))
        return grad * 2 * self.w.data * x


class Wrong(Square):
    plant = ""

    def _backward(self, grad, x):
        result = super()._backward(grad, x)
        if self.plant == "no parameter gradient":
            self.w.grad = None
        if self.plant == "parameter gradient not summed":
            self.w.grad = grad * x**2
        if self.plant == "mean instead of sum":
            self.w.grad = self.w.grad / len(x)
        if self.plant == "factor forgotten":
            return result / 2
        if self.plant == "one entry":
            result[1, 2] += 1e-4
        if self.plant == "NaN":
            result[0, 0] = np.nan
        if self.plant == "ignores grad":
            return 2 * self.w.data * x
        if self.plant == "broadcast":
            return result[:1]
        return result


PLANTS = {
    "no parameter gradient": "gives a gradient for w of shape (), expected (3,).",
    "parameter gradient not summed": "gives a gradient for w of shape (4, 3), expected (3,).",
    "mean instead of sum": "dL/dw[",
    "factor forgotten": "dL/dx[",
    "one entry": "dL/dx[1, 2] is ",
    "NaN": "dL/dx[0, 0] is nan by backward but ",
    "ignores grad": "dL/dx[",
    "broadcast": "gives a gradient for x of shape (1, 3), expected (4, 3).",
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_defect_is_found_and_named(plant) -> None:
    x = away_from_zero((4, 3))
    module = Wrong()
    gradcheck(module, x, rng=rng())
    module.plant = plant
    with pytest.raises(GradcheckError, match=re.escape(PLANTS[plant])):
        gradcheck(module, x, rng=rng())


class ConstantSoftmax(nn.Softmax):
    """A softmax whose backward returns zeros: gradients of ones would not tell."""

    def _backward(self, grad, y):
        return np.zeros_like(y)


def test_a_softmax_without_gradient_is_found() -> None:
    with pytest.raises(GradcheckError, match=r"ConstantSoftmax.*relative error 1\.0e\+00"):
        gradcheck(ConstantSoftmax(dim=1), rng().normal(size=(3, 4)), rng=rng())


def test_an_error_above_the_tolerance_only() -> None:
    module = Wrong()
    module.plant = "one entry"
    assert 1e-6 < gradcheck(module, away_from_zero((4, 3)), rng=rng(), tolerance=1e-2) < 1e-3


def test_rng_is_needed() -> None:
    with pytest.raises(ValueError, match=r"^gradcheck: rng must be a numpy.random.Generator"):
        gradcheck(nn.Tanh(), np.ones((2, 2)), rng=0)
