"""A test of the tests: wrong versions of batches, training, metrics, checks and the tape.

Each mutant of mutants_training.toml must be refused by one of the short checks below.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import nnlib
from tests.nnlib.test_mutants import load, write_mutant

__all__ = ["load"]  # the fixture, for pytest to find

MUTANTS = tomllib.loads(
    Path(__file__).with_name("mutants_training.toml").read_text(encoding="utf-8")
)


def part(nn: ModuleType, name: str) -> Any:
    return importlib.import_module(f"{nn.__name__}.{name}")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


X = rng(1).normal(size=(10, 2))
Y = np.array([0, 1] * 5)


def check_minibatches(nn: ModuleType) -> None:
    minibatches = part(nn, "preprocessing").minibatches
    order = rng(4).permutation(10)
    batches = list(minibatches(X, Y, 4, rng=rng(4)))
    assert [len(y) for _, y in batches] == [4, 4, 2]
    for i, (x, y) in enumerate(batches):
        assert np.array_equal(x, X[order[4 * i : 4 * i + 4]])
        assert np.array_equal(y, Y[order[4 * i : 4 * i + 4]])
    assert len(list(minibatches(X, Y, 4, rng=rng(4), drop_last=True))) == 2


def trained(nn: ModuleType, lr: float, **options: Any) -> tuple[Any, Any, Any]:
    train = part(nn, "train")
    model = nn.Sequential(nn.Linear(2, 2, rng=rng()), nn.Dropout(0.3, rng=rng()))
    model.eval()  # fit must switch training mode on
    optimizer = nn.SGD(model.parameters(), lr=lr)
    scheduler = nn.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    keep = {k: options.pop(k) for k in ("epochs", "early_stopping", "validation") if k in options}
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, scheduler=scheduler, **options)
    fit = {"epochs": 2, "batch_size": 7, "rng": rng(), "progress": False, "validation": (X, Y)}
    return trainer, model, trainer.fit(X, Y, **{**fit, **keep})


def check_training(nn: ModuleType) -> None:
    _, model, history = trained(nn, 0.4, max_norm=0.1)
    twin = nn.Sequential(nn.Linear(2, 2, rng=rng()), nn.Dropout(0.3, rng=rng()))
    criterion, order, lr = nn.CrossEntropyLoss(), rng(), 0.4
    for epoch in range(2):
        assert history.lr[epoch] == lr
        total, shuffled = 0.0, order.permutation(10)
        for rows in (shuffled[:7], shuffled[7:]):
            twin.zero_grad()
            total += float(criterion(twin(X[rows]), Y[rows])) * len(rows)
            twin.backward(criterion.backward())
            norm = np.sqrt(sum(np.sum(p.grad**2) for p in twin.parameters()))
            for p in twin.parameters():
                p.data -= lr * p.grad * min(1, 0.1 / (norm + 1e-6))
        assert np.isclose(history.train_loss[epoch], total / 10, rtol=1e-12)
        twin.eval()
        assert np.isclose(history.val_loss[epoch], float(criterion(twin(X), Y)), rtol=1e-12)
        twin.train()
        lr *= 0.5
    assert np.allclose(model[0].weight.data, twin[0].weight.data, rtol=1e-12)


def check_early_stopping(nn: ModuleType) -> None:
    train = part(nn, "train")
    model = nn.Linear(1, 1, rng=rng())

    def stop(losses: list[float], **options: Any) -> int | None:
        stopper = train.EarlyStopping(**options)
        for epoch, loss in enumerate(losses, start=1):
            model.weight.data[...] = epoch
            if stopper.update(loss, model):
                stopper.restore(model)
                return epoch
        return None

    assert stop([1.0, 0.9, 0.95, 0.8, 0.85, 0.7, 0.75], patience=2) is None
    assert stop([1.0, 0.5, 0.6, 0.7], patience=2) == 4
    assert model.weight.data.item() == 2
    assert stop([1.0, 0.95, 0.9], patience=2, min_delta=0.2) == 3
    stopper = train.EarlyStopping(patience=50)
    opposite = (X, 1 - Y)  # what is learnt is wrong there: the loss rises after the first epoch
    trainer, _, history = trained(nn, 0.5, epochs=4, early_stopping=stopper, validation=opposite)
    assert history.val_loss[-1] > min(history.val_loss)
    assert trainer.evaluate(*opposite)[0] == min(history.val_loss)


def check_nan(nn: ModuleType) -> None:
    train = part(nn, "train")
    model = nn.Sequential(nn.Linear(2, 2, rng=rng()), nn.Tanh(), nn.Linear(2, 2, rng=rng()))
    model[0].weight.data[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 1; .*weight of layer '0'"):
        train.Trainer(model, nn.CrossEntropyLoss(), nn.SGD(model.parameters())).fit(
            X, Y, epochs=1, batch_size=5, rng=rng(), progress=False
        )
    model = nn.Linear(2, 2, rng=rng())
    model.weight.data[...] = 1e160  # the loss stays finite; the update below does not
    with pytest.raises(FloatingPointError, match="last update of epoch 1"):
        train.Trainer(model, nn.L1Loss(), nn.SGD(model.parameters(), lr=1e308)).fit(
            100 * np.ones((4, 2)), np.zeros((4, 2)), epochs=1, batch_size=4, rng=rng(),
            progress=False,
        )  # fmt: skip


def check_metrics(nn: ModuleType) -> None:
    metrics = part(nn, "metrics")
    assert metrics.confusion_matrix([0, 0, 1], [1, 1, 1]).tolist() == [[0, 0], [2, 1]]
    assert metrics.accuracy([[0.0, 2.0, 1.0], [3.0, 1.0, 0.0]], [1, 0]) == 1
    for preds, target in (([[0], [1]], [0, 1]), ([0, -1], [0, 1]), ([0], [0, 1])):
        with pytest.raises(ValueError, match="accuracy: "):
            metrics.accuracy(preds, target)


def check_gradcheck(nn: ModuleType) -> None:
    check = part(nn, "gradcheck")
    x = np.array([0.5, -2.0])
    numeric = check.numerical_gradient(lambda: float(np.sum(x**2)), x)
    assert np.allclose(numeric, [1, -4], atol=1e-8)
    assert x.tolist() == [0.5, -2]
    assert check.gradcheck(nn.Linear(2, 2, rng=rng()), X, rng=rng()) < 1e-6

    class Flat(nn.Softmax):
        def _backward(self, grad: Any, y: Any) -> Any:
            return np.zeros_like(y)

    class NotANumber(nn.Tanh):
        def _backward(self, grad: Any, y: Any) -> Any:
            return grad * np.nan

    class Half(nn.Linear):
        def _backward_parameters(self, grad: Any, x: Any) -> Any:
            return super()._backward_parameters(grad / 2, x)

    for wrong in (Flat(dim=1), NotANumber(), Half(2, 2, rng=rng())):
        with pytest.raises(check.GradcheckError):
            check.gradcheck(wrong, X, rng=rng())


def check_summary(nn: ModuleType) -> None:
    summary = part(nn, "summary")
    model = nn.Sequential(nn.Linear(2, 2, rng=rng()), nn.Dropout(rng=rng()))
    assert summary.summary(model, 2).split()[-1] == "6"
    expected = nn.Sequential(nn.Linear(2, 2, rng=rng()), nn.Dropout(rng=rng()))(X)
    summary.layer_outputs(model, X)
    assert np.array_equal(model(X), expected)
    model[0].weight.data[...] = np.inf
    assert "weight of layer '0'" in summary.first_not_finite(model, X)


def check_tape(nn: ModuleType) -> None:
    Tensor = part(nn, "autograd").Tensor
    x, row = Tensor(np.array([[1.0, 0.0], [2.0, 3.0]])), Tensor(np.array([[1.0, -1.0]]))
    y = (x[[0, 0, 1]].relu() * row) @ x * x[[1, 0, 0]]
    y.sum().backward()
    assert x.grad.tolist() == [[5, -6], [-1, -2]]
    assert row.grad.tolist() == [[5, 6]]
    x.sum().backward()
    assert x.grad.tolist() == [[6, -5], [0, -1]]
    assert (2 * Tensor(np.ones(2, np.float32))).data.dtype == np.float32


def check_data(nn: ModuleType) -> None:
    data = part(nn, "datasets")
    assert np.allclose(
        data.moons(4, noise=0.0, rng=rng())[0], [[1, 0], [-1, 0], [0, 0.5], [2, 0.5]]
    )
    still = data.moons(2000, noise=0.0, rng=rng())[0]
    assert np.allclose((data.moons(2000, noise=0.2, rng=rng())[0] - still).std(axis=0), 0.2, 0.05)
    assert still[:1000, 1].min() >= 0 > still[1000:, 1].min()
    assert data.digits()[0].max() == 1


CHECKS: list[Callable[[ModuleType], None]] = [
    check_minibatches,
    check_training,
    check_early_stopping,
    check_nan,
    check_metrics,
    check_gradcheck,
    check_summary,
    check_tape,
    check_data,
]


def refusals(nn: ModuleType) -> list[str]:
    """Names of the checks that refuse `nn`, or in which `nn` itself refuses what it should not."""
    refused = []
    for check in CHECKS:
        try:
            check(nn)
        except (AssertionError, ArithmeticError, RuntimeError, ValueError, pytest.fail.Exception):
            refused.append(check.__name__)
    return refused


def test_the_real_package_passes_every_check() -> None:
    assert refusals(nnlib) == []


def test_an_unchanged_copy_passes_every_check(load) -> None:
    copy = load("metrics.py", "Counting right and", "Counting  right and")
    assert refusals(copy) == []


@pytest.mark.slow  # a test of the tests
@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_refused(name: str, load) -> None:
    assert refusals(load(**MUTANTS[name]))


def test_every_text_to_replace_is_still_there(tmp_path) -> None:
    for number, mutant in enumerate(MUTANTS.values()):
        write_mutant(tmp_path / str(number), **mutant)
