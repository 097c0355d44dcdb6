"""Smooth element-wise activations: y = f(x), so backward multiplies the gradient by f'(x).

Every layer takes and returns arrays of any shape. At a kink the derivative is PyTorch's choice.
None branches on single numbers, which would cost more than computing both sides.
"""

from __future__ import annotations

import math

import numpy as np

from . import _checks
from ._elementwise import Elementwise, positive
from .functional import sigmoid
from .module import Array


class Sigmoid(Elementwise):
    """Logistic sigmoid, a smooth step from 0 to 1.

    Notes
    -----
    Formula: y = 1 / (1 + exp(-x)); y' = y (1 - y), at most 1/4.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 4.59.

    Examples
    --------
    >>> Sigmoid()(np.array([-1000.0, 0.0]))
    array([0. , 0.5])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = sigmoid(x)
        return y, y * (1 - y)


class Tanh(Elementwise):
    """Hyperbolic tangent, a smooth step from -1 to 1.

    Notes
    -----
    Formula: y = tanh(x) = 2 sigmoid(2 x) - 1; y' = 1 - y^2.

    References
    ----------
    LeCun et al. (1998), Efficient BackProp, section 4.4.

    Examples
    --------
    >>> Tanh()(np.array([0.0, 1e4]))
    array([0., 1.])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        y = np.tanh(x)
        return y, y

    def _backward(self, grad: Array, y: Array) -> Array:
        result: Array = grad * (1 - y * y)
        return result


class ELU(Elementwise):
    """Exponential linear unit: an exponential that meets the identity at 0.

    Parameters
    ----------
    alpha : float, default 1.0

    Raises
    ------
    ValueError
        If alpha is not a finite number.

    Notes
    -----
    Formula: y = x for x > 0, else alpha (exp(x) - 1); y' = 1 for x > 0, else alpha exp(x).
    exp(x) - 1 is computed by expm1, which keeps its digits near 0.

    References
    ----------
    Clevert, D.-A., Unterthiner, T. and Hochreiter, S. (2016). Fast and accurate deep network
    learning by exponential linear units. ICLR. arXiv:1511.07289

    Examples
    --------
    >>> ELU()(np.array([-1e4, 3.0]))
    array([-1.,  3.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = _checks.finite_number(alpha, "alpha", "ELU")

    def _forward(self, x: Array) -> tuple[Array, Array]:
        below = self.alpha * np.expm1(np.minimum(x, 0))
        return np.maximum(x, 0) + below, below + self.alpha + (1 - self.alpha) * positive(x)


class GELU(Elementwise):
    """Gaussian error linear unit: x times the probability that a normal number is below x.

    Parameters
    ----------
    approximate : {"none", "tanh"}, default "none"
        "tanh" is the older approximation, which differs by up to 0.0005.

    Raises
    ------
    ValueError
        If approximate is neither of the two.

    Notes
    -----
    Formula: y = x P(x) with P(x) = (1 + erf(x / sqrt(2))) / 2; y' = P(x) + x p(x), where p is
    the standard normal density. Approximation: P(x) = (1 + tanh(u)) / 2 with
    u = sqrt(2 / pi) (x + 0.044715 x^3).

    References
    ----------
    Hendrycks, D. and Gimpel, K. (2016). Gaussian error linear units. arXiv:1606.08415

    Examples
    --------
    >>> GELU()(np.array([1.0])).round(4), GELU("tanh")(np.array([1.0])).round(4)
    (array([0.8413]), array([0.8412]))
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = _checks.option(approximate, ("none", "tanh"), "approximate", "GELU")

    def _forward(self, x: Array) -> tuple[Array, Array]:
        c = np.clip(x, -40, 40)  # beyond, P is 0 or 1 to the last digit; x^3 might overflow
        P, density = self._tanh(c) if self.approximate == "tanh" else self._exact(c)
        return np.maximum(x, -40) * P, P + c * density

    @staticmethod
    def _exact(x: Array) -> tuple[Array, Array]:
        from scipy.special import erf

        density = np.exp(-x * x / 2) * (1 / math.sqrt(2 * math.pi))
        P = (1 + erf(x * math.sqrt(0.5))) / 2
        return P.astype(x.dtype, copy=False), density  # SciPy has no erf of float16

    @staticmethod
    def _tanh(x: Array) -> tuple[Array, Array]:
        k, square = math.sqrt(2 / math.pi), x * x
        t = np.tanh(k * x * (1 + 0.044715 * square))
        return (1 + t) / 2, (1 - t * t) * (k / 2) * (1 + 3 * 0.044715 * square)


class SiLU(Elementwise):
    """Sigmoid linear unit, also called swish: x times its own sigmoid.

    Notes
    -----
    Formula: y = x s with s = sigmoid(x); y' = s + y (1 - s).

    References
    ----------
    Elfwing, S., Uchibe, E. and Doya, K. (2018). Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning. Neural Networks 107, 3-11.

    Examples
    --------
    >>> SiLU()(np.array([-1e4, 0.0, 1.0])).round(4)
    array([-0.    ,  0.    ,  0.7311])
    """

    def _forward(self, x: Array) -> tuple[Array, Array]:
        s = sigmoid(x)
        y = np.maximum(x, -800) * s  # sigmoid(-800) is 0 already, and -inf * 0 would be NaN
        return y, s + y * (1 - s)
