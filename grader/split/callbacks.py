"""What a student's code may do with an object that the test has passed on: little."""

import types
from typing import Any

# Of these the student's side makes a `Callback`, of all else a `Proxy`.
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
ALLOWED: dict[str, Any] = {
    "call": None, "get": None, "iter": iter, "next": next, "len": len,
    "item": lambda value, key: value[key],
}


def public_attribute(value: Any, name: Any) -> Any:
    """Return a public attribute of an object whose class a cell of the notebook defines."""
    if type(name) is not str or name.startswith("_") or type(value).__module__ != "__main__":
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    found = getattr(value, name)
    if isinstance(found, types.ModuleType | types.FrameType | types.CodeType):
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    return found
