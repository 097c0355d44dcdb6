"""Checks of arguments: each returns the checked value or says what was expected and what came.

``who`` is the speaker named at the start of a message, for example ``Perceptron(4)``.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def numeric_array(value: ArrayLike, name: str, who: str) -> NDArray[Any]:
    """Return `value` as an array of real numbers, keeping its dtype."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{who}: {name} is no rectangular array of numbers ({error}).") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{who}: {name} must hold real numbers, got dtype {array.dtype}.")
    return array


def finite_array(value: ArrayLike, name: str, who: str) -> NDArray[Any]:
    """Return `value` as an array without NaN or infinity, keeping its dtype."""
    array = numeric_array(value, name, who)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        labels = {0: "", 1: " at position {}", 2: " at row {}, column {}"}
        place = labels.get(len(index), f" at index {index}").format(*index)
        raise ValueError(f"{who}: {name} must be finite, found {array[index]}{place}.")
    return array


def features(x: ArrayLike, in_features: int, who: str) -> FloatArray:
    """Return one example ``(in_features,)`` or a batch ``(N, in_features)``, N >= 1."""
    array = numeric_array(x, "x", who)
    if array.ndim not in (1, 2) or array.shape[-1] != in_features:
        raise ValueError(
            f"{who}: expected x of shape ({in_features},) or (N, {in_features}), got {array.shape}."
        )
    if len(array) == 0:
        raise ValueError(f"{who}: expected at least one example, got x of shape {array.shape}.")
    return finite_array(array, "x", who).astype(np.float64)


def example(x: ArrayLike, in_features: int, who: str) -> FloatArray:
    """Return one example ``(in_features,)``."""
    array = features(x, in_features, who)
    if array.ndim != 1:
        raise ValueError(f"{who}: expected one x of shape ({in_features},), got {array.shape}.")
    return array


def batch(X: ArrayLike, in_features: int, who: str) -> FloatArray:
    """Return a batch ``(N, in_features)`` with N >= 1."""
    array = numeric_array(X, "X", who)
    if array.ndim != 2 or array.shape[1] != in_features:
        raise ValueError(f"{who}: expected X of shape (N, {in_features}), got {array.shape}.")
    if len(array) == 0:
        raise ValueError(f"{who}: expected at least one example, got X of shape {array.shape}.")
    return finite_array(array, "X", who).astype(np.float64)


def binary_labels(y: ArrayLike, count: int, who: str) -> IntArray:
    """Return labels 0/1 of shape ``(count,)`` as integers."""
    array = numeric_array(y, "y", who)
    if array.ndim != 1:
        remedy = "; use y.ravel()" if array.ndim == 2 and 1 in array.shape else ""
        raise ValueError(f"{who}: expected y of shape (N,), got {array.shape}{remedy}.")
    if len(array) != count:
        raise ValueError(f"{who}: X has {count} rows but y has {len(array)} labels.")
    wrong = np.flatnonzero((array != 0) & (array != 1))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"{who}: labels must be 0 or 1, found {array[row]} at row {row}.")
    return array.astype(np.int64)


def binary_label(target: ArrayLike, who: str) -> int:
    """Return one label 0/1 as an int."""
    array = numeric_array(target, "target", who)
    if array.ndim != 0 or array not in (0, 1):
        raise ValueError(f"{who}: target must be 0 or 1, got {target!r}.")
    return int(array)


def positive_integer(value: object, name: str, who: str) -> int:
    """Return `value` as an int >= 1; a bool or a float is refused."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{who}: {name} must be an integer >= 1, got {value!r}.")
    return int(value)


def finite_number(value: object, name: str, who: str) -> float:
    """Return `value` as a finite float; a bool is refused."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError(f"{who}: {name} must be a finite number, got {value!r}.")
    return float(value)  # type: ignore[arg-type]


def positive_number(value: object, name: str, who: str) -> float:
    """Return `value` as a finite float > 0; a bool is refused."""
    number = finite_number(value, name, who)
    if number <= 0:
        raise ValueError(f"{who}: {name} must be a finite number > 0, got {value!r}.")
    return number


def generator(rng: object, who: str) -> np.random.Generator:
    """Return `rng` if it is a NumPy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"{who}: rng must be a numpy.random.Generator, got {rng!r}; "
            "use rng=np.random.default_rng(seed)."
        )
    return rng


def integer(value: object, name: str, who: str) -> int:
    """Return `value` as an int; a bool or a float is refused."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ValueError(f"{who}: {name} must be an integer, got {value!r}.")
    return int(value)


def number_in(
    value: object, name: str, who: str, low: float = 0.0, high: float = math.inf
) -> float:
    """Return `value` as a finite float in [low, high]."""
    number = finite_number(value, name, who)
    if not low <= number <= high:
        limits = f">= {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
        raise ValueError(f"{who}: {name} must be a number {limits}, got {value!r}.")
    return number


def option(value: str, allowed: tuple[str, ...], name: str, who: str) -> str:
    """Return `value` if it is one of the strings `allowed`."""
    if value not in allowed:
        raise ValueError(f"{who}: {name} must be one of {', '.join(allowed)}; got {value!r}.")
    return value


def float_batch(array: object, name: str, who: object) -> None:
    """Refuse what is not a non-empty NumPy array of floating-point numbers."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{who}: {name} must be a NumPy array, got {type(array).__name__}.")
    if array.dtype.kind != "f":
        remedy = f"use {name}.astype(np.float64)"
        raise ValueError(f"{who}: {name} must hold floats, got {array.dtype}; {remedy}.")
    if array.size == 0:
        got = f"{name} of shape {array.shape}"
        raise ValueError(f"{who}: expected at least one example, got {got}.")


def same_dtype(
    array: NDArray[Any], name: str, dtype: np.dtype[Any], other: str, who: object
) -> None:
    """Refuse an array whose dtype would promote the result, for example to float64."""
    if array.dtype != dtype:
        remedy = f"use {name}.astype(np.{dtype})"
        raise ValueError(f"{who}: {name} is {array.dtype} but {other} {dtype}; {remedy}.")
