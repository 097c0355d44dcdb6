"""What element-wise activations share: backward multiplies the gradient by the slope."""

from __future__ import annotations

from .module import Array, Module


def positive(x: Array) -> Array:
    """1 where x > 0, else 0, in the dtype of x (a bool times a float would be float64)."""
    return (x > 0).astype(x.dtype)


class Elementwise(Module):
    """Keeps the derivative, or whatever `_backward` of a subclass uses instead."""

    def _backward(self, grad: Array, slope: Array) -> Array:
        result: Array = grad * slope
        return result

    def __repr__(self) -> str:
        shown = (f"{k}={v!r}" for k, v in vars(self).items() if isinstance(v, float | str))
        return f"{type(self).__name__}({', '.join(shown)})"
