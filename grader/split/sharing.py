"""Shared values: those with an identity, numbered alike on both sides and kept in step.

Each question opens a *scope*: the values in it that have an identity (lists, arrays, generators)
are numbered alike on both sides, so that the answer can name them and carry what has changed in
them. With the answer the scope ends, unless the student still refers to one of its values: then
both sides keep it, and go on keeping its values in step.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from grader.split.kinds import Json, Kind
from grader.split.wire import ProtocolError

# A shared value: [value, kind, snapshot, number, how many references containers of its scope hold].
Entry = list[Any]
LOST = object()  # the snapshot of a value whose present state has been written, but has not left


class Sharing:
    """The shared values of one side."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}  # id of a shared value -> its number
        self.shared: dict[int, Entry] = {}  # number -> entry
        self.count = 0
        self.scopes: list[list[Entry]] = []
        self.kept: list[list[Entry]] = []
        self.pinned: list[Entry] = []  # values of the notebook's names that the test reads
        self.holders = 0
        self.undo: list[Callable[[], None]] = []  # what to do if a message does not leave

    def share(self, value: Any, kind: Kind, snapshot: Any) -> Entry:
        """Give a value the next number; the other side does the same when it reads the value."""
        entry = [value, kind, snapshot, self.count, self.holders]
        self.numbers[id(value)] = self.count
        self.shared[self.count] = entry
        self.scopes[-1].append(entry)
        self.count += 1
        return entry

    def known(self, value: Any) -> Json | None:
        """Return the reference to a shared value, None for a new one."""
        number = self.numbers.get(id(value))
        return None if number is None else ["@", number]

    def _forget(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.shared.pop(entry[3], None)
            if self.numbers.get(id(entry[0])) == entry[3]:
                del self.numbers[id(entry[0])]

    def changes(self, upto: int | None = None) -> Json:
        """Write what has changed since both sides agreed; `upto`: how far in the last scope."""
        found: Json = []
        last = self.scopes[-1][:upto] if upto is not None else self.scopes[-1]
        for scope in [self.pinned, *self.kept, *self.scopes[:-1], last]:
            for entry in scope:
                if entry[2] is LOST or entry[1].changed(entry[0], entry[2], self):
                    payload, entry[2] = entry[1].payload(entry[0], self)
                    self.undo.append(partial(entry.__setitem__, 2, LOST))
                    found += [entry[3], payload]
        return found

    def apply(self, changes: Any) -> None:
        """Bring shared values up to date with what the other side wrote."""
        if len(changes) % 2:
            raise ProtocolError("changes come in pairs")
        for number, payload in zip(changes[::2], changes[1::2], strict=True):
            entry = self.shared[number]
            entry[2] = entry[1].apply(entry[0], payload, self)

    def pin(self, scope: list[Entry]) -> None:
        """Keep the values of a scope in step until the next time."""
        self._forget(self.pinned)
        self.pinned = scope[:]
        scope.clear()


def referred(scope: Iterable[Entry]) -> bool:
    """Say whether somebody else than the protocol refers to one of a scope's values.

    An entry, the variable below and the argument of getrefcount make three references.
    """
    for entry in scope:
        value = entry[0]
        if sys.getrefcount(value) - 3 > entry[4]:
            return True
    return False
