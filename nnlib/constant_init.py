"""First values that are all alike: usual for biases and scales, useless for hidden weights."""

from __future__ import annotations

from . import _checks
from .parameter import Parameter


def constant_(tensor: Parameter, val: float) -> Parameter:
    """Set every number to `val`.

    Parameters
    ----------
    tensor : Parameter
    val : float

    Returns
    -------
    Parameter

    Raises
    ------
    ValueError
        If val is not a finite number.

    Notes
    -----
    Formula: w = val. Equal weights of hidden units stay equal in training; biases may be equal.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4 (breaking symmetry).

    Examples
    --------
    >>> constant_(Parameter([1.0, 2.0]), 0.5).data
    array([0.5, 0.5])
    """
    tensor.data[...] = _checks.finite_number(val, "val", "constant_")
    return tensor


def zeros_(tensor: Parameter) -> Parameter:
    """Set every number to 0.

    Parameters
    ----------
    tensor : Parameter

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: w = 0.

    References
    ----------
    See `constant_`.

    Examples
    --------
    >>> zeros_(Parameter([1.0, 2.0])).data
    array([0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Parameter) -> Parameter:
    """Set every number to 1.

    Parameters
    ----------
    tensor : Parameter

    Returns
    -------
    Parameter

    Notes
    -----
    Formula: w = 1.

    References
    ----------
    See `constant_`.

    Examples
    --------
    >>> ones_(Parameter([3.0, 2.0])).data
    array([1., 1.])
    """
    return constant_(tensor, 1.0)
