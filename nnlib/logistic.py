"""Logistic regression as a neuron: a sigmoid after the weighted sum, and gradient descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray, IntArray
from ._linear_neuron import LinearNeuron
from .functional import sigmoid, step


class LogisticNeuron(LinearNeuron):
    """A neuron with a sigmoid output, trained by gradient descent (logistic regression).

    Parameters
    ----------
    in_features : int
        Number of inputs, at least 1.
    lr : float, default 0.1
        Learning rate > 0.

    Attributes
    ----------
    weight : ndarray of float64, shape (in_features,), zeros at first
    bias : float, zero at first
    lr : float

    Raises
    ------
    ValueError
        If in_features is not an integer >= 1 or lr is not a finite number > 0.

    Notes
    -----
    Output: p = sigmoid(z) with z = w.x + b, the modelled probability of label 1.
    Loss: mean of -(y ln p + (1 - y) ln(1 - p)), binary cross-entropy in nats.
    Gradient: dL/dw = mean of (p - y) x, dL/db = mean of (p - y).

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Section 4.3.2,
    equations 4.90 and 4.91 (there as sums over the examples).

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> neuron = LogisticNeuron(1, lr=1.0)
    >>> losses = neuron.fit(X, y, max_epochs=200)
    >>> round(losses[0], 4)  # ln 2: every p is 1/2 at first
    0.6931
    >>> neuron.predict(X)
    array([0, 0, 1, 1])
    """

    def __init__(self, in_features: int, lr: float = 0.1) -> None:
        super().__init__(in_features, lr)

    def predict_proba(self, x: ArrayLike) -> float | FloatArray:
        """Compute the probability of label 1: sigmoid(w.x + b).

        Parameters
        ----------
        x : array_like, shape (in_features,) or (N, in_features)

        Returns
        -------
        float for one example, ndarray of shape (N,) for a batch
        """
        p = sigmoid(self.weighted_sum(x))
        return p if p.ndim else float(p)

    def predict(self, x: ArrayLike, threshold: float = 0.5) -> int | IntArray:
        """Decide the class: 1 if the probability exceeds the threshold, else 0.

        Parameters
        ----------
        x : array_like, shape (in_features,) or (N, in_features)
        threshold : float in [0, 1], default 0.5

        Returns
        -------
        int (0 or 1) for one example, ndarray of int64 of shape (N,) for a batch
        """
        if not 0 <= threshold <= 1:
            raise ValueError(f"{self._who}: threshold must lie in [0, 1], got {threshold!r}.")
        decision = step(np.asarray(self.predict_proba(x)) - threshold)
        return decision if decision.ndim else int(decision)

    def loss(self, X: ArrayLike, y: ArrayLike) -> float:
        """Compute the mean binary cross-entropy.

        Parameters
        ----------
        X : array_like, shape (N, in_features)
        y : array_like, shape (N,)
            Labels 0 and 1.

        Returns
        -------
        float
            Loss per example, in nats.

        Notes
        -----
        Computed from z as ln(1 + exp(-z)) for label 1 and ln(1 + exp(z)) for label 0, which
        never takes the logarithm of a probability that was rounded to 0.
        """
        X, y = self._labelled_batch(X, y)
        return float(np.logaddexp(0, (1 - 2 * y) * self.weighted_sum(X)).mean())

    def gradient(self, X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, float]:
        """Compute the gradient of `loss` with respect to weight and bias.

        Parameters
        ----------
        X : array_like, shape (N, in_features)
        y : array_like, shape (N,)
            Labels 0 and 1.

        Returns
        -------
        (grad_weight, grad_bias) : ndarray of shape (in_features,) and float
        """
        X, y = self._labelled_batch(X, y)
        error = self.predict_proba(X) - y
        return error @ X / len(X), float(np.mean(error))

    def fit(self, X: ArrayLike, y: ArrayLike, *, max_epochs: int = 100) -> list[float]:
        """Take `max_epochs` steps of gradient descent on the whole batch.

        Parameters
        ----------
        X : array_like, shape (N, in_features)
        y : array_like, shape (N,)
            Labels 0 and 1.
        max_epochs : int, default 100

        Returns
        -------
        list of float
            The loss before each step, in nats.
        """
        X, y = self._labelled_batch(X, y)
        losses = []
        for _ in range(_checks.positive_integer(max_epochs, "max_epochs", self._who)):
            losses.append(self.loss(X, y))
            grad_weight, grad_bias = self.gradient(X, y)
            self.weight = self.weight - self.lr * grad_weight
            self.bias -= self.lr * grad_bias
        return losses
