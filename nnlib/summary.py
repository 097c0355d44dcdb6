"""Looking into a model: what each layer puts out, where NaN begins, shapes and parameter counts."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from . import _checks
from .module import Array, Module


def layer_outputs(model: Module, x: Array) -> dict[str, Array]:
    """Run a copy of the model on `x` and collect what every innermost layer puts out.

    The model itself stays as it is: no running statistics move, no random mask is drawn from its
    generator, and a pending backward pass stays possible. The mode (train or eval) is the model's.

    Parameters
    ----------
    model : Module
    x : ndarray of floats, shape (N, features)

    Returns
    -------
    dict from str to ndarray
        The layers' names ("0", "1.body.0", ...) with their outputs, in the order of execution. A
        model that is itself one layer has the name "".

    Raises
    ------
    ValueError
        If a layer refuses its input.

    Notes
    -----
    Formula: h_k = f_k(h_(k-1)), h_0 = x.

    References
    ----------
    Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep feedforward
    neural networks. AISTATS, 249-256 (the activations of each layer, watched in training).

    Examples
    --------
    >>> from nnlib import ReLU, Sequential, Sigmoid
    >>> layer_outputs(Sequential(ReLU(), Sigmoid()), np.array([[-1.0]]))
    {'0': array([[0.]]), '1': array([[0.5]])}
    """
    model, outputs = copy.deepcopy(model), {}

    def watch(name: str, forward: Callable[[Array], Array]) -> Callable[[Array], Array]:
        def watched(x: Array) -> Array:
            outputs[name] = forward(x)
            return outputs[name]

        return watched

    for name, module in model.named_modules():
        if len([*module.named_modules()]) == 1:  # no layer inside
            vars(module)["forward"] = watch(name, module.forward)
    model(x)
    return outputs


def first_not_finite(model: Module, x: Array) -> str:
    """Say where the first NaN or infinity arises when the model runs on `x`.

    Parameters
    ----------
    model : Module
    x : ndarray of floats, shape (N, features)

    Returns
    -------
    str
        Names the input, or the first layer whose parameters or output are not finite.

    Notes
    -----
    Formula: the first k in the order of execution for which w_k or h_k is not finite.

    References
    ----------
    Goldberg, D. (1991). What every computer scientist should know about floating-point
    arithmetic. ACM Computing Surveys 23(1), 5-48 (NaN passes through every later operation).

    Examples
    --------
    >>> from nnlib import ReLU, Sequential
    >>> first_not_finite(Sequential(ReLU()), np.array([[np.nan]]))
    'the input x already holds values that are not finite'
    """
    if not np.isfinite(x).all():
        return "the input x already holds values that are not finite"
    modules = dict(model.named_modules())
    with np.errstate(all="ignore"):
        outputs = layer_outputs(model, x)
    for name, output in outputs.items():
        layer = f"layer {name!r}, {modules[name]!r}"
        for parameter, values in modules[name].named_parameters():
            if not np.isfinite(values.data).all():
                return f"the first value that is not finite is in the {parameter} of {layer}"
        if not np.isfinite(output).all():
            return f"the first value that is not finite is in the output of {layer}"
    largest = max(float(np.max(np.abs(output))) for output in outputs.values())
    return f"every layer's output is finite, up to {largest:.0e}, so it arose in the loss itself"


def summary(model: Module, in_features: int) -> str:
    """Describe a model: each layer with its output shape and number of parameters.

    Parameters
    ----------
    model : Module
    in_features : int
        Number of features of its input.

    Returns
    -------
    str
        A table to print; N is the size of the batch.

    Raises
    ------
    ValueError
        If `in_features` is no positive integer, or does not fit the first layer.

    Notes
    -----
    Formula: a Linear layer has in_features * out_features + out_features parameters.
    The shapes come from a run of a copy of the model on two examples of zeros.

    References
    ----------
    Goodfellow, I., Bengio, Y. and Courville, A. (2016). Deep Learning. MIT Press. Section 6.4.

    Examples
    --------
    >>> from nnlib import Linear, ReLU, Sequential
    >>> rng = np.random.default_rng(0)
    >>> print(summary(Sequential(Linear(2, 4, rng=rng), ReLU(), Linear(4, 1, rng=rng)), 2))
    name   layer         output  parameters
    0      Linear(2, 4)  (N, 4)          12
    1      ReLU()        (N, 4)           0
    2      Linear(4, 1)  (N, 1)           5
    total                                17
    """
    width = _checks.positive_integer(in_features, "in_features", "summary")
    dtypes = [p.data.dtype for p in model.parameters()] or [np.dtype(np.float64)]
    shapes = layer_outputs(model, np.zeros((2, width), dtype=dtypes[0]))
    modules = dict(model.named_modules())
    rows = [("name", "layer", "output", "parameters")]
    for name, y in shapes.items():
        count = sum(p.data.size for p in modules[name].parameters())
        size = ", ".join(["N", *map(str, y.shape[1:])])
        rows.append((name, repr(modules[name]), f"({size})", f"{count:,}"))
    rows.append(("total", "", "", f"{sum(p.data.size for p in model.parameters()):,}"))
    name_, layer, output, parameters = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        f"{row[0]:{name_}}  {row[1]:{layer}}  {row[2]:{output}}  {row[3]:>{parameters}}"
        for row in rows
    )
