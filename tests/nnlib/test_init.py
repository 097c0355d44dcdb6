"""First values: variances and bounds of each rule, gains, dtypes, and what depends on them."""

import math

import numpy as np
import pytest
import torch

import nnlib
from nnlib import init

SHAPE = 300, 200  # out, in


def weight(dtype: type = np.float64) -> nnlib.Parameter:
    return nnlib.Parameter(np.zeros(SHAPE, dtype))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


RULES = {  # expected variance
    "xavier_uniform_": ({}, 2 / 500),
    "xavier_normal_": ({"gain": 3.0}, 18 / 500),
    "kaiming_uniform_": ({}, 2 / 200),
    "kaiming_normal_": ({"nonlinearity": "relu"}, 2 / 200),
    "kaiming_normal_ fan_out": ({"mode": "fan_out", "nonlinearity": "relu"}, 2 / 300),
    "kaiming_uniform_ slope": ({"a": math.sqrt(5)}, 1 / 600),
    "lecun_normal_": ({}, 1 / 200),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("key", RULES)
def test_variance_and_shape_of_the_distribution(key, dtype) -> None:
    (options, variance), name = RULES[key], key.split()[0]
    w = weight(dtype)
    array = w.data
    assert getattr(init, name)(w, rng=rng(), **options) is w
    assert w.data is array
    assert w.data.dtype == dtype
    assert w.data.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.data.mean()) < 3 * math.sqrt(variance / w.data.size)
    kurtosis = np.mean(w.data.astype(float) ** 4) / variance**2
    assert kurtosis == pytest.approx(9 / 5 if "uniform" in name else 3, rel=0.05)
    if "uniform" in name:
        bound = math.sqrt(3 * variance)
        assert bound * 0.999 < np.abs(w.data).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize("key", RULES)
def test_the_seed_decides(key) -> None:
    (options, _), rule = RULES[key], getattr(init, key.split()[0])
    first, same, other = (rule(weight(), rng=rng(s), **options).data for s in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
@pytest.mark.parametrize("param", [None, 0.3])
def test_gains_are_pytorchs(name, param) -> None:
    assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


def test_constants() -> None:
    w = nnlib.Parameter(np.zeros(3, np.float32))
    assert init.ones_(w).data.tolist() == [1, 1, 1]
    assert init.constant_(w, 0.25).data.tolist() == [0.25] * 3
    assert init.zeros_(w) is w
    assert w.data.dtype == np.float32
    assert not w.data.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_starts_as_pytorch_does(dtype) -> None:
    layer = nnlib.Linear(400, 300, rng=rng(), dtype=dtype)
    for array in (layer.weight.data, layer.bias.data):
        assert array.dtype == dtype
        assert 0.98 / 20 < np.abs(array).max() <= 1 / 20
    assert layer.weight.data.var() * 1200 == pytest.approx(1, rel=0.02)
    again = nnlib.Linear(400, 300, rng=rng(), dtype=dtype)
    assert np.array_equal(layer.weight.data, again.weight.data)
    assert nnlib.Linear(400, 300, bias=False, rng=rng()).bias is None


def test_equal_hidden_units_stay_equal() -> None:
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    model = nnlib.Sequential(
        nnlib.Linear(2, 4, rng=rng()), nnlib.Tanh(), nnlib.Linear(4, 1, rng=rng())
    )
    for parameter in model.parameters():
        init.constant_(parameter, 0.5)
    optimizer, criterion = nnlib.Adam(model.parameters(), lr=0.05), nnlib.BCEWithLogitsLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        model.backward(criterion.backward())
        optimizer.step()
    assert len(np.unique(model[0].weight.data.round(9), axis=0)) == 1
    assert loss > 0.4
