"""How much larger than in a linear network weights should be, for each activation."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import _checks

_GAINS: dict[str, Callable[[float], float]] = {
    "linear": lambda a: 1.0,
    "sigmoid": lambda a: 1.0,
    "tanh": lambda a: 5 / 3,
    "relu": lambda a: math.sqrt(2),
    "leaky_relu": lambda a: math.sqrt(2 / (1 + a * a)),
    "selu": lambda a: 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Look up the factor by which weights should exceed those of a linear network.

    Parameters
    ----------
    nonlinearity : {"linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}
    param : float, optional
        Negative slope of leaky_relu, default 0.01.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the name is unknown or param is not a finite number.

    Notes
    -----
    Formula: gain = sqrt(2 / (1 + a^2)) for leaky_relu of slope a (relu: a = 0); 5/3 for tanh is
    a rule of thumb.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, section 2.2.

    Examples
    --------
    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    name = _checks.option(nonlinearity, tuple(_GAINS), "nonlinearity", "calculate_gain")
    slope = 0.01 if param is None else _checks.finite_number(param, "param", "calculate_gain")
    return _GAINS[name](slope)
