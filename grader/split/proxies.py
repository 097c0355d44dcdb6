"""Stand-ins, in the student's process, for objects of the test's; and operations on objects.

A stand-in asks the judge for everything. The judge decides what it answers, see `judge_peer.py`.
"""

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.split.peer import Peer

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
          "lshift", "rshift")
UNARY = ("neg", "pos", "abs", "invert")
_symbols = {"and": "and_", "or": "or_"}


def operation(name: str, value: Any, args: Any) -> Any:
    """Apply an operation, given by its name, to an object."""
    if name in BINARY:
        return getattr(operator, _symbols.get(name, name))(value, *args)
    if name.startswith("r") and name[1:] in BINARY:
        return getattr(operator, _symbols.get(name[1:], name[1:]))(args[0], value)
    if name in UNARY:
        return getattr(operator, name)(value)
    return OPERATIONS[name](value, *args)


def _enter(value: Any) -> Any:
    return type(value).__enter__(value)


def _exit(value: Any, *args: Any) -> Any:
    return type(value).__exit__(value, *args)


def _contains(value: Any, part: Any) -> bool:
    return part in value


OPERATIONS: dict[str, Any] = {
    "get": getattr, "set": setattr, "del": delattr, "iter": iter, "next": next, "len": len,
    "item": operator.getitem, "setitem": operator.setitem, "delitem": operator.delitem,
    "str": str, "repr": repr, "enter": _enter, "exit": _exit, "contains": _contains,
    "round": round, "dir": dir, "reversed": reversed,
}


class Proxy:
    """A stand-in for an object of the test's."""

    __slots__ = ("__weakref__", "_name", "_number", "_peer")

    def __init__(self, peer: "Peer", number: int, name: str) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_name", name)

    def __del__(self) -> None:
        self._peer.exports.dead.append(self._number)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self!r} has no attribute {name!r}")
        return self._peer.request("get", self._number, (name,))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request("call", self._number, args, kwargs)

    def __iter__(self) -> Any:
        return self._peer.request("iter", self._number)

    def __next__(self) -> Any:
        return self._peer.request("next", self._number)

    def __len__(self) -> int:
        return int(self._peer.request("len", self._number))

    def __getitem__(self, key: Any) -> Any:
        return self._peer.request("item", self._number, (key,))

    def __bool__(self) -> bool:
        return True

    def __deepcopy__(self, memo: Any) -> "Proxy":
        return self

    def __copy__(self) -> "Proxy":
        return self

    def __repr__(self) -> str:
        return f"<{self._name} of the test>"


class Callback(Proxy):
    """A stand-in for a function of the test's."""

    __slots__ = ()

    @property
    def __name__(self) -> str:
        return str(self._name)

    __closure__ = None  # what it has inside stays where it is

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self!r} has no attribute {name!r}")


PROXIES = (Proxy, Callback)
