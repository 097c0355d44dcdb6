"""What every layer shares: parameters with gradients, forward and backward, saving and nesting.

A layer writes its mathematics as `_forward(x)`, which returns the output and whatever the
derivative will need, and `_backward(grad, cache)`, which returns dL/dx. The public `forward` and
`backward` add the checks and keep the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from .parameter import Array, Parameter

__all__ = ["Array", "Module", "Parameter"]


class Module:
    """Base class of layers and networks.

    Attributes
    ----------
    training : bool
        True at first; `train` and `eval` set it. Without it nothing is kept for `backward`.

    Raises
    ------
    ValueError
        In `forward` and `backward`, if shape or dtype do not fit or the batch is empty.
    RuntimeError
        In `backward`, without a forward pass in training mode before.

    Notes
    -----
    Attributes that are a `Parameter`, a `Module` or (without leading underscore) an array belong
    to the `state_dict`. A forward pass serves one backward pass.
    Formula: backward maps dL/dy to dL/dx = (dy/dx)^T dL/dy and adds dL/dw to every `w.grad`.

    References
    ----------
    Rumelhart, D., Hinton, G. and Williams, R. (1986). Learning representations by
    back-propagating errors. Nature 323, 533-536. doi:10.1038/323533a0

    Examples
    --------
    >>> class Double(Module):
    ...     def _forward(self, x):
    ...         return 2 * x, None
    ...     def _backward(self, grad, cache):
    ...         return 2 * grad
    >>> layer = Double()
    >>> layer(np.array([3.0])), layer.backward(np.array([1.0]))
    (array([6.]), array([2.]))
    """

    training = True
    _cache: tuple[tuple[int, ...], np.dtype[Any], Any] | None = None

    def __call__(self, x: Array) -> Array:
        """Call `forward`."""
        return self.forward(x)

    def forward(self, x: Array) -> Array:
        """Compute the output; in training mode keep what `backward` needs.

        Parameters
        ----------
        x : ndarray of floats, usually (N, features); it is not changed

        Returns
        -------
        ndarray, in the dtype of `x`
        """
        _checks.float_batch(x, "x", self)
        self._check(x)
        y, cache = self._forward(x)
        self._cache = (y.shape, y.dtype, cache) if self.training else None
        return y

    def backward(self, grad: Array, input_grad: bool = True) -> Any:
        """Pass the gradient of the loss back through the last `forward`.

        Parameters
        ----------
        grad : ndarray of the shape and dtype of the output, dL/dy; it is not changed
        input_grad : bool, default True
            False saves the work for dL/dx, which the first layer of a network does not need.

        Returns
        -------
        ndarray of the shape of `x`, dL/dx (without meaning if not `input_grad`)
        """
        if self._cache is None:
            raise RuntimeError(f"{self!r}: backward needs a forward pass in training mode before.")
        shape, dtype, cache = self._cache
        if getattr(grad, "shape", None) != shape or grad.dtype != dtype:
            got = f"{grad.dtype} of shape {grad.shape}" if isinstance(grad, np.ndarray) else grad
            raise ValueError(f"{self!r}: expected grad as {dtype} of shape {shape}, got {got}.")
        self._cache = None
        return (self._backward if input_grad else self._backward_parameters)(grad, cache)

    def _check(self, x: Array) -> None:
        """Refuse an `x` that this layer cannot take."""

    def _forward(self, x: Array) -> tuple[Array, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs a method _forward(x).")

    def _backward(self, grad: Array, cache: Any) -> Array:
        raise NotImplementedError(f"{type(self).__name__} needs a method _backward(grad, cache).")

    def _backward_parameters(self, grad: Array, cache: Any) -> Array:
        """Overridden where dL/dx costs much beside the parameters' gradients."""
        return self._backward(grad, cache)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Walk through this module (named `prefix`) and all modules in it.

        Parameters
        ----------
        prefix : str, default ""

        Returns
        -------
        iterator of (str, Module)
            Names such as "0" or "body.1".
        """
        yield prefix, self
        for name, child in vars(self).items():
            if isinstance(child, Module):
                yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def _named(self, kind: type | tuple[type, ...]) -> Iterator[tuple[str, Any]]:
        for prefix, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, kind) and not name.startswith("_"):
                    yield (f"{prefix}.{name}" if prefix else name), value

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """List the parameters with their names, a shared one once.

        Returns
        -------
        list of (str, Parameter)
        """
        first = {id(parameter): name for name, parameter in reversed([*self._named(Parameter)])}
        return [(name, p) for name, p in self._named(Parameter) if first[id(p)] == name]

    def parameters(self) -> list[Parameter]:
        """List the parameters.

        Returns
        -------
        list of Parameter
        """
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set every gradient to None."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode: bool = True) -> Self:
        """Switch training mode on or off, here and in all modules inside.

        Parameters
        ----------
        mode : bool, default True

        Returns
        -------
        the module itself
        """
        for _, module in self.named_modules():
            module.training = mode
            module._cache = None
        return self

    def eval(self) -> Self:
        """Switch training mode off.

        Returns
        -------
        the module itself
        """
        return self.train(False)

    def _state(self) -> dict[str, Array]:
        found = self._named((Parameter, np.ndarray))
        return {name: v.data if isinstance(v, Parameter) else v for name, v in found}

    def state_dict(self) -> dict[str, Array]:
        """Copy all parameters and running statistics.

        Returns
        -------
        dict from names such as "0.weight" to arrays
        """
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Set all parameters and running statistics, or none if something does not fit.

        Parameters
        ----------
        state : mapping as `state_dict` returns it
        """
        own = self._state()
        if own.keys() != state.keys():
            missing, extra = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ValueError(f"load_state_dict: missing keys {missing}, unexpected keys {extra}.")
        new = {name: np.asarray(value) for name, value in state.items()}
        for name, array in own.items():
            got, who = new[name], f"load_state_dict: {name}"
            if got.shape != array.shape:
                raise ValueError(f"{who} has shape {array.shape}, got {got.shape}.")
            if not np.can_cast(got.dtype, array.dtype, "same_kind"):
                raise ValueError(f"{who} cannot take {got.dtype}, it is {array.dtype}.")
        for name, array in own.items():
            array[...] = new[name]
