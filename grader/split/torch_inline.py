"""Kinds of PyTorch values for the core's registry.

Objects that are kept in step cross as numbers; the front of the message says what is new about
them. Data sets, types and devices cross by value.
"""

from typing import Any

import torch
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    default_collate,
    default_convert,
)

from grader.split.kinds import Json, Kind
from grader.split.object_handles import CallableHandle, library_classes
from grader.split.peer import Peer
from grader.split.torch_errors import NotAcross
from grader.split.torch_plain import read_plain, write_plain
from grader.split.torch_values import read, refuse_unusual, sizes, write
from grader.split.wire import strict


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


class _Stream(IterableDataset[Any]):
    """A data set of the test's that can only be gone through."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __iter__(self) -> Any:
        return iter(self.inner)


def _is_plain(sampler: Any, generator: Any) -> bool:
    """Say whether DataLoader itself makes such a sampler."""
    if type(sampler) is RandomSampler:
        return (not sampler.replacement and sampler._num_samples is None
                and sampler.generator is generator)
    return type(sampler) is SequentialSampler or (
        type(sampler).__name__ == "_InfiniteConstantSampler")


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
        plain = _is_plain(value.sampler, value.generator)
        standard = value.collate_fn in (default_collate, default_convert)
        settings = [
            value.dataset, isinstance(value.dataset, IterableDataset), value.batch_size,
            plain and isinstance(value.sampler, RandomSampler), None if plain else value.sampler,
            value.batch_sampler if value.batch_size is None else None,
            value.drop_last, None if standard else value.collate_fn, value.generator,
        ]
        return [self.tag, *map(peer.encode, settings)]

    def decode(self, data: Json, peer: Peer) -> Any:
        if peer.trusted:
            _, handle = data
            return RemoteLoader(peer.decode(handle))
        (dataset, streams, size, shuffles, sampler, batches, drop, collate, generator) = map(
            peer.decode, data[1:])
        common = {"collate_fn": collate, "generator": generator}
        if streams:
            return DataLoader(_Stream(dataset), size, drop_last=drop, **common)
        if batches is not None:
            return DataLoader(dataset, batch_sampler=batches, **common)
        return DataLoader(dataset, size, shuffle=shuffles if sampler is None else None,
                          sampler=sampler, drop_last=drop, **common)


class TorchHandle(CallableHandle):
    """A handle on a student's optimizer, data set or sampler: for isinstance it is one."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        told = object.__getattribute__(self, "_told")
        return next(iter(library_classes(told[5])), type(self))


HANDLES = {
    (class_.__module__, class_.__qualname__): TorchHandle
    for class_ in (torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler,
                   torch.utils.data.Dataset, torch.utils.data.Sampler)
}
TORCH_KINDS = (SharedKind(), Setting(), NumbersKind(), TensorDatasets(), Loaders())
