"""The registry with all kinds that this process can use."""

import sys

from grader.split.arrays import ARRAY_KINDS
from grader.split.containers import CONTAINER_KINDS
from grader.split.contexts import CONTEXTS
from grader.split.exports import EXPORT_KINDS
from grader.split.files import FILE_KINDS, TestFolder
from grader.split.kinds import Registry
from grader.split.names import NAME_KINDS
from grader.split.object_handles import SPECIAL
from grader.split.peer import Peer
from grader.split.plain import PLAIN_KINDS
from grader.split.randomness import GENERATOR_KINDS
from grader.split.scalars import SCALAR_KINDS


def full() -> Registry:
    """Return a registry with all kinds, those of PyTorch included where it is loaded."""
    registry = Registry()
    registry.add(*NAME_KINDS, *PLAIN_KINDS, *CONTAINER_KINDS, *ARRAY_KINDS, *SCALAR_KINDS,
                 *GENERATOR_KINDS, *FILE_KINDS, *EXPORT_KINDS)
    for context in (*CONTEXTS, TestFolder):
        registry.add_context(context())
    if sys.modules.get("torch"):
        add_torch(registry)
    return registry


def add_torch(registry: Registry) -> None:
    """Add tensors, modules and the like."""
    from grader.split.torch_front import Front
    from grader.split.torch_inline import HANDLES, TORCH_KINDS

    def equip(peer: Peer) -> None:
        peer.front = Front(peer)

    SPECIAL.update(HANDLES)
    registry.add(*TORCH_KINDS)
    registry.hooks.append(equip)
