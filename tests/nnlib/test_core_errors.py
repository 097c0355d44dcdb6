"""What layers, losses, optimizers and schedules refuse, and what they say."""

import math
import re

import numpy as np
import pytest

import nnlib
from nnlib import init, lr_scheduler

RNG = np.random.default_rng(0)
X = np.ones((32, 64))


def parameter(*shape: int, grad: object = None) -> nnlib.Parameter:
    p = nnlib.Parameter(np.ones(shape))
    p.grad = grad
    return p


def linear(dtype: type = np.float64) -> nnlib.Linear:
    return nnlib.Linear(64, 32, rng=RNG, dtype=dtype)


def sgd() -> nnlib.SGD:
    return nnlib.SGD([parameter(2)], lr=0.1)


ERRORS = [
    (
        lambda: linear()(np.ones((32, 10))),
        "Linear(64, 32): expected x of shape (N, 64), got (32, 10).",
    ),
    (lambda: linear()(np.ones(64)), "Linear(64, 32): expected x of shape (N, 64), got (64,)."),
    (
        lambda: linear(np.float32)(X),
        "Linear: x is float64 but the weights are float32; use x.astype(np.float32).",
    ),
    (lambda: nnlib.Linear(0, 2, rng=RNG), "Linear: in_features must be an integer >= 1, got 0."),
    (
        lambda: nnlib.Linear(2, 1.5, rng=RNG),
        "Linear: out_features must be an integer >= 1, got 1.5.",
    ),
    (
        lambda: nnlib.Linear(2, 2, rng=0),
        "Linear: rng must be a numpy.random.Generator, got 0; use rng=np.random.default_rng(seed).",
    ),
    (lambda: nnlib.Dropout(1.5, rng=RNG), "Dropout: p must be a number in [0, 1], got 1.5."),
    (lambda: nnlib.Dropout(0.5, rng=None), "Dropout: rng must be a numpy.random.Generator"),
    (
        lambda: nnlib.BatchNorm1d(3)(np.ones((1, 3))),
        "BatchNorm1d(3): one example has no variance; train with N >= 2.",
    ),
    (lambda: nnlib.BatchNorm1d(3)(X), "BatchNorm1d(3): expected x of shape (N, 3), got (32, 64)."),
    (
        lambda: nnlib.BatchNorm1d(64)(X.astype(np.float32)),
        "BatchNorm1d: x is float32 but the weights are float64; use x.astype(np.float64).",
    ),
    (lambda: nnlib.BatchNorm1d(3, eps=0), "BatchNorm1d: eps must be a finite number > 0, got 0."),
    (lambda: nnlib.BatchNorm1d(3, momentum=2), "momentum must be a number in [0, 1], got 2."),
    (
        lambda: nnlib.LayerNorm((3, 4))(np.ones((2, 4, 3))),
        "LayerNorm((3, 4)): expected x of shape (..., 3, 4), got (2, 4, 3).",
    ),
    (
        lambda: nnlib.LayerNorm(64)(X.astype(np.float32)),
        "LayerNorm: x is float32 but the weights are float64; use x.astype(np.float64).",
    ),
    (
        lambda: nnlib.LayerNorm((3, 0)),
        "LayerNorm: normalized_shape must be an integer >= 1, got 0.",
    ),
    (
        lambda: nnlib.GELU("exact"),
        "GELU: approximate must be one of none, tanh; got 'exact'.",
    ),
    (lambda: nnlib.ELU(math.inf), "ELU: alpha must be a finite number, got inf."),
    (lambda: nnlib.LeakyReLU("a"), "LeakyReLU: negative_slope must be a finite number, got 'a'."),
    (lambda: nnlib.PReLU(3)(X), "PReLU: expected x of shape (N, 3, ...), got (32, 64)."),
    (lambda: nnlib.PReLU(3)(np.ones(3)), "PReLU: expected x of shape (N, 3, ...), got (3,)."),
    (lambda: nnlib.PReLU()(X.astype(np.float32)), "PReLU: x is float32 but the weights are"),
    (lambda: nnlib.Softmax(dim=2)(X), "Softmax(dim=2): x of shape (32, 64) has no axis 2."),
    (lambda: nnlib.Softmax(dim=1)(np.ones(3)), "Softmax(dim=1): x of shape (3,) has no axis 1."),
    (lambda: nnlib.LogSoftmax(dim=0.5), "LogSoftmax: dim must be an integer, got 0.5."),
    (lambda: nnlib.Sequential(), "Sequential: expected layers that are Modules, got none."),
    (
        lambda: nnlib.Sequential(nnlib.Tanh),
        "Sequential: expected layers that are Modules, got <class",
    ),
    (
        lambda: nnlib.Sequential(*[nnlib.Tanh()] * 2),
        "Sequential: one layer object occurs twice; make a second layer.",
    ),
    (
        lambda: nnlib.Residual(linear())(X),
        "Residual(Linear(64, 32)): the body made (32, 32) of (32, 64); it must keep it.",
    ),
    (lambda: nnlib.Parameter([1, 2]), "Parameter: data must hold floats, got int64"),
    # losses
    (
        lambda: nnlib.MSELoss()(np.ones((3, 1)), np.ones(3)),
        "MSELoss: input has shape (3, 1) but target (3,); nothing is broadcast, "
        "use target.reshape(3, 1) if the numbers are the same.",
    ),
    (
        lambda: nnlib.L1Loss()(np.ones(2), np.ones(2, np.float32)),
        "L1Loss: target is float32 but input is float64; use target.astype(np.float64).",
    ),
    (
        lambda: nnlib.MSELoss()(np.ones(2), np.ones(2, int)),
        "MSELoss: target must hold floats, got int64; use target.astype(np.float64).",
    ),
    (lambda: nnlib.MSELoss()(np.ones(2), [1.0, 1.0]), "target must be a NumPy array, got list."),
    (
        lambda: nnlib.HuberLoss()(np.ones((0, 2)), np.ones((0, 2))),
        "HuberLoss: expected at least one example, got input of shape (0, 2).",
    ),
    (lambda: nnlib.HuberLoss(delta=0), "HuberLoss: delta must be a finite number > 0, got 0."),
    (
        lambda: nnlib.MSELoss(reduction="avg"),
        "MSELoss: reduction must be one of mean, sum, none; got 'avg'.",
    ),
    (
        lambda: nnlib.BCELoss()(np.array([1.5]), np.ones(1)),
        "BCELoss: input must lie in [0, 1], found 1.5.",
    ),
    (
        lambda: nnlib.BCEWithLogitsLoss()(np.zeros(2), np.array([0.0, -1.0])),
        "BCEWithLogitsLoss: target must lie in [0, 1], found -1.",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((8, 10)), np.array([0] * 7 + [-1])),
        "CrossEntropyLoss: labels must be integers in [0, 10); found -1 at row 7.",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 10)), np.array([10, 0])),
        "CrossEntropyLoss: labels must be integers in [0, 10); found 10 at row 0.",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 10)), np.array([[1], [0]])),
        "CrossEntropyLoss: expected labels of shape (2,), got (2, 1); use target.ravel().",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 10)), np.array([1, 0, 3])),
        "CrossEntropyLoss: expected labels of shape (2,), got (3,).",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros(3), np.array([1])),
        "CrossEntropyLoss: expected input of shape (N, K), got (3,).",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 3)), np.array([[0.5, 0.5, 0], [0.5, 0, 0]])),
        "CrossEntropyLoss: rows of a target of probabilities must be >= 0 and sum to 1; row 1 is",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((1, 2)), np.array([[1.5, -0.5]])),
        "must be >= 0 and sum to 1; row 0 is [ 1.5 -0.5].",
    ),
    (
        lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 3)), np.array([0.0, 1.0])),
        "CrossEntropyLoss: input has shape (2, 3) but target (2,)",
    ),
    (lambda: nnlib.CrossEntropyLoss()(np.zeros((2, 3)), [0, 1]), "target must be a NumPy array"),
    (
        lambda: nnlib.CrossEntropyLoss(label_smoothing=1.5),
        "CrossEntropyLoss: label_smoothing must be a number in [0, 1], got 1.5.",
    ),
    # optimizers
    (
        lambda: nnlib.SGD([np.ones(2)]),
        "SGD: expected Parameters such as model.parameters(), got ndarray.",
    ),
    (lambda: nnlib.Adam([]), "Adam: expected Parameters such as model.parameters(), got none."),
    (
        lambda: nnlib.Adam([parameter(2)] * 1 + (p := [parameter(2)]) + p),
        "Adam: a parameter occurs twice and would be changed twice.",
    ),
    (lambda: nnlib.SGD([parameter(2)], lr=-1), "SGD: lr must be a number >= 0, got -1."),
    (lambda: nnlib.SGD([parameter(2)], lr=math.nan), "SGD: lr must be a finite number, got nan."),
    (
        lambda: nnlib.SGD([parameter(2)], nesterov=True),
        "SGD: nesterov and classical need momentum > 0.",
    ),
    (lambda: nnlib.AdamW([parameter(2)], betas=(0.9, 1.0)), "AdamW: betas must be a number in [0,"),
    (
        lambda: nnlib.RMSprop([parameter(2)], alpha=-0.1),
        "RMSprop: alpha must be a number in [0, 1]",
    ),
    (
        lambda: nnlib.SGD([parameter(2, grad=np.ones(3))]).step(),
        "SGD: Parameter(shape=(2,), dtype=float64) has the gradient array([1., 1., 1.]).",
    ),
    (
        lambda: nnlib.Adam([parameter(2, grad=np.ones(2, np.float32))]).step(),
        "Parameter(shape=(2,), dtype=float64) has the gradient array([1., 1.], dtype=float32).",
    ),
    # schedules
    (
        lambda: lr_scheduler.StepLR(nnlib.MSELoss(), 3),
        "StepLR: expected an Optimizer, got MSELoss.",
    ),
    (lambda: lr_scheduler.StepLR(sgd(), 0), "StepLR: step_size must be an integer >= 1, got 0."),
    (
        lambda: lr_scheduler.LinearLR(sgd(), 0.0),
        "start_factor must be a finite number > 0, got 0.0.",
    ),
    (
        lambda: lr_scheduler.LinearLR(sgd(), 2.0),
        "start_factor must be a number in [0, 1], got 2.0.",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd(), "low"),
        "mode must be one of min, max; got 'low'.",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd(), factor=1.0),
        "ReduceLROnPlateau: factor must be",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd()).step(math.nan),
        "ReduceLROnPlateau: metrics is NaN, neither better nor worse.",
    ),
    (lambda: lr_scheduler.ReduceLROnPlateau(None), "ReduceLROnPlateau: expected an Optimizer, got"),
    # first values, penalties, clipping
    (
        lambda: init.xavier_normal_(parameter(3), rng=RNG),
        "xavier_normal_: expected a weight of shape (out, in), got Parameter(shape=(3,)",
    ),
    (
        lambda: init.kaiming_normal_(np.ones((2, 2)), rng=RNG),
        "expected a weight of shape (out, in)",
    ),
    (
        lambda: init.kaiming_uniform_(parameter(2, 2), mode="fan", rng=RNG),
        "kaiming_uniform_: mode must be one of fan_in, fan_out; got 'fan'.",
    ),
    (
        lambda: init.kaiming_uniform_(parameter(2, 2), nonlinearity="swish", rng=RNG),
        "calculate_gain: nonlinearity must be one of linear, sigmoid,",
    ),
    (lambda: init.lecun_normal_(parameter(2, 2), rng=1), "rng must be a numpy.random.Generator"),
    (lambda: init.constant_(parameter(2), math.nan), "constant_: val must be a finite number"),
    (lambda: nnlib.l1_penalty([parameter(2)], -1.0), "l1_penalty: strength must be a number >= 0"),
    (lambda: nnlib.l2_penalty([parameter(2)], -1.0), "l2_penalty: strength must be a number >= 0"),
    (
        lambda: nnlib.clip_grad_norm_(
            [parameter(2, grad=np.array([math.nan, 1]))], 1.0, error_if_nonfinite=True
        ),
        "clip_grad_norm_: the norm of the gradients is nan; look for the first NaN.",
    ),
    (
        lambda: nnlib.clip_grad_norm_(
            [parameter(1, grad=np.array([-math.inf]))], 1.0, error_if_nonfinite=True
        ),
        "clip_grad_norm_: the norm of the gradients is inf",
    ),
    (lambda: nnlib.clip_grad_norm_([], 1.0, 0), "norm_type must be a finite number > 0, got 0."),
    (lambda: nnlib.clip_grad_norm_([], -1.0), "clip_grad_norm_: max_norm must be a number >= 0"),
    (
        lambda: nnlib.clip_grad_value_([], -1.0),
        "clip_grad_value_: clip_value must be a number >= 0",
    ),
    # files
    (lambda: nnlib.load(__file__), "is no .npz file; expected one made by save."),
]


@pytest.mark.parametrize(("action", "message"), ERRORS, ids=[m for _, m in ERRORS])
def test_refused(action, message) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        action()


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (lambda: nnlib.Module()(np.ones(2)), "Module needs a method _forward(x)."),
        (lambda: nnlib.losses.Loss()(np.ones(2), np.ones(2)), "Loss needs a method _forward(input"),
        (lambda: lr_scheduler.LRScheduler(sgd()), "LRScheduler needs a method _next(lr, t)."),
        (
            lambda: nnlib.optim.Optimizer([parameter(1, grad=np.ones(1))], 0.1).step(),
            "Optimizer needs a method _update.",
        ),
    ],
)
def test_base_classes_say_what_is_missing(thing, message) -> None:
    with pytest.raises(NotImplementedError, match=re.escape(message)):
        thing()


def test_backward_of_a_base_class_says_what_is_missing() -> None:
    class Half(nnlib.Module):
        def _forward(self, x):
            return x, None

    class HalfLoss(nnlib.losses.Loss):
        def _forward(self, input, target):
            return input, None

    layer, criterion = Half(), HalfLoss()
    layer(np.ones(2))
    with pytest.raises(NotImplementedError, match="Half needs a method _backward"):
        layer.backward(np.ones(2))
    criterion(np.ones(2), np.ones(2))
    with pytest.raises(NotImplementedError, match="HalfLoss needs a method _backward"):
        criterion.backward()


def test_randomness_is_never_silent() -> None:
    for make in (lambda: nnlib.Linear(2, 2), nnlib.Dropout):
        with pytest.raises(TypeError, match="required keyword-only argument: 'rng'"):
            make()
    with pytest.raises(TypeError, match="dim"):
        nnlib.Softmax()
