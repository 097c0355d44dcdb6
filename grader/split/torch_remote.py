"""An nn.Module that stands for a module of the other process."""

import copy
from collections.abc import Callable
from typing import Any

from torch import nn

from grader.split.torch_errors import NotAcross, malformed

# What a module has besides settings of its own.
INSIDE = frozenset(nn.Module().__dict__) | {"_remote", "_class_handle"}
HOOKS = tuple(sorted(name for name in INSIDE if name.endswith("_hooks")))
MOST_CLASSES = 10_000
Ask = Callable[..., Any]


class Where:
    """Where the module behind a Remote is.

    Parameters
    ----------
    ask : callable
        Asks the other process: operation, number, arguments, keyword arguments.
    number : int
        The number of the module.
    """

    def __init__(self, ask: Ask, number: int) -> None:
        self.ask, self.number = ask, number


class Remote(nn.Module):
    """Its parts are here, its forward pass runs in the other process.

    A slice of a Remote container is one without a place of its own: it calls its parts from here.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Have the other process compute."""
        remote = vars(self).get("_remote")
        if remote is None:
            return super().forward(*args, **kwargs)
        if any(has_hooks(part) for part in self.modules() if part is not self):
            raise NotAcross("a hook on a part of a module of the other process",
                            "hook the whole module, or call the part itself")
        return remote.ask("torch.forward", remote.number, args, kwargs)

    _apply = nn.Module._apply  # that of recurrent layers looks for weights which are not here

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            remote = vars(self).get("_remote")
            if remote is None or name.startswith("_"):
                raise
        return remote.ask("torch.attribute", remote.number, (name,))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        remote = vars(self).get("_remote")
        if remote is None:
            made = type(self).__new__(type(self))
            memo[id(self)] = made
            vars(made).update(copy.deepcopy(vars(self), memo))
            return made
        made = remote.ask("torch.deepcopy", remote.number)
        if not isinstance(made, nn.Module):
            raise malformed("a copy of a module that is none")
        for parts in (nn.Module.modules, nn.Module.parameters, nn.Module.buffers):
            for old, new in zip(parts(self), parts(made), strict=True):
                memo[id(old)] = new
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise NotAcross("pickling a module of the other process", "save its state_dict()")


def has_hooks(module: nn.Module) -> bool:
    """Say whether somebody has hooked onto a module."""
    return any(vars(module).get(name) for name in HOOKS)


_classes: dict[tuple[str, type[nn.Module] | None], type[Remote]] = {}


def remote_class(name: str, base: type[nn.Module] | None) -> type[Remote]:
    """Return the class for Remotes of a class with this name that comes from one of torch.nn's."""
    if (name, base) not in _classes:
        if len(_classes) >= MOST_CLASSES:
            raise malformed(f"more than {MOST_CLASSES} classes of modules")
        bases = (Remote,) if base is None else (Remote, base)
        _classes[name, base] = type(name, bases, {"__module__": "__main__"})
    return _classes[name, base]
