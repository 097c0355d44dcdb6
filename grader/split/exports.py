"""Objects that stay where they are, and the numbers that the other side knows them by."""

import weakref
from collections.abc import Callable
from typing import Any

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.wire import ProtocolError, strict

MOST = 200_000


class Exports:
    """Own objects that the other side has handles on, and the handles on its objects."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}  # id of an object -> its number
        self.last = 0
        self.told: set[int] = set()  # numbers that have been described
        self.proxies: dict[int, weakref.ref[Any]] = {}
        self.descriptions: dict[int, Any] = {}
        self.dead: list[int] = []  # numbers whose proxies have gone since the last message

    def number(self, value: Any) -> int:
        """Return the number of an own object."""
        number = self.numbers.get(id(value))
        if number is None:
            if len(self.objects) >= MOST:
                raise MemoryError(f"the test holds more than {MOST} of your objects")
            self.last = number = self.last + 1
            self.objects[number] = value
            self.numbers[id(value)] = number
        return number

    def release(self, numbers: Any) -> None:
        """Forget own objects: the other side has no handle any more."""
        for number in numbers:
            value = self.objects.pop(number, None)
            self.numbers.pop(id(value), None)
            self.told.discard(number)

    def collect(self, undo: list[Callable[[], None]]) -> list[int]:
        """Return the numbers of which no proxy is left, to be told to the other side."""
        dead = [n for n in dict.fromkeys(self.dead)
                if n in self.proxies and self.proxies[n]() is None]
        self.dead.clear()
        gone = [(n, self.proxies.pop(n), self.descriptions.pop(n)) for n in dead]
        undo.append(lambda: self._have_again(gone))
        return dead

    def _have_again(self, gone: list[tuple[int, "weakref.ref[Any]", Any]]) -> None:
        """Know objects as before, since the other side was not told that they are needed no more.

        It goes on to name them without a description.
        """
        for number, proxy, description in gone:
            self.proxies[number], self.descriptions[number] = proxy, description
            self.dead.append(number)


class Theirs(Kind):
    """An object of the sender's; the receiver gets a handle on it."""

    tag = "h"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number, *description = data
        strict(type(number) is int, "the number of an object")
        exports = peer.exports
        proxy = exports.proxies.get(number)
        value = proxy() if proxy else None
        if value is None:
            if description:
                if len(exports.proxies) > MOST:
                    raise ProtocolError("too many objects")
                (exports.descriptions[number],) = description
            value = peer.handle(number, exports.descriptions[number])
            exports.proxies[number] = weakref.ref(value)
        return value


class Ours(Kind):
    """An object of the receiver's own, on its way home."""

    tag = "H"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number = data
        strict(type(number) is int, "the number of an object")
        return peer.exports.objects[number]


class ByName(Kind):
    """A function of the notebook's, by the name that it has there."""

    tag = "G"

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name = data
        strict(not peer.trusted, "a name of the notebook")
        return peer.named(name)


EXPORT_KINDS = (Theirs(), Ours(), ByName())
