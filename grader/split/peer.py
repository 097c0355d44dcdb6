"""What kinds and contexts have of one side: it writes values into a message and reads them."""

from collections.abc import Iterable
from types import FunctionType
from typing import Any, NoReturn

from grader.split.kinds import Json, Kind, Registry
from grader.split.sharing import Entry, Sharing
from grader.split.wire import MOST_VALUES, ProtocolError, TooLarge, Wire

PLAIN = frozenset({str, float, bool, type(None)})
BIG = 2**63
# How far a message is: pieces, size, values, shared values of all and of the scope, undos.
Mark = tuple[int, int, int, int, int, int]


class Peer(Sharing):
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
        super().__init__()
        self.wire = wire
        self.exports: Any = None
        self.registry = registry
        self.kinds: dict[type, Kind] = dict(registry.by_type)
        self.by_tag = registry.by_tag
        self.pieces: list[bytes] = []  # raw data of the message that is being written
        self.size = 0
        self.values = 0
        self.began: Mark = (0, 0, 0, 0, 0, 0)
        self.data = b""  # raw data of the message that is being read
        self.place = 0
        self.notes: dict[str, Any] = {}  # for kinds and contexts to keep something of theirs in
        self.front: Any = None  # writes and reads what PyTorch puts ahead of each message
        self.front_pieces: list[bytes] = []
        for hook in registry.hooks:
            hook(self)

    # Messages that do not leave

    def begin(self) -> None:
        """Begin to write a message."""
        self.pieces, self.size, self.values, self.undo = [], 0, 0, []
        self.began = self.mark()

    def mark(self) -> Mark:
        """Say how far the message that is being written has come."""
        return (len(self.pieces), self.size, self.values, self.count, len(self.scopes[-1]),
                len(self.undo))

    def take_back(self, mark: Mark) -> None:
        """Make all unsaid that was written since `mark`: the other side will not hear of it."""
        pieces, self.size, self.values, self.count, shared, undo = mark
        del self.pieces[pieces:]
        new = self.scopes[-1][shared:]
        del self.scopes[-1][shared:]
        self._forget(new)
        while len(self.undo) > undo:
            self.undo.pop()()

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
        self.undo.append(lambda: self.exports.told.discard(number))
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

    # What `Conversation` does

    def request(
        self, op: str, target: Any, args: Iterable[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Ask the other side; return its answer, or raise the exception that is its answer."""
        raise NotImplementedError

    # What the two sides do differently

    def refuse(self, error: BaseException) -> NoReturn:
        """Have nothing more to do with the other side, after an answer that cannot be true."""
        raise error

    def load_torch(self) -> None:
        """Get ready for objects of PyTorch, which the other side has and this one has not yet."""
        raise ProtocolError("something of PyTorch's, which is not here")

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

    def give_up(self) -> Json:
        """Write that values are no longer kept in step, because they have grown too large."""
        return []

    def extra_in(self, extra: Any) -> bool:
        """Read what else came along; return whether the scope is to be kept."""
        return False

    def keeps(self, scope: list[Entry], mark: int) -> bool:
        """Say whether a scope must outlive the answer."""
        return False
