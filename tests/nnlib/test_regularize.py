"""Penalties and their derivatives, clipping of gradients."""

import math

import numpy as np
import pytest
import torch

import nnlib
from nnlib.gradcheck import numerical_gradient


def parameters() -> list[nnlib.Parameter]:
    return [nnlib.Parameter([[1.0, -2.0], [0.5, 3.0]]), nnlib.Parameter([-0.25])]


@pytest.mark.parametrize(
    ("penalty", "value"), [(nnlib.l1_penalty, 6.75), (nnlib.l2_penalty, 14.3125 / 2)]
)
def test_penalty_and_its_derivative(penalty, value) -> None:
    params = parameters()
    assert penalty(params, 0.3) == pytest.approx(0.3 * value)
    assert isinstance(penalty(params, 0.3, grad=False), float)
    for p in params:
        numeric = numerical_gradient(lambda: penalty(params, 0.3, grad=False), p.data)
        np.testing.assert_allclose(p.grad, numeric, rtol=1e-8)
    penalty(params, 0.3)
    assert params[1].grad == pytest.approx(2 * numeric)  # added, not set


def test_the_l1_derivative_at_zero_is_zero() -> None:
    w = nnlib.Parameter(np.zeros(2, np.float32))
    nnlib.l1_penalty([w], 0.5)
    assert w.grad.tolist() == [0, 0]
    assert w.grad.dtype == np.float32


@pytest.mark.parametrize("kind", [nnlib.SGD, nnlib.RMSprop, nnlib.Adam])
def test_l2_is_the_weight_decay_of_the_optimizers(kind) -> None:
    ends = []
    for weight_decay, strength in ((0.2, 0.0), (0.0, 0.2)):
        w = nnlib.Parameter([1.0, -3.0])
        optimizer = kind([w], lr=0.05, weight_decay=weight_decay)
        for _ in range(20):
            w.grad = np.cos(w.data)
            nnlib.l2_penalty([w], strength)
            optimizer.step()
        ends.append(w.data)
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_a_shared_parameter_is_clipped_once() -> None:
    w = nnlib.Parameter([0.0, 0.0])
    w.grad = np.array([3.0, 4.0])
    assert nnlib.clip_grad_norm_([w, w], 1.0) == 5
    np.testing.assert_allclose(w.grad, [0.6, 0.8], rtol=1e-6)


def test_small_gradients_and_missing_ones_are_left_alone() -> None:
    w, v = nnlib.Parameter([0.0, 0.0]), nnlib.Parameter([0.0])
    w.grad = np.array([0.3, 0.4])
    assert nnlib.clip_grad_norm_([w, v], 1.0) == pytest.approx(0.5)
    assert w.grad.tolist() == [0.3, 0.4]
    assert v.grad is None
    assert nnlib.clip_grad_norm_([v], 1.0) == 0
    nnlib.clip_grad_value_(iter([w, v]), 0.35)
    assert w.grad.tolist() == [0.3, 0.35]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite(bad) -> None:
    w = nnlib.Parameter([0.0, 0.0])
    w.grad = np.array([bad, 1.0])
    with pytest.raises(ValueError, match="the norm of the gradients is"):
        nnlib.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    assert w.grad[1] == 1
    theirs = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    theirs.grad = torch.tensor(w.grad)
    torch.nn.utils.clip_grad_norm_([theirs], 1.0)
    with np.errstate(all="raise"):
        nnlib.clip_grad_norm_([w], 1.0)
    assert np.array_equal(w.grad, theirs.grad.numpy(), equal_nan=True)


def test_float32_gradients_stay_float32() -> None:
    w = nnlib.Parameter(np.zeros(2, np.float32))
    w.grad = np.array([3.0, 4.0], np.float32)
    nnlib.clip_grad_norm_([w], 1.0)
    nnlib.clip_grad_value_([w], 0.7)
    assert w.grad.dtype == np.float32
