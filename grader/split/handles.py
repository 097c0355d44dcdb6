"""Handles: what the judge has of a student's functions, classes and objects.

A handle can be called, asked for attributes, iterated over and used in arithmetic: each of these is
a question to the student's process, and comes back as plain data or as another handle; arithmetic
as another handle only. What decides (==, <, in, bool, float, np.asarray) raises TypeError instead:
a student's object cannot be asked whether it is right.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.split.judge_peer import JudgePeer

_get = object.__getattribute__


def undecided(what: str) -> Any:
    """Return an operator that refuses, as a student's object must not decide a test."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{self!r} is an object of the answer, not plain data such as a number or an array: "
            f"a test cannot use {what} on it"
        )
    return refuse


def asked(name: str) -> Any:
    """Return an operator that the answer computes, whatever comes of it."""

    def ask(self: Any, *args: Any) -> Any:
        return _get(self, "_peer").request("on", _get(self, "_id"), (name, *args))
    return ask


def computed(name: str) -> Any:
    """Return an operator, computed by the answer, whose result is an object of the answer again.

    A plain number is not believed: `abs(answer - truth) < 1e-9` would ask the answer's own
    subtraction whether it is right.
    """
    ask, refuse = asked(name), undecided(f"arithmetic ({name})")

    def compute(self: Any, *args: Any) -> Any:
        result = ask(self, *args)
        return result if Handle in type(result).__mro__ else refuse(self)
    return compute


class Handle:
    """A handle on an object of the student's process."""

    __slots__ = ("__weakref__", "_described", "_id", "_peer", "_told")

    def __init__(
        self, peer: "JudgePeer", number: int | None, told: Any, described: Any = None
    ) -> None:
        set_ = object.__setattr__
        set_(self, "_peer", peer)
        set_(self, "_id", number)
        set_(self, "_told", told)
        set_(self, "_described", described)

    def __del__(self) -> None:
        if self._id is not None:
            self._peer.exports.dead.append(self._id)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{self!r} has no attribute {name!r}")
        return self._peer.request("on", self._number(), ("get", name))

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.request("on", self._number(), ("set", name, value))

    def __delattr__(self, name: str) -> None:
        self._peer.request("on", self._number(), ("del", name))

    def _number(self) -> int:
        """Return the number of the object; a function known from the text alone gets one now."""
        if self._id is None:
            found = self._peer.fetch([self._told[1]]).get(self._told[1])
            if not isinstance(found, Handle):
                raise NameError(f"name {self._told[1]!r} is not defined")
            object.__setattr__(self, "_id", found._number())
            self._peer.notes.setdefault("aliases", []).append(found)
        return int(self._id)

    def __deepcopy__(self, memo: Any) -> "Handle":
        return self

    def __copy__(self) -> "Handle":
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"{self!r} cannot be copied or stored")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> Any:
        if self is other:
            return True
        return undecided("==")(self)

    def __ne__(self, other: object) -> Any:
        if self is other:
            return False
        return undecided("!=")(self)

    __lt__ = __le__ = __gt__ = __ge__ = undecided("<, <=, > or >=")
    __float__ = __int__ = __complex__ = __index__ = undecided("float() or int()")
    __array__ = undecided("NumPy")
    __array_ufunc__ = None
    __contains__ = undecided("in")
    __bool__ = undecided("if, and, or, not")

    def __repr__(self) -> str:
        return f"<{_get(self, '_told')[2]} of the answer>"
