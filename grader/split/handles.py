"""Handles: what the judge has of a student's functions, classes and objects.

A handle can be called, asked for attributes, iterated over and used in arithmetic: each of these is
a question to the student's process, and comes back as plain data or as another handle; arithmetic
as another handle only. What decides
(==, <, in, bool, float, np.asarray) raises TypeError instead: a student's object cannot be asked
whether it is right. How a function looks from outside (its name, signature, code) comes from the
text of the notebook.
"""

import builtins
import dis
import sys
import types
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from grader.split.functions import Described, Dotted, Imported
from grader.split.proxies import BINARY, UNARY

if TYPE_CHECKING:
    from grader.split.judge_peer import JudgePeer

_get = object.__getattribute__


def _undecided(what: str) -> Any:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"{self!r} is an object of the answer, not plain data such as a number or an array: "
            f"a test cannot use {what} on it"
        )
    return refuse


def _asked(name: str) -> Any:
    def ask(self: Any, *args: Any) -> Any:
        return _get(self, "_peer").request("on", _get(self, "_id"), (name, *args))
    return ask


def _computed(name: str) -> Any:
    """Return an operator, computed by the answer, whose result is an object of the answer again.

    A plain number is not believed: `abs(answer - truth) < 1e-9` would ask the answer's own
    subtraction whether it is right.
    """
    ask, refuse = _asked(name), _undecided(f"arithmetic ({name})")

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
        return _undecided("==")(self)

    def __ne__(self, other: object) -> Any:
        if self is other:
            return False
        return _undecided("!=")(self)

    __lt__ = __le__ = __gt__ = __ge__ = _undecided("<, <=, > or >=")
    __float__ = __int__ = __complex__ = __index__ = _undecided("float() or int()")
    __array__ = _undecided("NumPy")
    __array_ufunc__ = None
    __contains__ = _undecided("in")
    __bool__ = _undecided("if, and, or, not")

    def __repr__(self) -> str:
        return f"<{_get(self, '_told')[2]} of the answer>"


class FunctionHandle(Handle):
    """A handle on a function: for `isinstance` it is one."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return types.FunctionType

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        number = self._id if self._id is not None else self._number()
        return self._peer.request("call", number, args, kwargs)

    def __bool__(self) -> bool:
        return True

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    @property
    def __name__(self) -> str:
        return str(self._told[1])

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        return {}

    @property
    def __code__(self) -> types.CodeType:
        found = self._described.code if self._described else None
        return found or _nothing.__code__.replace(co_name=self._told[1], co_qualname=self._told[2])

    @property
    def __globals__(self) -> Any:
        return self._peer.globals

    @property
    def __signature__(self) -> Any:
        if self._described is None:
            raise AttributeError("__signature__")
        return self._described.signature

    @property
    def __defaults__(self) -> Any:
        kinds = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
        found = [p.default for p in self.__signature__.parameters.values()
                 if p.kind.name in kinds and p.default is not p.empty]
        return tuple(found) or None

    @property
    def __kwdefaults__(self) -> Any:
        found = {p.name: p.default for p in self.__signature__.parameters.values()
                 if p.kind.name == "KEYWORD_ONLY" and p.default is not p.empty}
        return found or None

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        found = self.__signature__.parameters.values()
        return {p.name: p.annotation for p in found if p.annotation is not p.empty}

    __module__ = "__main__"
    __closure__ = None

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":
            return self._told[2]
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"<function {self._told[2]}>"


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Stand for a function whose text is not in the notebook."""


class BuiltinHandle(FunctionHandle):
    """A handle on a function without Python code, such as one of NumPy's."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return types.BuiltinFunctionType

    @property
    def __code__(self) -> types.CodeType:
        raise AttributeError("__code__")


class ClassHandle(Handle):
    """A handle on a class: for `isinstance` it is one, and it knows its own instances."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request("call", self._number(), args, kwargs)

    def __bool__(self) -> bool:
        return True

    def __instancecheck__(self, instance: Any) -> bool:
        if type.__instancecheck__(ObjectHandle, instance):
            own = _get(instance, "_told")[3]
        else:  # a module of PyTorch brings its class along
            own = getattr(instance, "__dict__", {}).get("_class_handle")
        return own is self or (isinstance(own, ClassHandle) and self.__subclasscheck__(own))

    def __subclasscheck__(self, subclass: Any) -> bool:
        return subclass is self

    @property
    def __name__(self) -> str:
        return str(self._told[1])

    @property
    def __bases__(self) -> tuple[type, ...]:
        return library_classes(self._told[5])[:1] or (object,)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        return self._peer.methods(self._described) if self._described else {}

    __module__ = "__main__"

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":
            return self._told[2]
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"<class {self._told[2]}>"


class ObjectHandle(Handle):
    """A handle on any other object."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        own = _get(self, "_told")[3]
        return type(self) if own is None else own

    __iter__, __next__, __len__ = _asked("iter"), _asked("next"), _asked("len")
    __getitem__, __setitem__, __delitem__ = _asked("item"), _asked("setitem"), _asked("delitem")
    __enter__, __str__, __reversed__ = _asked("enter"), _asked("str"), _asked("reversed")
    __round__ = _computed("round")

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


def _doc(self: Any) -> str | None:
    described = self._described
    return described.doc if described else None


FunctionHandle.__doc__ = ClassHandle.__doc__ = property(_doc)  # type: ignore[assignment]
for _name in BINARY:
    setattr(ObjectHandle, f"__{_name}__", _computed(_name))
    setattr(ObjectHandle, f"__r{_name}__", _computed(f"r{_name}"))
for _name in UNARY:
    setattr(ObjectHandle, f"__{_name}__", _computed(_name))

SORTS: dict[str, type[Handle]] = {
    "function": FunctionHandle, "class": ClassHandle, "object": ObjectHandle,
    "callable": CallableHandle, "builtin": BuiltinHandle,
}
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


class Globals(MutableMapping[str, Any]):
    """The names of the student's notebook, as its functions see them: `function.__globals__`.

    Names that the locked cells define come from the judge, functions and imports from the text of
    the cells; only the rest is fetched. Setting a name sets it in the student's process.
    """

    def __init__(self, peer: "JudgePeer") -> None:
        self.peer = peer
        self.before: dict[str, dict[str, Any]] = {}  # names that were set -> their old values

    def __getitem__(self, name: str) -> Any:
        peer = self.peer
        if name in peer.locked:
            return peer.namespace[name]
        told = peer.texts.named.get(name)
        if isinstance(told, Described):
            return peer.by_text(told)
        if isinstance(told, Imported):
            return _imported(told)
        if isinstance(told, Dotted):
            value: Any = self.get(told.first)
            if isinstance(value, types.ModuleType):
                for part in told.parts:
                    value = getattr(value, part, None)
                if value is not None:
                    return value
        if told is None and name not in peer.texts.named and hasattr(builtins, name):
            raise KeyError(name)
        found = peer.fetch([name])
        return found[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.before.setdefault(name, self.peer.fetch([name]))
        self.peer.request("put", None, ({name: value},))

    def __delitem__(self, name: str) -> None:
        self.before.setdefault(name, self.peer.fetch([name]))
        self.peer.request("drop", name)

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self.peer.locked), **self.peer.texts.named})

    def __len__(self) -> int:
        return len(list(iter(self)))

    # What unittest.mock.patch.dict needs: a copy, and the way back to it.

    def copy(self) -> "Unchanged":
        """Stand for the names as they are now."""
        return Unchanged()

    def clear(self) -> None:
        """Give the names that were set here the values that they had."""
        before, self.before = self.before, {}
        for name, values in before.items():
            if values:
                self.peer.request("put", None, (values,))
            else:
                self.peer.request("drop", name)

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Set names; those of `copy` are set already."""
        if not isinstance(other, Unchanged):
            super().update(other, **more)


class Unchanged(dict[str, Any]):
    """The names of the notebook as they were before the test set some."""


def _imported(told: Imported) -> Any:
    """Return what an import gives, from what is loaded here; else something of the same name."""
    module = sys.modules.get(told.module)
    if told.name is None:
        return module or types.ModuleType(told.module)
    value = getattr(module, told.name, None)
    if value is None:
        value = types.SimpleNamespace()
        value.__name__, value.__module__ = told.name, told.module
    return value
