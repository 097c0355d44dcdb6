"""One artificial neuron, twice: with a threshold (`Perceptron`) and a sigmoid (`LogisticNeuron`).

Both compute the weighted sum z = w.x + b. They differ in what follows z (`step` or `sigmoid`) and
in how they learn. This module gathers the four names; each is defined in a file of its own.
"""

from .functional import sigmoid, step
from .logistic import LogisticNeuron
from .perceptron import Perceptron

__all__ = ["LogisticNeuron", "Perceptron", "sigmoid", "step"]
