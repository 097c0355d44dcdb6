"""All data sets under one name: truth tables here, the others from the files named below.

Measured data are in `measured.py` and `mnist.py`, made ones in `synthetic.py`, and what prepares
them for training is in `preprocessing.py`.
"""

from __future__ import annotations

import numpy as np

from ._checks import FloatArray, IntArray
from .measured import (
    IRIS_CLASSES,
    IRIS_FEATURES,
    breast_cancer,
    breast_cancer_features,
    diabetes,
    digits,
    iris,
)
from .mnist import mnist
from .preprocessing import minibatches, standardize, train_test_split
from .synthetic import blobs, circles, moons, sine, spirals

__all__ = [
    "IRIS_CLASSES",
    "IRIS_FEATURES",
    "blobs",
    "breast_cancer",
    "breast_cancer_features",
    "circles",
    "diabetes",
    "digits",
    "iris",
    "logic_gate",
    "minibatches",
    "mnist",
    "moons",
    "sine",
    "spirals",
    "standardize",
    "train_test_split",
    "xor",
]

_GATES = {  # outputs for the inputs 00, 01, 10, 11
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "nand": (1, 1, 1, 0),
    "nor": (1, 0, 0, 0),
    "xor": (0, 1, 1, 0),
    "xnor": (1, 0, 0, 1),
}


def logic_gate(name: str) -> tuple[FloatArray, IntArray]:
    """Truth table of a logic gate with two inputs.

    Parameters
    ----------
    name : {"and", "or", "nand", "nor", "xor", "xnor"}

    Returns
    -------
    X : ndarray of float64, shape (4, 2)
        The inputs in the order 00, 01, 10, 11.
    y : ndarray of int64, shape (4,)
        The outputs.

    Raises
    ------
    ValueError
        If there is no gate of that name.

    Notes
    -----
    A single threshold neuron can represent all of them except "xor" and "xnor".

    References
    ----------
    Minsky, M. and Papert, S. (1969). Perceptrons. MIT Press.

    Examples
    --------
    >>> X, y = logic_gate("nand")
    >>> y
    array([1, 1, 1, 0])
    """
    if name not in _GATES:
        raise ValueError(f"logic_gate: name must be one of {', '.join(_GATES)}; got {name!r}.")
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    return X, np.array(_GATES[name], dtype=np.int64)


def xor() -> tuple[FloatArray, IntArray]:
    """Exclusive or, the smallest problem that one threshold neuron cannot solve.

    Returns
    -------
    X : ndarray of float64, shape (4, 2)
        The inputs in the order 00, 01, 10, 11.
    y : ndarray of int64, shape (4,)
        1 where exactly one input is 1.

    Notes
    -----
    Formula: y = x1 + x2 - 2 x1 x2 for x1, x2 in {0, 1}.

    References
    ----------
    Minsky, M. and Papert, S. (1969). Perceptrons. MIT Press.

    Examples
    --------
    >>> X, y = xor()
    >>> y
    array([0, 1, 1, 0])
    """
    return logic_gate("xor")
