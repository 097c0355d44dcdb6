"""Neural networks in NumPy, small enough to read in one sitting.

The names, argument orders and defaults are PyTorch's where PyTorch has the thing.
``import nnlib`` needs NumPy only. Two modules need more and are imported by name:
``nnlib.datasets`` (scikit-learn) and ``nnlib.plots`` (matplotlib). First values of weights
are in ``nnlib.init``, learning rate schedules in ``nnlib.lr_scheduler``.
"""

from . import init, lr_scheduler
from .activations import ELU, GELU, Sigmoid, SiLU, Tanh
from .containers import Residual, Sequential
from .dropout import Dropout
from .functional import sigmoid, step
from .linear import Linear
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
)
from .module import Module, Parameter
from .neuron import LogisticNeuron, Perceptron
from .norm import BatchNorm1d, LayerNorm
from .optim import SGD, Adam, AdamW, RMSprop
from .rectifiers import LeakyReLU, PReLU, ReLU
from .regularize import clip_grad_norm_, clip_grad_value_, l1_penalty, l2_penalty
from .serialization import load, save
from .softmax import LogSoftmax, Softmax

__version__ = "0.1.0"

__all__ = [
    "ELU",
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "CrossEntropyLoss",
    "Dropout",
    "HuberLoss",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "LogisticNeuron",
    "MSELoss",
    "Module",
    "PReLU",
    "Parameter",
    "Perceptron",
    "RMSprop",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "clip_grad_norm_",
    "clip_grad_value_",
    "init",
    "l1_penalty",
    "l2_penalty",
    "load",
    "lr_scheduler",
    "save",
    "sigmoid",
    "step",
]
