"""What judge and student have in common: writing values, reading them, asking and answering.

Strictly one side speaks at a time. Who asks waits for the answer, and meanwhile serves what the
other side asks. Each question opens a *scope*: the values in it that have an identity (lists,
arrays, generators) are numbered alike on both sides, so that the answer can name them and carry
what has changed in them. With the answer the scope ends, unless the student still refers to one of
its values: then both sides keep it, and go on keeping its values in step.
"""

import sys
from collections.abc import Iterable
from types import FunctionType
from typing import Any, NoReturn

from grader.split.kinds import Json, Kind, Registry
from grader.split.wire import MOST_VALUES, ProtocolError, TooLarge, Wire

# A shared value: [value, kind, snapshot, number, how many references containers of its scope hold].
Entry = list[Any]
PLAIN = frozenset({str, float, bool, type(None)})
BIG = 2**63
MALFORMED = (TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError,
             RecursionError, MemoryError)
DEEPEST = 200  # questions within questions


class Peer:
    """One side of the conversation. Subclasses say what the other side may ask for.

    Parameters
    ----------
    wire : Wire
        The connection.
    registry : Registry
        The kinds of values that may cross.
    """

    trusted = False  # whether this is the judge's side, which believes nothing

    def __init__(self, wire: Wire, registry: Registry) -> None:
        self.wire = wire
        self.exports: Any = None
        self.registry = registry
        self.kinds: dict[type, Kind] = dict(registry.by_type)
        self.by_tag = registry.by_tag
        self.pieces: list[bytes] = []  # raw data of the message that is being written
        self.size = 0
        self.values = 0
        self.data = b""  # raw data of the message that is being read
        self.place = 0
        self.numbers: dict[int, int] = {}  # id of a shared value -> its number
        self.shared: dict[int, Entry] = {}  # number -> entry
        self.count = 0
        self.scopes: list[list[Entry]] = []
        self.kept: list[list[Entry]] = []
        self.pinned: list[Entry] = []  # values of the notebook's names that the test reads
        self.holders = 0
        self.notes: dict[str, Any] = {}  # for kinds and contexts to keep something of theirs in
        self.front: Any = None  # writes and reads what PyTorch puts ahead of each message
        self.front_pieces: list[bytes] = []
        for hook in registry.hooks:
            hook(self)

    # Writing and reading values

    def encode(self, value: Any) -> Any:
        """Write a value as JSON, with its data in `pieces`."""
        type_ = type(value)
        if type_ in PLAIN or (type_ is int and -BIG < value < BIG):
            return value
        self.values += 1
        if self.values > MOST_VALUES:
            raise TooLarge("a value has too many parts")
        kind = self.kinds.get(type_)
        data = kind.encode(value, self) if kind else None
        if data is None:
            data = self._guess(value)
        return data

    def _guess(self, value: Any) -> Json:
        if type(value) is FunctionType:
            return self.export(value)
        for kind in self.registry.guesses:
            if kind.fits(value, self):
                data = kind.encode(value, self)
                if data is not None:
                    return data
        return self.export(value)

    def export(self, value: Any) -> Json:
        """Write a value that stays here: the other side gets a handle on it."""
        number = self.exports.number(value)
        if number in self.exports.told:
            return ["h", number]
        self.exports.told.add(number)
        return ["h", number, self.describe(value)]

    def describe(self, value: Any) -> Any:
        """Write what the other side needs to know of an object that stays here."""
        raise NotImplementedError

    def handle(self, number: int, description: Any) -> Any:
        """Return a new handle on an object of the other side."""
        raise NotImplementedError

    def named(self, name: str) -> Any:
        """Return what the notebook has by this name."""
        raise NotImplementedError

    def class_of(self, name: str, base: type) -> type:
        """Return the class of this name that the cells define, or else `base`."""
        return base

    def decode(self, data: Any) -> Any:
        """Read a value."""
        if type(data) is list:
            return self.by_tag[data[0]].decode(data, self)
        if type(data) is dict:
            raise ProtocolError("a value is no JSON object")
        return data

    def put(self, data: bytes) -> None:
        """Add raw data to the message."""
        self.size += len(data)
        if self.size > self.wire.limit:
            raise TooLarge(
                f"the values are larger than {self.wire.limit / 2**20:.0f} MiB, the most that may "
                "cross at once"
            )
        self.pieces.append(data)

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes of the message's data."""
        place, end = self.place, self.place + size
        if size < 0 or end > len(self.data):
            raise ProtocolError("a value's data is missing")
        self.place = end
        return self.data[place:end]

    # Shared values

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
                if entry[1].changed(entry[0], entry[2], self):
                    payload, entry[2] = entry[1].payload(entry[0], self)
                    found += [entry[3], payload]
        return found

    def apply(self, changes: Any) -> None:
        """Bring shared values up to date with what the other side wrote."""
        if len(changes) % 2:
            raise ProtocolError("changes come in pairs")
        for number, payload in zip(changes[::2], changes[1::2], strict=True):
            entry = self.shared[number]
            entry[2] = entry[1].apply(entry[0], payload, self)

    def ahead(self) -> Json | int:
        """Return what is to be read before all else, once everything else is written."""
        if self.front is None:
            return 0
        found, self.front_pieces = self.front.out()
        return found  # type: ignore[no-any-return]

    def _send(self, message: Json) -> None:
        """Send a message."""
        try:
            self.wire.send(message, [*self.front_pieces, *self.pieces])
        except TooLarge:
            if self.front is not None:
                self.front.lost()
            raise

    def _opened(self, message: Json) -> Json:
        """Read what is to be read first; return the message without it."""
        *rest, ahead, extra = message
        if ahead != 0:
            if self.front is None:
                self.load_torch()
            self.front.into(ahead)
        return [*rest, extra]

    def refuse(self, error: BaseException) -> NoReturn:
        """Have nothing more to do with the other side, after an answer that cannot be true."""
        raise error

    def load_torch(self) -> None:
        """Get ready for objects of PyTorch, which the other side has and this one has not yet."""
        raise ProtocolError("something of PyTorch's, which is not here")

    # Asking

    def request(
        self, op: str, target: Any, args: Iterable[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Ask the other side; return its answer, or raise the exception that is its answer."""
        if len(self.scopes) >= DEEPEST:
            raise RecursionError("too many calls within calls between the test and your code")
        scope: list[Entry] = []
        self.scopes.append(scope)
        first = self.count
        self.pieces, self.size, self.values = [], 0, 0
        try:
            values = [self.encode(value) for value in args]
            names = [part for k, v in (kwargs or {}).items() for part in (k, self.encode(v))]
            mark = len(scope)
            inside = len(self.scopes) > 1 or self.kept or self.pinned
            changes, ahead = self.changes(0) if inside else [], self.ahead()
            self._send(["q", op, target, values, names, changes, ahead, self.extra_out()])
        except BaseException:
            self.scopes.pop()
            self._forget(scope)
            self.count = first
            raise
        try:
            answer = self._await_answer(scope, mark)
            if op == "fetch":
                self.pin(scope)
            return answer
        finally:
            self.scopes.pop()
            if scope:
                self._forget(scope)

    def pin(self, scope: list[Entry]) -> None:
        """Keep the values of a scope in step until the next time."""
        self._forget(self.pinned)
        self.pinned = scope[:]
        scope.clear()

    def _await_answer(self, scope: list[Entry], mark: int) -> Any:
        while True:
            message = self.receive()
            if message[0] != "q":
                break
            self.answer(message)
        try:
            kind, data, changes, extra = self._opened(message)
            if kind not in ("r", "x"):
                raise ProtocolError(f"an answer of the kind {str(kind)[:20]!r}")
            result = self.decode(data) if kind == "r" else self.read_error(data)
            if changes:
                self.apply(changes)
            kept = self.extra_in(extra) if extra else False
        except MALFORMED as error:
            raise ProtocolError(f"a malformed answer ({type(error).__name__}: {error})") from error
        if kept:
            self.kept.append(scope[:mark])
            del scope[:mark]
        if kind == "x":
            try:
                self.throw(result)
            finally:  # else the exception, its frames and their variables keep each other
                del result
        return result

    def receive(self) -> list[Any]:
        """Wait for a message and make its data the one to read."""
        message, self.data = self.wire.receive()
        self.place = 0
        if not message:
            raise ProtocolError("an empty message")
        return message

    def throw(self, error: Any) -> None:
        """Raise the exception that is an answer."""
        try:
            raise error
        finally:
            del error

    # Answering

    def answer(self, message: list[Any]) -> None:
        """Do what the other side asks, and send the answer."""
        scope: list[Entry] = []
        self.scopes.append(scope)
        keep = False
        try:
            args: Any
            try:
                _, op, target, args, names, changes, extra = self._opened(message)
                args = [self.decode(part) for part in args]
                kwargs = dict(zip(names[::2], map(self.decode, names[1::2]), strict=True))
                mark = len(scope)
                if changes:
                    self.apply(changes)
                if extra:
                    self.extra_in(extra)
            except MALFORMED as error:
                raise ProtocolError(
                    f"a malformed question ({type(error).__name__}: {error})"
                ) from None
            self.pieces, self.size, self.values = [], 0, 0
            keep = self._reply(scope, mark, op, self._perform(op, target, args, kwargs))
        finally:
            self.scopes.pop()
            if keep:
                self.kept.append(scope)
            elif scope:
                self._forget(scope)

    def _perform(self, op: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Json:
        """Return ["r", written result] or ["x", written exception]."""
        error: BaseException
        try:
            result = self.perform(op, target, args, kwargs)
            first, here = self.count, len(self.scopes[-1])
            self.pieces, self.size, self.values = [], 0, 0
            try:
                return ["r", self.encode(result)]
            except (TooLarge, RecursionError):
                new = self.scopes[-1][here:]
                del self.scopes[-1][here:]
                self._forget(new)
                self.count = first
                raise
        except BaseException as caught:  # noqa: BLE001 - whatever it is, the other side is told
            error = caught
        finally:  # `keeps` counts references
            args.clear()
            kwargs.clear()
        self.pieces, self.size, self.values = [], 0, 0
        try:
            return ["x", self.write_error(error)]
        finally:
            del error

    def _reply(self, scope: list[Entry], mark: int, op: str, answer: Json) -> bool:
        used = mark or len(self.scopes) > 1 or self.kept or self.pinned
        changes = self.changes(mark) if used else []
        ahead = self.ahead()
        extra = self.extra_out()
        if op == "fetch":
            self.pin(scope)
        else:
            self._forget(scope[mark:])  # what the answer holds is needed no more
            del scope[mark:]
        keep = self.keeps(scope, mark)
        if keep:
            extra += ["k", 1]
        self._send([*answer, changes, ahead, extra])
        return keep

    # What the two sides do differently

    def perform(self, op: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Do what is asked for; whatever it raises is the answer."""
        raise NotImplementedError

    def write_error(self, error: BaseException) -> Any:
        """Write an exception; this must not fail."""
        raise NotImplementedError

    def read_error(self, data: Any) -> BaseException:
        """Read an exception."""
        raise NotImplementedError

    def extra_out(self) -> Json:
        """Write what else goes along: pairs of a letter and something."""
        return []

    def extra_in(self, extra: Any) -> bool:
        """Read what else came along; return whether the scope is to be kept."""
        return False

    def keeps(self, scope: list[Entry], mark: int) -> bool:
        """Say whether a scope must outlive the answer."""
        return False


def referred(scope: Iterable[Entry]) -> bool:
    """Say whether somebody else than the protocol refers to one of a scope's values.

    An entry, the variable below and the argument of getrefcount make three references.
    """
    for entry in scope:
        value = entry[0]
        if sys.getrefcount(value) - 3 > entry[4]:
            return True
    return False
