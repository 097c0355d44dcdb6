"""The training loop: batches, epochs, validation, early stopping, and what to do about NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _checks
from .early_stopping import EarlyStopping
from .losses import Loss
from .module import Array, Module
from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .preprocessing import minibatches
from .regularize import clip_grad_norm_
from .summary import first_not_finite

__all__ = ["EarlyStopping", "History", "Trainer"]

Metric = Callable[[Array, Array], float]


@dataclass
class History:
    """What happened in training, epoch by epoch; the lists grow by one entry an epoch.

    Parameters
    ----------
    train_loss : list of float
        Mean over the examples, taken while the weights change, before each update.
    val_loss, val_metric : list of float
        On the validation data, in eval mode, after the epoch; empty if there are none.
    lr : list of float
        The learning rate that the epoch used.
    best_epoch : int or None
        The epoch, from 1, with the lowest validation loss; with `EarlyStopping` the one whose
        weights it restores.

    Examples
    --------
    >>> History().train_loss
    []
    """

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_metric: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    best_epoch: int | None = None


class Trainer:
    """Trains a model with batches in random order.

    Parameters
    ----------
    model : Module
    criterion : Loss
        With reduction "mean".
    optimizer : Optimizer
        Of the model's parameters.
    scheduler : learning-rate scheduler, optional
        Takes one step an epoch; ReduceLROnPlateau gets the validation loss.
    max_norm : float, optional
        Clip the norm of all gradients together to this.
    metric : callable (output, target) -> float, optional
        For example `nnlib.metrics.accuracy`; evaluated with the validation loss.

    Raises
    ------
    ValueError
        If `max_norm` is not positive.

    Notes
    -----
    Formula: for each batch w <- step(w, gradient of the mean loss over the batch at w).

    References
    ----------
    Goodfellow, I., Bengio, Y. and Courville, A. (2016). Deep Learning. MIT Press. Section 8.1.3.

    Examples
    --------
    >>> from nnlib import BCEWithLogitsLoss, Linear
    >>> from nnlib.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 2)), np.ones((40, 1))
    >>> model = Linear(2, 1, rng=rng)
    >>> trainer = Trainer(model, BCEWithLogitsLoss(), SGD(model.parameters(), lr=0.5))
    >>> history = trainer.fit(X, y, epochs=3, batch_size=10, rng=rng, progress=False)
    >>> len(history.train_loss), history.train_loss[2] < history.train_loss[0]
    (3, True)
    """

    def __init__(
        self, model: Module, criterion: Loss, optimizer: Optimizer, *, scheduler: Any = None,
        max_norm: float | None = None, metric: Metric | None = None,
    ) -> None:  # fmt: skip
        if max_norm is not None:
            _checks.positive_number(max_norm, "max_norm", "Trainer")
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.scheduler, self.max_norm, self.metric = scheduler, max_norm, metric

    def fit(
        self, X: Array, y: Array, *, epochs: int, batch_size: int, rng: np.random.Generator,
        validation: tuple[Array, Array] | None = None,
        early_stopping: EarlyStopping | None = None, progress: bool = True,
    ) -> History:  # fmt: skip
        """Train for some epochs; a second call goes on from there.

        Parameters
        ----------
        X : ndarray, shape (N, features)
        y : ndarray, shape (N,) or (N, outputs)
        epochs, batch_size : int
        rng : numpy.random.Generator
            Draws the order of the examples.
        validation : (X, y), optional
        early_stopping : EarlyStopping, optional
            Needs `validation`.
        progress : bool, default True
            Show a bar (needs tqdm).

        Returns
        -------
        History

        Raises
        ------
        FloatingPointError
            If the loss becomes NaN or infinite; it says in which layer that arose.
        ValueError
            If sizes are no positive integers, or validation data are needed and missing.
        """
        plateau = isinstance(self.scheduler, ReduceLROnPlateau)
        _checks.positive_integer(epochs, "epochs", "Trainer.fit")
        if validation is None and (early_stopping or plateau):
            raise ValueError("Trainer.fit: early stopping and ReduceLROnPlateau need validation.")
        if early_stopping:
            early_stopping.start()
        history = History()
        for epoch in _bar(epochs, history, progress):
            history.lr.append(self.optimizer.lr)
            history.train_loss.append(self._epoch(X, y, batch_size, rng, epoch))
            if validation is not None:
                self._validate(*validation, history)
            if self.scheduler is not None:
                self.scheduler.step(*history.val_loss[-1:] if plateau else ())
            if early_stopping and early_stopping.update(history.val_loss[-1], self.model):
                break
        if early_stopping:
            early_stopping.restore(self.model)
            history.best_epoch = early_stopping.best_epoch
        elif validation is not None:
            history.best_epoch = int(np.argmin(history.val_loss)) + 1
        return history

    def evaluate(self, X: Array, y: Array, batch_size: int = 1024) -> tuple[float, float | None]:
        """Compute the mean loss and the metric in eval mode; the model's mode is put back.

        Parameters
        ----------
        X, y : ndarray
            As for `fit`.
        batch_size : int, default 1024
            How many examples go through at once; it does not change the result.

        Returns
        -------
        loss : float
        metric : float or None
            None if the trainer has no metric.
        """
        mode = self.model.training
        self.model.eval()
        outputs = [self.model(part) for part, _ in minibatches(X, y, batch_size, rng=None)]
        self.model.train(mode)
        output = np.concatenate(outputs)
        return float(self.criterion(output, y)), self.metric and float(self.metric(output, y))

    def _epoch(
        self, X: Array, y: Array, batch_size: int, rng: np.random.Generator, epoch: int
    ) -> float:
        """Train on all batches once and return the mean loss of the examples."""
        self.model.train()
        total = 0.0
        for number, batch in enumerate(minibatches(X, y, batch_size, rng=rng), start=1):
            # Numbers that overflow are not warned about but end in the loss, which is looked at.
            with np.errstate(all="ignore"):
                total += self._step(*batch, f"epoch {epoch}, batch {number}") * len(batch[0])
        if not all(np.isfinite(p.data).all() for p in self.optimizer.params):
            where = first_not_finite(self.model, batch[0])
            raise FloatingPointError(f"Trainer: the last update of epoch {epoch} failed; {where}.")
        return total / len(X)

    def _step(self, x: Array, y: Array, when: str) -> float:
        loss = float(self.criterion(self.model(x), y))
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"Trainer: the loss is {loss} in {when}; {first_not_finite(self.model, x)}."
            )
        self.optimizer.zero_grad()
        self.model.backward(self.criterion.backward(), input_grad=False)
        if self.max_norm is not None:
            clip_grad_norm_(self.optimizer.params, self.max_norm)
        self.optimizer.step()
        return loss

    def _validate(self, X: Array, y: Array, history: History) -> None:
        with np.errstate(all="ignore"):
            loss, metric = self.evaluate(X, y)
        if not np.isfinite(loss):
            self.model.eval()
            raise FloatingPointError(
                f"Trainer: the validation loss is {loss} after epoch {len(history.train_loss)}; "
                f"{first_not_finite(self.model, X)}."
            )
        history.val_loss.append(loss)
        if metric is not None:
            history.val_metric.append(metric)


def _bar(epochs: int, history: History, progress: bool) -> Iterator[int]:
    """Count the epochs from 1, behind a bar that shows the losses."""
    if not progress:
        yield from range(1, epochs + 1)
        return
    from tqdm import tqdm

    with tqdm(total=epochs, unit="epoch") as bar:
        for epoch in range(1, epochs + 1):
            yield epoch
            bar.set_postfix(loss=history.train_loss[-1])
            bar.update()
