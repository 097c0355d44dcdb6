"""The part that every neuron of this library shares: weights, a bias and their weighted sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray, IntArray


class LinearNeuron:
    """n weights, one bias and z = w.x + b; what follows z is up to the subclass."""

    def __init__(self, in_features: int, lr: float) -> None:
        name = type(self).__name__
        self.in_features = _checks.positive_integer(in_features, "in_features", name)
        self.lr = _checks.positive_number(lr, "lr", name)
        self._who = f"{name}({self.in_features})"
        # A single neuron has no symmetry to break, so zero is a fair place to start.
        self.weight = np.zeros(self.in_features)
        self.bias = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(in_features={self.in_features}, lr={self.lr:g})"

    @property
    def weight(self) -> FloatArray:
        """Weights w, shape (in_features,), float64. Assigning copies and checks the shape."""
        return self._weight

    @weight.setter
    def weight(self, value: ArrayLike) -> None:
        array = _checks.finite_array(value, "weight", self._who)
        if array.shape != (self.in_features,):
            raise ValueError(
                f"{self._who}: expected weight of shape ({self.in_features},), got {array.shape}."
            )
        self._weight: FloatArray = np.array(array, dtype=np.float64)

    @property
    def bias(self) -> float:
        """Bias b, a finite float."""
        return self._bias

    @bias.setter
    def bias(self, value: float) -> None:
        self._bias = _checks.finite_number(value, "bias", self._who)

    def weighted_sum(self, x: ArrayLike) -> float | FloatArray:
        """Compute the pre-activation z = w.x + b.

        Parameters
        ----------
        x : array_like, shape (in_features,) or (N, in_features)
            One example or a batch.

        Returns
        -------
        float for one example, ndarray of shape (N,) for a batch

        Raises
        ------
        ValueError
            If `x` has another shape, is empty, or holds NaN or infinity.
        """
        z = _checks.features(x, self.in_features, self._who) @ self.weight + self.bias
        return z if isinstance(z, np.ndarray) else float(z)

    def _labelled_batch(self, X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, IntArray]:
        X = _checks.batch(X, self.in_features, self._who)
        return X, _checks.binary_labels(y, len(X), self._who)
