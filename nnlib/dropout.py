"""Dropout: set a random part of the activations to zero during training."""

from __future__ import annotations

import numpy as np

from . import _checks
from .module import Array, Module


class Dropout(Module):
    """Inverted dropout: zero each number with probability p and enlarge the others.

    Parameters
    ----------
    p : float in [0, 1], default 0.5
        Probability of being dropped (not of being kept).
    rng : numpy.random.Generator
        Draws what is dropped; required.

    Raises
    ------
    ValueError
        If p is outside [0, 1] or rng is no Generator.

    Notes
    -----
    Formula: y = x m / (1 - p) with m = 0 with probability p, else 1; dL/dx = dL/dy m / (1 - p).
    So E[y] = x, and in eval mode y = x. With p = 1 the output is zero. Shape: any.

    References
    ----------
    Srivastava, N. et al. (2014). Dropout. Journal of Machine Learning Research 15, 1929-1958.
    There the factor is applied at test time instead.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones((1, 6)))
    array([[2., 2., 2., 0., 0., 0.]])
    >>> layer.eval()(np.ones((1, 3)))
    array([[1., 1., 1.]])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator) -> None:
        self.p = _checks.number_in(p, "p", "Dropout", 0, 1)
        self._rng = _checks.generator(rng, "Dropout")

    def _forward(self, x: Array) -> tuple[Array, Array | None]:
        if not self.training or self.p == 0:
            return x, None
        kept = self._rng.random(x.shape, dtype=np.float32) >= self.p
        mask = kept.astype(x.dtype)
        if self.p < 1:
            mask *= 1 / (1 - self.p)
        return x * mask, mask

    def _backward(self, grad: Array, mask: Array | None) -> Array:
        return grad if mask is None else grad * mask

    def __repr__(self) -> str:
        return f"Dropout(p={self.p:g})"
