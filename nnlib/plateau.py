"""A schedule that watches a number: lower the learning rate when it no longer improves."""

from __future__ import annotations

import math

from . import _checks
from .optim import Optimizer


def _checked_optimizer(optimizer: object, who: str) -> Optimizer:
    """Return `optimizer` if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"{who}: expected an Optimizer, got {type(optimizer).__name__}.")
    return optimizer


class ReduceLROnPlateau:
    """Multiply the rate by `factor` after more than `patience` epochs without improvement.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}, default "min"
        Whether smaller (a loss) or larger (an accuracy) is better.
    factor : float in [0, 1), default 0.1
    patience : int >= 0, default 10
    threshold : float >= 0, default 1e-4
        An improvement must exceed this share of the best value, or this amount.
    threshold_mode : {"rel", "abs"}, default "rel"
    cooldown : int >= 0, default 0
        Epochs after a reduction that are not counted.
    min_lr : float >= 0, default 0.0
    eps : float >= 0, default 1e-8
        A reduction by no more than this is left out.

    Raises
    ------
    ValueError
        If an option is out of range, or `step` gets NaN.

    Notes
    -----
    Formula: lr = max(factor lr, min_lr) on a plateau. A value m is better if m < best - d (mode
    "min") or m > best + d (mode "max") with d = threshold best, or d = threshold for "abs".

    References
    ----------
    PyTorch 2 documentation, torch.optim.lr_scheduler.ReduceLROnPlateau (the conventions).

    Examples
    --------
    >>> from nnlib import SGD, Parameter
    >>> optimizer = SGD([Parameter([0.0])], lr=1.0)
    >>> scheduler = ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (0.5, 0.5, 0.5):
    ...     scheduler.step(loss)
    >>> optimizer.lr
    0.1
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        who = "ReduceLROnPlateau"
        self.optimizer = _checked_optimizer(optimizer, who)
        self.mode = _checks.option(mode, ("min", "max"), "mode", who)
        self.factor = _checks.number_in(factor, "factor", who, 0, math.nextafter(1, 0))
        self.patience = int(_checks.number_in(patience, "patience", who))
        self.threshold = _checks.number_in(threshold, "threshold", who)
        modes = ("rel", "abs")
        self.threshold_mode = _checks.option(threshold_mode, modes, "threshold_mode", who)
        self.cooldown = int(_checks.number_in(cooldown, "cooldown", who))
        self.min_lr = _checks.number_in(min_lr, "min_lr", who)
        self.eps = _checks.number_in(eps, "eps", who)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Look at the number of this epoch and lower the rate if it is due.

        Parameters
        ----------
        metrics : float
            For example the validation loss.
        """
        if math.isnan(metrics):
            raise ValueError("ReduceLROnPlateau: metrics is NaN, neither better nor worse.")
        better = self._is_better(float(metrics))
        self.best = float(metrics) if better else self.best
        self.num_bad_epochs = 0 if better else self.num_bad_epochs + 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            lowered = max(self.optimizer.lr * self.factor, self.min_lr)
            if self.optimizer.lr - lowered > self.eps:
                self.optimizer.lr = lowered
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        scale = sign * self.best if self.threshold_mode == "rel" else 1
        margin = 0.0 if math.isinf(self.best) else self.threshold * scale
        return sign * value < sign * self.best - margin
