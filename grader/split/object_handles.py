"""Handles on objects that are no functions or classes: their operators, and what they are."""

import dis
import sys
import types
from typing import Any

from grader.split.handles import Handle, asked, computed
from grader.split.proxies import BINARY, UNARY

_get = object.__getattribute__


class ObjectHandle(Handle):
    """A handle on any other object."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        own = _get(self, "_told")[3]
        return type(self) if own is None else own

    __iter__, __next__, __len__ = asked("iter"), asked("next"), asked("len")
    __getitem__, __setitem__, __delitem__ = asked("item"), asked("setitem"), asked("delitem")
    __enter__, __str__, __reversed__ = asked("enter"), asked("str"), asked("reversed")
    __round__ = computed("round")

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> Any:
        told = (None, None, None) if kind is None else (Exception, Exception(str(value)), None)
        if kind is not None and issubclass(kind, Exception) and kind.__module__ == "builtins":
            told = (kind, None, None)
        swallow = self._peer.request("on", self._id, ("exit", *told)) is True
        return swallow and kind is not None and _meant(kind, traceback)


def _meant(kind: type[BaseException], place: types.TracebackType) -> bool:
    """Say whether a test raised an exception for a context manager to swallow.

    Only a `raise` in the test itself is. What an assertion, a comparison or the answer raises is
    never the answer's to forgive: the rest of the block would be skipped.
    """
    raised = place.tb_frame.f_code.co_code[place.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return raised and place.tb_next is None and not issubclass(kind, AssertionError)


class CallableHandle(ObjectHandle):
    """A handle on an object that can be called."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request("call", self._id, args, kwargs)


for _name in BINARY:
    setattr(ObjectHandle, f"__{_name}__", computed(_name))
    setattr(ObjectHandle, f"__r{_name}__", computed(f"r{_name}"))
for _name in UNARY:
    setattr(ObjectHandle, f"__{_name}__", computed(_name))

# (module, qualified name) of a library's class -> the type of handle on instances of it; the first
# of the object's classes, from special to general, that is here decides.
SPECIAL: dict[tuple[str, str], type[Handle]] = {}


def library_classes(places: Any) -> tuple[type, ...]:
    """Return the classes of libraries, loaded here, that the student's process says a class has."""
    found: list[type] = []
    for module, name in places:
        if str(module).partition(".")[0] in ("torch", "numpy", "builtins", "abc", "collections"):
            value: Any = sys.modules.get(module)
            for part in str(name).split("."):
                value = getattr(value, part, None)
            if isinstance(value, type) and value is not object:
                found.append(value)
    return tuple(found)
