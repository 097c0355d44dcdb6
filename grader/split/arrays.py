"""Kinds: NumPy's arrays, scalars and dtypes.

An array arrives with its dtype, its layout in memory (order, strides, alignment of its rows, as
`x[::-1, ::2]` has) and its writeable flag. An array that is a view of a shared one arrives as a
view, if every byte it shows belongs to that array.
"""

import re
from math import prod
from typing import Any

import numpy as np

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.plain import strict
from grader.split.wire import ProtocolError

C_ORDER, F_ORDER, WRITEABLE = 1, 2, 0x400  # bits of ndarray.flags.num
DTYPE = re.compile(r"[<>|=][biufcUSMm][0-9]{1,9}(\[[0-9]{0,4}[A-Za-zμ]{1,2}\])?")
LARGEST = 2**40
SPREAD = 64  # an array whose strides spread it over more than this many times its size is packed

_names: dict[np.dtype[Any], str] = {}
_dtypes: dict[str, np.dtype[Any]] = {}


def name_of(dtype: np.dtype[Any]) -> str | None:
    """Write a dtype; None for one with objects or fields."""
    name = _names.get(dtype)
    if name is None:
        if dtype.kind not in "biufcUSMm" or dtype.subdtype or dtype.metadata:
            return None
        if len(_names) < 1000:
            name = _names[dtype] = dtype.str
        else:
            name = dtype.str
    return name


def dtype_of(name: Any) -> np.dtype[Any]:
    """Read a dtype."""
    dtype = _dtypes.get(name)
    if dtype is None:
        strict(type(name) is str and DTYPE.fullmatch(name), "a dtype")
        dtype = np.dtype(name)
        if len(_dtypes) < 1000:
            _dtypes[name] = dtype
    return dtype


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


class _Window:
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
    return np.asarray(_Window(array, interface))


class Array(Kind):
    """Arrays of numbers, truth values, text, bytes and dates."""

    tag = "a"
    types = (np.ndarray,)
    shared = True

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, np.ndarray)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        number = peer.numbers.get(id(value))
        if number is not None:
            return ["@", number]
        if type(value) is not np.ndarray:
            value = np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value
            value = value.view(np.ndarray)
        dtype = value.dtype
        name = _names.get(dtype) or name_of(dtype)
        if name is None:
            return self._objects(value, peer) if dtype.kind == "O" else None
        if value.base is not None and peer.shared:
            view = self._view(value, name, peer)
            if view:
                return view
        flags = value.flags.num
        shape = list(value.shape)
        if flags & C_ORDER:
            data, layout = value.tobytes(), 0
        elif flags & F_ORDER:
            data, layout = value.tobytes("F"), 1
        else:
            data, layout = value.tobytes(), 2
        if not flags & WRITEABLE:
            layout += 4
        peer.put(data)
        peer.share(value, self, (data, value.shape))
        if value.base is not None:
            self._remember(value, peer)
        if layout & 2:
            return [self.tag, name, shape, layout, self._strides(value)]
        return [self.tag, name, shape, layout]

    def _strides(self, value: Any) -> list[int]:
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

    def _view(self, value: Any, name: str, peer: Peer) -> Json | None:
        bottom = owner(value)
        if not isinstance(bottom, np.ndarray):
            bottom = getattr(bottom, "array", bottom) if type(bottom) is _Window else bottom
        for candidate in (value.base, bottom):
            number = peer.numbers.get(id(candidate))
            if number is not None and peer.shared[number][1] is self:
                break
        else:
            candidate, number = self._overlapping(bottom, peer)
            if number is None:
                return None
        offset = address(value) - address(candidate)
        low, high = extent(value.shape, value.strides, value.itemsize)
        first, last = extent(candidate.shape, candidate.strides, candidate.itemsize)
        if not (first <= offset + low and offset + high <= last):
            return None
        peer.share(value, VIEW, None)
        return ["v", number, name, list(value.shape), list(value.strides), offset]

    @staticmethod
    def _remember(value: Any, peer: Peer) -> None:
        """Note that a shared array is a view of something, so that its own views are known."""
        bottoms = peer.notes.setdefault("bottoms", {})
        if len(bottoms) > 1000:
            bottoms.clear()
        bottoms[id(owner(value))] = peer.numbers[id(value)]

    @staticmethod
    def _overlapping(bottom: Any, peer: Peer) -> tuple[Any, int | None]:
        """Find a shared array that is a view of the same bottom itself."""
        number = peer.notes.get("bottoms", {}).get(id(bottom))
        entry = peer.shared.get(number)
        if entry and entry[1] is ARRAY and owner(entry[0]) is bottom:
            return entry[0], number
        return None, None

    @staticmethod
    def _snapshot(value: Any) -> Any:
        order = "F" if value.flags.num & (C_ORDER | F_ORDER) == F_ORDER else "C"
        return value.tobytes(order), value.shape

    def _objects(self, value: Any, peer: Peer) -> Json:
        return ["O", list(value.shape), [peer.encode(part) for part in value.ravel().tolist()]]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name, dims, layout, *strides = data
        dtype = _dtypes.get(name) or dtype_of(name)
        shape, count = self._shape(dims)
        strict(type(layout) is int and 0 <= layout < 8, "a layout")
        strict(dtype.itemsize or count <= 1000, "an array of nothing")
        raw = peer.take(count * dtype.itemsize)
        order: Any = "F" if layout & 1 else "C"
        value = np.ndarray(shape, dtype, raw, 0, None, order)
        value = self._scatter(value, strides, peer) if layout & 2 else value.copy(order)
        if layout & 4:
            value.flags.writeable = False
        peer.share(value, self, (raw, shape))
        if layout & 2:
            self._remember(value, peer)
        return value

    @staticmethod
    def _shape(dims: Any) -> tuple[tuple[int, ...], int]:
        count = 1
        for n in dims:
            if type(n) is not int or not 0 <= n < LARGEST:
                raise ProtocolError("a dimension of an array")
            count *= n
        strict(type(dims) is list and len(dims) <= 64, "a shape")
        return tuple(dims), count

    @staticmethod
    def _scatter(value: Any, strides: Any, peer: Peer) -> Any:
        """Return a copy of an array that lies in memory with these strides."""
        (strides,) = strides
        strict(len(strides) == value.ndim, "strides")
        strict(all(type(s) is int and abs(s) < LARGEST for s in strides), "strides")
        low, high = extent(value.shape, strides, value.itemsize)
        strict(high - low <= 2 * SPREAD * value.nbytes + 64, "strides spread an array too far")
        strict(high - low <= 4 * peer.wire.limit, "strides spread an array too far")
        memory = np.zeros(high - low, np.uint8)
        scattered = np.ndarray(value.shape, value.dtype, memory, -low, strides)
        if value.size:
            scattered[...] = value
        return scattered

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        order: Any = "F" if value.flags.num & (C_ORDER | F_ORDER) == F_ORDER else "C"
        return bool(value.tobytes(order) != snapshot[0] or value.shape != snapshot[1])

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        snapshot = self._snapshot(value)
        peer.put(snapshot[0])
        return [name_of(value.dtype), list(value.shape), len(snapshot[0])], snapshot

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        name, dims, size = data
        shape, count = self._shape(dims)
        strict(dtype_of(name) == value.dtype, "an array's dtype has changed")
        strict(count == value.size and size == value.nbytes, "an array's size has changed")
        raw = peer.take(size)
        if shape != value.shape:
            value.shape = shape
        if not value.flags.writeable:
            raise ProtocolError("an array that is read-only has changed")
        order: Any = "F" if value.flags.num & (C_ORDER | F_ORDER) == F_ORDER else "C"
        value[...] = np.ndarray(shape, value.dtype, raw, 0, None, order)
        return raw, shape


class View(Kind):
    """A view of a shared array, which is kept in step with that array."""

    tag = "v"
    shared = True

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        return False

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number, name, dims, strides, offset = data
        entry = peer.shared[number]
        base = entry[0]
        strict(type(base) is np.ndarray, "a view of something else")
        shape, count = Array._shape(dims)
        strict(count * base.itemsize <= peer.wire.limit, "a view's size")
        strict(all(type(s) is int and abs(s) < LARGEST for s in [*strides, offset]), "strides")
        strict(len(strides) == len(shape), "strides")
        entry[4] += 3  # the view refers to its base, in two ways
        value = window(base, dtype_of(name), shape, strides, offset)
        peer.share(value, VIEW, None)
        return value


class ObjectArray(Kind):
    """An array of objects, by its parts. It is not kept in step."""

    tag = "O"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, dims, parts = data
        shape, count = Array._shape(dims)
        strict(count == len(parts), "the parts of an array of objects")
        value = np.empty(count, object)
        for i, part in enumerate(parts):
            value[i] = peer.decode(part)
        return value.reshape(shape)


class Scalar(Kind):
    """NumPy's scalars keep their type; the two most common ones need no raw data."""

    tag = "n"
    types = (np.float64, np.int64, np.bool)
    native = np.dtype("f8"), np.dtype("i8")

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, np.generic)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        type_ = type(value)
        if type_ is np.float64:
            return ["nf", float(value)]
        if type_ is np.int64:
            return ["ni", int(value)]
        name = name_of(value.dtype)
        if name is None:
            return None
        data = value.tobytes()
        peer.put(data)
        return [self.tag, name, len(data)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name, size = data
        dtype = dtype_of(name)
        strict(size == dtype.itemsize, "the size of a scalar")
        return np.ndarray((), dtype, peer.take(size) or b"\0")[()]


class Float64(Kind):
    """A double; its own kind of float."""

    tag = "nf"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number = data
        strict(type(number) is float, "a number")
        return np.float64(number)


class Int64(Kind):
    """A whole number of 64 bits."""

    tag = "ni"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number = data
        strict(type(number) is int, "a number")
        return np.int64(number)


class DType(Kind):
    """A dtype itself."""

    tag = "D"

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, np.dtype)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        if value == np.dtype(object):
            return [self.tag, "O"]
        name = name_of(value)
        return None if name is None else [self.tag, name]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name = data
        return np.dtype(object) if name == "O" else dtype_of(name)


ARRAY = Array()
VIEW = View()
ARRAY_KINDS = (ARRAY, VIEW, ObjectArray(), Scalar(), Float64(), Int64(), DType())
