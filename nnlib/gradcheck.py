"""Checking a derivative by what it means: move each number a little and see how the result moves.

A backward pass is right if it agrees with central differences, for every entry of every input and
parameter, when the gradient that comes in from above is random. (With a gradient of ones, a softmax
backward that returns zeros passes, since its outputs always sum to 1.)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _checks
from .module import Module

Array = NDArray[Any]


class GradcheckError(AssertionError):
    """A backward pass disagrees with the differences of its forward pass.

    Examples
    --------
    >>> issubclass(GradcheckError, AssertionError)
    True
    """


def numerical_gradient(f: Callable[[], float], x: Array, eps: float = 1e-5) -> Array:
    """Gradient of a function of an array by central differences.

    Parameters
    ----------
    f : callable without arguments
        Computes the number from `x`, which is changed in place during the call.
    x : ndarray of float64, any shape
    eps : float, default 1e-5
        The step, for numbers about 1: larger ones raise the error of the formula (about eps**2),
        smaller ones that of rounding (about 1e-16 / eps).

    Returns
    -------
    ndarray of float64 of the shape of `x`

    Raises
    ------
    ValueError
        If `x` is not a float64 array or `eps` is not positive.

    Notes
    -----
    Formula: df/dx_i = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps) + O(eps^2).

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Section 5.3.3.

    Examples
    --------
    >>> x = np.array([1.0, -2.0])
    >>> numerical_gradient(lambda: float(np.sum(x**3)), x).round(6)
    array([ 3., 12.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(f"numerical_gradient: x must be a float64 array, got {got}.")
    step = _checks.positive_number(eps, "eps", "numerical_gradient")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = f()
        x[index] = kept - step
        gradient[index] = (above - f()) / (2 * step)
        x[index] = kept
    return gradient


def gradcheck(
    module: Any, x: Array, target: Array | None = None, *, rng: np.random.Generator,
    eps: float = 1e-5, tolerance: float = 1e-6,
) -> float:  # fmt: skip
    """Compare `backward` with central differences, for the input and every parameter.

    Each evaluation uses a fresh copy of the module, so Dropout draws the same mask every time.

    Parameters
    ----------
    module : Module or loss
        In training mode. Its inputs should lie at least 1e-3 from kinks such as ReLU's at 0.
    x : ndarray of float64
        Input, or the predictions if `module` is a loss.
    target : ndarray, optional
        The target, if `module` is a loss.
    rng : numpy.random.Generator
        Draws dL/dy; a loss has none to draw, unless its reduction is "none".
    eps : float, default 1e-5
    tolerance : float, default 1e-6

    Returns
    -------
    float
        The largest relative error found.

    Raises
    ------
    GradcheckError
        If an error is above `tolerance`; it names the worst entry.
    ValueError
        If `x` or a parameter is not float64.

    Notes
    -----
    Formula: error = max over i of abs(a_i - n_i) / max(max abs(n), max abs(a), 0.01), for the
    gradient a by `backward` and n by differences, separately for x and each parameter.

    References
    ----------
    Bishop (2006), see `numerical_gradient`.

    Examples
    --------
    >>> from nnlib import Tanh
    >>> rng = np.random.default_rng(0)
    >>> gradcheck(Tanh(), rng.normal(size=(3, 2)), rng=rng) < 1e-6
    True
    """
    inputs = (np.array(x),) if target is None else (np.array(x), target)
    own = copy.deepcopy(module)
    for parameter in own.parameters() if isinstance(own, Module) else []:
        parameter.grad = None
    checked = copy.deepcopy(own)
    y = np.asarray(checked(*inputs))
    grad = np.asarray(_checks.generator(rng, "gradcheck").normal(size=y.shape), dtype=y.dtype)

    def loss() -> float:
        return float(np.sum(np.asarray(copy.deepcopy(own)(*inputs)) * (grad if y.ndim else 1)))

    found = {"x": (inputs[0], checked.backward(grad) if y.ndim else checked.backward())}
    if isinstance(own, Module):
        gradients = dict(checked.named_parameters())
        found |= {name: (p.data, gradients[name].grad) for name, p in own.named_parameters()}
    return max(
        _error(repr(module), name, analytic, numerical_gradient(loss, values, eps), tolerance)
        for name, (values, analytic) in found.items()
    )


def _error(who: str, name: str, analytic: Any, numeric: Array, tolerance: float) -> float:
    """Return the relative error of one gradient, or refuse it."""
    if analytic is None or np.shape(analytic) != numeric.shape:
        raise GradcheckError(
            f"gradcheck: {who} gives a gradient for {name} of shape {np.shape(analytic)}, "
            f"expected {numeric.shape}."
        )
    scale = max(float(np.max(np.abs(numeric))), float(np.max(np.abs(analytic))), 0.01)
    errors = np.abs(analytic - numeric) / scale
    worst = np.unravel_index(int(np.argmax(errors)), errors.shape)
    # "not <=" and not ">": NaN must not pass.
    if not errors[worst] <= tolerance:
        place = f"{name}[{', '.join(map(str, worst))}]"
        raise GradcheckError(
            f"gradcheck: {who}: dL/d{place} is {analytic[worst]:.6g} by backward but "
            f"{numeric[worst]:.6g} by differences (relative error {errors[worst]:.1e})."
        )
    return float(errors[worst])
