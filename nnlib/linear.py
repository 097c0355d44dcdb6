"""The affine map y = x W^T + b, the layer that holds most parameters of a network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from . import _checks
from ._sums import batch_sum
from .module import Array, Module, Parameter


class Linear(Module):
    """Fully connected layer.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool, default True
        False leaves b out, for example in front of BatchNorm1d, which cancels it.
    rng : numpy.random.Generator
        Draws the first weights; required, so that no randomness goes unseen.
    dtype : default np.float64
        Of the parameters, and then of `x` and `y` (PyTorch's default is float32).

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    ValueError
        If a size is no integer >= 1 or, in `forward`, shape or dtype of x do not match.

    Notes
    -----
    Formula: y = x W^T + b with x (N, in_features) and y (N, out_features).
    dL/dW = (dL/dy)^T x, dL/db = sum of dL/dy over the batch, dL/dx = dL/dy W.
    First values as in PyTorch: weight and bias from U(-k, k) with k = 1/sqrt(in_features).

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 6.5.6.
    LeCun et al. (1998), Efficient BackProp, section 4.6 (the scale of the first weights).

    Examples
    --------
    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> x = np.ones((5, 3))
    >>> layer(x).shape, layer.backward(np.ones((5, 2))).shape, layer.bias.grad
    ((5, 2), (5, 3), array([5., 5.]))
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *,
        rng: np.random.Generator, dtype: DTypeLike = np.float64,
    ) -> None:  # fmt: skip
        self.in_features = _checks.positive_integer(in_features, "in_features", "Linear")
        self.out_features = _checks.positive_integer(out_features, "out_features", "Linear")
        bound, draw = 1 / math.sqrt(in_features), _checks.generator(rng, "Linear").uniform
        weight = draw(-bound, bound, (out_features, in_features))
        self.weight = Parameter(weight.astype(dtype))
        self.bias = Parameter(draw(-bound, bound, out_features).astype(dtype)) if bias else None

    def _check(self, x: Array) -> None:
        if x.ndim != 2 or x.shape[1] != self.in_features:
            wanted = f"(N, {self.in_features})"
            raise ValueError(f"{self!r}: expected x of shape {wanted}, got {x.shape}.")
        _checks.same_dtype(x, "x", self.weight.data.dtype, "the weights are", "Linear")

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = x.dot(self.weight.data.T)  # for small matrices .dot takes less time than @
        if self.bias is not None:
            y += self.bias.data
        return y, x

    def _backward(self, grad: Array, x: Array) -> Array:
        self._backward_parameters(grad, x)
        result: Array = grad.dot(self.weight.data)
        return result

    def _backward_parameters(self, grad: Array, x: Array) -> Array:
        self.weight.add_grad(grad.T.dot(x))
        if self.bias is not None:
            self.bias.add_grad(batch_sum(grad))
        return grad

    def __repr__(self) -> str:
        without = "" if self.bias is not None else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{without})"
