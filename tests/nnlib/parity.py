"""nnlib against PyTorch in float64: `python tests/nnlib/parity.py` prints the largest differences.

Each case computes forward, backward and what else a class has with both libraries and returns the
largest difference, as a share of the largest number compared (but at least of 1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler as torch_schedules

import nnlib
from nnlib import lr_scheduler

Case = Callable[[], float]
CASES: dict[str, dict[str, Case]] = {}


def add(family: str, name: str, case: Case) -> None:
    assert name not in CASES.setdefault(family, {}), name
    CASES[family][name] = case


def distance(mine: Any, theirs: Any) -> float:
    if isinstance(theirs, torch.Tensor):
        theirs = theirs.detach().numpy()
    mine, theirs = np.asarray(mine, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    assert mine.shape == theirs.shape, f"{mine.shape} against {theirs.shape}"
    assert (np.isfinite(mine) == np.isfinite(theirs)).all()
    if not mine.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        error = np.abs(np.where(mine == theirs, 0.0, mine - theirs)).max()
    return float(error / max(1.0, np.abs(theirs[np.isfinite(theirs)]).max(initial=0)))


def tensor(array: np.ndarray, *, grad: bool = False) -> torch.Tensor:
    return torch.tensor(array, requires_grad=grad)


def copy_parameters(mine: nnlib.Module, theirs: nn.Module) -> None:
    theirs.load_state_dict({k: torch.tensor(v) for k, v in mine.state_dict().items()})


def inputs(*shape: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(0, 2, shape)
    x.flat[:3] = 0.0, -30.0, 30.0  # the kink, and both tails
    return x


def layer_case(make: Callable[[], nnlib.Module], theirs: nn.Module, x: np.ndarray) -> float:
    """Compare y, dL/dx, the parameters' gradients after two passes, and the state after them."""
    mine, theirs, errors = make(), theirs.double(), []
    copy_parameters(mine, theirs)
    for seed in range(2):
        g = np.random.default_rng(seed).normal(size=theirs(tensor(x)).shape)
        copy_parameters(mine, theirs)
        x_t = tensor(x + seed, grad=True)
        y_t = theirs(x_t)
        y_t.backward(tensor(g))
        y, dx = mine(x + seed), mine.backward(g)
        errors += [distance(y, y_t), distance(dx, x_t.grad)]
    pairs = zip(mine.parameters(), theirs.parameters(), strict=True)
    errors += [distance(p.grad, q.grad) for p, q in pairs]
    state = theirs.state_dict()
    assert list(state) == list(mine.state_dict())
    errors += [distance(array, state[name]) for name, array in mine.state_dict().items()]
    with torch.no_grad():
        errors.append(distance(mine.eval()(x), theirs.eval()(tensor(x))))
    return max(errors)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def shaken(module: nnlib.Module) -> nnlib.Module:
    """Give weights that are not all ones or zeros."""
    for p in module.parameters():
        p.data += rng().normal(0, 0.5, p.data.shape)
    return module


LAYERS: list[tuple[str, str, Callable[[], nnlib.Module], Callable[[], nn.Module], tuple[int, ...]]]
LAYERS = [
    ("linear", "bias", lambda: nnlib.Linear(5, 3, rng=rng()), lambda: nn.Linear(5, 3), (7, 5)),
    (
        "linear",
        "no bias",
        lambda: nnlib.Linear(5, 3, bias=False, rng=rng()),
        lambda: nn.Linear(5, 3, bias=False),
        (7, 5),
    ),
    ("linear", "one row", lambda: nnlib.Linear(3, 1, rng=rng()), lambda: nn.Linear(3, 1), (1, 3)),
    (
        "normalisation",
        "BatchNorm1d",
        lambda: shaken(nnlib.BatchNorm1d(4)),
        lambda: nn.BatchNorm1d(4),
        (6, 4),
    ),
    (
        "normalisation",
        "BatchNorm1d, options, batch of 2",
        lambda: shaken(nnlib.BatchNorm1d(4, eps=0.1, momentum=0.7)),
        lambda: nn.BatchNorm1d(4, eps=0.1, momentum=0.7),
        (2, 4),
    ),
    (
        "normalisation",
        "LayerNorm",
        lambda: shaken(nnlib.LayerNorm(4)),
        lambda: nn.LayerNorm(4),
        (6, 4),
    ),
    (
        "normalisation",
        "LayerNorm of two axes",
        lambda: shaken(nnlib.LayerNorm((3, 4), eps=0.01)),
        lambda: nn.LayerNorm((3, 4), eps=0.01),
        (2, 5, 3, 4),
    ),
    (
        "containers",
        "Sequential",
        lambda: nnlib.Sequential(
            nnlib.Linear(4, 6, bias=False, rng=rng()),
            nnlib.BatchNorm1d(6),
            nnlib.Tanh(),
            nnlib.Sequential(nnlib.Linear(6, 2, rng=rng()), nnlib.Softmax(dim=1)),
        ),
        lambda: nn.Sequential(
            nn.Linear(4, 6, bias=False),
            nn.BatchNorm1d(6),
            nn.Tanh(),
            nn.Sequential(nn.Linear(6, 2), nn.Softmax(dim=1)),
        ),
        (5, 4),
    ),
]
for name, mine, theirs, shape in [
    ("Sigmoid", nnlib.Sigmoid, nn.Sigmoid, (4, 5)),
    ("Tanh", nnlib.Tanh, nn.Tanh, (4, 5)),
    ("ReLU", nnlib.ReLU, nn.ReLU, (4, 5)),
    ("LeakyReLU", nnlib.LeakyReLU, nn.LeakyReLU, (4, 5)),
    ("LeakyReLU, slope 1.5", lambda: nnlib.LeakyReLU(1.5), lambda: nn.LeakyReLU(1.5), (4, 5)),
    ("PReLU", nnlib.PReLU, nn.PReLU, (4, 5)),
    ("PReLU, one axis", nnlib.PReLU, nn.PReLU, (7,)),
    ("PReLU, slope 2", lambda: nnlib.PReLU(init=2.0), lambda: nn.PReLU(init=2.0), (4, 5)),
    ("PReLU, channels", lambda: shaken(nnlib.PReLU(5)), lambda: nn.PReLU(5), (4, 5)),
    ("PReLU, channels of images", lambda: shaken(nnlib.PReLU(3)), lambda: nn.PReLU(3), (4, 3, 2)),
    ("ELU", nnlib.ELU, nn.ELU, (4, 5)),
    ("ELU, alpha 0.4", lambda: nnlib.ELU(0.4), lambda: nn.ELU(0.4), (4, 5)),
    ("GELU", nnlib.GELU, nn.GELU, (4, 5)),
    ("GELU, tanh", lambda: nnlib.GELU("tanh"), lambda: nn.GELU("tanh"), (4, 5)),
    ("SiLU", nnlib.SiLU, nn.SiLU, (4, 5)),
    *[
        (
            f"{kind}, dim {dim}",
            partial(getattr(nnlib, kind), dim),
            partial(getattr(nn, kind), dim),
            s,
        )
        for kind in ("Softmax", "LogSoftmax")
        for dim, s in ((0, (4, 5)), (1, (4, 5)), (-1, (2, 3, 4)), (-2, (2, 3, 4)))
    ],
]:
    LAYERS.append(("activations", name, mine, theirs, shape))
for family, name, mine, theirs, shape in LAYERS:
    add(family, name, lambda m=mine, t=theirs, s=shape: layer_case(m, t(), inputs(*s)))


def dropout_case() -> float:
    """PyTorch draws other masks: take nnlib's mask and compare values and the gradient."""
    x, g = inputs(40, 5), inputs(40, 5, seed=1)
    layer = nnlib.Dropout(0.3, rng=rng())
    mask = layer(np.ones_like(x))
    layer = nnlib.Dropout(0.3, rng=rng())
    x_t = tensor(x, grad=True)
    y_t = x_t * tensor((mask > 0).astype(float)) / (1 - 0.3)
    y_t.backward(tensor(g))
    errors = [distance(layer(x), y_t), distance(layer.backward(g), x_t.grad)]
    errors.append(distance(layer.eval()(x), nn.Dropout(0.3).eval()(tensor(x))))
    whole = nnlib.Dropout(1.0, rng=rng())
    return max(*errors, distance(whole(x), nn.Dropout(1.0)(tensor(x))))


add("dropout", "Dropout", dropout_case)


def loss_case(mine: Any, theirs: Any, x: np.ndarray, target: np.ndarray) -> float:
    x_t = tensor(x, grad=True)
    loss_t = theirs(x_t, torch.tensor(target))
    g = np.random.default_rng(9).normal(size=loss_t.shape)
    loss_t.backward(tensor(g))
    loss = mine(x, target)
    assert np.shape(loss) == tuple(loss_t.shape)
    return max(distance(loss, loss_t), distance(mine.backward(g), x_t.grad))


def add_losses() -> None:
    x, t = inputs(6, 5), inputs(6, 5, seed=1)
    t.flat[5] = x.flat[5]  # an error of exactly 0
    hard, soft = (t > 0).astype(float), 1 / (1 + np.exp(-t))
    p = 1 / (1 + np.exp(-x / 2))  # nearer to 0 or 1 PyTorch divides by float32's 1e-12
    labels, rows = np.array([0, 4, 2, 2, 1, 3]), np.exp(t) / np.exp(t).sum(axis=1, keepdims=True)
    for reduction in ("mean", "sum", "none"):
        r = {"reduction": reduction}
        cases: list[tuple[str, dict[str, Any], np.ndarray, Iterable[np.ndarray]]] = [
            ("MSELoss", r, x, [t]),
            ("L1Loss", r, x, [t]),
            ("HuberLoss", r, x, [t]),
            ("HuberLoss", r | {"delta": 2.5}, x, [t]),
            ("BCELoss", r, p, [hard, soft]),
            ("BCEWithLogitsLoss", r, x, [hard, soft]),
            ("CrossEntropyLoss", r, x, [labels, rows]),
            ("CrossEntropyLoss", r | {"label_smoothing": 0.1}, x, [labels, rows]),
            ("CrossEntropyLoss", r | {"label_smoothing": 1.0}, x, [labels, rows]),
        ]
        for name, options, value, targets in cases:
            for number, target in enumerate(targets):
                mine, theirs = getattr(nnlib, name)(**options), getattr(nn, name)(**options)
                label = f"{name} {options} target {number}"
                add("losses", label, partial(loss_case, mine, theirs, value, target))


add_losses()


def trajectory(
    make: Callable[..., Any], make_torch: Callable[..., Any], options: dict[str, Any]
) -> float:
    """Take 100 steps on a small network, one of whose parameters has no gradient at times."""
    generator, errors = rng(), [0.0]
    start = [generator.normal(size=s) for s in ((3, 4), (3,), (2, 3), (70_000,))]
    mine = [nnlib.Parameter(array) for array in start]
    theirs = [tensor(array, grad=True) for array in start]
    optimizer, torch_optimizer = make(mine, **options), make_torch(theirs, **options)
    for step in range(100):
        for index, (p, q) in enumerate(zip(mine, theirs, strict=True)):
            frozen = index == 1 and 30 <= step < 60
            grad = generator.normal(size=p.data.shape) + np.sin(p.data) * 10.0 ** (index - 1)
            p.grad = None if frozen else grad.copy()
            q.grad = None if frozen else tensor(grad)
        optimizer.step()
        torch_optimizer.step()
        errors += [distance(p.data, q) for p, q in zip(mine, theirs, strict=True)]
    return max(errors)


def classical_torch(params: list[torch.Tensor], **options: Any) -> torch.optim.Optimizer:
    """Build the (1 - momentum) convention, which is PyTorch's with a smaller rate."""
    options.pop("classical")
    options["lr"] *= 1 - options["momentum"]
    return torch.optim.SGD(params, **options)


for name, grid in {
    "SGD": [
        {},
        {"lr": 0.02},
        {"lr": 0.02, "weight_decay": 0.1},
        {"lr": 0.02, "momentum": 0.9},
        {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1},
        {"lr": 0.02, "momentum": 0.9, "nesterov": True},
        {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ],
    "RMSprop": [
        {},
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-3},
        {"momentum": 0.8, "weight_decay": 0.1},
    ],
    "Adam": [{}, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-4}, {"weight_decay": 0.1}],
    "AdamW": [{}, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-4}, {"weight_decay": 0.5}],
}.items():
    for options in grid:
        pair = getattr(nnlib, name), getattr(torch.optim, name)
        add("optimizers, 100 steps", f"{name} {options}", partial(trajectory, *pair, options))
for nesterov in (False, True):
    options = {"lr": 0.02, "momentum": 0.9, "classical": True, "nesterov": nesterov}
    case = partial(trajectory, nnlib.SGD, classical_torch, options)
    add("optimizers, 100 steps", f"SGD {options}", case)


def both_optimizers(lr: float = 0.4) -> tuple[Any, Any]:
    mine = nnlib.SGD([nnlib.Parameter([0.0])], lr=lr)
    return mine, torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)


def schedule_case(*stages: tuple[str, dict[str, Any]]) -> float:
    """Run the schedules together for 60 epochs and compare the rates."""
    optimizer, torch_optimizer = both_optimizers()
    mine = [getattr(lr_scheduler, name)(optimizer, **options) for name, options in stages]
    theirs = [getattr(torch_schedules, name)(torch_optimizer, **o) for name, o in stages]
    errors = []
    for _ in range(60):
        errors.append(distance(optimizer.lr, torch_optimizer.param_groups[0]["lr"]))
        torch_optimizer.step()
        for scheduler in itertools.chain(mine, theirs):
            scheduler.step()
    return max(errors)


WARM_UP = ("LinearLR", {"start_factor": 0.1, "total_iters": 7})
for stages in [
    [("StepLR", {"step_size": 4})],
    [("StepLR", {"step_size": 1, "gamma": 0.9})],
    [("ExponentialLR", {"gamma": 0.93})],
    [("CosineAnnealingLR", {"T_max": 10})],
    [("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.03})],
    [("CosineAnnealingLR", {"T_max": 1})],
    [("LinearLR", {})],
    [("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 9})],
    [WARM_UP],
    [WARM_UP, ("ExponentialLR", {"gamma": 0.93})],
    [WARM_UP, ("StepLR", {"step_size": 9, "gamma": 0.5})],
]:
    add("schedules, 60 epochs", str(stages), partial(schedule_case, *stages))


def plateau_case(options: dict[str, Any]) -> float:
    optimizer, torch_optimizer = both_optimizers()
    mine = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    theirs = torch_schedules.ReduceLROnPlateau(torch_optimizer, **options)
    values = np.random.default_rng(2).normal(0, 0.05, 60) + 1 / (1 + np.arange(60))
    errors = []
    for value in values:
        mine.step(value)
        theirs.step(value)
        errors.append(distance(optimizer.lr, torch_optimizer.param_groups[0]["lr"]))
    assert optimizer.lr < 0.4
    return max(errors)


for options in [
    {"patience": 2},
    {"patience": 0, "factor": 0.7, "min_lr": 0.01},
    {"patience": 1, "mode": "max", "factor": 0.5},
    {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "cooldown": 3, "factor": 0.5},
    {"patience": 1, "mode": "max", "threshold": 0.1, "threshold_mode": "abs", "factor": 0.5},
    {"patience": 0, "eps": 0.001, "factor": 0.5},
]:
    add("schedules, 60 epochs", f"ReduceLROnPlateau {options}", partial(plateau_case, options))


def clip_case(scale: float, **options: Any) -> float:
    grads = [scale * inputs(3, 4), scale * inputs(5, seed=1)]
    mine = [nnlib.Parameter(np.zeros_like(g)) for g in grads]
    theirs = [tensor(np.zeros_like(g), grad=True) for g in grads]
    for p, q, g in zip(mine, theirs, grads, strict=True):
        p.grad, q.grad = g.copy(), tensor(g)
    if "clip_value" in options:
        nnlib.clip_grad_value_(mine, **options)
        nn.utils.clip_grad_value_(theirs, **options)
        norms = [0.0]
    else:
        pair = nnlib.clip_grad_norm_(mine, **options), nn.utils.clip_grad_norm_(theirs, **options)
        norms = [distance(*pair)]
    return max(*norms, *(distance(p.grad, q.grad) for p, q in zip(mine, theirs, strict=True)))


for scale in (1e-3, 1.0, 1e3):
    for norm_type in (1.0, 2.0, 3.5, math.inf):
        case = partial(clip_case, scale, max_norm=2.0, norm_type=norm_type)
        add("clipping", f"norm {norm_type} of gradients times {scale}", case)
    add("clipping", f"value, gradients times {scale}", partial(clip_case, scale, clip_value=0.5))


def maxima(families: Iterable[str] = tuple(CASES)) -> dict[str, tuple[float, str]]:
    """Find the worst case of every family."""
    result = {}
    for family in families:
        differences = {name: case() for name, case in CASES[family].items()}
        worst = max(differences, key=differences.__getitem__)
        result[family] = differences[worst], worst
    return result


if __name__ == "__main__":
    for family, (value, name) in maxima().items():
        print(f"{family:22} {len(CASES[family]):3} cases   {value:.1e}   in {name}")
