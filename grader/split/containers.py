"""Kinds: Python's containers that can change, kept in step by their parts."""

from operator import is_
from typing import Any

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer


class Container(Kind):
    """A container that can change: its present parts, and the same parts as its snapshot."""

    shared = True
    base: type = list

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, self.base)

    def parts(self, value: Any) -> tuple[Any, ...]:
        """Return what the container holds, in order."""
        return tuple(value)

    def fill(self, value: Any, parts: list[Any]) -> None:
        """Make the container hold these parts."""
        raise NotImplementedError

    def encode(self, value: Any, peer: Peer) -> Json:
        known = peer.known(value)
        if known:
            return known
        parts = self.parts(value)
        peer.share(value, self, parts)
        return [self.tag, *map(peer.encode, parts)]

    def decode(self, data: Json, peer: Peer) -> Any:
        value = self.base()
        entry = peer.share(value, self, None)  # first of all: its parts may refer to it
        entry[2] = self.apply(value, data[1:], peer)
        return value

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        parts = self.parts(value)
        return len(parts) != len(snapshot) or not all(map(is_, parts, snapshot))

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        parts = self.parts(value)
        return list(map(peer.encode, parts)), parts

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        before = peer.holders
        peer.holders = 2  # the container and its snapshot
        try:
            self.fill(value, [peer.decode(part) for part in data])
        finally:
            peer.holders = before
        return self.parts(value)


class List(Container):
    """Lists."""

    tag = "l"
    types = (list,)

    def fill(self, value: Any, parts: list[Any]) -> None:
        value[:] = parts


class Set(Container):
    """Sets."""

    tag = "s"
    types = (set,)
    base = set

    def fill(self, value: Any, parts: list[Any]) -> None:
        value.clear()
        value.update(parts)


class Dict(Container):
    """Dictionaries, keys and values in turn."""

    tag = "d"
    types = (dict,)
    base = dict

    def parts(self, value: Any) -> tuple[Any, ...]:
        return tuple([part for item in dict.items(value) for part in item])

    def fill(self, value: Any, parts: list[Any]) -> None:
        value.clear()
        value.update(zip(parts[::2], parts[1::2], strict=True))


class ByteArray(Kind):
    """Bytes that can change."""

    tag = "B"
    types = (bytearray,)
    shared = True

    def encode(self, value: Any, peer: Peer) -> Json:
        known = peer.known(value)
        if known:
            return known
        data, snapshot = self.payload(value, peer)
        peer.share(value, self, snapshot)
        return [self.tag, *data]

    def decode(self, data: Json, peer: Peer) -> bytearray:
        value = bytearray()
        entry = peer.share(value, self, None)  # first of all: its parts may refer to it
        entry[2] = self.apply(value, data[1:], peer)
        return value

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        return bool(value != snapshot)

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        data = bytes(value)
        peer.put(data)
        return [len(data)], data

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        (size,) = data
        raw = peer.take(size)
        value[:] = raw
        return raw


class Reference(Kind):
    """A shared value that both sides have already."""

    tag = "@"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number = data
        entry = peer.shared[number]
        entry[4] += peer.holders
        return entry[0]


CONTAINER_KINDS = (List(), Set(), Dict(), ByteArray(), Reference())
