"""Handles on functions and classes, which look as the text of the notebook has them."""

import types
from typing import Any

from grader.split.handles import Handle
from grader.split.object_handles import ObjectHandle, library_classes

_get = object.__getattribute__


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


def _doc(self: Any) -> str | None:
    described = self._described
    return described.doc if described else None


FunctionHandle.__doc__ = ClassHandle.__doc__ = property(_doc)  # type: ignore[assignment]
