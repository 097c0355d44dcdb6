"""Schedules: rules that change an optimizer's learning rate, one `step()` an epoch.

Each computes the next rate from the present one, as PyTorch does, so that two schedules on one
optimizer multiply. PyTorch calls `optimizer.step()` first and `scheduler.step()` after it.
"""

from __future__ import annotations

import math

from . import _checks
from .optim import Optimizer
from .plateau import ReduceLROnPlateau, _checked_optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LinearLR",
    "ReduceLROnPlateau",
    "StepLR",
]


class LRScheduler:
    """Base class: counts the steps and sets `optimizer.lr`.

    Parameters
    ----------
    optimizer : Optimizer
        Its present lr is the base rate; it is changed at once where the schedule starts lower.

    Raises
    ------
    ValueError
        If `optimizer` is none, or an option of a subclass is out of range.

    Notes
    -----
    Formula: lr = f(lr, t) in step t = 1, 2, ..., where `_next` of a subclass is f.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, section 8.3.1.

    Examples
    --------
    >>> from nnlib import SGD, Parameter
    >>> optimizer = SGD([Parameter([0.0])], lr=1.0)
    >>> scheduler = StepLR(optimizer, step_size=2)
    >>> for _ in range(4):
    ...     scheduler.step()
    >>> round(optimizer.lr, 6)
    0.01
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = _checked_optimizer(optimizer, type(self).__name__)
        self.last_epoch = 0
        self._base_lr = optimizer.lr
        optimizer.lr = self._next(optimizer.lr, 0)

    def step(self) -> None:
        """Set the rate of the next epoch."""
        self.last_epoch += 1
        self.optimizer.lr = self._next(self.optimizer.lr, self.last_epoch)

    def _next(self, lr: float, t: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} needs a method _next(lr, t).")


class StepLR(LRScheduler):
    """Multiply the rate by gamma every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
    gamma : float >= 0, default 0.1

    Raises
    ------
    ValueError
        See `LRScheduler`.

    Notes
    -----
    Formula: lr = base gamma^floor(t / step_size).

    References
    ----------
    He et al. (2016), Deep residual learning for image recognition, section 3.4 (an example).

    Examples
    --------
    See `LRScheduler`.

    >>> StepLR(optimizer=None, step_size=2)
    Traceback (most recent call last):
    ValueError: StepLR: expected an Optimizer, got NoneType.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = _checks.positive_integer(step_size, "step_size", "StepLR")
        self.gamma = _checks.number_in(gamma, "gamma", "StepLR")
        super().__init__(optimizer)

    def _next(self, lr: float, t: int) -> float:
        return lr * self.gamma if t and t % self.step_size == 0 else lr


class ExponentialLR(LRScheduler):
    """Multiply the rate by gamma every epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float >= 0

    Raises
    ------
    ValueError
        See `LRScheduler`.

    Notes
    -----
    Formula: lr = base gamma^t.

    References
    ----------
    Li, Z. and Arora, S. (2020). An exponential learning rate schedule for deep learning. ICLR.

    Examples
    --------
    >>> from nnlib import SGD, Parameter
    >>> optimizer = SGD([Parameter([0.0])], lr=1.0)
    >>> scheduler = ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler.step(), scheduler.step(), optimizer.lr
    (None, None, 0.25)
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = _checks.number_in(gamma, "gamma", "ExponentialLR")
        super().__init__(optimizer)

    def _next(self, lr: float, t: int) -> float:
        return lr * self.gamma if t else lr


class CosineAnnealingLR(LRScheduler):
    """Lower the rate along half a cosine; after `T_max` epochs it rises again.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Epochs from the base rate down to `eta_min`.
    eta_min : float >= 0, default 0.0

    Raises
    ------
    ValueError
        See `LRScheduler`.

    Notes
    -----
    Formula: lr = eta_min + (base - eta_min) (1 + cos(pi t / T_max)) / 2.
    Computed from the rate before by the quotient of two such terms.

    References
    ----------
    Loshchilov, I. and Hutter, F. (2017). SGDR: stochastic gradient descent with warm restarts.
    ICLR. arXiv:1608.03983 (there with restarts).

    Examples
    --------
    >>> from nnlib import SGD, Parameter
    >>> optimizer = SGD([Parameter([0.0])], lr=1.0)
    >>> scheduler = CosineAnnealingLR(optimizer, T_max=2)
    >>> for _ in range(4):
    ...     scheduler.step()
    ...     print(round(optimizer.lr, 6))
    0.5
    0.0
    0.5
    1.0
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = _checks.positive_integer(T_max, "T_max", "CosineAnnealingLR")
        self.eta_min = _checks.number_in(eta_min, "eta_min", "CosineAnnealingLR")
        super().__init__(optimizer)

    def _height(self, t: int) -> float:
        return 1 + math.cos(math.pi * t / self.T_max)

    def _next(self, lr: float, t: int) -> float:
        if t == 0:
            return lr
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # up from the bottom, where it was 0/0
            return lr + (self._base_lr - self.eta_min) * self._height(t) / 2
        return self.eta_min + (lr - self.eta_min) * self._height(t) / self._height(t - 1)


class LinearLR(LRScheduler):
    """Change the rate in a straight line: a warm-up if it starts low.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float in (0, 1], default 1/3
    end_factor : float in [0, 1], default 1.0
    total_iters : int, default 5
        Steps from the first factor to the second; then the rate stays.

    Raises
    ------
    ValueError
        See `LRScheduler`.

    Notes
    -----
    Formula: lr = base (start_factor + (end_factor - start_factor) min(t / total_iters, 1)).

    References
    ----------
    Goyal, P. et al. (2017). Accurate, large minibatch SGD. arXiv:1706.02677, section 2.2.

    Examples
    --------
    >>> from nnlib import SGD, Parameter
    >>> optimizer = SGD([Parameter([0.0])], lr=1.0)
    >>> scheduler = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> optimizer.lr, scheduler.step(), optimizer.lr
    (0.5, None, 0.75)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        _checks.positive_number(start_factor, "start_factor", "LinearLR")
        self.start_factor = _checks.number_in(start_factor, "start_factor", "LinearLR", 0, 1)
        self.end_factor = _checks.number_in(end_factor, "end_factor", "LinearLR", 0, 1)
        self.total_iters = _checks.positive_integer(total_iters, "total_iters", "LinearLR")
        super().__init__(optimizer)

    def _factor(self, t: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * t / self.total_iters

    def _next(self, lr: float, t: int) -> float:
        if t > self.total_iters:
            return lr
        return lr * self._factor(t) / (self._factor(t - 1) if t else 1)
