"""Optimizers that divide every gradient by a running size of its own: RMSprop, Adam, AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from . import _checks
from .optimizer import Optimizer
from .parameter import Array, Parameter


class RMSprop(Optimizer):
    """Divide each gradient by a running root mean square of its own past.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float >= 0, default 0.01
    alpha : float in [0, 1], default 0.99
        Share of the past in the average.
    eps : float >= 0, default 1e-8
        Added outside the root.
    weight_decay : float >= 0, default 0.0
        Adds weight_decay w to the gradient.
    momentum : float >= 0, default 0.0

    Raises
    ------
    ValueError
        See `Optimizer`.

    Notes
    -----
    Formula: s = alpha s + (1 - alpha) g^2; u = g / (sqrt(s) + eps); w = w - lr u, or with
    momentum v = momentum v + u and w = w - lr v.

    References
    ----------
    Tieleman, T. and Hinton, G. (2012). Lecture 6.5, rmsprop. Coursera: Neural Networks for
    Machine Learning.

    Examples
    --------
    >>> w = Parameter([0.0, 0.0])
    >>> w.grad = np.array([1e-3, 1e3])
    >>> RMSprop([w]).step()
    >>> w.data.round(3)  # both move by lr / sqrt(1 - alpha)
    array([-0.1, -0.1])
    """

    _pack = True

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        self.alpha = _checks.number_in(alpha, "alpha", "RMSprop", 0, 1)
        self.eps = _checks.number_in(eps, "eps", "RMSprop")
        self.momentum = _checks.number_in(momentum, "momentum", "RMSprop")
        self._memories = 2 if momentum else 1
        super().__init__(params, lr, weight_decay)

    def _update(self, t: int, data: Array, grad: Array, *memory: Array) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        square = memory[0]
        square *= self.alpha
        square += (1 - self.alpha) * grad * grad
        step = np.sqrt(square)
        step += self.eps
        np.divide(grad, step, out=step)
        if self.momentum:
            velocity = memory[1]
            velocity *= self.momentum
            velocity += step
            step = velocity
        data -= self.lr * step


class Adam(Optimizer):
    """Momentum and a running root mean square together, both corrected for starting at zero.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float >= 0, default 0.001
    betas : pair of floats in [0, 1), default (0.9, 0.999)
    eps : float >= 0, default 1e-8
        Added outside the root.
    weight_decay : float >= 0, default 0.0
        Adds weight_decay w to the gradient, where the division below weakens it for parameters
        with large gradients. `AdamW` decays all alike.

    Raises
    ------
    ValueError
        See `Optimizer`.

    Notes
    -----
    Formula: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
    w = w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) in step t = 1, 2, ...

    References
    ----------
    Kingma, D. P. and Ba, J. (2015). Adam: a method for stochastic optimization. ICLR.
    arXiv:1412.6980

    Examples
    --------
    >>> w = Parameter([0.0, 0.0])
    >>> w.grad = np.array([1e-3, 1e3])
    >>> Adam([w]).step()
    >>> w.data.round(6)  # the first step is lr, whatever the size of the gradient
    array([-0.001, -0.001])
    """

    _memories, _pack = 2, True

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        who = type(self).__name__
        below_one = math.nextafter(1, 0)
        b1, b2 = (_checks.number_in(beta, "betas", who, 0, below_one) for beta in betas)
        self.betas, self.eps = (b1, b2), _checks.number_in(eps, "eps", who)
        super().__init__(params, lr, weight_decay)

    def _update(self, t: int, data: Array, grad: Array, *memory: Array) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        self._adam(t, data, grad, *memory)

    def _adam(self, t: int, data: Array, grad: Array, m: Array, v: Array) -> None:
        b1, b2 = self.betas
        # m and v are kept without their factors 1 - b1 and 1 - b2, each a pass over all numbers.
        m *= b1
        m += grad
        step = grad * grad
        v *= b2
        v += step
        # lr m / c1 / (sqrt(v / c2) + eps), with these factors and both corrections c in two numbers
        root = math.sqrt((1 - b2**t) / (1 - b2))
        np.sqrt(v, out=step)
        step += self.eps * root
        np.divide(m, step, out=step)
        step *= self.lr * (1 - b1) * root / (1 - b1**t)
        data -= step


class AdamW(Adam):
    """Adam with weight decay beside it, which shrinks all parameters alike.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float >= 0, default 0.001
    betas : pair of floats in [0, 1), default (0.9, 0.999)
    eps : float >= 0, default 1e-8
    weight_decay : float >= 0, default 0.01

    Notes
    -----
    Formula: w = w - lr weight_decay w, then the step of Adam. As in PyTorch the decay is tied to
    lr; the paper multiplies it by the schedule only.

    References
    ----------
    Loshchilov, I. and Hutter, F. (2019). Decoupled weight decay regularization. ICLR.
    arXiv:1711.05101

    Examples
    --------
    >>> w = Parameter([1.0])
    >>> w.grad = np.array([0.0])
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w.data
    array([0.95])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def _update(self, t: int, data: Array, grad: Array, *memory: Array) -> None:
        data *= 1 - self.lr * self.weight_decay
        self._adam(t, data, grad, *memory)
