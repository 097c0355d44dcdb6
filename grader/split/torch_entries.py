"""Which objects of PyTorch one side knows, by their numbers and by themselves."""

import weakref
from typing import Any

import torch

from grader.split.torch_errors import malformed
from grader.split.torch_shared import Entry

MOST_ENTRIES = 50_000  # twins that one side may have the other keep
MOST_MESSAGES = 8  # the tensors that are kept in step are no more than fill so many messages


class Entries:
    """The entries of one side.

    Parameters
    ----------
    judge : bool
        Whether this is the judge's side, which believes nothing.
    limit : int
        The most bytes of tensors that one message may carry.
    """

    def __init__(self, judge: bool, limit: int) -> None:
        self.judge, self.limit = judge, limit
        self.entries: dict[int, Entry] = {}
        self.by_object: dict[int, Entry] = {}
        self.gone: list[int] = []  # twins that have been forgotten here, not yet told
        self.mentioned: set[int] = set()  # in the message that is being written

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

    def _weigh(self) -> None:
        """See that a student's process does not fill the judge's memory."""
        tensors = (entry.value for entry in self.entries.values())
        size = sum(one.nbytes for one in tensors
                   if isinstance(one, torch.Tensor) and one.device.type == "cpu")
        if size > MOST_MESSAGES * self.limit:
            raise malformed(f"tensors of more than {MOST_MESSAGES * self.limit >> 20} MiB together")
