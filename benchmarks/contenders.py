"""The same training step in nnlib, PyTorch and scikit-learn, and its matrix products alone.

Every function returns a `step()` that trains once on one batch, in float32. The networks of nnlib
and PyTorch start from the same weights, so that their losses can be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

import nnlib as nn

Step = Callable[[], Any]
Make = Callable[..., Any]
LEARNING_RATE = 1e-4  # small: after thousands of steps the gradients are still ordinary numbers


@dataclass(frozen=True)
class Case:
    """A network and its batch.

    Parameters
    ----------
    name : str
    sizes : tuple of int
        Units of each layer, the input first; one output means binary cross-entropy.
    batch : int
    optimizer : {"SGD", "Adam"}
    extras : bool
        With BatchNorm before and Dropout after every hidden activation.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    optimizer: str = "SGD"
    extras: bool = False

    @property
    def binary(self) -> bool:
        """Whether there is one output."""
        return self.sizes[-1] == 1

    def data(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return random inputs and random labels."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(self.batch, self.sizes[0])).astype(np.float32)
        if self.binary:
            return x, (np.arange(self.batch) % 2).astype(np.float32)[:, np.newaxis]
        return x, rng.integers(self.sizes[-1], size=self.batch)


def _layers(
    case: Case, linear: Make, batch_norm: Make, activation: Make, dropout: Make
) -> list[Any]:
    """Build the layers of a case from one library's constructors."""
    layers = []
    *hidden, last = pairwise(case.sizes)
    for fan_in, fan_out in hidden:
        norm = [batch_norm(fan_out)] if case.extras else []
        drop = [dropout()] if case.extras else []
        layers += [linear(fan_in, fan_out), *norm, activation(), *drop]
    return [*layers, linear(*last)]


def torch_network(case: Case) -> torch.nn.Sequential:
    """Return PyTorch's network of a case, always with the same first weights."""
    torch.manual_seed(0)
    activation = torch.nn.Tanh if case.binary else torch.nn.ReLU
    return torch.nn.Sequential(
        *_layers(case, torch.nn.Linear, torch.nn.BatchNorm1d, activation, torch.nn.Dropout)
    )


def torch_step(case: Case, *, compiled: bool = False, **options: bool) -> Step:
    """Return a step of PyTorch; `options` (foreach, fused) go to the optimizer."""
    model = torch_network(case)
    criterion = torch.nn.BCEWithLogitsLoss() if case.binary else torch.nn.CrossEntropyLoss()
    make = getattr(torch.optim, case.optimizer)
    optimizer = make(model.parameters(), lr=LEARNING_RATE, **options)
    x, y = map(torch.from_numpy, case.data())

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return criterion(model(x), y)

    if compiled:  # PyTorch counts how often a line is compiled and gives up after eight times
        torch.compiler.reset()
    forward = torch.compile(loss_of) if compiled else loss_of

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = forward(x, y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def nnlib_step(case: Case) -> Step:
    """Return a step of nnlib."""
    rng = np.random.default_rng(0)
    activation = nn.Tanh if case.binary else nn.ReLU
    layers = _layers(
        case,
        lambda a, b: nn.Linear(a, b, rng=rng, dtype=np.float32),
        lambda n: nn.BatchNorm1d(n, dtype=np.float32),
        activation,
        lambda: nn.Dropout(rng=rng),
    )
    model = nn.Sequential(*layers)
    model.load_state_dict({k: v.numpy() for k, v in torch_network(case).state_dict().items()})
    criterion = nn.BCEWithLogitsLoss() if case.binary else nn.CrossEntropyLoss()
    optimizer = {"SGD": nn.SGD, "Adam": nn.Adam}[case.optimizer](
        model.parameters(), lr=LEARNING_RATE
    )
    x, y = case.data()

    def step() -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
        return loss

    return step


def sklearn_step(case: Case) -> Step | None:
    """Return a step of scikit-learn, which knows neither BatchNorm nor Dropout."""
    if case.extras:
        return None
    x, y = case.data()
    labels = y.ravel().astype(np.int64)
    model = MLPClassifier(
        case.sizes[1:-1],
        activation="tanh" if case.binary else "relu",
        solver=case.optimizer.lower(),
        alpha=0.0,
        momentum=0.0,
        nesterovs_momentum=False,
        batch_size=case.batch,
        learning_rate_init=LEARNING_RATE,
        random_state=0,
    )
    model.partial_fit(x, labels, classes=np.arange(max(2, case.sizes[-1])))
    return lambda: model.partial_fit(x, labels)


def bare_products(case: Case) -> Step:
    """Return the matrix products of a step without anything else: no step can be faster."""
    rng = np.random.default_rng(0)

    def matrix(*shape: int) -> NDArray[Any]:
        return rng.normal(size=shape).astype(np.float32)

    jobs = []
    for depth, (fan_in, fan_out) in enumerate(pairwise(case.sizes)):
        x, weight, grad = (
            matrix(case.batch, fan_in),
            matrix(fan_out, fan_in),
            matrix(case.batch, fan_out),
        )
        pairs = [(x, weight.T), (grad.T, x)] + ([(grad, weight)] if depth else [])
        jobs += [(a, b, np.empty((len(a), b.shape[1]), np.float32)) for a, b in pairs]

    def step() -> None:
        for a, b, out in jobs:
            np.matmul(a, b, out=out)

    return step
