"""A parameter: the numbers that training changes, and the gradient of the loss beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks

Array = NDArray[Any]


class Parameter:
    """An array that training changes, with the gradient of the loss beside it.

    Parameters
    ----------
    data : array_like of floats
        Copied to contiguous memory, which optimizers change in place.

    Attributes
    ----------
    data : ndarray
    grad : ndarray of the shape and dtype of `data`, or None before the first backward pass

    Raises
    ------
    ValueError
        If `data` does not hold floats.

    References
    ----------
    PyTorch 2 documentation, torch.nn.Parameter (there a kind of tensor).

    Examples
    --------
    >>> w = Parameter([1.0, 2.0])
    >>> w.add_grad(np.array([0.5, 0.5]))
    >>> w.add_grad(np.array([0.5, 0.5]))
    >>> w.grad
    array([1., 1.])
    """

    def __init__(self, data: ArrayLike) -> None:
        self.data = np.asarray(data)
        self.grad: Array | None = None

    @property
    def data(self) -> Array:
        """The numbers themselves."""
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        if value is getattr(self, "_data", None):  # after `p.data -= step`
            return
        value = np.array(value, order="C")  # a strided view could not be updated in place
        _checks.float_batch(value, "data", "Parameter")
        self._data = value

    def add_grad(self, grad: Array) -> None:
        """Add `grad` to the gradient, which starts as None.

        Parameters
        ----------
        grad : ndarray of the shape and dtype of `data`
        """
        self.grad = grad if self.grad is None else self.grad + grad

    def __repr__(self) -> str:
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"
