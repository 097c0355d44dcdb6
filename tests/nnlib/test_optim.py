"""Optimizers beyond parity: conventions by hand, slices, missing gradients, dtypes, schedules."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlib
from nnlib import lr_scheduler, optimizer

MAKERS = {
    "SGD": lambda p: nnlib.SGD(p, lr=0.1),
    "momentum": lambda p: nnlib.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda p: nnlib.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "classical": lambda p: nnlib.SGD(p, lr=0.1, momentum=0.9, classical=True),
    "RMSprop": lambda p: nnlib.RMSprop(p, momentum=0.5, weight_decay=0.1),
    "Adam": lambda p: nnlib.Adam(p, weight_decay=0.1),
    "AdamW": lambda p: nnlib.AdamW(p),
}


def run(name: str, shapes: list[tuple[int, ...]], missing: set[tuple[int, int]] = frozenset()):
    """Take five steps with given gradients; (step, index) in `missing` have none."""
    rng = np.random.default_rng(0)
    params = [nnlib.Parameter(rng.normal(size=s)) for s in shapes]
    rule = MAKERS[name](params)
    for step in range(5):
        for index, p in enumerate(params):
            grad = rng.normal(size=p.data.shape)
            p.grad = None if (step, index) in missing else grad
        rule.step()
    return [p.data for p in params]


@pytest.mark.parametrize("name", MAKERS)
def test_slices_change_nothing(name, monkeypatch) -> None:
    shapes = [(7, 5), (3,), (4, 6), (), (11,)]
    expected = run(name, shapes)
    for size in (1, 4, 40):
        monkeypatch.setattr(optimizer, "SLICE", size)
        monkeypatch.setattr(optimizer, "PACK", size)
        for mine, whole in zip(run(name, shapes), expected, strict=True):
            assert np.array_equal(mine, whole)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.sampled_from(list(MAKERS)), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 2))))
def test_a_parameter_without_gradient_stays_and_the_others_do_not_notice(name, missing) -> None:
    shapes = [(2, 3), (4,), (2,)]
    together = run(name, shapes, missing)
    for index, array in enumerate(together):
        skipped = {(s, i) for s in range(5) for i in range(3) if i != index}
        assert np.array_equal(array, run(name, shapes, missing | skipped)[index])


@pytest.mark.parametrize("name", MAKERS)
def test_float32_stays_and_gradients_are_not_changed(name) -> None:
    p = nnlib.Parameter(np.ones((3, 2), np.float32))
    q = nnlib.Parameter(np.ones(2))  # another dtype beside it
    rule, array = MAKERS[name]([p, q]), p.data
    p.grad, q.grad = np.full((3, 2), 0.5, np.float32), np.ones(2)
    for _ in range(2):
        rule.step()
    assert (p.grad == 0.5).all()
    assert p.data is array  # changed in place
    assert (array < 1).all()
    memories = [m.dtype for group in rule._groups for m in group.memory]
    assert memories.count(np.dtype(np.float32)) == memories.count(np.dtype(np.float64))
    assert p.data.dtype == np.float32
    rule.zero_grad()
    assert p.grad is None
    rule.step()


def constant_gradient(rule: nnlib.SGD, steps: int) -> float:
    for _ in range(steps):
        rule.params[0].grad = np.array([1.0])
        rule.step()
    return float(rule.params[0].data[0])


def test_the_two_momentum_conventions_by_hand() -> None:
    def sgd(**options) -> nnlib.SGD:
        return nnlib.SGD([nnlib.Parameter([0.0])], lr=0.01, momentum=0.9, **options)

    assert constant_gradient(sgd(), 3) == pytest.approx(-0.01 * (1 + 1.9 + 2.71))
    assert constant_gradient(sgd(classical=True), 3) == pytest.approx(-0.01 * (0.1 + 0.19 + 0.271))
    assert constant_gradient(sgd(), 200) == pytest.approx(-19.10, abs=0.01)
    assert constant_gradient(sgd(classical=True), 200) == pytest.approx(-1.91, abs=0.001)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_the_learning_rate(size) -> None:
    w = nnlib.Parameter([0.0])
    w.grad = np.array([size])
    nnlib.Adam([w], lr=0.01).step()
    assert w.data[0] == pytest.approx(-0.01, abs=1e-6)


def test_weight_decay_of_adam_depends_on_the_gradients_and_that_of_adamw_does_not() -> None:
    ends = {}
    for kind in (nnlib.Adam, nnlib.AdamW):
        w, size = nnlib.Parameter(np.ones(3)), np.array([10, 1, 0.1])
        rule = kind([w], lr=1e-2, weight_decay=0.1)
        for step in range(1000):
            w.grad = size * (-1) ** (step + 1)
            rule.step()
        ends[kind] = w.data
    assert ends[nnlib.Adam].round(3).tolist() == [0.921, 0.372, 0.0]
    assert ends[nnlib.AdamW].round(3).tolist() == [0.374, 0.374, 0.374]


def test_after_the_last_epoch_of_a_cosine_the_rate_rises() -> None:
    rule = nnlib.SGD([nnlib.Parameter([0.0])], lr=0.1)
    scheduler = lr_scheduler.CosineAnnealingLR(rule, T_max=100)
    rates = []
    for _ in range(201):
        rates.append(rule.lr)
        scheduler.step()
    assert [rates[i] for i in (0, 50, 100, 150, 200)] == pytest.approx([0.1, 0.05, 0, 0.05, 0.1])
    assert scheduler.last_epoch == 201


def test_warm_up_then_decay() -> None:
    rule = nnlib.SGD([nnlib.Parameter([0.0])], lr=1.0)
    warm_up = lr_scheduler.LinearLR(rule, start_factor=0.25, total_iters=3)
    decay = lr_scheduler.StepLR(rule, step_size=4, gamma=0.5)
    rates = [rule.lr]
    for _ in range(5):
        warm_up.step()
        decay.step()
        rates.append(rule.lr)
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.5, 0.5])


def test_plateau_counts_from_the_best_value() -> None:
    rule = nnlib.SGD([nnlib.Parameter([0.0])], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(rule, patience=2, cooldown=1, min_lr=0.05)
    rates = []
    for loss in (1.0, 0.9, 0.95, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.8, math.inf, 1, 1, 1):
        scheduler.step(loss)
        rates.append(rule.lr)
    assert rates == pytest.approx([1] * 4 + [0.1] * 4 + [0.05] * 6)
    assert scheduler.best == 0.8
