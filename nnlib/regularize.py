"""Hold weights and gradients back: penalties on large weights, limits for large gradients.

In a hand-written backward pass adding a penalty to the loss changes nothing by itself; its
derivative has to be added to the gradients, which the penalties here do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from . import _checks
from .module import Array, Parameter


def l1_penalty(parameters: Iterable[Parameter], strength: float, *, grad: bool = True) -> float:
    """Penalise the sum of absolute values, which pulls weights towards zero at constant speed.

    Parameters
    ----------
    parameters : iterable of Parameter
        Usually the weights without the biases.
    strength : float >= 0
    grad : bool, default True
        Add the derivative to the gradients; False only returns the value.

    Returns
    -------
    float
        The penalty, to be added to the loss that is reported.

    Raises
    ------
    ValueError
        If strength is negative.

    Notes
    -----
    Formula: penalty = strength sum abs(w), dpenalty/dw = strength sign(w), 0 at 0.
    Gradient steps make weights small but seldom exactly 0.

    References
    ----------
    Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. Journal of the Royal
    Statistical Society B 58(1), 267-288.

    Examples
    --------
    >>> w = Parameter([3.0, -4.0])
    >>> l1_penalty([w], 0.5), w.grad
    (3.5, array([ 0.5, -0.5]))
    """
    strength, total = _checks.number_in(strength, "strength", "l1_penalty"), 0.0
    for parameter in parameters:
        total += float(np.abs(parameter.data).sum())
        if grad:
            parameter.add_grad(strength * np.sign(parameter.data))
    return strength * total


def l2_penalty(parameters: Iterable[Parameter], strength: float, *, grad: bool = True) -> float:
    """Penalise half the sum of squares, which pulls weights in proportion to their size.

    Parameters
    ----------
    parameters : iterable of Parameter
    strength : float >= 0
        Some texts leave out the factor 1/2; their strength is half of this one.
    grad : bool, default True
        Add the derivative to the gradients; False only returns the value.

    Returns
    -------
    float
        The penalty, to be added to the loss that is reported.

    Raises
    ------
    ValueError
        If strength is negative.

    Notes
    -----
    Formula: penalty = strength / 2 sum w^2, dpenalty/dw = strength w. It equals `weight_decay` of
    SGD, RMSprop and Adam for the same parameters, but not that of AdamW.

    References
    ----------
    Krogh, A. and Hertz, J. (1992). A simple weight decay can improve generalization. NIPS 4,
    950-957.

    Examples
    --------
    >>> w = Parameter([3.0, -4.0])
    >>> l2_penalty([w], 0.5), w.grad
    (6.25, array([ 1.5, -2. ]))
    """
    strength, total = _checks.number_in(strength, "strength", "l2_penalty"), 0.0
    for parameter in parameters:
        total += float(np.vdot(parameter.data, parameter.data))
        if grad:
            parameter.add_grad(strength * parameter.data)
    return strength / 2 * total


def _gradients(parameters: Iterable[Parameter]) -> list[Array]:
    """List the gradients that exist, that of a shared parameter once."""
    return [p.grad for p in {id(p): p for p in parameters}.values() if p.grad is not None]


def clip_grad_norm_(
    parameters: Iterable[Parameter],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Shrink all gradients by one factor if their joint norm exceeds `max_norm`.

    Parameters
    ----------
    parameters : iterable of Parameter
    max_norm : float >= 0
    norm_type : float > 0, may be infinity, default 2.0
    error_if_nonfinite : bool, default False
        Raise on a norm of NaN or infinity; otherwise the gradients become NaN or 0.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ValueError
        If an option is out of range, or the norm is not finite and `error_if_nonfinite`.

    Notes
    -----
    Formula: g = g min(1, max_norm / (norm + 1e-6)), norm over all gradients together: the
    direction stays.

    References
    ----------
    Pascanu, R., Mikolov, T. and Bengio, Y. (2013). On the difficulty of training recurrent neural
    networks. ICML, 1310-1318. Section 3.2.

    Examples
    --------
    >>> w = Parameter([0.0, 0.0])
    >>> w.add_grad(np.array([3.0, 4.0]))
    >>> clip_grad_norm_([w], max_norm=1.0), w.grad.round(4)
    (5.0, array([0.6, 0.8]))
    """
    who = "clip_grad_norm_"
    max_norm = _checks.number_in(max_norm, "max_norm", who)
    if norm_type != math.inf:
        norm_type = _checks.positive_number(norm_type, "norm_type", who)
    gradients = _gradients(parameters)
    norm = _norm(gradients, norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(f"{who}: the norm of the gradients is {norm}; look for the first NaN.")
    factor = float(np.minimum(1.0, max_norm / (norm + 1e-6)))  # min() would lose a NaN
    with np.errstate(invalid="ignore"):
        for gradient in gradients:
            gradient *= factor
    return norm


def _norm(gradients: list[Array], p: float) -> float:
    """p-norm, taken of gradients divided by their largest entry so that no power overflows."""
    largest = float(np.max([np.abs(g).max() for g in gradients], initial=0.0))
    if p == math.inf or largest == 0 or not math.isfinite(largest):
        return largest
    total = math.fsum(float((np.abs(g / largest) ** p).sum()) for g in gradients)
    return float(largest * total ** (1 / p))


def clip_grad_value_(parameters: Iterable[Parameter], clip_value: float) -> None:
    """Limit every single number of the gradients, which can turn their direction.

    Parameters
    ----------
    parameters : iterable of Parameter
    clip_value : float >= 0

    Raises
    ------
    ValueError
        If clip_value is negative.

    Notes
    -----
    Formula: g = min(max(g, -clip_value), clip_value).

    References
    ----------
    Mikolov, T. (2012). Statistical language models based on neural networks. PhD thesis, Brno.

    Examples
    --------
    >>> w = Parameter([0.0, 0.0])
    >>> w.add_grad(np.array([0.3, -4.0]))
    >>> clip_grad_value_([w], 1.0), w.grad
    (None, array([ 0.3, -1. ]))
    """
    limit = _checks.number_in(clip_value, "clip_value", "clip_grad_value_")
    for gradient in _gradients(parameters):
        np.clip(gradient, -limit, limit, out=gradient)
