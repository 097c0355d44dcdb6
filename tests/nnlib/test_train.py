"""The training loop: equal to PyTorch's, step by step, and it learns."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import nnlib as nn
from nnlib.datasets import digits, minibatches, moons, standardize, train_test_split
from nnlib.lr_scheduler import StepLR
from nnlib.metrics import accuracy
from nnlib.plateau import ReduceLROnPlateau
from nnlib.train import EarlyStopping, History, Trainer
from tests.nnlib.small_training import XV, YV, X, Y, fit, network, rng, trainer


def test_a_whole_run_is_pytorchs() -> None:
    model = network()
    twin = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)
    ).double()
    twin.load_state_dict({k: torch.from_numpy(v) for k, v in model.state_dict().items()})
    optimizer = nn.Adam(model.parameters(), lr=0.05)
    one = Trainer(
        model, nn.CrossEntropyLoss(), optimizer,
        scheduler=StepLR(optimizer, step_size=2, gamma=0.5), max_norm=0.3, metric=accuracy,
    )  # fmt: skip
    history = fit(one, epochs=5, validation=(XV, YV))

    adam = torch.optim.Adam(twin.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.StepLR(adam, step_size=2, gamma=0.5)
    criterion, order = torch.nn.CrossEntropyLoss(), rng(5)
    for epoch in range(5):
        assert history.lr[epoch] == pytest.approx(scheduler.get_last_lr()[0], rel=1e-14)
        total = 0.0
        for x, y in minibatches(X, Y, 16, rng=order):
            adam.zero_grad()
            loss = criterion(twin(torch.from_numpy(x)), torch.from_numpy(y))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(twin.parameters(), 0.3)
            adam.step()
            total += loss.item() * len(x)
        scheduler.step()
        with torch.no_grad():
            output = twin(torch.from_numpy(XV))
        assert history.train_loss[epoch] == pytest.approx(total / 50, rel=1e-12)
        assert history.val_loss[epoch] == pytest.approx(
            criterion(output, torch.from_numpy(YV)).item(), rel=1e-12
        )
        assert history.val_metric[epoch] == np.mean(output.argmax(dim=1).numpy() == YV)
    for name, values in model.state_dict().items():
        np.testing.assert_allclose(values, twin.state_dict()[name].numpy(), rtol=0, atol=1e-12)


def test_batches_are_drawn_anew_in_each_epoch(monkeypatch) -> None:
    seen = []
    one = trainer(lr=0.0)
    monkeypatch.setattr(one, "_step", lambda x, y, when: seen.append((x, y, when)) or 1.0)
    fit(one, epochs=2, batch_size=20)
    assert [len(x) for x, _, _ in seen] == [20, 20, 10] * 2
    assert [when for _, _, when in seen][-1] == "epoch 2, batch 3"
    first, second = (np.concatenate([x for x, _, _ in part]) for part in (seen[:3], seen[3:]))
    assert not np.array_equal(first, second)
    assert np.array_equal(np.sort(first, axis=0), np.sort(second, axis=0))
    assert np.array_equal(np.sort(first, axis=0), np.sort(X, axis=0))
    rows = {tuple(x): y for x, y in zip(X, Y, strict=True)}
    assert all(rows[tuple(x)] == y for part in seen for x, y in zip(*part[:2], strict=True))


def test_the_loss_of_an_epoch_weighs_examples_not_batches() -> None:
    one = trainer(lr=0.0)
    history = fit(one, epochs=1, batch_size=49)  # batches of 49 and 1
    assert history.train_loss[0] == pytest.approx(one.evaluate(X, Y)[0], rel=1e-12)


def test_same_seed_same_history_and_a_second_call_goes_on() -> None:
    one, other = trainer(), trainer()
    together = fit(one, epochs=4, rng=rng(3))
    shared = rng(3)
    first, second = (fit(other, epochs=2, rng=shared) for _ in range(2))
    assert together.train_loss == first.train_loss + second.train_loss
    assert together.lr == [0.1] * 4


def test_validation_is_in_eval_mode_and_training_is_not() -> None:
    model = nn.Sequential(nn.Linear(4, 3, rng=rng()), nn.Dropout(0.5, rng=rng()))
    one = trainer(model.eval())
    history = fit(one, validation=(XV, YV))
    assert model.training
    assert history.val_loss[-1] == one.evaluate(XV, YV)[0] == one.evaluate(XV, YV, 7)[0]
    with_dropout = float(nn.CrossEntropyLoss()(model(XV), YV))
    assert abs(with_dropout - history.val_loss[-1]) > 1e-3
    assert one.evaluate(XV, YV)[1] is None
    model.eval()
    one.evaluate(XV, YV)
    assert not model.training


def test_best_epoch_without_early_stopping() -> None:
    history = fit(trainer(lr=3.0), epochs=30, validation=(XV, YV))
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss))
    assert fit(trainer()).best_epoch is None


def test_float32_stays_float32() -> None:
    model = network(dtype=np.float32)
    one = Trainer(model, nn.CrossEntropyLoss(), nn.Adam(model.parameters()), max_norm=1.0)
    one.fit(X.astype(np.float32), Y, epochs=1, batch_size=8, rng=rng(), progress=False)
    assert {p.data.dtype for p in model.parameters()} == {np.dtype(np.float32)}


def test_a_plateau_scheduler_gets_the_validation_loss() -> None:
    model = network()
    optimizer = nn.SGD(model.parameters(), lr=2.0)
    plateau = ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    one = Trainer(model, nn.CrossEntropyLoss(), optimizer, scheduler=plateau)
    history = fit(one, epochs=20, validation=(XV, YV))
    worse = [b >= a * (1 - 1e-4) for a, b in zip(
        np.minimum.accumulate(history.val_loss), history.val_loss[1:], strict=False)]  # fmt: skip
    expected = 2.0 * 0.5 ** np.cumsum([0, 0, *worse])[:20]
    assert history.lr == expected.tolist()
    assert history.lr[-1] < 2.0


def test_the_bar_shows_the_loss_and_can_be_switched_off(capsys) -> None:
    fit(trainer())
    assert capsys.readouterr() == ("", "")
    history = fit(trainer(), progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert f"loss={history.train_loss[-1]:.3g}" in err


def test_without_the_bar_tqdm_is_not_needed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)  # an import would raise
    assert len(fit(trainer()).train_loss) == 3
    with pytest.raises(ImportError):
        fit(trainer(), progress=True)


def test_training_needs_numpy_only() -> None:
    modules = "train, summary, gradcheck, autograd, metrics, datasets"
    heavy = ("matplotlib", "sklearn", "scipy", "tqdm", "pooch", "requests")
    code = (
        f"import sys\nfrom nnlib import {modules}\nprint([n for n in {heavy} if n in sys.modules])"
    )
    root = Path(nn.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    code = code.replace("import sys\n", "import sys, tqdm\n")  # the check can fail
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "['tqdm']\n"


def test_histories_do_not_share_their_lists() -> None:
    History().train_loss.append(1.0)
    assert History().train_loss == []


@pytest.mark.parametrize("optimizer", [nn.SGD, nn.Adam])
def test_it_learns_moons(optimizer) -> None:
    x, y = moons(200, noise=0.1, rng=rng())
    model = nn.Sequential(nn.Linear(2, 16, rng=rng()), nn.Tanh(), nn.Linear(16, 2, rng=rng()))
    lr = 0.5 if optimizer is nn.SGD else 0.02
    one = Trainer(
        model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=lr), metric=accuracy
    )
    one.fit(x, y, epochs=80, batch_size=20, rng=rng(), progress=False)
    assert one.evaluate(x, y)[1] >= 0.99


def test_it_learns_digits_in_float32() -> None:
    x, y = digits()
    X_train, X_test, y_train, y_test = train_test_split(x.astype(np.float32), y, rng=rng())
    model = nn.Sequential(
        nn.Linear(64, 32, rng=rng(), dtype=np.float32), nn.ReLU(),
        nn.Linear(32, 10, rng=rng(), dtype=np.float32),
    )  # fmt: skip
    one = Trainer(
        model, nn.CrossEntropyLoss(), nn.Adam(model.parameters(), lr=0.01), metric=accuracy
    )
    history = one.fit(
        X_train, y_train, epochs=8, batch_size=32, rng=rng(),
        validation=(X_test, y_test), early_stopping=EarlyStopping(5), progress=False,
    )  # fmt: skip
    assert max(history.val_metric) >= 0.95


def test_standardized_inputs_pass_through_unchanged_by_training() -> None:
    (x,) = standardize(X)
    before = x.copy()
    trainer().fit(x, Y, epochs=1, batch_size=10, rng=rng(), progress=False)
    assert np.array_equal(x, before)
