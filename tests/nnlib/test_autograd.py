"""The tape: every operation against PyTorch and central differences, and how gradients add up."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nnlib as nn
from nnlib.autograd import Tensor
from nnlib.gradcheck import numerical_gradient

RNG = np.random.default_rng(7)
A, B, ROW, COLUMN = (
    RNG.normal(size=(3, 4)),
    RNG.normal(size=(3, 4)),
    RNG.normal(size=4),
    [[1.5]] * 3,
)
POSITIVE = RNG.uniform(0.5, 2, size=(3, 4))

OPERATIONS = {
    "add": (lambda a, b: a + b, A, B),
    "add a row": (lambda a, b: a + b, A, ROW),
    "row plus matrix": (lambda a, b: a + b, ROW, A),
    "subtract a column": (lambda a, b: a - b, A, COLUMN),
    "multiply by a row": (lambda a, b: a * b, A, ROW),
    "divide": (lambda a, b: a / b, A, POSITIVE),
    "a number divided": (lambda a, b: 2.0 / b + a, A, POSITIVE),
    "divide by a column": (lambda a, b: a / b, A, COLUMN),
    "numbers on both sides": (lambda a, b: 2 * a - b / 3 + (1 - a) * 0.5, A, B),
    "negate": (lambda a, b: -a * b, A, B),
    "power": (lambda a, b: a**3 + b**-0.5, A, POSITIVE),
    "matrix product": (lambda a, b: a @ b, A, B.T),
    "transpose": (lambda a, b: a.T @ b, A, B),
    "sum of all": (lambda a, b: a.sum() * b, A, B),
    "sum over rows": (lambda a, b: a.sum(dim=0) * b, A, B),
    "sum over columns, kept": (lambda a, b: a.sum(dim=1, keepdim=True) * b, A, B),
    "sum over two axes": (lambda a, b: a.sum(dim=(0, 1), keepdim=True) + b, A, B),
    "exp": (lambda a, b: (a * b).exp(), A, B),
    "log": (lambda a, b: (a * b).log(), POSITIVE, POSITIVE + 1),
    "tanh": (lambda a, b: (a + b).tanh(), A, B),
    "relu": (lambda a, b: (a + b).relu(), A, B),
    "relu at 0": (lambda a, b: (a * b).relu(), np.zeros(3), np.ones(3)),
    "one entry": (lambda a, b: a[1, 2] * b, A, B),
    "rows, one of them twice": (lambda a, b: a[[0, 2, 2]] * b, A, B),
    "right classes": (lambda a, b: a[range(3), [3, 0, 1]] + b[:, 0], A, B),
    "used three times": (lambda a, b: a * a * a + (a @ b) @ a, A[:, :3], B[:, :3]),
}


def gradients(f, *values, tensor):
    """Output and gradients of all inputs, for a random dL/dy that depends on the shape only."""
    inputs = [tensor(np.asarray(value, dtype=np.float64)) for value in values]
    y = f(*inputs)
    grad = np.random.default_rng(0).normal(
        size=tuple(y.shape if torch.is_tensor(y) else y.data.shape)
    )
    y.backward(torch.from_numpy(np.asarray(grad)) if torch.is_tensor(y) else grad)
    data = y.detach().numpy() if torch.is_tensor(y) else y.data
    return [data, *(np.asarray(x.grad) for x in inputs)]


def leaf(value):
    return torch.tensor(value, requires_grad=True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_values_and_gradients_are_pytorchs(name) -> None:
    f, *values = OPERATIONS[name]
    pairs = zip(
        gradients(f, *values, tensor=Tensor), gradients(f, *values, tensor=leaf), strict=True
    )
    for mine, theirs in pairs:
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-13)


def test_the_gradient_is_the_slope() -> None:
    x = np.array([[0.3, -1.2], [0.7, 2.0]])

    def loss(t):
        return ((t @ t).tanh() / (t * t).sum()).exp().sum()

    t = Tensor(x.copy())
    loss(t).backward()
    numeric = numerical_gradient(lambda: float(loss(Tensor(x)).data), x)
    np.testing.assert_allclose(t.grad, numeric, atol=1e-9)


FLOATS = hnp.arrays(np.float64, (2, 3), elements=st.floats(-3, 3))


@settings(derandomize=True, deadline=None, max_examples=50)
@given(FLOATS, FLOATS, st.floats(-2, 2))
def test_backward_is_linear_in_the_gradient(x, grad, factor) -> None:
    results = []
    for g in (grad, factor * grad):
        t = Tensor(x)
        (t.tanh() * t).backward(g)
        results.append(t.grad)
    np.testing.assert_allclose(results[1], factor * results[0], atol=1e-12)


def test_gradients_add_up_over_calls_and_in_every_node() -> None:
    x = Tensor([1.0, 2.0])
    middle = x * 3
    y = (middle * middle).sum()
    y.backward()
    assert x.grad.tolist() == [18, 36]
    y.backward()
    assert (x.grad.tolist(), middle.grad.tolist(), y.grad) == ([36, 72], [12, 24], 2)


def test_inputs_are_not_changed_and_shared_gradients_are_not_mixed_up() -> None:
    a, b, grad = Tensor([1.0]), Tensor([2.0]), np.array([5.0])
    c = a + b
    c.backward(grad)
    c.backward(grad)
    assert (a.grad, b.grad, grad.tolist()) == ([10.0], [10.0], [5.0])


def test_a_deep_graph_needs_no_recursion() -> None:
    x = y = Tensor(1.0)
    for _ in range(5000):
        y = y + x
    y.backward()
    assert x.grad == 5001


def test_a_wide_diamond_is_walked_once_per_node() -> None:
    x = y = Tensor(1.0)
    for _ in range(60):  # 2**60 paths
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype) -> None:
    x = Tensor(np.array([[1.0, 2.0]], dtype=dtype))
    y = (1 - (2 * x / 3 - 0.5).exp().log() ** 2).relu().tanh().sum()
    y.backward()
    assert (y.data.dtype, x.grad.dtype) == (dtype, dtype)


def test_integers_become_floats_and_a_tensor_can_be_wrapped() -> None:
    x = Tensor([1, 2])
    assert x.data.dtype == np.float64
    assert Tensor(x).data is x.data
    assert repr(x) == "Tensor(array([1., 2.]))"
    assert isinstance(np.ones(2) + x, Tensor)
    assert (np.ones(2) * x).data.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Tensor([1.0, 2.0]).backward(),
         "Tensor.backward: a tensor of shape (2,) needs gradient, or sum() first."),
        (lambda: Tensor([1.0, 2.0]).backward([1.0]),
         "Tensor.backward: expected gradient of shape (2,), got (1,)."),
        (lambda: Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3))),
         "Tensor @: expected matrices (n, k) and (k, m), got (2, 3) and (2, 3)."),
        (lambda: Tensor(np.ones((2, 3))) @ np.ones(3),
         "Tensor @: expected matrices (n, k) and (k, m), got (2, 3) and (3,)."),
        (lambda: Tensor(["a"]), "Tensor: data must hold real numbers, got dtype <U1."),
    ],
)  # fmt: skip
def test_mistakes(call, message) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


def test_softmax_cross_entropy_written_with_the_tape_is_pytorchs() -> None:
    rng = np.random.default_rng(3)
    x, weight, labels = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), np.array([0, 2, 1, 1, 0])
    w = Tensor(weight)
    z = Tensor(x) @ w.T
    shifted = z - z.data.max(axis=1, keepdims=True)  # a constant: no gradient flows through it
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    loss = -log_p[range(5), labels].sum() / 5
    loss.backward()
    v = leaf(weight)
    expected = torch.nn.functional.cross_entropy(torch.tensor(x) @ v.T, torch.tensor(labels))
    expected.backward()
    assert float(loss.data) == pytest.approx(expected.item(), rel=1e-13)
    np.testing.assert_allclose(w.grad, v.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_a_network_of_layers_has_the_gradients_of_the_tape() -> None:
    rng = np.random.default_rng(4)
    model = nn.Sequential(
        nn.Linear(4, 6, rng=rng), nn.Tanh(), nn.Residual(nn.Linear(6, 6, rng=rng)),
        nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 2, rng=rng),
    )  # fmt: skip
    x, grad = rng.normal(size=(7, 4)), rng.normal(size=(7, 2))
    y = model(x)
    dx = model.backward(grad)
    w = {name: Tensor(p.data) for name, p in model.named_parameters()}
    start = Tensor(x)
    h = (start @ w["0.weight"].T + w["0.bias"]).tanh()
    h = h + (h @ w["2.body.weight"].T + w["2.body.bias"])
    centred = h - h.sum(dim=1, keepdim=True) / 6
    variance = (centred**2).sum(dim=1, keepdim=True) / 6
    h = centred * (variance + 1e-5) ** -0.5 * w["3.weight"] + w["3.bias"]
    out = h.relu() @ w["5.weight"].T + w["5.bias"]
    out.backward(grad)
    np.testing.assert_allclose(y, out.data, rtol=0, atol=1e-13)
    np.testing.assert_allclose(dx, start.grad, rtol=0, atol=1e-12)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(p.grad, w[name].grad, rtol=0, atol=1e-12)
