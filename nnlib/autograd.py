"""Reverse-mode automatic differentiation: each result remembers what it was made from and how.

The operations done form a graph; `Tensor.backward` walks it once, from the result to the inputs,
and applies the chain rule at every step. The layers of nnlib do the same by hand and about three
times faster; here one sees who does the bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import numeric_array

Array = NDArray[Any]
Pullback = Callable[[Array], Array]  # from dL/d(result) to dL/d(parent)


def _elementwise(
    what: str, function: Callable[[Array], Array], derivative: Callable[[Array, Array], Array]
) -> Callable[[Tensor], Tensor]:
    """Make a method of `Tensor` from a function and its derivative."""

    def method(self: Tensor) -> Tensor:
        x, y = self.data, function(self.data)
        return _made(y, (self, lambda g: g * derivative(x, y)))

    method.__doc__ = f"Return {what}.\n\nReturns\n-------\nTensor\n"
    return method


def _positive_part(x: Array) -> Array:
    return np.maximum(x, 0)


class Tensor:
    """An array that remembers the operations which made it.

    It takes part in +, -, *, /, @ (matrices) and ** (by a number), with NumPy's broadcasting, and
    in indexing. Every tensor of the graph keeps its gradient; PyTorch keeps those of leaves only.

    Parameters
    ----------
    data : array_like of any shape
        float32 stays float32; integers become float64. Not copied.

    Attributes
    ----------
    data : ndarray
    grad : ndarray of the shape of `data`, or None before `backward`

    Raises
    ------
    ValueError
        If `data` is not numeric, or the operands of @ are not matrices that fit.

    Notes
    -----
    Formula: dL/dx = sum over the results y made from x of (dy/dx)^T dL/dy, taken in reverse
    order of making. An axis that broadcasting stretched is summed, since its one entry went into
    many results.

    References
    ----------
    Baydin, A. G., Pearlmutter, B. A., Radul, A. A. and Siskind, J. M. (2018). Automatic
    differentiation in machine learning: a survey. JMLR 18(153), 1-43.

    Examples
    --------
    >>> x, w = Tensor([1.0, 2.0]), Tensor([3.0, -1.0])
    >>> ((x * w).sum() ** 2).backward()
    >>> x.grad, w.grad
    (array([ 6., -2.]), array([2., 4.]))
    """

    __array_ufunc__ = None  # so that ndarray + Tensor comes to Tensor.__radd__

    def __init__(self, data: ArrayLike | Tensor) -> None:
        array = numeric_array(data.data if isinstance(data, Tensor) else data, "data", "Tensor")
        self.data: Array = array if array.dtype.kind == "f" else array.astype(np.float64)
        self.grad: Array | None = None
        self._parents: tuple[tuple[Tensor, Pullback], ...] = ()

    def __repr__(self) -> str:
        return f"Tensor({self.data!r})"

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Add dL/d(this) times `gradient` to the `grad` of every tensor this one depends on.

        Parameters
        ----------
        gradient : array_like of this tensor's shape, optional
            dL/d(this); 1 if left out, which only a single number allows.

        Raises
        ------
        ValueError
            If `gradient` is left out for more than one number, or has another shape.
        """
        if gradient is None and self.data.size != 1:
            raise ValueError(
                f"Tensor.backward: a tensor of shape {self.data.shape} needs gradient, or sum() "
                "first."
            )
        seed = np.ones_like(self.data) if gradient is None else np.asarray(gradient)
        if seed.shape != self.data.shape:
            raise ValueError(
                f"Tensor.backward: expected gradient of shape {self.data.shape}, got {seed.shape}."
            )
        flow = {id(self): seed.astype(self.data.dtype)}
        for node in reversed(self._ancestors()):
            gradient_here = flow.pop(id(node))
            node.grad = gradient_here if node.grad is None else node.grad + gradient_here
            for parent, pullback in node._parents:
                part = _unbroadcast(pullback(gradient_here), parent.data.shape)
                known = flow.get(id(parent))
                flow[id(parent)] = part if known is None else known + part

    def _ancestors(self) -> list[Tensor]:
        """Every tensor of the graph, parents before what is made of them; no recursion limit."""
        order: list[Tensor] = []
        seen: set[int] = set()
        stack = [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((parent, False) for parent, _ in node._parents)
        return order

    def __add__(self, other: ArrayLike | Tensor) -> Tensor:
        b = self._lift(other)
        return _made(self.data + b.data, (self, lambda g: g), (b, lambda g: g))

    def __mul__(self, other: ArrayLike | Tensor) -> Tensor:
        b = self._lift(other)
        a_to, b_to = (self, lambda g: g * b.data), (b, lambda g: g * self.data)
        return _made(self.data * b.data, a_to, b_to)

    def __pow__(self, exponent: float) -> Tensor:
        x = self.data
        return _made(x**exponent, (self, lambda g: g * exponent * x ** (exponent - 1)))

    def __matmul__(self, other: ArrayLike | Tensor) -> Tensor:
        a, b = self.data, (other := self._lift(other)).data
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
            raise ValueError(
                f"Tensor @: expected matrices (n, k) and (k, m), got {a.shape} and {b.shape}."
            )
        return _made(a @ b, (self, lambda g: g @ b.T), (other, lambda g: a.T @ g))

    def __getitem__(self, index: Any) -> Tensor:
        def scatter(g: Array) -> Array:
            full = np.zeros_like(self.data)
            np.add.at(full, index, g)  # unlike full[index] += g, right for repeated indices
            return full

        return _made(self.data[index], (self, scatter))

    def __neg__(self) -> Tensor:
        return self * -1.0

    def __sub__(self, other: ArrayLike | Tensor) -> Tensor:
        return self + -self._lift(other)

    def __truediv__(self, other: ArrayLike | Tensor) -> Tensor:
        return self * self._lift(other) ** -1.0

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: ArrayLike) -> Tensor:
        return -self + other

    def __rtruediv__(self, other: ArrayLike) -> Tensor:
        return self**-1.0 * other

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return _made(self.data.T, (self, lambda g: g.T))

    def _lift(self, other: ArrayLike | Tensor) -> Tensor:
        """Make `other` a tensor; a plain number takes this dtype and so does not promote it."""
        if isinstance(other, int | float):
            return Tensor(np.asarray(other, dtype=self.data.dtype))
        return other if isinstance(other, Tensor) else Tensor(other)

    def sum(self, dim: int | tuple[int, ...] | None = None, keepdim: bool = False) -> Tensor:
        """Sum over `dim`, or over everything.

        Parameters
        ----------
        dim : int or tuple of int, optional
        keepdim : bool, default False
            Keep the summed axes with length 1.

        Returns
        -------
        Tensor
        """

        def spread(g: Array) -> Array:
            shape = np.sum(self.data, axis=dim, keepdims=True).shape
            return np.broadcast_to(g.reshape(shape), self.data.shape)

        return _made(np.sum(self.data, axis=dim, keepdims=keepdim), (self, spread))

    # Element by element: the function, and its derivative from its input x and its output y.
    exp = _elementwise("e to the power of each entry", np.exp, lambda x, y: y)
    log = _elementwise("the natural logarithm of each entry", np.log, lambda x, y: 1 / x)
    tanh = _elementwise("the hyperbolic tangent", np.tanh, lambda x, y: 1 - y * y)
    relu = _elementwise("max(x, 0), with derivative 0 at 0", _positive_part, lambda x, y: x > 0)


def _made(data: Array, *parents: tuple[Tensor, Pullback]) -> Tensor:
    result = Tensor(data)
    result._parents = parents
    return result


def _unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum `grad` over the axes along which an array of `shape` was repeated."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and grad.shape[i] != 1)
    result: Array = grad.sum(axis=stretched, keepdims=True)
    return result
