"""Two activation functions of one neuron, as plain functions of the weighted sum z.

`step` makes a yes/no decision; `sigmoid` is its smooth counterpart and can be read as a
probability.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import numeric_array


def step(z: ArrayLike) -> NDArray[np.int64]:
    """Threshold at zero: 1 where z > 0, else 0.

    Parameters
    ----------
    z : array_like of any shape
        Weighted sums (pre-activations), no unit.

    Returns
    -------
    ndarray of int64, same shape as `z` (a NumPy integer for a scalar)
        The convention at z == 0 is 0.

    Raises
    ------
    ValueError
        If `z` holds NaN, which is on neither side of the threshold, or is not numeric.

    Notes
    -----
    Formula: step(z) = 1 if z > 0, else 0.

    References
    ----------
    McCulloch, W. S. and Pitts, W. (1943). A logical calculus of the ideas immanent in nervous
    activity. Bulletin of Mathematical Biophysics 5, 115-133. doi:10.1007/BF02478259

    Examples
    --------
    >>> step([-2.0, 0.0, 0.1])
    array([0, 0, 1])
    """
    array = numeric_array(z, "z", "step")
    if np.isnan(array).any():
        raise ValueError(f"step: z must not be NaN, got {z!r}.")
    return (array > 0).astype(np.int64)


def sigmoid(z: ArrayLike) -> NDArray[Any]:
    """Logistic sigmoid, a smooth step from 0 to 1.

    Parameters
    ----------
    z : array_like of any shape
        Weighted sums (pre-activations), no unit.

    Returns
    -------
    ndarray, same shape as `z` (a NumPy float for a scalar)
        Values in [0, 1], in the dtype of `z`; integers give float64. NaN stays NaN.

    Raises
    ------
    ValueError
        If `z` is not numeric.

    Notes
    -----
    Formula: sigmoid(z) = 1 / (1 + exp(-z)). For z < 0 that exponential would overflow, so the
    fraction is expanded by exp(z): exp(min(z, 0)) / (1 + exp(-abs(z))) serves both signs and
    only ever takes exponentials of numbers <= 0.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Equation 4.59.

    Examples
    --------
    >>> sigmoid(0.0)
    np.float64(0.5)
    >>> sigmoid([-1000.0, 1000.0])
    array([0., 1.])
    """
    array = numeric_array(z, "z", "sigmoid")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    # Both numerator and denominator keep the dtype of `array`: Python numbers do not promote it.
    result: NDArray[Any] = np.exp(np.minimum(array, 0)) / (1 + np.exp(-np.abs(array)))
    return result
