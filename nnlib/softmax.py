"""Softmax and its logarithm: maps of a whole vector, so they need an axis and have a Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _checks
from .module import Array, Module


def log_softmax(x: Array, axis: int) -> Array:
    """Compute log softmax without overflow.

    Parameters
    ----------
    x : ndarray of floats
    axis : int

    Returns
    -------
    ndarray of the shape and dtype of `x`

    Notes
    -----
    Formula: y_i = x_i - log(sum_j exp(x_j)), after subtracting the maximum from x, which changes
    nothing: only exponentials of numbers <= 0 are taken, and one of them is 1.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 4.1.

    Examples
    --------
    >>> log_softmax(np.array([1000.0, 1000.0]), axis=0).round(4)
    array([-0.6931, -0.6931])
    """
    with np.errstate(invalid="ignore"):  # inf - inf: an infinite logit gives NaN, as in PyTorch
        shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))
    return shifted


class _AlongAxis(Module):
    def __init__(self, dim: int) -> None:
        self.dim = _checks.integer(dim, "dim", type(self).__name__)

    def _check(self, x: Array) -> None:
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueError(f"{self!r}: x of shape {x.shape} has no axis {self.dim}.")

    def _sum(self, x: Array) -> Any:
        return np.add.reduce(x, axis=self.dim, keepdims=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dim={self.dim})"


class Softmax(_AlongAxis):
    """Turn logits into probabilities that sum to 1 along an axis.

    Parameters
    ----------
    dim : int
        The axis; required, because a wrong one fails silently.

    Raises
    ------
    ValueError
        In `forward`, if x has no such axis.

    Notes
    -----
    Formula: y_i = exp(x_i) / sum_j exp(x_j); dL/dx = y (d - sum_j d_j y_j) with d = dL/dy.
    CrossEntropyLoss contains a softmax already: a network that ends in it gives logits.

    References
    ----------
    Bridle, J. S. (1990). Probabilistic interpretation of feedforward classification network
    outputs. In: Neurocomputing. Springer, 227-236.

    Examples
    --------
    >>> Softmax(dim=1)(np.array([[0.0, 0.0], [0.0, np.log(3)]]))
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = np.exp(log_softmax(x, self.dim))
        return y, y

    def _backward(self, grad: Array, y: Array) -> Array:
        result: Array = y * (grad - self._sum(grad * y))
        return result


class LogSoftmax(_AlongAxis):
    """Logarithms of softmax probabilities.

    Parameters
    ----------
    dim : int
        The axis; required.

    Raises
    ------
    ValueError
        In `forward`, if x has no such axis.

    Notes
    -----
    Formula: y_i = x_i - log(sum_j exp(x_j)); dL/dx = d - softmax(x) sum_j d_j with d = dL/dy.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 6.2.2.3.

    Examples
    --------
    >>> LogSoftmax(dim=-1)(np.array([0.0, -1e4]))
    array([     0., -10000.])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = log_softmax(x, self.dim)
        return y, y

    def _backward(self, grad: Array, y: Array) -> Array:
        result: Array = grad - np.exp(y) * self._sum(grad)
        return result
