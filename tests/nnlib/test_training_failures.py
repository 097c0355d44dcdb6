"""Training that fails says where: NaN, overflow, options that do not fit."""

import re

import numpy as np
import pytest

import nnlib as nn
from nnlib.plateau import ReduceLROnPlateau
from nnlib.train import EarlyStopping, Trainer
from tests.nnlib.small_training import XV, YV, X, Y, fit, rng, trainer


def diverge(criterion, target, lr):
    outputs = 1 if target.ndim == 2 else 3
    model = nn.Sequential(nn.Linear(4, 8, rng=rng()), nn.ReLU(), nn.Linear(8, outputs, rng=rng()))
    one = Trainer(model, criterion, nn.SGD(model.parameters(), lr=lr))
    with pytest.raises(FloatingPointError) as error:
        one.fit(X, target, epochs=20, batch_size=25, rng=rng(), progress=False)
    return str(error.value)


def test_a_diverging_network_is_located_without_a_warning() -> None:
    assert re.fullmatch(
        r"Trainer: the loss is (inf|nan) in epoch \d+, batch [12]; the first value that is not "
        r"finite is in the (weight|bias|output) of layer '[02]', Linear\(\d, \d\)\.",
        diverge(nn.CrossEntropyLoss(), Y, 1e300),
    )


def test_an_overflow_in_the_square_of_the_loss_is_told_from_one_in_a_layer() -> None:
    assert re.fullmatch(
        r"Trainer: the loss is inf in epoch \d, batch [12]; every layer's output is finite, up to "
        r"\de\+\d{3}, so it arose in the loss itself\.",
        diverge(nn.MSELoss(), X[:, :1], 1e10),
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("2.weight", np.nan, "in the weight of layer '2', Linear(8, 3)."),
        ("0.bias", np.inf, "in the bias of layer '0', Linear(4, 8)."),
    ],
)
def test_a_nan_in_the_weights_is_named(name, value, says) -> None:
    one = trainer()
    dict(one.model.named_parameters())[name].data.flat[0] = value
    if name == "0.bias":
        one.model = nn.Sequential(one.model[0], nn.ReLU(), one.model[2])  # tanh(inf) is finite
    with pytest.raises(FloatingPointError, match=r"in epoch 1, batch 1; .*" + re.escape(says)):
        fit(one)


class BrokenGradient(nn.MSELoss):
    def _backward(self, error):
        return error * np.inf


@pytest.mark.parametrize("max_norm", [None, 1.0])
def test_an_update_that_breaks_the_weights_after_the_last_loss_is_found(max_norm) -> None:
    model = nn.Linear(4, 1, rng=rng())
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    one = Trainer(model, BrokenGradient(), optimizer, max_norm=max_norm)
    with pytest.raises(FloatingPointError) as error:
        one.fit(X, X[:, :1], epochs=1, batch_size=50, rng=rng(), progress=False)
    assert str(error.value) == (
        "Trainer: the last update of epoch 1 failed; the first value that is not finite is in the "
        "weight of layer '', Linear(4, 1)."
    )


def test_a_nan_in_the_data_is_named() -> None:
    one, bad = trainer(), np.where(np.arange(80).reshape(20, 4) == 5, np.nan, XV)
    with pytest.raises(FloatingPointError) as error:
        fit(one, validation=(bad, YV))
    assert str(error.value) == (
        "Trainer: the validation loss is nan after epoch 1; "
        "the input x already holds values that are not finite."
    )


class BrokenLoss(nn.MSELoss):
    def _forward(self, input, target):
        losses, error = super()._forward(input, target)
        return losses * np.inf, error


def test_a_loss_of_its_own_making_is_named() -> None:
    model = nn.Linear(4, 4, rng=rng())
    one = Trainer(model, BrokenLoss(), nn.SGD(model.parameters(), lr=0.1))
    with pytest.raises(FloatingPointError, match="so it arose in the loss itself"):
        one.fit(X, X, epochs=1, batch_size=9, rng=rng(), progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "Trainer.fit: epochs must be an integer >= 1, got 0."),
        ({"batch_size": 2.0}, "minibatches: batch_size must be an integer >= 1, got 2.0."),
        ({"early_stopping": EarlyStopping()},
         "Trainer.fit: early stopping and ReduceLROnPlateau need validation."),
        ({"rng": 1}, "minibatches: rng must be a numpy.random.Generator, got 1; "
         "use rng=np.random.default_rng(seed)."),
    ],
)  # fmt: skip
def test_fit_refuses_mistakes(options, message) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        fit(trainer(), **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(patience=0), "EarlyStopping: patience must be an integer >= 1"),
        (lambda: EarlyStopping(min_delta=-1), "EarlyStopping: min_delta must be a number >= 0"),
        (lambda: trainer(max_norm=0), "Trainer: max_norm must be a finite number > 0, got 0."),
    ],
)
def test_constructors_refuse_mistakes(make, message) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        make()


def test_a_plateau_scheduler_needs_validation() -> None:
    one = trainer()
    one.scheduler = ReduceLROnPlateau(one.optimizer)
    with pytest.raises(ValueError, match=r"ReduceLROnPlateau need validation\.$"):
        fit(one)
