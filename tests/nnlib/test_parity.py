"""Values, gradients and trajectories equal PyTorch's in float64, and so do names and defaults."""

import inspect

import numpy as np
import pytest
import torch

import nnlib
from nnlib import lr_scheduler
from tests.nnlib import parity

BAR = 1e-12
KEYS = [(family, name) for family, cases in parity.CASES.items() for name in cases]


@pytest.mark.parametrize(("family", "name"), KEYS, ids=lambda text: str(text).replace("::", ":"))
def test_equal_to_pytorch(family: str, name: str) -> None:
    assert parity.CASES[family][name]() <= BAR


def test_every_class_is_compared() -> None:
    cases = " ".join(name for cases in parity.CASES.values() for name in cases)
    things = {n for n in dir(torch.nn) if hasattr(nnlib, n) and inspect.isclass(getattr(nnlib, n))}
    things |= {n for n in dir(torch.optim) if n in nnlib.__all__}
    things |= {n for n in dir(torch.optim.lr_scheduler) if n in lr_scheduler.__all__}
    things -= {"Module", "Parameter", "LRScheduler", "lr_scheduler", "Linear"}
    assert len(things) >= 29
    assert [name for name in sorted(things) if name not in cases] == []


def test_the_comparison_sees_a_small_error() -> None:
    class Wrong(nnlib.Tanh):
        def _backward(self, grad, y):
            return super()._backward(grad, y) + 1e-11

    x = parity.inputs(4, 5)
    assert parity.layer_case(Wrong, torch.nn.Tanh(), x) > BAR
    assert parity.distance([1.0, np.nan], [1.0, np.nan]) != 0
    with pytest.raises(AssertionError, match="against"):
        parity.distance([1.0], [[1.0]])


def test_largest_differences_are_reported(capsys) -> None:
    found = parity.maxima(["linear", "containers"])
    assert found.keys() == {"linear", "containers"}
    assert all(value <= BAR and name for value, name in found.values())


# Arguments of PyTorch's that nnlib leaves out, and why.
LEFT_OUT = {
    "args": "without a signature of its own",
    "kwargs": "without a signature of its own",
    "device": "no devices",
    "inplace": "arrays given to a layer are never changed",
    "size_average": "deprecated",
    "reduce": "deprecated",
    "generator": "called rng here",
    "last_epoch": "no restart in the middle",
    "weight": "of classes",
    "pos_weight": "of classes",
    "ignore_index": "of classes",
    "affine": "always",
    "elementwise_affine": "always",
    "bias": "LayerNorm always has one",
    "track_running_stats": "always",
    "dampening": "classical= covers it",
    "centered": "RMSprop as published",
    "amsgrad": "Adam as published",
    "foreach": "how, not what",
    "fused": "how, not what",
    "capturable": "how, not what",
    "differentiable": "how, not what",
    "maximize": "change the sign",
    "decoupled_weight_decay": "AdamW",
}
OTHER_DEFAULT = {
    ("Softmax", "dim"),  # required
    ("LogSoftmax", "dim"),  # required
    ("ReduceLROnPlateau", "min_lr"),  # 0.0 and 0
}
OWN = {"rng", "classical", "dtype", "layers", "args"}
NAMESPACES = [
    (nnlib, torch.nn),
    (nnlib, torch.optim),
    (lr_scheduler, torch.optim.lr_scheduler),
    (nnlib.init, torch.nn.init),
    (nnlib, torch.nn.utils),
]
PAIRS = {
    name: (getattr(mine, name), getattr(theirs, name))
    for mine, theirs in NAMESPACES
    for name in mine.__all__
    if hasattr(theirs, name) and callable(getattr(mine, name))
}
NOT_COMPARED = {"Module", "Sequential", "Parameter", "LRScheduler", "Optimizer"}


def test_the_signatures_are_found() -> None:
    assert len(PAIRS.keys() - NOT_COMPARED) >= 38


@pytest.mark.parametrize("name", sorted(PAIRS.keys() - NOT_COMPARED))
def test_names_order_and_defaults_are_pytorchs(name: str) -> None:
    mine, theirs = (inspect.signature(thing).parameters for thing in PAIRS[name])
    assert set(theirs) - set(mine) <= LEFT_OUT.keys()
    assert set(mine) - set(theirs) <= OWN
    positional = [n for n, p in mine.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == [n for n in theirs if n in mine][: len(positional)]
    before = list(theirs)[: list(theirs).index(positional[-1])] if positional else []
    assert set(before) - set(mine) <= {"inplace"}  # else a positional call would go wrong
    for parameter in mine.keys() & theirs.keys() - {"dtype"}:
        if (name, parameter) not in OTHER_DEFAULT:
            assert mine[parameter].default == theirs[parameter].default, parameter
