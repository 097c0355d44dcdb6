"""A small classification problem, a network for it and its trainer, shared by the tests."""

import numpy as np

import nnlib as nn
from nnlib.train import Trainer


def rng(seed=0):
    return np.random.default_rng(seed)


DATA = rng(1)
X, Y = DATA.normal(size=(50, 4)), DATA.integers(3, size=50)
XV, YV = DATA.normal(size=(20, 4)), DATA.integers(3, size=20)


def network(seed=2, dtype=np.float64):
    return nn.Sequential(
        nn.Linear(4, 8, rng=rng(seed), dtype=dtype),
        nn.Tanh(),
        nn.Linear(8, 3, rng=rng(seed), dtype=dtype),
    )


def trainer(model=None, lr=0.1, **options):
    model = network() if model is None else model
    return Trainer(model, nn.CrossEntropyLoss(), nn.SGD(model.parameters(), lr=lr), **options)


def fit(one, **options):
    settings = {"epochs": 3, "batch_size": 16, "rng": rng(5), "progress": False}
    return one.fit(X, Y, **{**settings, **options})
