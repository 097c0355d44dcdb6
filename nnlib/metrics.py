"""Counting right and wrong answers: the share of right ones, and which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import IntArray, numeric_array


def accuracy(preds: ArrayLike, target: ArrayLike) -> float:
    """Share of examples whose predicted class is the right one.

    Parameters
    ----------
    preds : array_like, shape (N,) or (N, K)
        Classes, or one score for each class (logits or probabilities; the largest wins, the
        first of several equal ones).
    target : array_like of int, shape (N,)
        The right classes.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the shapes do not fit, a class is no integer >= 0, or there is no example.

    Notes
    -----
    Formula: accuracy = (1 / N) * sum over i of [preds_i == target_i].

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Section 1.5.1.

    Examples
    --------
    >>> accuracy([[2.0, 1.0], [0.0, 3.0], [1.0, 0.5]], [0, 1, 1])
    0.6666666666666666
    """
    found, right = _classes(preds, target, "accuracy")
    return float(np.mean(found == right))


def confusion_matrix(
    preds: ArrayLike, target: ArrayLike, num_classes: int | None = None
) -> IntArray:
    """Count how often each class is taken for each other one.

    Parameters
    ----------
    preds, target : array_like
        As for `accuracy`.
    num_classes : int, optional
        K; the number of scores, or else the largest class that occurs plus 1, if left out.

    Returns
    -------
    ndarray of int64, shape (K, K)
        Row: the right class; column: the predicted one.

    Raises
    ------
    ValueError
        As `accuracy`; also if a class is not below `num_classes`.

    Notes
    -----
    Formula: C[r, p] = number of i with target_i = r and preds_i = p; accuracy is its trace / N.

    References
    ----------
    Kohavi, R. and Provost, F. (1998). Glossary of terms. Machine Learning 30, 271-274.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 0], [0, 1, 0, 0])
    array([[2, 1],
           [0, 1]])
    """
    found, right = _classes(preds, target, "confusion_matrix")
    largest = int(max(found.max(), right.max()))
    scores = np.shape(preds)[1:]
    count = num_classes if num_classes is not None else scores[0] if scores else largest + 1
    if largest >= count:
        raise ValueError(
            f"confusion_matrix: classes must be integers in [0, {count}); found {largest}."
        )
    matrix: IntArray = np.zeros((count, count), dtype=np.int64)
    np.add.at(matrix, (right, found), 1)
    return matrix


def _classes(preds: ArrayLike, target: ArrayLike, who: str) -> tuple[IntArray, IntArray]:
    found, right = numeric_array(preds, "preds", who), numeric_array(target, "target", who)
    if right.ndim != 1 or len(right) == 0:
        raise ValueError(f"{who}: expected target of shape (N,) with N >= 1, got {right.shape}.")
    if found.ndim not in (1, 2) or found.shape[1:] == (1,) or len(found) != len(right):
        raise ValueError(
            f"{who}: expected preds of shape ({len(right)},) or ({len(right)}, K) with K >= 2, "
            f"got {found.shape}."
        )
    if found.ndim == 2:
        if np.isnan(found).any():
            raise ValueError(f"{who}: preds must not be NaN.")
        found = found.argmax(axis=1)
    return _integers(found, "preds", who), _integers(right, "target", who)


def _integers(classes: NDArray[Any], name: str, who: str) -> IntArray:
    wrong = np.flatnonzero((classes < 0) | (classes % 1 != 0))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"{who}: {name} must hold integers >= 0; found {classes[row]} at row {row}."
        )
    return classes.astype(np.int64)
