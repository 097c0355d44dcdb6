"""Activations of two straight pieces that meet at 0, where PyTorch takes the lower one's slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from . import _checks
from ._elementwise import Elementwise, positive
from .module import Array, Parameter


class ReLU(Elementwise):
    """Rectified linear unit: negative numbers become zero.

    Notes
    -----
    Formula: y = max(x, 0); y' = 1 for x > 0, else 0 (also at 0).

    References
    ----------
    Nair, V. and Hinton, G. (2010). Rectified linear units improve restricted Boltzmann machines.
    ICML, 807-814.

    Examples
    --------
    >>> ReLU()(np.array([-2.0, 3.0]))
    array([0., 3.])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = np.maximum(x, 0)
        return y, y

    def _backward(self, grad: Array, y: Array) -> Array:
        return super()._backward(grad, positive(y))


class LeakyReLU(Elementwise):
    """ReLU with a small slope for negative numbers.

    Parameters
    ----------
    negative_slope : float, default 0.01

    Raises
    ------
    ValueError
        If the slope is not a finite number.

    Notes
    -----
    Formula: y = max(x, 0) + a min(x, 0); y' = 1 for x > 0, else a (also at 0).

    References
    ----------
    Maas, A., Hannun, A. and Ng, A. (2013). Rectifier nonlinearities improve neural network
    acoustic models. ICML workshop on deep learning.

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = _checks.finite_number(negative_slope, "negative_slope", "LeakyReLU")

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = np.maximum(x, 0) + self.negative_slope * np.minimum(x, 0)
        return y, self.negative_slope + (1 - self.negative_slope) * positive(x)


class PReLU(Elementwise):
    """Leaky ReLU whose slope is learned.

    Parameters
    ----------
    num_parameters : int, default 1
        One slope for all, or one for each entry of axis 1.
    init : float, default 0.25
        First value of the slope.
    dtype : default np.float64

    Attributes
    ----------
    weight : Parameter, shape (num_parameters,)

    Raises
    ------
    ValueError
        If an option is out of range or, in `forward`, x does not fit the slopes.

    Notes
    -----
    Formula: y = max(x, 0) + a min(x, 0); dL/da = sum of dL/dy min(x, 0). The slope may exceed 1.
    Weight decay would pull the slope to 0, which makes a ReLU.

    References
    ----------
    He, K., Zhang, X., Ren, S. and Sun, J. (2015). Delving deep into rectifiers. ICCV, 1026-1034.
    doi:10.1109/ICCV.2015.123

    Examples
    --------
    >>> layer = PReLU()
    >>> layer(np.array([-2.0, 3.0])), layer.backward(np.ones(2)), layer.weight.grad
    (array([-0.5,  3. ]), array([0.25, 1.  ]), array([-2.]))
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float64
    ) -> None:
        count = _checks.positive_integer(num_parameters, "num_parameters", "PReLU")
        value = _checks.finite_number(init, "init", "PReLU")
        self.weight = Parameter(np.full(count, value, dtype))

    def _check(self, x: Array) -> None:
        count = self.weight.data.size
        if count > 1 and (x.ndim < 2 or x.shape[1] != count):
            raise ValueError(f"PReLU: expected x of shape (N, {count}, ...), got {x.shape}.")
        _checks.same_dtype(x, "x", self.weight.data.dtype, "the weights are", "PReLU")

    def _slope(self, ndim: int) -> Array:
        return self.weight.data.reshape(-1, *(1,) * max(ndim - 2, 0))

    def _forward(self, x: Array) -> tuple[Array, Array]:
        return np.maximum(x, 0) + self._slope(x.ndim) * np.minimum(x, 0), x

    def _backward(self, grad: Array, x: Array) -> Array:
        each = grad * np.minimum(x, 0)
        shared = self.weight.data.size == 1
        axes = None if shared else tuple(a for a in range(x.ndim) if a != 1)
        self.weight.add_grad(each.sum(axis=axes).reshape(-1))
        slope = self._slope(x.ndim)
        result: Array = grad * (slope + (1 - slope) * positive(x))
        return result
