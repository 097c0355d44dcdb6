"""One of each layer and loss, for tests that say the same about all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import nnlib


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


FEATURES = 4

LAYERS: dict[str, Callable[[Any], nnlib.Module]] = {
    "Linear": lambda dtype: nnlib.Linear(FEATURES, 3, rng=_rng(), dtype=dtype),
    "Sigmoid": lambda dtype: nnlib.Sigmoid(),
    "Tanh": lambda dtype: nnlib.Tanh(),
    "ReLU": lambda dtype: nnlib.ReLU(),
    "LeakyReLU": lambda dtype: nnlib.LeakyReLU(0.1),
    "PReLU": lambda dtype: nnlib.PReLU(FEATURES, dtype=dtype),
    "PReLU, shared": lambda dtype: nnlib.PReLU(dtype=dtype),
    "ELU": lambda dtype: nnlib.ELU(0.7),
    "GELU": lambda dtype: nnlib.GELU(),
    "GELU, tanh": lambda dtype: nnlib.GELU("tanh"),
    "SiLU": lambda dtype: nnlib.SiLU(),
    "Softmax": lambda dtype: nnlib.Softmax(dim=1),
    "LogSoftmax": lambda dtype: nnlib.LogSoftmax(dim=1),
    "Dropout": lambda dtype: nnlib.Dropout(0.4, rng=_rng()),
    "BatchNorm1d": lambda dtype: nnlib.BatchNorm1d(FEATURES, dtype=dtype),
    "LayerNorm": lambda dtype: nnlib.LayerNorm(FEATURES, dtype=dtype),
    "Sequential": lambda dtype: nnlib.Sequential(
        nnlib.Linear(FEATURES, 5, rng=_rng(), dtype=dtype),
        nnlib.BatchNorm1d(5, dtype=dtype),
        nnlib.Tanh(),
        nnlib.Dropout(0.2, rng=_rng()),
        nnlib.Linear(5, 2, rng=_rng(), dtype=dtype),
    ),
    "Residual": lambda dtype: nnlib.Residual(
        nnlib.Sequential(nnlib.Linear(FEATURES, FEATURES, rng=_rng(), dtype=dtype), nnlib.Tanh())
    ),
}
REGRESSION = ("MSELoss", "L1Loss", "HuberLoss")
LOSSES: dict[str, Callable[..., nnlib.losses.Loss]] = {
    name: getattr(nnlib, name)
    for name in (*REGRESSION, "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss")
}
LOSSES["CrossEntropyLoss, smoothed"] = lambda **options: nnlib.CrossEntropyLoss(
    label_smoothing=0.2, **options
)


def x_away_from_kinks(rows: int = 5, dtype: Any = np.float64, seed: int = 0) -> np.ndarray:
    """Draw numbers of both signs with absolute values from 0.05 to 2."""
    rng = np.random.default_rng(seed)
    shape = rows, FEATURES
    return (rng.choice([-1, 1], shape) * rng.uniform(0.05, 2, shape)).astype(dtype)


def loss_inputs(name: str, dtype: Any = np.float64, rows: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Draw outputs of a network and a target that suit the loss."""
    x, rng = x_away_from_kinks(rows, dtype), np.random.default_rng(1)
    if name.startswith("CrossEntropy"):
        return x, rng.integers(0, FEATURES, rows)
    if name in REGRESSION:
        return x, x + x_away_from_kinks(rows, dtype, seed=3)
    if name == "BCELoss":
        x = np.clip(np.abs(x) / 2.1, 0.05, 0.95).astype(dtype)
    return x, rng.uniform(0, 1, x.shape).astype(dtype)
