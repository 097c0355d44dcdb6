"""Early stopping: keep the weights that did best on data which training does not see."""

from __future__ import annotations

import numpy as np

from . import _checks
from .module import Array, Module


class EarlyStopping:
    """Stop when the validation loss has not improved for a while, and go back to the best weights.

    Parameters
    ----------
    patience : int, default 10
        Epochs without improvement after which to stop; every improvement starts the count anew.
    min_delta : float, default 0.0
        A loss counts as better if it is lower than the best by more than this.
    restore_best : bool, default True
        Whether `restore` brings back the best weights; `Trainer` calls it also when the epochs
        run out before the patience does.

    Raises
    ------
    ValueError
        If `patience` is no positive integer or `min_delta` is negative.

    Notes
    -----
    Formula: stop at the first epoch t with t - argmin loss >= patience. The lowest of many
    validation losses is an optimistic estimate; the test set tells the truth.

    References
    ----------
    Prechelt, L. (1998). Early stopping, but when? In: Neural Networks: Tricks of the Trade.
    Springer. doi:10.1007/978-3-642-35289-8_5

    Examples
    --------
    >>> from nnlib import Tanh
    >>> stopper = EarlyStopping(patience=2)
    >>> [stopper.update(loss, Tanh()) for loss in (1.0, 0.9, 0.95, 0.8, 0.85, 0.81)]
    [False, False, False, False, False, True]
    """

    def __init__(
        self, patience: int = 10, min_delta: float = 0.0, restore_best: bool = True
    ) -> None:
        self.patience = _checks.positive_integer(patience, "patience", "EarlyStopping")
        self.min_delta = _checks.number_in(min_delta, "min_delta", "EarlyStopping")
        self.restore_best = restore_best
        self.start()

    def start(self) -> None:
        """Forget everything seen so far."""
        self.best, self.best_epoch, self._epoch = np.inf, 0, 0
        self._state: dict[str, Array] | None = None

    def update(self, loss: float, model: Module) -> bool:
        """Note the loss after an epoch.

        Parameters
        ----------
        loss : float
        model : Module
            Its state is copied if the loss is the best so far.

        Returns
        -------
        bool
            True if it is time to stop.
        """
        self._epoch += 1
        if loss < self.best - self.min_delta:
            self.best, self.best_epoch, self._state = loss, self._epoch, model.state_dict()
        return self._epoch - self.best_epoch >= self.patience

    def restore(self, model: Module) -> None:
        """Give the model the weights it had at the lowest loss.

        Parameters
        ----------
        model : Module
        """
        if self.restore_best and self._state is not None:
            model.load_state_dict(self._state)
