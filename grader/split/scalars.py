"""Kinds: NumPy's dtypes, and its scalars, which are written with their dtype."""

import re
from typing import Any

import numpy as np

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.wire import strict

DTYPE = re.compile(r"[<>|=][biufcUSMm][0-9]{1,9}(\[[0-9]{0,4}[A-Za-zμ]{1,2}\])?")
NAMES: dict[np.dtype[Any], str] = {}  # of dtypes that have crossed: it saves making them anew
DTYPES: dict[str, np.dtype[Any]] = {}


def name_of(dtype: np.dtype[Any]) -> str | None:
    """Write a dtype; None for one with objects or fields."""
    name = NAMES.get(dtype)
    if name is None:
        if dtype.kind not in "biufcUSMm" or dtype.subdtype or dtype.metadata:
            return None
        if len(NAMES) < 1000:
            name = NAMES[dtype] = dtype.str
        else:
            name = dtype.str
    return name


def dtype_of(name: Any) -> np.dtype[Any]:
    """Read a dtype."""
    dtype = DTYPES.get(name)
    if dtype is None:
        strict(type(name) is str and DTYPE.fullmatch(name), "a dtype")
        dtype = np.dtype(name)
        if len(DTYPES) < 1000:
            DTYPES[name] = dtype
    return dtype


class Scalar(Kind):
    """NumPy's scalars keep their type; the two most common ones need no raw data."""

    tag = "n"
    types = (np.float64, np.int64, np.bool)

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


SCALAR_KINDS = (Scalar(), Float64(), Int64(), DType())
