"""Cross-entropy losses: the negative log of the probability given to the right answer.

`BCEWithLogitsLoss` and `CrossEntropyLoss` take logits, numbers before sigmoid or softmax: the
logarithm and the exponential then cancel where each alone would overflow or lose its digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _checks
from .functional import sigmoid
from .parameter import Array
from .regression_losses import Loss
from .softmax import log_softmax


class _Binary(Loss):
    def _check(self, input: Array, target: Array) -> None:
        super()._check(input, target)
        self._check_range(target, "target")

    def _check_range(self, p: Array, name: str) -> None:
        low, high = np.minimum.reduce(p, axis=None), np.maximum.reduce(p, axis=None)
        if low < 0 or high > 1:
            wrong = low if low < 0 else high
            raise ValueError(f"{self!r}: {name} must lie in [0, 1], found {wrong:g}.")


class BCELoss(_Binary):
    """Binary cross-entropy of probabilities.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ValueError
        If shapes or dtypes differ, or input or target leave [0, 1].

    Notes
    -----
    Formula: l = -(t log(p) + (1 - t) log(1 - p)); dl/dp = (p - t) / (p (1 - p)).
    As in PyTorch, log is at least -100 and p (1 - p) at least 1e-12. A sigmoid that has rounded
    to 0 or 1 then stops learning; BCEWithLogitsLoss does not.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 4.90.

    Examples
    --------
    >>> BCELoss(reduction="none")(np.array([0.5, 1.0]), np.array([1.0, 0.0])).round(4)
    array([  0.6931, 100.    ])
    """

    def _check(self, input: Array, target: Array) -> None:
        super()._check(input, target)
        self._check_range(input, "input")

    def _forward(self, input: Array, target: Array) -> tuple[Array, Any]:
        with np.errstate(divide="ignore"):
            log_p, log_q = np.log(input), np.log1p(-input)
        losses: Array = -target * np.maximum(log_p, -100) - (1 - target) * np.maximum(log_q, -100)
        return losses, (input, target)

    def _backward(self, cache: tuple[Array, Array]) -> Array:
        p, t = cache
        result: Array = (p - t) / np.maximum(p * (1 - p), 1e-12)
        return result


class BCEWithLogitsLoss(_Binary):
    """Binary cross-entropy of logits: sigmoid and BCELoss in one, stable for every logit.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ValueError
        If shapes or dtypes differ, or the target leaves [0, 1].

    Notes
    -----
    Formula: l = max(z, 0) - t z + log(1 + exp(-abs(z))); dl/dz = sigmoid(z) - t.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equations 4.90 and 4.91.

    Examples
    --------
    >>> BCEWithLogitsLoss(reduction="none")(np.array([0.0, 1e4]), np.array([1.0, 0.0])).round(4)
    array([6.931e-01, 1.000e+04])
    """

    def _forward(self, input: Array, target: Array) -> tuple[Array, Any]:
        with np.errstate(invalid="ignore"):  # an infinite logit can give inf - inf, which is NaN
            losses: Array = np.maximum(input, 0) - target * input
        losses += np.log1p(np.exp(-np.abs(input)))
        return losses, (input, target)

    def _backward(self, cache: tuple[Array, Array]) -> Array:
        z, t = cache
        result: Array = sigmoid(z) - t
        return result


class CrossEntropyLoss(Loss):
    """Cross-entropy of logits with K classes: log-softmax and its negative log-likelihood in one.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        Over the examples: there is one loss a row.
    label_smoothing : float in [0, 1], default 0.0
        Share s of the target that is spread evenly over all classes.

    Raises
    ------
    ValueError
        If the input is not (N, K), if integer labels are not (N,) or leave [0, K), or if
        probabilities are not (N, K), in the dtype of the input, or do not sum to 1.

    Notes
    -----
    Formula: l = -sum_k q_k log softmax(z)_k with q = (1 - s) t + s / K; dl/dz = softmax(z) - q.
    The target t is given as integers (N,), which stand for one-hot rows, or as
    probabilities (N, K).

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equations 4.108 and 4.109.
    Szegedy, C. et al. (2016). Rethinking the inception architecture. CVPR, section 7 (smoothing).

    Examples
    --------
    >>> criterion = CrossEntropyLoss()
    >>> criterion(np.zeros((2, 4)), np.array([0, 3])).round(4)  # ln 4
    np.float64(1.3863)
    >>> criterion.backward()[0]
    array([-0.375,  0.125,  0.125,  0.125])
    """

    def __init__(self, *, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        super().__init__(reduction=reduction)
        self.label_smoothing = _checks.number_in(
            label_smoothing, "label_smoothing", "CrossEntropyLoss", 0, 1
        )

    def _check(self, input: Array, target: Array) -> None:
        if input.ndim != 2:
            raise ValueError(f"{self!r}: expected input of shape (N, K), got {input.shape}.")
        if isinstance(target, np.ndarray) and target.dtype.kind in "iu":
            self._check_labels(target, *input.shape)
        else:
            super()._check(input, target)
            sums = target.sum(axis=1)
            wrong = np.flatnonzero((np.abs(sums - 1) > 1e-3) | (target.min(axis=1) < 0))
            if len(wrong):
                raise ValueError(
                    f"{self!r}: rows of a target of probabilities must be >= 0 and sum to 1; "
                    f"row {wrong[0]} is {target[wrong[0]]}."
                )

    def _check_labels(self, target: Array, rows: int, classes: int) -> None:
        if target.shape != (rows,):
            remedy = "; use target.ravel()" if target.shape == (rows, 1) else ""
            wanted = f"expected labels of shape ({rows},)"
            raise ValueError(f"{self!r}: {wanted}, got {target.shape}{remedy}.")
        # Seen as unsigned, a negative number is huge: one comparison finds both kinds of error.
        if np.maximum.reduce(target.view(f"u{target.itemsize}")) >= classes:
            row = np.flatnonzero((target < 0) | (target >= classes))[0]
            wanted = f"labels must be integers in [0, {classes})"
            raise ValueError(f"{self!r}: {wanted}; found {target[row]} at row {row}.")

    def _forward(self, input: Array, target: Array) -> tuple[Array, Any]:
        log_p, s = log_softmax(input, axis=1), self.label_smoothing
        if target.ndim == 1:
            # Where the right answers lie when the array is read row after row.
            target = target.astype(np.intp) + np.arange(0, input.size, input.shape[1])
            losses = (s - 1) * log_p.take(target)
        else:
            losses = (s - 1) * (target * log_p).sum(axis=1)
        if s:
            losses -= s * log_p.mean(axis=1)
        return losses, (log_p, target)

    def _backward(self, cache: tuple[Array, Array]) -> Array:
        (log_p, target), s = cache, self.label_smoothing
        grad = np.exp(log_p, order="C")  # row after row, whatever the order of the input
        if s:
            grad -= s / grad.shape[1]
        if target.ndim == 1:
            grad.reshape(-1)[target] -= 1 - s
        else:
            grad -= (1 - s) * target
        return grad
