"""Kinds of PyTorch values for the core's registry.

Objects that are kept in step cross as numbers; the front of the message says what is new about them.
Data sets, types and devices cross by value.
"""

from typing import Any

import torch
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, TensorDataset
from torch.utils.data._utils.collate import default_collate

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.plain import strict
from grader.split.torch_errors import NotAcross
from grader.split.torch_plain import read_plain, write_plain
from grader.split.torch_values import read, refuse_unusual, sizes, write


class SharedKind(Kind):
    """Tensors, modules, optimizers, generators: what `Table` keeps in step."""

    tag = "T"

    def fits(self, value: Any, peer: Peer) -> bool:
        return any(kind.fits(value) for kind in self._of(value, peer))

    @staticmethod
    def _of(value: Any, peer: Peer) -> Any:
        """Return the kinds that this side may define; the judge builds twins of few."""
        known = id(value) in peer.front.table.by_object
        return [kind for kind in peer.front.table.kinds if known or peer.trusted or kind.upward]

    def encode(self, value: Any, peer: Peer) -> Json:
        return [self.tag, peer.front.table.refer(value)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, number = data
        return peer.front.table.look_up(number, object)


class Setting(Kind):
    """torch.dtype, torch.device, torch.Size."""

    tag = "Ts"
    types = (torch.dtype, torch.device, torch.Size)

    def encode(self, value: Any, peer: Peer) -> Json:
        return [self.tag, write_plain(value)]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, node = data
        value = read_plain(node)
        strict(type(value) in self.types, "a type or a device")
        if isinstance(value, torch.Size):
            sizes([*value])
        return value


class Numbers:
    """Gradients on their way: tensors without a record, or None. They are not kept in step."""

    def __init__(self, tensors: list[torch.Tensor | None]) -> None:
        self.tensors = tensors


class NumbersKind(Kind):
    """The kind of `Numbers`."""

    tag = "Tn"
    types = (Numbers,)

    def encode(self, value: Any, peer: Peer) -> Json:
        def keep(data: bytes) -> int:
            peer.put(data)
            return len(data)

        for one in value.tensors:
            if one is not None:
                refuse_unusual(one)
        return [self.tag, *(None if one is None else write(one, keep) for one in value.tensors)]

    def decode(self, data: Json, peer: Peer) -> Numbers:
        _, *nodes = data
        return Numbers([None if node is None else read(node, peer.take) for node in nodes])


class TensorDatasets(Kind):
    """A TensorDataset of the test's: one of the twins of its tensors."""

    tag = "Td"
    types = (TensorDataset,)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        if not peer.trusted:
            return None  # a student's stays a handle
        return [self.tag, *map(peer.encode, value.tensors)]

    def decode(self, data: Json, peer: Peer) -> Any:
        strict(not peer.trusted, "a data set that comes up")
        return TensorDataset(*map(peer.decode, data[1:]))


class RemoteLoader(DataLoader[Any]):
    """A DataLoader of the student's: batches, length and settings come from there."""

    def __init__(self, handle: Any) -> None:
        object.__setattr__(self, "_handle", handle)

    def __iter__(self) -> Any:
        return iter(self._handle)

    def __len__(self) -> int:
        return len(self._handle)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._handle, name)

    def __repr__(self) -> str:
        return "<DataLoader of the student's process>"


class Loaders(Kind):
    """DataLoaders. Down, one with the same settings; up, a RemoteLoader."""

    tag = "Tl"
    types = (DataLoader, RemoteLoader)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, DataLoader)

    def encode(self, value: Any, peer: Peer) -> Json:
        if not peer.trusted:
            return [self.tag, peer.export(value)]
        if isinstance(value, RemoteLoader):
            return peer.encode(value._handle)  # type: ignore[no-any-return]
        if type(value) is not DataLoader:
            raise NotAcross(f"a data loader of the class {type(value).__name__}",
                            "use torch.utils.data.DataLoader")
        plain = type(value.sampler) in (RandomSampler, SequentialSampler)
        own_collate = None if value.collate_fn is default_collate else value.collate_fn
        if value.batch_size is None:
            own_collate = None
        shuffles = plain and isinstance(value.sampler, RandomSampler)
        settings = [
            value.dataset, value.batch_size, shuffles, None if plain else value.sampler,
            value.drop_last, own_collate, value.generator,
        ]
        return [self.tag, *map(peer.encode, settings)]

    def decode(self, data: Json, peer: Peer) -> Any:
        if peer.trusted:
            _, handle = data
            return RemoteLoader(peer.decode(handle))
        dataset, size, shuffles, sampler, drop, collate, generator = map(peer.decode, data[1:])
        return DataLoader(dataset, size, shuffle=shuffles if sampler is None else None,
                          sampler=sampler, drop_last=drop, collate_fn=collate, generator=generator)


TORCH_KINDS = (SharedKind(), Setting(), NumbersKind(), TensorDatasets(), Loaders())
