"""Fast checks of layers, losses and optimizers, run on nnlib and on every wrong version of it.

Each takes the package as an argument. The numbers are worked out by hand or by differences.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def slope_error(module: Any, x: np.ndarray, target: np.ndarray | None = None) -> float:
    """Compare backward with differences along every entry of x, for a random cotangent."""
    arguments = () if target is None else (target,)
    own = copy.deepcopy(module)
    y = np.asarray(own(x, *arguments))
    g = rng().normal(size=y.shape)
    dx, numeric = own.backward(g if y.ndim else float(g)), np.empty_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-5
        up, down = (
            np.sum(g * copy.deepcopy(module)(x + sign * step, *arguments)) for sign in (1, -1)
        )
        numeric[index] = (up - down) / 2e-5
    assert dx.shape == x.shape
    return float(np.abs(dx - numeric).max())


X = np.array([[0.3, -1.2, 2.0], [-0.7, 0.9, -0.1], [1.5, -2.2, 0.4], [0.2, 0.6, -1.9]])


def check_slopes_of_activations(nn: ModuleType) -> None:
    for layer in (
        nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.1), nn.LeakyReLU(1.5), nn.PReLU(),
        nn.PReLU(3), nn.ELU(0.5), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Softmax(1),
        nn.Softmax(0), nn.LogSoftmax(1),
    ):  # fmt: skip
        assert slope_error(layer, X) < 1e-7, layer


def check_values_of_activations(nn: ModuleType) -> None:
    x = np.array([-1.0, 0.0, 2.0])
    e = math.exp(-1)
    assert np.allclose(nn.LeakyReLU(1.5)(x), [-1.5, 0, 2])
    assert np.allclose(nn.PReLU(init=2.0)(x), [-2, 0, 2])
    assert np.allclose(nn.ELU(0.5)(x), [0.5 * (e - 1), 0, 2])
    assert np.allclose(nn.GELU()(x), [-0.158655254, 0, 1.954499736])
    assert np.allclose(nn.GELU("tanh")(x), [-0.158808009, 0, 1.954597694])
    assert np.allclose(nn.SiLU()(x), [-e / (1 + e), 0, 1.761594156])
    for layer, slope in ((nn.ReLU(), 0.0), (nn.LeakyReLU(0.1), 0.1), (nn.ELU(), 1.0)):
        layer(np.zeros(1))
        assert layer.backward(np.ones(1)) == slope
    assert math.isclose(nn.ELU()(np.array([-1e-12]))[0], -1e-12, rel_tol=1e-9)
    layer = nn.PReLU()
    layer(x)
    layer.backward(np.ones(3))
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [-1]


def check_extremes(nn: ModuleType) -> None:
    x = np.array([[-math.inf, -1e4, 1e4, math.nan]])
    with np.errstate(all="raise", under="ignore"):
        assert np.array_equal(nn.ReLU()(x), [[0, 0, 1e4, math.nan]], equal_nan=True)
        assert np.array_equal(nn.SiLU()(x), [[0, 0, 1e4, math.nan]], equal_nan=True)
        assert np.array_equal(nn.ELU()(x), [[-1, -1, 1e4, math.nan]], equal_nan=True)
        assert np.array_equal(nn.Softmax(1)(x[:, 1:3]), [[0, 1]])
        z, t = np.array([800.0, -800.0]), np.array([0.0, 1.0])
        assert nn.BCEWithLogitsLoss()(z, t) == 800
        assert nn.BCELoss()(np.array([1.0, 0.0]), t) == 100
        assert nn.BCELoss()(t, t) == 0
        assert nn.CrossEntropyLoss()(np.array([[800.0, -800.0]]), np.array([1])) == 1600
        assert nn.BCEWithLogitsLoss()(np.float32([20]), np.float32([0])) == 20
        assert math.isclose(nn.BCEWithLogitsLoss()(z[:1] / 16, t[1:]), math.exp(-50), rel_tol=1e-9)


def check_linear(nn: ModuleType) -> None:
    layer = nn.Linear(3, 2, rng=rng())
    y = layer(X)
    assert np.allclose(y, X @ layer.weight.data.T + layer.bias.data)
    g = np.arange(8.0).reshape(4, 2)
    assert np.allclose(layer.backward(g), g @ layer.weight.data)
    assert np.allclose(layer.weight.grad, g.T @ X)
    assert layer.bias.grad.tolist() == [12, 16]
    layer(X)
    layer.backward(g)
    assert layer.bias.grad.tolist() == [24, 32]
    bound = 1 / math.sqrt(100)
    wide = nn.Linear(100, 200, rng=rng())
    for array in (wide.weight.data, wide.bias.data):
        assert 0.95 * bound < np.abs(array).max() <= bound
    assert nn.Linear(3, 2, bias=False, rng=rng()).bias is None


def check_containers(nn: ModuleType) -> None:
    model = nn.Sequential(nn.Linear(3, 3, rng=rng()), nn.Residual(nn.Tanh()), nn.LayerNorm(3))
    assert slope_error(model, X) < 1e-7
    with_it, without = copy.deepcopy(model), copy.deepcopy(model)
    for m, wanted in ((with_it, True), (without, False)):
        m(X)
        m.backward(X, input_grad=wanted)
    for p, q in zip(with_it.parameters(), without.parameters(), strict=True):
        assert np.array_equal(p.grad, q.grad)
    state = model.state_dict()
    model[0].weight.data += 1
    assert not np.array_equal(state["0.weight"], model[0].weight.data)
    model.load_state_dict(state)
    assert np.array_equal(state["0.weight"], model[0].weight.data)
    assert all(m.training is False for _, m in model.eval().named_modules())
    model.train()(X)
    model.backward(X)
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def check_dropout(nn: ModuleType) -> None:
    layer, x = nn.Dropout(0.25, rng=rng()), np.ones((100, 100))
    y = layer(x)
    assert np.allclose(np.unique(y), [0, 4 / 3])
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert np.array_equal(layer.backward(x), y)
    assert np.array_equal(layer.eval()(x), x)
    assert not nn.Dropout(1.0, rng=rng())(x).any()
    with pytest.raises(ValueError, match="p must"):
        nn.Dropout(-0.1, rng=rng())


def check_normalisation(nn: ModuleType) -> None:
    layer = nn.BatchNorm1d(3)
    layer.weight.data[:] = 2.0, -1.0, 0.5
    assert slope_error(layer, X) < 1e-7
    y = layer(X)
    assert np.allclose(y.mean(axis=0), 0)
    assert np.allclose(y.std(axis=0), [2, 1, 0.5], atol=1e-4)
    assert np.allclose(layer.running_mean, 0.1 * X.mean(axis=0))
    assert np.allclose(layer.running_var, 0.9 + 0.1 * X.var(axis=0, ddof=1))
    layer.backward(X)
    assert np.allclose(layer.bias.grad, X.sum(axis=0))
    assert np.allclose(layer.weight.grad * layer.weight.data, (X * y).sum(axis=0))
    expected = (X - layer.running_mean) / np.sqrt(layer.running_var + 1e-5) * layer.weight.data
    assert np.allclose(layer.eval()(X), expected)
    assert not nn.BatchNorm1d(1)(np.ones((2, 1))).any()
    assert np.allclose(nn.BatchNorm1d(1, eps=3.0)(np.array([[1.0], [-1.0]])), [[0.5], [-0.5]])
    with pytest.raises(ValueError, match="N >= 2"):
        nn.BatchNorm1d(3)(X[:1])
    assert np.allclose(nn.LayerNorm(3)(X).std(axis=1), 1, atol=1e-4)
    layer = nn.LayerNorm(3)
    layer(X)
    layer.backward(X)
    assert np.allclose(layer.bias.grad, X.sum(axis=0))


def check_losses(nn: ModuleType) -> None:
    t, hard = np.flip(X, axis=0).copy(), (X > 0).astype(float)
    p, labels = 1 / (1 + np.exp(-X)), np.array([0, 2, 1, 1])
    rows = np.abs(t) / np.abs(t).sum(axis=1, keepdims=True)
    for reduction in ("mean", "sum", "none"):
        for name, x, target, options in (
            ("MSELoss", X, t, {}),
            ("L1Loss", X, t, {}),
            ("HuberLoss", X, t, {"delta": 0.7}),
            ("BCELoss", p, hard, {}),
            ("BCEWithLogitsLoss", X, hard, {}),
            ("CrossEntropyLoss", X, labels, {}),
            ("CrossEntropyLoss", X, rows, {}),
            ("CrossEntropyLoss", X, labels, {"label_smoothing": 0.2}),
            ("CrossEntropyLoss", X, rows, {"label_smoothing": 0.2}),
        ):
            criterion = getattr(nn, name)(reduction=reduction, **options)
            assert slope_error(criterion, x, target) < 1e-7, name
    error = np.array([[3.0, 0.5]])
    zero = np.zeros_like(error)
    assert nn.MSELoss()(error, zero) == 9.25 / 2
    assert nn.MSELoss(reduction="sum")(error, zero) == 9.25
    assert nn.HuberLoss(reduction="none")(error, zero).tolist() == [[2.5, 0.125]]
    # The order of an array in memory and the size of the labels' integers change nothing.
    by_rows, by_columns = nn.CrossEntropyLoss(), nn.CrossEntropyLoss()
    assert by_columns(np.asfortranarray(X), labels.astype(np.uint64)) == by_rows(X, labels)
    assert np.array_equal(by_columns.backward(), by_rows.backward())
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.5)(np.log([[0.2, 0.8]]), np.array([1]))
    assert math.isclose(smoothed, -0.75 * math.log(0.8) - 0.25 * math.log(0.2))


def check_refusals(nn: ModuleType) -> None:
    z, column = np.zeros((3, 2)), np.ones((3, 1))
    for action in (
        lambda: nn.CrossEntropyLoss()(z, np.array([0, -1, 1])),
        lambda: nn.CrossEntropyLoss()(z, np.array([0, 1, 2])),
        lambda: nn.CrossEntropyLoss()(z, np.array([[0], [1], [1]])),
        lambda: nn.CrossEntropyLoss()(z, z + 1),
        lambda: nn.MSELoss()(column, column[:, 0]),
        lambda: nn.BCEWithLogitsLoss()(column, 2 * column),
        lambda: nn.Linear(3, 2, rng=rng())(X.astype(np.float32)),
        lambda: nn.Linear(3, 2, rng=rng())(X[:0]),
        lambda: nn.Sequential(*[nn.Tanh()] * 2),
        lambda: nn.SGD([nn.Parameter([1.0])] * 2),
        lambda: nn.GELU("erf"),
        lambda: nn.MSELoss(reduction="max"),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            action()
    layer = nn.Tanh()
    layer(X)
    for wrong in (X[:, :1], X.astype(np.float32)):
        with pytest.raises(ValueError, match="expected grad"):
            layer.backward(wrong)
    layer.backward(X)
    with pytest.raises(RuntimeError, match="forward"):
        layer.backward(X)
    layer.eval()(X)
    with pytest.raises(RuntimeError, match="forward"):
        layer.backward(X)


def check_dtypes(nn: ModuleType) -> None:
    x = X.astype(np.float32)
    layers = [nn.Linear(3, 4, rng=rng(), dtype=np.float32), nn.BatchNorm1d(4, dtype=np.float32)]
    layers += [nn.LeakyReLU(), nn.ELU(), nn.GELU(), nn.SiLU(), nn.PReLU(dtype=np.float32)]
    layers += [nn.Dropout(0.3, rng=rng()), nn.LayerNorm(4, dtype=np.float32), nn.ReLU()]
    model = nn.Sequential(*layers)
    for criterion, target in (
        (nn.CrossEntropyLoss(label_smoothing=0.1), np.array([0, 3, 1, 2])),
        (nn.CrossEntropyLoss(), np.eye(4, dtype=np.float32)),
        (nn.HuberLoss(), np.eye(4, dtype=np.float32)),
    ):
        loss = criterion(model(x), target)
        grad = model.backward(criterion.backward())
        assert {loss.dtype, grad.dtype} == {np.dtype(np.float32)}
    assert all(p.grad is not None for p in model.parameters())
    for rule in (nn.SGD, nn.RMSprop, nn.Adam, nn.AdamW):
        rule(model.parameters()).step()
    floats = {a.dtype for a in model.state_dict().values() if a.dtype.kind == "f"}
    assert floats | {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}


def walk(rule: Any, steps: int = 3) -> list[float]:
    """Positions of a parameter that starts at 1 and has the gradient 2, then 2, then 2 ..."""
    (w,), path = rule.params, []
    for _ in range(steps):
        w.grad = np.array([2.0])
        rule.step()
        path.append(float(w.data[0]))
    assert w.grad[0] == 2
    return path


def check_optimizers(nn: ModuleType) -> None:
    def path(kind: str, **options: Any) -> list[float]:
        return walk(getattr(nn, kind)([nn.Parameter([1.0])], lr=0.1, **options))

    assert np.allclose(path("SGD"), [0.8, 0.6, 0.4])
    assert np.allclose(path("SGD", weight_decay=0.5)[:2], [0.75, 0.5125])
    assert np.allclose(path("SGD", momentum=0.5), [0.8, 0.5, 0.15])
    assert np.allclose(path("SGD", momentum=0.5, nesterov=True), [0.7, 0.35, -0.025])
    assert np.allclose(path("SGD", momentum=0.5, classical=True), [0.9, 0.75, 0.575])
    s1, s2 = 0.01 * 4, 0.99 * 0.01 * 4 + 0.01 * 4
    first = 1 - 0.2 / (math.sqrt(s1) + 0.5)
    assert np.allclose(path("RMSprop", eps=0.5)[:2], [first, first - 0.2 / (math.sqrt(s2) + 0.5)])
    assert np.allclose(path("Adam"), [0.9, 0.8, 0.7])
    assert np.allclose(path("Adam", eps=2.0), [0.95, 0.9, 0.85])
    assert np.allclose(path("Adam", eps=2.0, weight_decay=2.0)[0], 1 - 0.1 * 4 / 6)
    assert np.allclose(path("AdamW", eps=2.0, weight_decay=2.0)[0], 0.8 - 0.05)
    w, v = nn.Parameter([1.0]), nn.Parameter([[1.0]])
    rule = nn.Adam([w, v], lr=0.1)
    for grads in ((1.0, None), (None, 1.0)):
        w.grad = None if grads[0] is None else np.ones(1)
        v.grad = None if grads[1] is None else np.ones((1, 1))
        rule.step()
    assert np.allclose([w.data[0], v.data[0, 0]], 0.9)
    w, v = nn.Parameter([1.0]), nn.Parameter([[1.0]])
    w.grad, v.grad = np.ones(1), -np.ones((1, 1))
    nn.Adam([w, v], lr=0.1).step()
    assert np.allclose([w.data[0], v.data[0, 0]], [0.9, 1.1])
    large = nn.Parameter(np.ones(300_000))
    large.grad = np.ones(300_000)
    nn.SGD([large], lr=0.5).step()
    assert (large.data == 0.5).all()


def check_schedules(nn: ModuleType) -> None:
    def rates(kind: str, steps: int, **options: Any) -> list[float]:
        rule = nn.SGD([nn.Parameter([1.0])], lr=1.0)
        scheduler, found = getattr(nn.lr_scheduler, kind)(rule, **options), [rule.lr]
        for _ in range(steps):
            scheduler.step()
            found.append(rule.lr)
        return found

    assert np.allclose(rates("StepLR", 4, step_size=2), [1, 1, 0.1, 0.1, 0.01])
    assert np.allclose(rates("ExponentialLR", 2, gamma=0.5), [1, 0.5, 0.25])
    expected = [1, 0.55, 0.1, 0.55, 1, 0.55]
    assert np.allclose(rates("CosineAnnealingLR", 5, T_max=2, eta_min=0.1), expected)
    expected = [0.5, 0.75, 1, 1]
    assert np.allclose(rates("LinearLR", 3, start_factor=0.5, total_iters=2), expected)
    rule = nn.SGD([nn.Parameter([1.0])], lr=1.0)
    plateau = nn.lr_scheduler.ReduceLROnPlateau(rule, patience=1, factor=0.5)
    found = []
    for loss in (1.0, 1.0, 0.9, 0.9, 0.9, 0.9):
        plateau.step(loss)
        found.append(rule.lr)
    assert found == [1, 1, 1, 1, 0.5, 0.5]


def check_first_values_and_penalties(nn: ModuleType) -> None:
    def variance(name: str, **options: Any) -> float:
        w = nn.Parameter(np.zeros((300, 200)))
        return float(getattr(nn.init, name)(w, rng=rng(), **options).data.var())

    for name, options, expected in (
        ("xavier_uniform_", {"gain": 2.0}, 8 / 500),
        ("xavier_normal_", {}, 2 / 500),
        ("kaiming_uniform_", {}, 2 / 200),
        ("kaiming_normal_", {"mode": "fan_out"}, 2 / 300),
        ("kaiming_normal_", {"a": 1.0}, 1 / 200),
        ("lecun_normal_", {}, 1 / 200),
    ):
        assert math.isclose(variance(name, **options), expected, rel_tol=0.03), name
    w = nn.Parameter([3.0, -4.0])
    assert nn.l2_penalty([w], 0.5) == 6.25
    assert w.grad is not None
    assert w.grad.tolist() == [1.5, -2.0]
    assert nn.l1_penalty([w], 0.5) == 3.5
    assert w.grad.tolist() == [2.0, -2.5]
    w.grad = np.array([3.0, 4.0])
    assert nn.clip_grad_norm_([w, w], 1.0) == 5
    assert np.allclose(w.grad, [0.6, 0.8])
    assert np.isclose(nn.clip_grad_norm_([w], 2.0), 1.0)
    assert np.allclose(w.grad, [0.6, 0.8])
    nn.clip_grad_value_([w], 0.7)
    assert np.allclose(w.grad, [0.6, 0.7])
    w.grad[0] = math.nan
    with pytest.raises(ValueError, match="nan"):
        nn.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    nn.clip_grad_norm_([w], 1.0)
    assert np.isnan(w.grad).all()


CHECKS: list[Callable[[ModuleType], None]] = [
    check_slopes_of_activations,
    check_values_of_activations,
    check_extremes,
    check_linear,
    check_containers,
    check_dropout,
    check_normalisation,
    check_losses,
    check_refusals,
    check_dtypes,
    check_optimizers,
    check_schedules,
    check_first_values_and_penalties,
]
