"""No overflow, no warning and no hidden NaN for numbers far from 1."""

import math

import numpy as np
import pytest

import nnlib
from tests.nnlib import zoo

HUGE = [-math.inf, -1e30, -1e4, -800.0, -1e-30, -0.0, 0.0, 1e-30, 800.0, 1e4, 1e30]
ACTIVATIONS = [
    "Sigmoid", "Tanh", "ReLU", "LeakyReLU", "PReLU, shared", "ELU", "GELU", "GELU, tanh", "SiLU",
]  # fmt: skip
LIMITS = {  # at -inf and at 1e30
    "Sigmoid": (0, 1),
    "Tanh": (-1, 1),
    "ReLU": (0, 1e30),
    "LeakyReLU": (-math.inf, 1e30),
    "PReLU, shared": (-math.inf, 1e30),
    "ELU": (-0.7, 1e30),
    "GELU": (0, 1e30),
    "GELU, tanh": (0, 1e30),
    "SiLU": (0, 1e30),
}
DTYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def _raise_all():
    with np.errstate(all="raise", under="ignore"):
        yield


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, dtype) -> None:
    layer, x = zoo.LAYERS[name](dtype), np.array([HUGE], dtype)
    y = layer(x)
    np.testing.assert_allclose(y[0, [0, -1]], LIMITS[name], rtol=1e-6)
    assert not np.isnan(y).any()
    finite = x[:, 1:]
    layer(finite)
    assert np.isfinite(layer.backward(np.ones_like(finite))).all()


@pytest.mark.parametrize("name", [*ACTIVATIONS, "Softmax", "LogSoftmax", "LayerNorm", "Dropout"])
def test_nan_is_passed_on(name) -> None:
    x = zoo.x_away_from_kinks()
    x[2, 1] = math.nan
    layer = zoo.LAYERS[name](np.float64)
    layer.training = name != "Dropout"
    y = layer(x)
    assert np.isnan(y[2, 1])
    assert np.isfinite(np.delete(y, 2, axis=0)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax(dtype) -> None:
    x = np.array([[1e30, 0, -1e30], [-math.inf, 0, 0], [1e4, 1e4, -1e4]], dtype)
    expected = [[1, 0, 0], [0, 0.5, 0.5], [0.5, 0.5, 0]]
    for layer, target in ((nnlib.Softmax(1), expected), (nnlib.LogSoftmax(1), None)):
        y = layer(x)
        if target is not None:
            np.testing.assert_array_equal(y, target)
        assert not np.isnan(y).any()
        assert np.isfinite(layer.backward(np.ones_like(x))).all()


@pytest.mark.parametrize("layer", [nnlib.Softmax(dim=1), nnlib.LogSoftmax(dim=1)])
def test_an_infinite_logit_gives_nan_and_no_warning(layer) -> None:
    assert np.isnan(layer(np.array([[math.inf, 0.0]]))).any()
    assert np.isnan(layer(np.array([[-math.inf, -math.inf]]))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy(dtype) -> None:
    z = np.array([[1e4, -1e4], [1e30, -1e30], [-math.inf, 0]], dtype)
    criterion = nnlib.CrossEntropyLoss(reduction="none")
    assert criterion(z, np.array([0, 0, 1])).tolist() == [0, 0, 0]
    assert criterion(z[:1], np.array([1])).tolist() == [2e4]
    np.testing.assert_array_equal(criterion.backward(), [[1, -1]])
    smoothed = nnlib.CrossEntropyLoss(label_smoothing=0.1)
    assert np.isfinite(smoothed(z[:1], np.array([1])))
    assert math.isnan(nnlib.CrossEntropyLoss()(np.array([[math.nan, 0.0]]), np.array([1])))


@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_cross_entropy_of_logits(dtype) -> None:
    z = np.array([1e4, -1e4, 1e30, -1e30, 20.0], dtype)
    criterion = nnlib.BCEWithLogitsLoss(reduction="none")
    right, wrong = (z > 0).astype(dtype), (z < 0).astype(dtype)
    np.testing.assert_allclose(criterion(z, right), [0, 0, 0, 0, math.exp(-20)], atol=1e-12)
    assert np.abs(criterion.backward()).max() < 1e-8
    np.testing.assert_allclose(criterion(z, wrong), np.abs(z))
    np.testing.assert_allclose(np.abs(criterion.backward()), 1)
    assert np.isnan(criterion(np.array([math.inf], dtype), np.ones(1, dtype))).all()
    assert np.isnan(criterion(np.array([math.nan], dtype), np.ones(1, dtype))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_cross_entropy_of_probabilities(dtype) -> None:
    p, t = np.array([[0.0, 1.0, 0.0, 1.0], [0, 0, 1, 1]], dtype)
    criterion = nnlib.BCELoss(reduction="none")
    assert criterion(p, t).tolist() == [0, 100, 100, 0]
    grad = criterion.backward()
    np.testing.assert_allclose(grad, [0, 1e12, -1e12, 0], rtol=1e-6)


@pytest.mark.parametrize("name", ["L1Loss", "HuberLoss"])
def test_losses_that_are_linear_far_out(name) -> None:
    criterion = getattr(nnlib, name)(reduction="sum")
    loss = criterion(np.array([1e30, -1e30]), np.zeros(2))
    assert loss == pytest.approx(2e30)
    assert criterion.backward().tolist() == [1, -1]


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_gradient_norms_do_not_overflow(scale) -> None:
    w = nnlib.Parameter([0.0, 0.0])
    w.grad = scale * np.array([3.0, 4.0])
    assert nnlib.clip_grad_norm_([w], 1.0) == pytest.approx(5 * scale, rel=1e-12)
    assert np.isfinite(w.grad).all()


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_optimizers_survive_tiny_and_large_gradients(name) -> None:
    w = nnlib.Parameter(np.zeros(3, np.float32))
    optimizer = getattr(nnlib, name)([w], lr=1e-3)
    for _ in range(3):
        w.grad = np.array([0.0, 1e-30, 1e15], np.float32)
        optimizer.step()
    assert np.isfinite(w.data).all()
    assert w.data[0] == 0
