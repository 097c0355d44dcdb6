"""Kinds: Python's plain data that cannot change. Subclasses of it arrive as their base class."""

import datetime
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.wire import strict

MOST_DIGITS = 100_000  # of a whole number, in hexadecimal


def bits_of(value: int) -> str:
    """Write a whole number of any size; hexadecimal takes linear time."""
    return f"{value:x}"


def number_of(text: Any) -> int:
    """Read a whole number of any size."""
    strict(type(text) is str and len(text) <= MOST_DIGITS, "a number's digits")
    strict(re.fullmatch(r"-?[0-9a-f]+", text), "a number's digits")
    return int(text, 16)


class Plain(Kind):
    """What JSON has, in subclasses; a whole number of any size."""

    tag = "i"
    types = (int,)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, int | float | str)

    def encode(self, value: Any, peer: Peer) -> Any:
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, float):
            return float.__float__(value)
        whole = int.__int__(value)
        return whole if -(2**63) < whole < 2**63 else [self.tag, bits_of(whole)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, text = data
        return number_of(text)


class Complex(Kind):
    """Complex numbers."""

    tag = "j"
    types = (complex,)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, complex)

    def encode(self, value: Any, peer: Peer) -> Json:
        return [self.tag, float(value.real), float(value.imag)]

    def decode(self, data: Json, peer: Peer) -> complex:
        _, real, imag = data
        strict(type(real) is type(imag) is float, "parts of a complex number")
        return complex(real, imag)


class Bytes(Kind):
    """Bytes."""

    tag = "b"
    types = (bytes, memoryview)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, bytes)

    def encode(self, value: Any, peer: Peer) -> Json:
        data = bytes(value)
        peer.put(data)
        return [self.tag, len(data)]

    def decode(self, data: Json, peer: Peer) -> bytes:
        _, size = data
        return peer.take(size)


class Tuple(Kind):
    """Tuples."""

    tag = "t"
    types: tuple[type, ...] = (tuple,)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, tuple)

    def encode(self, value: Any, peer: Peer) -> Json:
        return [self.tag, *map(peer.encode, value)]

    def decode(self, data: Json, peer: Peer) -> tuple[Any, ...]:
        before = peer.holders
        peer.holders = 1
        try:
            return tuple([peer.decode(part) for part in data[1:]])
        finally:
            peer.holders = before


class FrozenSet(Tuple):
    """Frozen sets."""

    tag = "z"
    types: tuple[type, ...] = (frozenset,)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, frozenset)

    def decode(self, data: Json, peer: Peer) -> Any:
        return frozenset(super().decode(data, peer))


class Few(Kind):
    """Small values without an inside: `...`, slices, ranges, fractions, decimals, dates."""

    tag = "."
    types = (type(...), type(NotImplemented), slice, range, Fraction, Decimal,
             datetime.date, datetime.datetime, datetime.timedelta)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        inside: list[Any] = []
        if isinstance(value, slice | range):
            inside = [value.start, value.stop, value.step]
        elif isinstance(value, Fraction):
            inside = [value.numerator, value.denominator]
        elif isinstance(value, datetime.timedelta):
            inside = [value.days, value.seconds, value.microseconds]
        elif isinstance(value, datetime.date):
            if getattr(value, "tzinfo", None) is not None:
                return None
            inside = [value.isoformat()]
        elif isinstance(value, Decimal):
            inside = [str(value)]
        return [self.tag, type(value).__name__, *map(peer.encode, inside)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name, *inside = data
        parts = [peer.decode(part) for part in inside]
        if name in ("ellipsis", "NotImplementedType"):
            strict(not parts, "no parts")
            return ... if name == "ellipsis" else NotImplemented
        if name == "slice":
            return slice(*parts)
        strict(all(type(part) in (int, str) for part in parts), f"parts of a {str(name)[:20]}")
        if name in ("date", "datetime"):
            strict(type(parts[0]) is str, "a date is text")
            return getattr(datetime, name).fromisoformat(*parts)
        if name == "Decimal":
            strict(type(parts[0]) is str and len(parts[0]) < 1000, "a decimal's digits")
            return Decimal(*parts)
        strict(all(type(part) is int for part in parts), f"parts of a {str(name)[:20]}")
        numbers = {"range": range, "Fraction": Fraction, "timedelta": datetime.timedelta}
        return numbers[name](*parts)


PLAIN_KINDS = (Plain(), Complex(), Bytes(), Tuple(), FrozenSet(), Few())
