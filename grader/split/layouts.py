"""How arrays lie in memory: shapes, strides and views, checked where the other side names them."""

from math import prod
from typing import Any

import numpy as np

from grader.split.wire import ProtocolError, strict

C_ORDER, F_ORDER, WRITEABLE = 1, 2, 0x400  # bits of ndarray.flags.num
LARGEST = 2**40
SPREAD = 64  # an array whose strides spread it over more than this many times its size is packed


def shape_of(dims: Any) -> tuple[tuple[int, ...], int]:
    """Read a shape; return it and how many elements such an array has."""
    count = 1
    for n in dims:
        if type(n) is not int or not 0 <= n < LARGEST:
            raise ProtocolError("a dimension of an array")
        count *= n
    strict(type(dims) is list and len(dims) <= 64, "a shape")
    return tuple(dims), count


def extent(shape: Any, strides: Any, itemsize: int) -> tuple[int, int]:
    """Return the offsets of the first byte of such an array and of the one behind its last."""
    if 0 in shape:
        return 0, 0
    low = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s < 0)
    high = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s > 0)
    return low, high + itemsize


def address(array: np.ndarray[Any, Any]) -> int:
    """Return where an array's first element lies."""
    return int(array.__array_interface__["data"][0])


def owner(array: np.ndarray[Any, Any]) -> Any:
    """Return the array or object at the bottom of a view."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array


class Window:
    """Memory of an array, seen in another way; NumPy reads it through __array_interface__."""

    def __init__(self, array: np.ndarray[Any, Any], interface: dict[str, Any]) -> None:
        self.array = array
        self.__array_interface__ = interface


def window(
    array: np.ndarray[Any, Any], dtype: np.dtype[Any], shape: Any, strides: Any, offset: int
) -> np.ndarray[Any, Any]:
    """Return a view of an array, after a check that all of it lies within the array."""
    low, high = extent(shape, strides, dtype.itemsize)
    first, last = extent(array.shape, array.strides, array.itemsize)
    strict(first <= offset + low and offset + high <= last, "a view lies outside of its array")
    if not array.flags.num & (C_ORDER | F_ORDER):  # there are gaps between its elements
        strict(last - first <= 2**24, "a view of a scattered array this large")
        own = np.zeros(last - first, bool)
        element = np.arange(array.itemsize)

        def bytes_of(shape: Any, strides: Any, start: int, size: int) -> Any:
            where = np.full(shape, start - first)
            for axis, (n, s) in enumerate(zip(shape, strides, strict=True)):
                where += (s * np.arange(n)).reshape(-1, *[1] * (len(shape) - axis - 1))
            return where[..., None] + element[:size]

        strict(prod(shape) <= 2**22 and dtype.itemsize <= array.itemsize, "a view's size")
        own[bytes_of(array.shape, array.strides, 0, array.itemsize)] = True
        strict(own[bytes_of(shape, strides, offset, dtype.itemsize)].all(), "a view of gaps")
    interface = {
        "version": 3, "typestr": dtype.str, "shape": tuple(shape), "strides": tuple(strides),
        "data": (address(array) + offset, not array.flags.writeable),
    }
    return np.asarray(Window(array, interface))


def strides_to_send(value: Any) -> list[int]:
    """Return an array's strides, or closer ones of the same order and signs."""
    low, high = extent(value.shape, value.strides, value.itemsize)
    if high - low <= SPREAD * value.nbytes:
        return list(value.strides)
    # Too far apart: the same order and signs, every second element of each axis.
    strides, step = [0] * value.ndim, value.itemsize
    for axis in sorted(range(value.ndim), key=lambda axis: abs(value.strides[axis])):
        if value.strides[axis]:
            strides[axis] = 2 * step if value.strides[axis] > 0 else -2 * step
            step = abs(strides[axis]) * value.shape[axis]
    return strides


def scattered(value: Any, strides: Any, limit: int) -> Any:
    """Return a copy of an array that lies in memory with these strides."""
    (strides,) = strides
    strict(len(strides) == value.ndim, "strides")
    strict(all(type(s) is int and abs(s) < LARGEST for s in strides), "strides")
    low, high = extent(value.shape, strides, value.itemsize)
    strict(high - low <= 2 * SPREAD * value.nbytes + 64, "strides spread an array too far")
    strict(high - low <= 4 * limit, "strides spread an array too far")
    memory = np.zeros(high - low, np.uint8)
    found = np.ndarray(value.shape, value.dtype, memory, -low, strides)
    if value.size:
        found[...] = value
    return found
