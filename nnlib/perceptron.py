"""Rosenblatt's perceptron: a threshold after the weighted sum, and learning from mistakes only."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray, IntArray
from ._linear_neuron import LinearNeuron
from .functional import step


class Perceptron(LinearNeuron):
    """Rosenblatt's perceptron: a threshold neuron that learns from its mistakes.

    Parameters
    ----------
    in_features : int
        Number of inputs, at least 1.
    lr : float, default 1.0
        Learning rate > 0. From zero weights it only scales (w, b) and changes no decision.

    Attributes
    ----------
    weight : ndarray of float64, shape (in_features,), zeros at first
    bias : float, zero at first
    lr : float
    converged : bool
        True once an epoch of `fit` went by without a mistake.
    n_updates : int
        Number of weight changes so far.

    Raises
    ------
    ValueError
        If in_features is not an integer >= 1 or lr is not a finite number > 0.

    Notes
    -----
    Prediction: y_hat = step(w.x + b), with labels 0 and 1 and y_hat = 0 at w.x + b = 0.
    Learning rule: w += lr * (y - y_hat) * x and b += lr * (y - y_hat).
    If some unit vector separates the classes with margin gamma and every input, extended by a
    constant 1 for the bias, has norm at most R, there are at most (R / gamma)**2 updates.

    References
    ----------
    Rosenblatt, F. (1958). The perceptron: a probabilistic model for information storage and
    organization in the brain. Psychological Review 65(6), 386-408. doi:10.1037/h0042519
    Novikoff, A. B. J. (1962). On convergence proofs on perceptrons. Proceedings of the Symposium
    on the Mathematical Theory of Automata 12, 615-622.

    Examples
    --------
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> neuron = Perceptron(2)
    >>> neuron.fit(X, y)
    [1, 3, 3, 2, 1, 0]
    >>> neuron.weight, neuron.bias, neuron.converged
    (array([2., 1.]), -2.0, True)
    >>> neuron.predict(X)
    array([0, 0, 0, 1])
    """

    def __init__(self, in_features: int, lr: float = 1.0) -> None:
        super().__init__(in_features, lr)
        self.converged = False
        self.n_updates = 0

    def predict(self, x: ArrayLike) -> int | IntArray:
        """Decide the class: step(w.x + b).

        Parameters
        ----------
        x : array_like, shape (in_features,) or (N, in_features)

        Returns
        -------
        int (0 or 1) for one example, ndarray of int64 of shape (N,) for a batch
        """
        decision = step(self.weighted_sum(x))
        return decision if decision.ndim else int(decision)

    def update(self, x: ArrayLike, target: int) -> bool:
        """Make one error-correction step on one example.

        Parameters
        ----------
        x : array_like, shape (in_features,)
        target : int
            The right label, 0 or 1.

        Returns
        -------
        bool
            True if the weights changed, that is if the prediction was wrong.
        """
        example = _checks.example(x, self.in_features, self._who)
        return self._correct(example, _checks.binary_label(target, self._who))

    def _correct(self, x: FloatArray, target: int) -> bool:
        error = target - int(step(x @ self.weight + self.bias))
        if error == 0:
            return False
        self.weight = self.weight + self.lr * error * x
        self.bias += self.lr * error
        self.n_updates += 1
        self.converged = False
        return True

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        max_epochs: int = 100,
        rng: np.random.Generator | None = None,
    ) -> list[int]:
        """Correct mistakes, example by example, until an epoch has none.

        Calling `fit` again continues from the current weights.

        Parameters
        ----------
        X : array_like, shape (N, in_features)
        y : array_like, shape (N,)
            Labels 0 and 1.
        max_epochs : int, default 100
            Largest number of passes over the data; inseparable data use them all.
        rng : numpy.random.Generator, optional
            Draws a fresh order of the examples for each epoch; without it they come in order.

        Returns
        -------
        list of int
            Number of mistakes in each epoch; the last is 0 exactly if `converged`.
        """
        X, y = self._labelled_batch(X, y)
        epochs = _checks.positive_integer(max_epochs, "max_epochs", self._who)
        rng = None if rng is None else _checks.generator(rng, self._who)
        self.converged = False
        mistakes: list[int] = []
        while len(mistakes) < epochs and not self.converged:
            order: Iterable[int] = range(len(X)) if rng is None else rng.permutation(len(X))
            mistakes.append(sum(self._correct(X[i], int(y[i])) for i in order))
            self.converged = mistakes[-1] == 0
        return mistakes
