"""Normalisation: shift and scale activations to mean 0 and variance 1, then let training choose.

BatchNorm1d takes mean and variance of each feature over the batch, LayerNorm those of each
example over its features. Both share the backward pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from . import _checks
from ._sums import batch_sum
from .module import Array, Module, Parameter


class BatchNorm1d(Module):
    """Normalise each feature over the batch.

    Parameters
    ----------
    num_features : int
    eps : float > 0, default 1e-5
        Added to the variance, so that a constant feature gives 0 instead of 0/0.
    momentum : float in [0, 1], default 0.1
        Weight of the new batch in the running statistics (other texts call 1 - momentum so).
    dtype : default np.float64

    Attributes
    ----------
    weight, bias : Parameter, shape (num_features,), ones and zeros at first
    running_mean, running_var : ndarray, shape (num_features,), used in eval mode
    num_batches_tracked : ndarray of int64, shape ()

    Raises
    ------
    ValueError
        In `forward`, if x is not (N, num_features) of this dtype, or N = 1 in training mode.

    Notes
    -----
    Formula: y = g h + b with h = (x - mean) / sqrt(var + eps), weight g, bias b.
    Backward, with d = dL/dy: dL/dx = g / sqrt(var + eps) (d - mean(d) - h mean(d h)).
    The batch is divided by its biased variance (1/N), but running_var averages the unbiased one
    (1/(N-1)); in eval mode the running statistics replace those of the batch. As in PyTorch.

    References
    ----------
    Ioffe, S. and Szegedy, C. (2015). Batch normalization. ICML, 448-456. arXiv:1502.03167

    Examples
    --------
    >>> layer = BatchNorm1d(1)
    >>> layer(np.array([[1.0], [3.0]])).round(3).ravel(), layer.running_mean
    (array([-1.,  1.]), array([0.2]))
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.num_features = _checks.positive_integer(num_features, "num_features", "BatchNorm1d")
        self.eps = _checks.positive_number(eps, "eps", "BatchNorm1d")
        self.momentum = _checks.number_in(momentum, "momentum", "BatchNorm1d", 0, 1)
        self.weight = Parameter(np.ones(num_features, dtype))
        self.bias = Parameter(np.zeros(num_features, dtype))
        self.running_mean, self.running_var = np.zeros(num_features, dtype), self.weight.data.copy()
        self.num_batches_tracked = np.array(0)

    def _check(self, x: Array) -> None:
        if x.ndim != 2 or x.shape[1] != self.num_features:
            wanted = f"(N, {self.num_features})"
            raise ValueError(f"{self!r}: expected x of shape {wanted}, got {x.shape}.")
        if self.training and len(x) == 1:
            raise ValueError(f"{self!r}: one example has no variance; train with N >= 2.")
        _checks.same_dtype(x, "x", self.weight.data.dtype, "the weights are", "BatchNorm1d")

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        if self.training:
            mean = batch_sum(x)
            mean /= len(x)
            centred = x - mean
            y = centred * centred  # later the place of the result: a new array costs as much
            var = batch_sum(y) / len(x)
            self._track(mean, var, len(x) / (len(x) - 1))
        else:
            centred, var, y = x - self.running_mean, self.running_var, np.empty_like(x)
        scale = 1 / np.sqrt(var + self.eps)
        np.multiply(centred, scale * self.weight.data, out=y)
        y += self.bias.data
        return y, (centred, scale)

    def _track(self, mean: Array, var: Array, unbiased: float) -> None:
        self.running_mean *= 1 - self.momentum
        self.running_mean += self.momentum * mean
        self.running_var *= 1 - self.momentum
        self.running_var += (self.momentum * unbiased) * var
        self.num_batches_tracked += 1

    def _backward(self, grad: Array, cache: tuple[Array, Array]) -> Array:
        (centred, scale), count = cache, len(grad)
        grad_bias = batch_sum(grad)
        result: Array = grad * centred
        grad_weight = batch_sum(result) * scale
        self.bias.add_grad(grad_bias)
        self.weight.add_grad(grad_weight)
        np.multiply(centred, scale * grad_weight / count, out=result)
        np.subtract(grad, result, out=result)
        result -= grad_bias / count
        result *= scale * self.weight.data
        return result

    def __repr__(self) -> str:
        return f"BatchNorm1d({self.num_features})"


class LayerNorm(Module):
    """Normalise each example over its last axes.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Shape of the last axes, over which mean and variance are taken.
    eps : float > 0, default 1e-5
    dtype : default np.float64

    Attributes
    ----------
    weight, bias : Parameter of shape `normalized_shape`, ones and zeros at first

    Raises
    ------
    ValueError
        In `forward`, if x does not end in `normalized_shape` or has another dtype.

    Notes
    -----
    Formula: y = g (x - mean) / sqrt(var + eps) + b, mean and (biased) variance per example;
    training and eval mode do not differ. Backward as in `BatchNorm1d`, on g dL/dy.

    References
    ----------
    Ba, J., Kiros, J. and Hinton, G. (2016). Layer normalization. arXiv:1607.06450

    Examples
    --------
    >>> LayerNorm(2)(np.array([[1.0, 3.0], [5.0, 5.0]])).round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        shape = normalized_shape if isinstance(normalized_shape, tuple) else (normalized_shape,)
        for size in shape:
            _checks.positive_integer(size, "normalized_shape", "LayerNorm")
        self.normalized_shape, self._axes = shape, tuple(range(-len(shape), 0))
        self.eps = _checks.positive_number(eps, "eps", "LayerNorm")
        self.weight, self.bias = Parameter(np.ones(shape, dtype)), Parameter(np.zeros(shape, dtype))

    def _check(self, x: Array) -> None:
        if x.shape[-len(self.normalized_shape) :] != self.normalized_shape:
            wanted = ", ".join(map(str, ("...", *self.normalized_shape)))
            raise ValueError(f"{self!r}: expected x of shape ({wanted}), got {x.shape}.")
        _checks.same_dtype(x, "x", self.weight.data.dtype, "the weights are", "LayerNorm")

    def _mean(self, array: Array) -> Array:
        mean: Array = array.mean(axis=self._axes, keepdims=True, dtype=array.dtype)
        return mean

    def _forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        centred = x - self._mean(x)
        scale = 1 / np.sqrt(self._mean(centred * centred) + self.eps)
        centred *= scale
        return centred * self.weight.data + self.bias.data, (centred, scale)

    def _backward(self, grad: Array, cache: tuple[Array, Array]) -> Array:
        normalised, scale = cache
        batch_axes = tuple(range(grad.ndim - len(self.normalized_shape)))
        self.bias.add_grad(grad.sum(axis=batch_axes))
        self.weight.add_grad((grad * normalised).sum(axis=batch_axes))
        grad = grad * self.weight.data
        inner = grad - self._mean(grad) - normalised * self._mean(grad * normalised)
        result: Array = inner * scale
        return result

    def __repr__(self) -> str:
        return f"LayerNorm({self.normalized_shape})"
