"""Kinds: NumPy's arrays.

An array arrives with its dtype, its layout in memory (order, strides, alignment of its rows, as
`x[::-1, ::2]` has) and its writeable flag. An array that is a view of a shared one arrives as a
view, if every byte it shows belongs to that array.
"""

from typing import Any

import numpy as np

from grader.split.kinds import Json, Kind
from grader.split.layouts import (
    C_ORDER,
    F_ORDER,
    LARGEST,
    WRITEABLE,
    Window,
    address,
    extent,
    owner,
    scattered,
    shape_of,
    strides_to_send,
    window,
)
from grader.split.peer import Peer
from grader.split.scalars import DTYPES, NAMES, dtype_of, name_of
from grader.split.wire import ProtocolError, TooLarge, strict


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
        name = NAMES.get(dtype) or name_of(dtype)
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
            return [self.tag, name, shape, layout, strides_to_send(value)]
        return [self.tag, name, shape, layout]

    def _view(self, value: Any, name: str, peer: Peer) -> Json | None:
        bottom = owner(value)
        if not isinstance(bottom, np.ndarray):
            bottom = getattr(bottom, "array", bottom) if type(bottom) is Window else bottom
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
        if value.size * max(value.itemsize, 1) > peer.wire.limit:
            raise TooLarge(f"an array that shows more than {peer.wire.limit >> 20} MiB")
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
        dtype = DTYPES.get(name) or dtype_of(name)
        shape, count = shape_of(dims)
        strict(type(layout) is int and 0 <= layout < 8, "a layout")
        strict(dtype.itemsize or count <= 1000, "an array of nothing")
        raw = peer.take(count * dtype.itemsize)
        order: Any = "F" if layout & 1 else "C"
        value = np.ndarray(shape, dtype, raw, 0, None, order)
        value = scattered(value, strides, peer.wire.limit) if layout & 2 else value.copy(order)
        if layout & 4:
            value.flags.writeable = False
        peer.share(value, self, (raw, shape))
        if layout & 2:
            self._remember(value, peer)
        return value

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        order: Any = "F" if value.flags.num & (C_ORDER | F_ORDER) == F_ORDER else "C"
        return bool(value.tobytes(order) != snapshot[0] or value.shape != snapshot[1])

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        snapshot = self._snapshot(value)
        peer.put(snapshot[0])
        return [name_of(value.dtype), list(value.shape), len(snapshot[0])], snapshot

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        name, dims, size = data
        shape, count = shape_of(dims)
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
        shape, count = shape_of(dims)
        dtype = dtype_of(name)
        # Zero strides show the same bytes again and again, and a test may make a copy of it all.
        strict(count * max(dtype.itemsize, 1) <= peer.wire.limit, "a view's size")
        strict(all(type(s) is int and abs(s) < LARGEST for s in [*strides, offset]), "strides")
        strict(len(strides) == len(shape), "strides")
        entry[4] += 3  # the view refers to its base, in two ways
        value = window(base, dtype, shape, strides, offset)
        peer.share(value, VIEW, None)
        return value


class ObjectArray(Kind):
    """An array of objects, by its parts. It is not kept in step."""

    tag = "O"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, dims, parts = data
        shape, count = shape_of(dims)
        strict(count == len(parts), "the parts of an array of objects")
        value = np.empty(count, object)
        for i, part in enumerate(parts):
            value[i] = peer.decode(part)
        return value.reshape(shape)


ARRAY = Array()
VIEW = View()
ARRAY_KINDS = (ARRAY, VIEW, ObjectArray())
