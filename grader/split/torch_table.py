"""The objects of PyTorch that exist in both processes, kept in step by every message.

A tensor, module, optimizer or generator that crosses gets a number; the other side builds its twin.
From then on each message, in either direction, starts with what has changed since the last one: the
numbers of a tensor, `.grad`, `requires_grad`, the mode of a module, the state of an optimizer. So
an in-place change is seen where the other object is, in the middle of a callback too, and objects
that refer to each other (an optimizer to the parameters of a model) go on doing so.

Whose object it is keeps it alive for the other side, until that side says that nobody there refers
to its twin any more. Since the sides speak in turn, nothing is ever named that has just gone.
"""

from collections.abc import Callable
from typing import Any

import torch

from grader.split.torch_entries import Entries
from grader.split.torch_errors import malformed
from grader.split.torch_shared import Entry, Json, Shared
from grader.split.wire import TooLarge


class Table(Entries):
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
        super().__init__(judge, limit)
        self.kinds = kinds
        self.by_code = {kind.code: kind for kind in kinds}
        self.next = 0 if judge else 1  # the judge's numbers are even, the student's odd
        self.pieces: list[bytes] = []
        self.size = 0
        self.raw: list[Any] = []
        self.fresh: list[Entry] = []
        self.new: list[Json] = []
        self.left: tuple[list[Entry], list[int]] = [], []  # what the last message entered and ended
        self.records: list[Json] = []
        self.grads: list[Json] = []

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
