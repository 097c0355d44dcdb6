"""The objects of PyTorch that exist in both processes, kept in step by every message.

A tensor, module, optimizer or generator that crosses gets a number; the other side builds its twin.
From then on each message, in either direction, starts with what has changed since the last one: the
numbers of a tensor, `.grad`, `requires_grad`, the mode of a module, the state of an optimizer. So
an in-place change is seen where the other object is, in the middle of a callback too, and objects
that refer to each other (an optimizer to the parameters of a model) go on doing so.

Whose object it is keeps it alive for the other side, until that side says that nobody there refers
to its twin any more. Since the sides speak in turn, nothing is ever named that has just gone.
"""

import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from grader.split.torch_errors import malformed
from grader.split.wire import TooLarge

MOST_ENTRIES = 50_000  # twins that one side may have the other keep
MOST_MESSAGES = 8  # the tensors that are kept in step are no more than fill so many messages
Json = Any


class Shared:
    """How objects of one kind cross, and are kept in step. One subclass for each kind.

    Attributes
    ----------
    code : str
        Stands for the kind in messages.
    upward : bool
        Whether the judge builds twins of a student's objects of this kind.
    """

    code: ClassVar[str] = ""
    upward: ClassVar[bool] = False

    def fits(self, value: Any) -> bool:
        """Say whether an object is of this kind."""
        raise NotImplementedError

    def define(self, entry: "Entry", table: "Table") -> Json:
        """Write an object so that `build` can make its twin; set `entry.known`."""
        raise NotImplementedError

    def build(self, number: int, node: Json, table: "Table") -> Any:
        """Make the twin of an object of the other side."""
        raise NotImplementedError

    def change(self, entry: "Entry", table: "Table") -> Json:
        """Write what differs from `entry.known` and update that; None if nothing does."""
        return None

    def apply(self, entry: "Entry", node: Json, table: "Table") -> None:
        """Do to an object what the other side did to its twin; update `entry.known`."""
        raise malformed(f"a change of something that cannot change ({self.code})")

    def settle(self, entry: "Entry", table: "Table") -> None:
        """Note the state of a twin that has just been built in `entry.known`."""

    def doubt(self, entry: "Entry") -> None:
        """Take nothing for granted that the other side knows: the next message says it all."""
        entry.known = None


class Entry:
    """One object that both sides know.

    Parameters
    ----------
    number : int
        Its number, the same on both sides.
    value : object
        The object of this side.
    kind : Shared
        Its kind.
    mine : bool
        Whether the object is this side's own, and the other one has the twin.
    """

    __slots__ = ("edge", "kind", "known", "mine", "number", "sent", "value")

    def __init__(self, number: int, value: Any, kind: Shared, mine: bool) -> None:
        self.number, self.value, self.kind, self.mine = number, value, kind, mine
        self.known: Any = None  # the state that both sides agree on
        self.edge: Any = None  # of a tensor with a record: where in it the tensor stands
        self.sent = not mine


class Table:
    """All entries of one side, and the messages that keep them in step.

    Parameters
    ----------
    judge : bool
        Whether this is the judge's side, which believes nothing.
    kinds : list of Shared
        What may cross.
    limit : int
        The most bytes of tensors that one message may carry.
    """

    def __init__(self, judge: bool, kinds: list[Shared], limit: int) -> None:
        self.judge, self.kinds, self.limit = judge, kinds, limit
        self.by_code = {kind.code: kind for kind in kinds}
        self.entries: dict[int, Entry] = {}
        self.by_object: dict[int, Entry] = {}
        self.next = 0 if judge else 1  # the judge's numbers are even, the student's odd
        self.pieces: list[bytes] = []
        self.size = 0
        self.raw: list[Any] = []
        self.fresh: list[Entry] = []
        self.new: list[Json] = []
        self.gone: list[int] = []  # twins that have been forgotten here, not yet told
        self.left: tuple[list[Entry], list[int]] = [], []  # what the last message entered and ended
        self.records: list[Json] = []
        self.grads: list[Json] = []
        self.mentioned: set[int] = set()  # in the message that is being written

    # Referring

    def refer(self, value: Any) -> int:
        """Return the number of an object, after entering it if it is new."""
        entry = self.by_object.get(id(value))
        if entry is None:
            entry = self._enter(value, next(kind for kind in self.kinds if kind.fits(value)))
        self.mentioned.add(entry.number)
        return entry.number

    def _enter(self, value: Any, kind: Shared) -> Entry:
        entry = Entry(self.next, value, kind, mine=True)
        self.next += 2
        self.add(entry)
        self.fresh.append(entry)
        try:
            node = kind.define(entry, self)
        except BaseException:
            if entry in self.fresh:  # else all that was new has been given up already
                self.remove(entry)
                self.fresh.remove(entry)
            raise
        if node is not None:  # else the kind adds it before the message leaves
            self.announce(entry, node)
        return entry

    def announce(self, entry: Entry, node: Json) -> None:
        """Put the definition of an object into the next message."""
        self.new.append([entry.number, entry.kind.code, node])
        entry.sent = True

    def add(self, entry: Entry) -> None:
        """Enter an object."""
        if len(self.entries) >= MOST_ENTRIES:
            raise malformed(f"more than {MOST_ENTRIES} objects of PyTorch at the same time")
        self.entries[entry.number] = entry
        self.by_object[id(entry.value)] = entry

    def remove(self, entry: Entry) -> None:
        """Forget an object."""
        del self.entries[entry.number]
        if self.by_object.get(id(entry.value)) is entry:
            del self.by_object[id(entry.value)]

    def look_up(self, number: Any, kind: type | tuple[type, ...]) -> Any:
        """Return the object with a number that came over the wire, if it is of the right kind."""
        entry = self.entries.get(number) if type(number) is int else None
        if entry is None or not isinstance(entry.value, kind):
            raise malformed("the number of an object that does not exist")
        return entry.value

    # Raw bytes

    def keep(self, data: bytes) -> int:
        """Keep raw bytes for the next message; return their place in it."""
        self.size += len(data)
        if self.size > self.limit:
            self._abandon()
            raise TooLarge(f"the tensors of one call are larger than {self.limit >> 20} MiB")
        self.pieces.append(data)
        return len(self.pieces) - 1

    def _abandon(self) -> None:
        """Give up the definitions that have not left yet."""
        for entry in self.fresh:
            if self.entries.get(entry.number) is entry:
                self.remove(entry)
        self.fresh, self.new, self.records, self.grads = [], [], [], []
        self.pieces, self.size = [], 0

    def raw_of(self, index: Any) -> Any:
        """Return raw bytes of the message that is being read."""
        if type(index) is not int or not 0 <= index < len(self.raw):
            raise malformed("a tensor without numbers")
        return self.raw[index]

    # Messages

    def compose(self, finish: Callable[[], list[Entry]]) -> tuple[Json, list[bytes]]:
        """Return what goes ahead of the next message: its JSON and its raw bytes.

        Parameters
        ----------
        finish : callable
            Writes the records of tensors that were not written yet, and returns their entries.
        """
        tensors: list[Json] = []
        others: list[Json] = []
        queue, seen, done = [*self.entries.values()], len(self.fresh), 0
        while done < len(queue):
            while done < len(queue):
                entry = queue[done]
                done += 1
                node = entry.kind.change(entry, self)
                if node is not None:
                    of_tensor = isinstance(entry.value, torch.Tensor)
                    (tensors if of_tensor else others).append([entry.number, node])
                queue += self.fresh[seen:]
                seen = len(self.fresh)
            queue += finish()
            queue += self.fresh[seen:]
            seen = len(self.fresh)
        self._forget_gone()
        message = [tensors, self.new, others, self.records, self.grads, self.gone]
        pieces, self.left = self.pieces, (self.fresh, self.gone)
        self.fresh, self.new, self.records, self.grads, self.gone = [], [], [], [], []
        self.pieces, self.size, self.mentioned = [], 0, set()
        return message, pieces

    def lost(self) -> None:
        """Start anew after a message that could not be written or did not leave."""
        fresh, gone = self.left
        self.fresh += fresh
        self._abandon()
        self.gone += gone
        self.left = [], []
        for entry in self.entries.values():
            entry.kind.doubt(entry)

    def _forget_gone(self) -> None:
        """Forget the twins that nobody here refers to any more, and note their numbers.

        To see which these are, all are let go of, and looked for again by weak references.
        """
        twins = [entry for number, entry in self.entries.items()
                 if not entry.mine and number not in self.mentioned]
        probes = []
        for entry in twins:
            probes.append(weakref.ref(entry.value))
            del self.by_object[id(entry.value)]
            entry.value = None
        for entry, probe in zip(twins, probes, strict=True):
            entry.value = probe()
            if entry.value is None:
                self.gone.append(entry.number)
                del self.entries[entry.number]
            else:
                self.by_object[id(entry.value)] = entry

    def take(self, message: Json, raw: list[Any], record: Callable[[Json], None],
             give: Callable[[Json], None]) -> None:
        """Read what came ahead of a message.

        Parameters
        ----------
        message, raw
            As `compose` of the other side returned them.
        record, give : callable
            Read one tensor with its record; hang one gradient on its tensor.
        """
        self.raw = raw
        tensors, new, others, records, grads, gone = message
        for number, node in tensors:
            self._apply(number, node, tensor=True)
        for number, code, node in new:
            self._build(number, code, node)
        for number, node in others:
            self._apply(number, node, tensor=False)
        for node in records:
            record(node)
        for pair in grads:
            give(pair)
        for number in gone:
            entry = self.entries.get(number)
            if entry is None or not entry.mine:
                raise malformed("the end of an object that is not its twin")
            self.remove(entry)
        self.raw = []
        if self.judge and (new or tensors or records):
            self._weigh()

    def _weigh(self) -> None:
        """See that a student's process does not fill the judge's memory."""
        tensors = (entry.value for entry in self.entries.values())
        size = sum(one.nbytes for one in tensors
                   if isinstance(one, torch.Tensor) and one.device.type == "cpu")
        if size > MOST_MESSAGES * self.limit:
            raise malformed(f"tensors of more than {MOST_MESSAGES * self.limit >> 20} MiB together")

    def _apply(self, number: Any, node: Json, tensor: bool) -> None:
        value = self.look_up(number, object)
        if isinstance(value, torch.Tensor) != tensor:
            raise malformed("a change of another object")
        entry = self.entries[number]
        entry.kind.apply(entry, node, self)

    def _build(self, number: Any, code: Any, node: Json) -> None:
        kind = self.by_code[code]
        if self.judge and not kind.upward:
            raise malformed("an object that it may not define")
        self.adopt(number, kind.build(number, node, self), kind)

    def adopt(self, number: Any, value: Any, kind: Shared) -> Entry:
        """Enter a twin that has just been built, under the number that the other side gave."""
        theirs = type(number) is int and number % 2 == (1 if self.judge else 0)
        if not theirs or number in self.entries:
            raise malformed("an object with an impossible number")
        entry = Entry(number, value, kind, mine=False)
        self.add(entry)
        kind.settle(entry, self)
        return entry
