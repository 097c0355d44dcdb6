"""Modules made of modules: one after the other (`Sequential`) or with a shortcut (`Residual`)."""

from __future__ import annotations

from collections.abc import Iterator

from .module import Array, Module


class Sequential(Module):
    """Layers applied one after the other.

    Parameters
    ----------
    *layers : Module
        At least one, each a different object. They are named "0", "1" and so on.

    Raises
    ------
    ValueError
        If there is no layer, one is no Module, or one object occurs twice: a layer keeps one
        forward pass only.

    Notes
    -----
    Formula: y = f_n(... f_2(f_1(x))); backward calls the layers in reverse order.

    References
    ----------
    Goodfellow, I., Bengio, Y. and Courville, A. (2016). Deep Learning. MIT Press. Section 6.5.

    Examples
    --------
    >>> import numpy as np
    >>> from nnlib import Linear, Tanh
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Linear(2, 4, rng=rng), Tanh(), Linear(4, 1, rng=rng))
    >>> model(np.ones((3, 2))).shape
    (3, 1)
    >>> list(model.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *layers: Module) -> None:
        wrong = [layer for layer in layers if not isinstance(layer, Module)]
        if wrong or not layers:
            got = repr(wrong[0]) if wrong else "none"
            raise ValueError(f"Sequential: expected layers that are Modules, got {got}.")
        if len({id(layer) for layer in layers}) < len(layers):
            raise ValueError("Sequential: one layer object occurs twice; make a second layer.")
        self._layers = layers
        for index, layer in enumerate(layers):
            setattr(self, str(index), layer)

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, index: int) -> Module:
        return self._layers[index]

    def __iter__(self) -> Iterator[Module]:
        return iter(self._layers)

    def _forward(self, x: Array) -> tuple[Array, None]:
        for layer in self._layers:
            x = layer.forward(x)
        return x, None

    def _backward(self, grad: Array, cache: None) -> Array:
        for layer in reversed(self._layers):
            grad = layer.backward(grad)
        return grad

    def _backward_parameters(self, grad: Array, cache: None) -> Array:
        for layer in self._layers[:0:-1]:
            grad = layer.backward(grad)
        self._layers[0].backward(grad, input_grad=False)
        return grad

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self._layers))})"


class Residual(Module):
    """A shortcut around a module: the input is added to its output.

    Parameters
    ----------
    body : Module
        Its output must have the shape of its input.

    Raises
    ------
    ValueError
        In `forward`, if the shapes differ.

    Notes
    -----
    Formula: y = x + body(x); dL/dx = dL/dy + body.backward(dL/dy).

    References
    ----------
    He, K., Zhang, X., Ren, S. and Sun, J. (2016). Deep residual learning for image recognition.
    CVPR, 770-778. doi:10.1109/CVPR.2016.90

    Examples
    --------
    >>> import numpy as np
    >>> from nnlib import ReLU
    >>> Residual(ReLU())(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])
    """

    def __init__(self, body: Module) -> None:
        self.body = body

    def _forward(self, x: Array) -> tuple[Array, None]:
        y = self.body(x)
        if y.shape != x.shape:
            raise ValueError(f"{self!r}: the body made {y.shape} of {x.shape}; it must keep it.")
        return x + y, None

    def _backward(self, grad: Array, cache: None) -> Array:
        result: Array = grad + self.body.backward(grad)
        return result

    def __repr__(self) -> str:
        return f"Residual({self.body!r})"
