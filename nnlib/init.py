"""First values of weights: scales chosen so that signals neither grow nor fade from layer to layer.

Every function changes its argument in place, as the underscore says, and returns it. A weight of
shape (out, in) has fan_in = in and fan_out = out.
"""

from __future__ import annotations

import math

import numpy as np

from . import _checks
from .constant_init import constant_, ones_, zeros_
from .gains import calculate_gain
from .parameter import Parameter

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "ones_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def _fans(tensor: Parameter, who: str) -> tuple[int, int]:
    if not isinstance(tensor, Parameter) or tensor.data.ndim != 2:
        raise ValueError(f"{who}: expected a weight of shape (out, in), got {tensor!r}.")
    return tensor.data.shape[1], tensor.data.shape[0]


def _normal(tensor: Parameter, std: float, rng: np.random.Generator, who: str) -> Parameter:
    tensor.data[...] = std * _checks.generator(rng, who).standard_normal(tensor.data.shape)
    return tensor


def _uniform(tensor: Parameter, std: float, rng: np.random.Generator, who: str) -> Parameter:
    bound = math.sqrt(3) * std  # U(-k, k) has variance k^2 / 3
    tensor.data[...] = _checks.generator(rng, who).uniform(-bound, bound, tensor.data.shape)
    return tensor


def _xavier_std(tensor: Parameter, gain: float, who: str) -> float:
    return _checks.finite_number(gain, "gain", who) * math.sqrt(2 / sum(_fans(tensor, who)))


def xavier_uniform_(tensor: Parameter, gain: float = 1.0, *, rng: np.random.Generator) -> Parameter:
    """Draw from U(-k, k), a compromise between keeping activations and keeping gradients.

    Parameters
    ----------
    tensor : Parameter, shape (out, in)
    gain : float, default 1.0
    rng : numpy.random.Generator

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: k = gain sqrt(6 / (fan_in + fan_out)), so variance = gain^2 2 / (fan_in + fan_out).

    References
    ----------
    Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep feedforward
    neural networks. AISTATS, 249-256. Equation 16.

    Examples
    --------
    >>> w = xavier_uniform_(Parameter(np.zeros((2, 4))), rng=np.random.default_rng(0))
    >>> bool(np.abs(w.data).max() <= 1)
    True
    """
    return _uniform(tensor, _xavier_std(tensor, gain, "xavier_uniform_"), rng, "xavier_uniform_")


def xavier_normal_(tensor: Parameter, gain: float = 1.0, *, rng: np.random.Generator) -> Parameter:
    """Draw from a normal distribution with the variance of `xavier_uniform_`.

    Parameters
    ----------
    tensor : Parameter, shape (out, in)
    gain : float, default 1.0
    rng : numpy.random.Generator

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: std = gain sqrt(2 / (fan_in + fan_out)).

    References
    ----------
    Glorot and Bengio (2010), see `xavier_uniform_`.

    Examples
    --------
    >>> w = xavier_normal_(Parameter(np.zeros((300, 100))), rng=np.random.default_rng(0))
    >>> float(w.data.std().round(3))  # sqrt(2 / 400) is 0.0707
    0.071
    """
    return _normal(tensor, _xavier_std(tensor, gain, "xavier_normal_"), rng, "xavier_normal_")


def _kaiming_std(tensor: Parameter, a: float, mode: str, nonlinearity: str, who: str) -> float:
    fan_in, fan_out = _fans(tensor, who)
    _checks.option(mode, ("fan_in", "fan_out"), "mode", who)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Parameter,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> Parameter:
    """Draw from U(-k, k) with the variance of `kaiming_normal_`.

    Parameters
    ----------
    tensor : Parameter, shape (out, in)
    a : float, default 0
    mode : {"fan_in", "fan_out"}, default "fan_in"
    nonlinearity : str, default "leaky_relu"
    rng : numpy.random.Generator

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: k = gain sqrt(3 / fan). `Linear` starts with a = sqrt(5): k = 1 / sqrt(fan_in).

    References
    ----------
    He et al. (2015), see `kaiming_normal_`.

    Examples
    --------
    >>> w = kaiming_uniform_(Parameter(np.zeros((2, 6))), rng=np.random.default_rng(0))
    >>> bool(np.abs(w.data).max() <= 1)
    True
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return _uniform(tensor, std, rng, "kaiming_uniform_")


def kaiming_normal_(
    tensor: Parameter,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> Parameter:
    """Draw from a normal distribution that keeps the size of signals in a ReLU network.

    Parameters
    ----------
    tensor : Parameter, shape (out, in)
    a : float, default 0
        Negative slope, used with "leaky_relu" only.
    mode : {"fan_in", "fan_out"}, default "fan_in"
        "fan_in" keeps the variance of activations, "fan_out" that of gradients.
    nonlinearity : str, default "leaky_relu"
        See `calculate_gain`.
    rng : numpy.random.Generator

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: std = gain / sqrt(fan) with the gain of `calculate_gain`.

    References
    ----------
    He, K., Zhang, X., Ren, S. and Sun, J. (2015). Delving deep into rectifiers. ICCV, 1026-1034.
    Equations 10 and 14. doi:10.1109/ICCV.2015.123

    Examples
    --------
    >>> w = kaiming_normal_(Parameter(np.zeros((300, 200))), rng=np.random.default_rng(0))
    >>> float(w.data.std().round(2))  # sqrt(2 / 200)
    0.1
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_")
    return _normal(tensor, std, rng, "kaiming_normal_")


def lecun_normal_(tensor: Parameter, *, rng: np.random.Generator) -> Parameter:
    """Draw from a normal distribution that keeps the size of signals in a linear network.

    Parameters
    ----------
    tensor : Parameter, shape (out, in)
    rng : numpy.random.Generator

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: std = 1 / sqrt(fan_in). PyTorch: kaiming_normal_ with nonlinearity="linear".

    References
    ----------
    LeCun, Y., Bottou, L., Orr, G. and Mueller, K.-R. (1998). Efficient BackProp. Section 4.6.

    Examples
    --------
    >>> w = lecun_normal_(Parameter(np.zeros((300, 100))), rng=np.random.default_rng(0))
    >>> float(w.data.std().round(2))
    0.1
    """
    return kaiming_normal_(tensor, nonlinearity="linear", rng=rng)
