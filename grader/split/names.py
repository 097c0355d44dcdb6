"""Kinds: what goes by its name, because both sides have it from the same packages.

Down, the judge names any function, class or module of the packages below. Up, a name is believed
only for things that can do no harm in the judge: classes of plain data, exceptions, ufuncs, some
modules, and whatever the judge itself has named before. Other functions of packages come up as
handles, so that calling them runs them in the student's process.
"""

import builtins
import sys
import types
from typing import Any

import numpy as np

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.wire import ProtocolError, strict

PACKAGES = {"builtins", "math", "cmath", "operator", "statistics", "itertools", "functools",
            "collections", "random", "numpy", "torch", "scipy", "sklearn"}
MODULES = {"math", "cmath", "statistics", "itertools", "collections", "random", "time", "copy",
           "numpy", "numpy.linalg", "numpy.random", "torch", "torch.nn", "torch.nn.functional",
           "torch.optim", "matplotlib.pyplot"}
HARMLESS = frozenset({
    bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, range,
    slice, object, type(None), np.ndarray, np.random.Generator,
})
NAMED_TYPES = (types.BuiltinFunctionType, types.FunctionType, types.MethodType, type, np.ufunc,
               types.MethodWrapperType, types.MethodDescriptorType, types.WrapperDescriptorType,
               type(np.sum))


def dotted(value: Any) -> tuple[str, str] | None:
    """Return (module, name in it) of something that a package defines; None if there is none."""
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    module = getattr(value, "__module__", None)
    if isinstance(value, np.ufunc):
        module, name = "numpy", value.__name__
    if type(name) is not str or (module is not None and type(module) is not str):
        return None
    if module == "__main__":
        return None
    for place in [module] if module else ["numpy", "builtins", "math"]:
        if place.partition(".")[0] in PACKAGES and find(place, name) is value:
            return place, name
    if type(value).__module__ == "builtins" and isinstance(value, types.BuiltinMethodType):
        return None
    for place in ("numpy", "numpy.random", "torch", "torch.nn.functional"):
        if place in sys.modules and getattr(sys.modules[place], name, None) is value:
            return place, name
    return None


def find(module: str, name: str) -> Any:
    """Return what an imported module has by a dotted name; None if there is nothing."""
    value: Any = sys.modules.get(module)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def harmless(value: Any) -> bool:
    """Say whether the judge may hold this because the student names it."""
    if isinstance(value, type):
        return (value in HARMLESS or issubclass(value, np.generic)
                or (issubclass(value, BaseException) and value.__module__ == "builtins"))
    return isinstance(value, np.ufunc) and value is getattr(np, value.__name__, None)


class Named(Kind):
    """Functions and classes of packages."""

    tag = "N"
    types = (types.FunctionType, types.BuiltinFunctionType, np.ufunc)

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, NAMED_TYPES)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        places = peer.notes.setdefault("places", {})
        found = places.get(id(value))
        if found is not None and found[0] is value:
            place = found[1]
        else:
            place = dotted(value)
            if place is None:
                return None
            if len(places) < 10_000:  # of packages, which stay: nothing is kept alive here
                places[id(value)] = value, place
        if not peer.trusted:  # the student's side: what the judge will not believe stays a handle
            if not harmless(value) and place not in peer.notes.get("named", ()):
                return None
        else:
            peer.notes.setdefault("named", set()).add(place)
        return [self.tag, *place]

    def decode(self, data: Json, peer: Peer) -> Any:
        _, module, name = data
        strict(type(module) is str and type(name) is str, "a name")
        strict(module.partition(".")[0] in PACKAGES, "a name of another package")
        place = module, name
        if peer.trusted:
            if place not in peer.notes.get("named", ()):
                value = find(module, name)
                strict(value is not None and harmless(value), f"the name {module}.{name}"[:100])
                return value
        else:
            __import__(module)
            peer.notes.setdefault("named", set()).add(place)
        value = find(module, name)
        if value is None:
            raise ProtocolError(f"there is no {module}.{name}"[:100])
        return value


class Module(Kind):
    """Modules."""

    tag = "M"
    types = (types.ModuleType,)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        if peer.trusted or (value.__name__ in MODULES and sys.modules.get(value.__name__) is value):
            return [self.tag, value.__name__]
        return None

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name = data
        if peer.trusted:
            strict(name in MODULES and name in sys.modules, "a module")
        else:
            __import__(name)
        return sys.modules[name]


class ExceptionClass(Kind):
    """Classes of exceptions that Python has built in."""

    tag = "X"

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, type) and issubclass(value, BaseException)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        name: str = value.__name__
        if getattr(builtins, name, None) is value:
            return [self.tag, name]
        return None

    def decode(self, data: Json, peer: Peer) -> Any:
        _, name = data
        value: Any = getattr(builtins, name)
        strict(isinstance(value, type) and issubclass(value, BaseException), "an exception")
        return value


NAME_KINDS = (Named(), Module(), ExceptionClass())
