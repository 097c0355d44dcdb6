"""Early stopping: the count starts anew, and the best weights always come back."""

import numpy as np
import pytest

import nnlib as nn
from nnlib.train import EarlyStopping
from tests.nnlib.small_training import XV, YV, fit, rng, trainer


def losses_of(stopper, losses):
    """Feed the losses, each with weights equal to its number; return the epoch of the stop."""
    model = nn.Linear(1, 1, rng=rng())
    for epoch, loss in enumerate(losses, start=1):
        model.weight.data[...] = epoch
        if stopper.update(loss, model):
            return epoch, model
    return None, model


ZIGZAG = [1.0, 0.9, 0.95, 0.8, 0.85, 0.7, 0.75, 0.6, 0.5, 0.4]


def test_the_count_starts_anew_at_every_improvement() -> None:
    # Without the reset training would stop at epoch 7, with every second epoch improving.
    assert losses_of(EarlyStopping(patience=3), ZIGZAG)[0] is None
    assert losses_of(EarlyStopping(patience=1), ZIGZAG)[0] == 3
    assert losses_of(EarlyStopping(patience=2), [3, 2, 2, 2, 1])[0] == 4
    assert losses_of(EarlyStopping(patience=3, min_delta=0.25), ZIGZAG)[0] == 4


@pytest.mark.parametrize("losses", [[3, 1, 2, 2, 2, 2], [3, 1, 2]])  # stops; epochs run out
def test_best_weights_come_back(losses) -> None:
    stopper = EarlyStopping(patience=4)
    _, model = losses_of(stopper, losses)
    stopper.restore(model)
    assert (model.weight.data.item(), stopper.best_epoch, stopper.best) == (2, 2, 1)
    stopper = EarlyStopping(patience=4, restore_best=False)
    _, model = losses_of(stopper, losses)
    stopper.restore(model)
    assert model.weight.data.item() == len(losses)


@pytest.mark.parametrize("epochs", [4, 200])
def test_trainer_restores_the_best_weights_also_when_epochs_run_out(epochs) -> None:
    one, stopper = trainer(lr=2.0), EarlyStopping(patience=6)
    history = fit(one, epochs=epochs, validation=(XV, YV), early_stopping=stopper)
    assert one.evaluate(XV, YV)[0] == min(history.val_loss)
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss))
    assert len(history.val_loss) == min(epochs, history.best_epoch + 6)
    again = fit(one, epochs=2, validation=(XV, YV), early_stopping=stopper)
    assert again.best_epoch in (1, 2)  # starts afresh
