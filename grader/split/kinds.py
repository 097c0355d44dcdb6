"""The registry of kinds: how a Python type is written for the other side and read from it.

A kind writes a value as a JSON list that starts with the kind's tag. Kinds of values that can
change or that are the same object in several places are *shared*: they have a number on both sides
while a call lasts (longer, if the student keeps them), are written again as `["@", number]`, and
are brought up to date before each message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.split.peer import Peer

Json = list[Any]


class Kind:
    """How values of some types cross. Subclasses set `tag` and `types`, and register themselves.

    Attributes
    ----------
    tag : str
        First item of what `encode` returns; one or a few letters, unique.
    types : tuple of type
        The exact types that `encode` writes.
    shared : bool
        Whether the values have numbers and are kept in step. Such a kind calls `peer.share` in
        `encode` and `decode`, and defines `changed`, `payload` and `apply`.
    """

    tag = ""
    types: tuple[type, ...] = ()
    shared = False

    def encode(self, value: Any, peer: Peer) -> Json | None:
        """Write a value; None means that it is none of this kind after all (see `fits`)."""
        raise NotImplementedError

    def decode(self, data: Json, peer: Peer) -> Any:
        """Read what `encode` of the other side wrote. Anything odd raises `ProtocolError`."""
        raise NotImplementedError

    def fits(self, value: Any, peer: Peer) -> bool:
        """Say whether a value of a type that nobody listed is of this kind, as for subclasses."""
        return False

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        """Say whether a shared value differs from its snapshot."""
        raise NotImplementedError

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        """Write the present state of a shared value; return it and the new snapshot."""
        raise NotImplementedError

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        """Give a shared value the state that the other side wrote; return the new snapshot."""
        raise NotImplementedError


class Context:
    """State of the judge that goes along with each call, such as np.errstate.

    `get` must be cheap: it runs before every call. What it returns is sent when it differs from
    what was sent last.
    """

    name = ""

    def wanted(self, names: frozenset[str]) -> bool:
        """Say whether a test cell that uses these names (any identifier in it) needs this."""
        return True

    def get(self, peer: Peer) -> Any:
        """In the judge: return the present state, as something that == compares."""
        raise NotImplementedError

    def encode(self, state: Any, peer: Peer) -> Any:
        """In the judge: write the state as JSON or through `peer.encode`."""
        return state

    def set(self, data: Any, peer: Peer) -> None:
        """In the student: take over the state."""
        raise NotImplementedError


class Registry:
    """All kinds and contexts that a peer knows."""

    def __init__(self) -> None:
        self.by_tag: dict[str, Kind] = {}
        self.by_type: dict[type, Kind] = {}
        self.guesses: list[Kind] = []  # kinds that define `fits`, the newest first
        self.contexts: list[Context] = []
        self.hooks: list[Callable[[Peer], None]] = []  # called with each new peer

    def add(self, *kinds: Kind) -> None:
        """Register kinds; a later one takes a type over from an earlier one."""
        for kind in kinds:
            self.by_tag[kind.tag] = kind
            for type_ in kind.types:
                self.by_type[type_] = kind
            if type(kind).fits is not Kind.fits:
                self.guesses.insert(0, kind)

    def add_context(self, context: Context) -> None:
        """Register a context."""
        self.contexts.append(context)
