"""What all losses share, and the losses of regression, which are functions of an error.

A loss is called as `loss = criterion(input, target)`; `criterion.backward()` returns dL/dinput,
which `model.backward` takes. PyTorch writes `loss.backward()` for both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from .module import Array


class Loss:
    """Base class: what all losses have in common.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        Over all elements of the losses; "none" returns them one by one.

    Raises
    ------
    ValueError
        If input and target do not fit each other: nothing is broadcast.

    Notes
    -----
    Formula: L = mean(l), sum(l) or l, where `_forward` of a subclass computes the losses l.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 6.2.1.

    Examples
    --------
    >>> criterion = MSELoss(reduction="sum")
    >>> criterion(np.array([1.0, 3.0]), np.array([0.0, 0.0])), criterion.backward()
    (np.float64(10.0), array([2., 6.]))
    """

    _cache: tuple[tuple[int, ...], Any] | None = None

    def __init__(self, *, reduction: str = "mean") -> None:
        allowed = ("mean", "sum", "none")
        self.reduction = _checks.option(reduction, allowed, "reduction", repr(self))

    def __call__(self, input: Array, target: Array) -> Any:
        """Call `forward`."""
        return self.forward(input, target)

    def forward(self, input: Array, target: Array) -> Any:
        """Compute the loss and keep what `backward` needs.

        Parameters
        ----------
        input : ndarray of floats
            Outputs of the network.
        target : ndarray
            What they should have been.

        Returns
        -------
        NumPy float in the dtype of `input`; with reduction "none" an ndarray
        """
        _checks.float_batch(input, "input", self)
        self._check(input, target)
        losses, cache = self._forward(input, target)
        self._cache = (losses.shape, cache)
        if self.reduction == "none":
            return losses
        total = np.add.reduce(losses, axis=None)
        return total / losses.size if self.reduction == "mean" else total

    def backward(self, grad: ArrayLike = 1.0) -> Array:
        """Compute the derivative of the last loss by its input.

        Parameters
        ----------
        grad : float, or with reduction "none" an array of the shape of the losses, default 1.0
            Derivative of the final objective by this loss.

        Returns
        -------
        ndarray of the shape and dtype of `input`
        """
        if self._cache is None:
            raise RuntimeError(f"{self!r}: backward needs a forward pass before.")
        (shape, cache), self._cache = self._cache, None
        result = self._backward(cache)
        if self.reduction == "none":
            each = np.broadcast_to(np.asarray(grad, dtype=result.dtype), shape)
            result *= each.reshape(shape + (1,) * (result.ndim - len(shape)))
        else:
            count = math.prod(shape) if self.reduction == "mean" else 1
            result *= float(grad) / count  # type: ignore[arg-type]
        return result

    def _check(self, input: Array, target: Array) -> None:
        """Refuse a target that does not have the shape and dtype of the input."""
        _checks.float_batch(target, "target", self)
        if input.shape != target.shape:
            raise ValueError(
                f"{self!r}: input has shape {input.shape} but target {target.shape}; nothing is "
                f"broadcast, use target.reshape{input.shape} if the numbers are the same."
            )
        _checks.same_dtype(target, "target", input.dtype, "input is", self)

    def _forward(self, input: Array, target: Array) -> tuple[Array, Any]:
        raise NotImplementedError(f"{self!r} needs a method _forward(input, target).")

    def _backward(self, cache: Any) -> Array:
        """Compute the derivative of each loss by its input, as an array of its own."""
        raise NotImplementedError(f"{self!r} needs a method _backward(cache).")

    def __repr__(self) -> str:
        return type(self).__name__


class MSELoss(Loss):
    """Squared error.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is over all elements, examples times outputs.

    Notes
    -----
    Formula: l = (x - t)^2; dl/dx = 2 (x - t). The best constant prediction is the mean.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 3.1.1.

    Examples
    --------
    >>> MSELoss()(np.array([[1.0], [3.0]]), np.zeros((2, 1)))
    np.float64(5.0)
    """

    def _forward(self, input: Array, target: Array) -> tuple[Array, Array]:
        error = input - target
        return error * error, error

    def _backward(self, error: Array) -> Array:
        return 2 * error


class L1Loss(Loss):
    """Absolute error (MAE with the mean).

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Notes
    -----
    Formula: l = abs(x - t); dl/dx = sign(x - t), 0 at 0. The best constant is the median.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 10.6.

    Examples
    --------
    >>> L1Loss()(np.array([1.0, -3.0]), np.zeros(2))
    np.float64(2.0)
    """

    def _forward(self, input: Array, target: Array) -> tuple[Array, Array]:
        error = input - target
        return np.abs(error), error

    def _backward(self, error: Array) -> Array:
        return np.sign(error)


class HuberLoss(Loss):
    """Squared error near zero, absolute error beyond delta.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"
    delta : float > 0, default 1.0

    Raises
    ------
    ValueError
        See `Loss`; also if delta is not > 0.

    Notes
    -----
    Formula: l = q (a - q / 2) with a = abs(x - t) and q = min(a, delta), that is e^2 / 2 up to
    delta and delta (a - delta / 2) beyond; dl/dx = x - t, clipped to [-delta, delta].

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical
    Statistics 35(1), 73-101. doi:10.1214/aoms/1177703732

    Examples
    --------
    >>> HuberLoss(reduction="none")(np.array([0.5, 3.0]), np.zeros(2))
    array([0.125, 2.5  ])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = _checks.positive_number(delta, "delta", "HuberLoss")

    def _forward(self, input: Array, target: Array) -> tuple[Array, Array]:
        error = input - target
        a = np.abs(error)
        q = np.minimum(a, self.delta)
        return q * (a - q / 2), error

    def _backward(self, error: Array) -> Array:
        return np.clip(error, -self.delta, self.delta)
