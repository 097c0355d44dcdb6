"""Neural networks in NumPy, small enough to read in one sitting.

The names, argument orders and defaults are PyTorch's where PyTorch has the thing.
``import nnlib`` needs NumPy only. Two modules need more and are imported by name:
``nnlib.datasets`` (scikit-learn) and ``nnlib.plots`` (matplotlib).
"""

from .functional import sigmoid, step
from .neuron import LogisticNeuron, Perceptron

__version__ = "0.1.0"

__all__ = ["LogisticNeuron", "Perceptron", "sigmoid", "step"]
