"""Modules of PyTorch that both processes know.

The student's twin of a layer of torch.nn is such a layer, made of its settings: it computes in the
student's process. Any other module (of a class that a test defines, or with hooks) stays where it
is, and so does each module of the student's: its twin is a `Remote` with the same children,
parameters, buffers and mode. Since these are kept in step, it does not matter where they change.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from grader.split.torch_errors import NotAcross, malformed
from grader.split.torch_plain import NotPlain, read_plain, write_plain
from grader.split.torch_remote import INSIDE, Ask, Where, has_hooks, remote_class
from grader.split.torch_shared import Entry, Json, Shared
from grader.split.torch_table import Table

MOST_PARTS = 10_000
PARTS = ("_parameters", "_buffers", "_modules")
Settings = list[list[Any]]


def torch_class(module: nn.Module) -> type[nn.Module] | None:
    """Return the class of torch.nn that a module's class is or comes from; None if none."""
    for class_ in type(module).__mro__:
        if class_ is not nn.Module and named_class(class_.__name__) is class_:
            return class_
    return None


def named_class(name: Any) -> type[nn.Module] | None:
    """Return the class of torch.nn with a name; None if there is none that may be a base."""
    found = getattr(nn, name, None) if type(name) is str else None
    usable = isinstance(found, type) and issubclass(found, nn.Module) and (
        not issubclass(found, nn.modules.lazy.LazyModuleMixin))
    return found if usable else None


def settings_of(module: nn.Module) -> tuple[Settings, bool]:
    """Return the plain settings of a module, and whether it has no others."""
    found, complete = [], True
    for name, value in vars(module).items():
        if name not in INSIDE:
            try:
                found.append([name, write_plain(value)])
            except NotPlain:
                complete = False
    return found, complete


def is_pure(module: nn.Module) -> bool:
    """Say whether a module is a layer of torch.nn as it was made, so that a copy does the same."""
    made_by_torch = type(module) is torch_class(module) and not has_hooks(module)
    return made_by_torch and settings_of(module)[1]


class Modules(Shared):
    """The kind of all modules. In messages, their parts are numbers of tensors and modules.

    Parameters
    ----------
    ask : callable
        Asks the other process: operation, number, arguments.
    class_of, read_class : callable
        In the student's process: write the class of a module, if a cell defines it. In the judge's:
        return the handle on it.
    """

    code = "module"
    upward = True

    def __init__(self, ask: Ask, class_of: Callable[[nn.Module], Json],
                 read_class: Callable[[Json], Any]) -> None:
        self.ask, self.class_of, self.read_class = ask, class_of, read_class

    def fits(self, value: Any) -> bool:
        return isinstance(value, nn.Module)

    def define(self, entry: Entry, table: Table) -> Json:
        module = entry.value
        if isinstance(module, torch.jit.ScriptModule):
            raise NotAcross("a compiled module", "pass the module itself")
        base, pure = torch_class(module), table.judge and is_pure(module)
        entry.known = state_of(module, table)
        entry.edge = "pure" if pure else None
        class_ = None if table.judge else self.class_of(module)
        return [type(module).__name__, base and base.__name__, pure, entry.known, class_]

    def build(self, number: int, node: Json, table: Table) -> nn.Module:
        name, base_name, pure, state, own_class = node
        base = named_class(base_name)
        if pure and base is not None and not table.judge:
            module = base.__new__(base)
        else:
            if type(name) is not str or not name.isidentifier() or len(name) > 100:
                raise malformed("a module with an impossible class")
            made = remote_class(name, base)
            module = made.__new__(made)
        nn.Module.__init__(module)
        if not pure or table.judge:
            vars(module)["_remote"] = Where(self.ask, number)
            vars(module)["_class_handle"] = own_class and self.read_class(own_class)
        fill(module, state, table)
        return module

    def settle(self, entry: Entry, table: Table) -> None:
        entry.known = state_of(entry.value, table)

    def change(self, entry: Entry, table: Table) -> Json:
        if entry.edge and has_hooks(entry.value):
            raise NotAcross("a hook on a layer that the student's code has from an earlier call",
                            "register the hook before the first call, or take a new layer")
        state = state_of(entry.value, table)
        if state == entry.known:
            return None
        entry.known = state
        return state

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        fill(entry.value, node, table)
        entry.known = state_of(entry.value, table)


def state_of(module: nn.Module, table: Table) -> Json:
    """Write mode, parts and settings of a module; the parts by their numbers."""
    inside = vars(module)
    parts = [
        [[name, part if part is None else table.refer(part)] for name, part in inside[what].items()]
        for what in PARTS
    ]
    mirrored = table.judge if "_remote" in inside else type(module) is torch_class(module)
    settings = settings_of(module)[0] if mirrored else []
    return [module.training, *parts, sorted(inside["_non_persistent_buffers_set"]), settings]


def fill(module: nn.Module, state: Json, table: Table) -> None:
    """Give a module the mode, the parts and the settings that the other side wrote."""
    training, parameters, buffers, modules, passing, settings = state
    inside = vars(module)
    kinds = (torch.Tensor, torch.Tensor, nn.Module)
    found = [
        {name: None if number is None else table.look_up(number, kind)
         for name, number in _named(pairs)}
        for pairs, kind in zip((parameters, buffers, modules), kinds, strict=True)
    ]
    if table.judge:
        _refuse_circles(module, found[-1].values())
    for what, parts in zip(PARTS, found, strict=True):
        inside[what].clear()
        inside[what].update(parts)
    inside["training"] = bool(training)
    inside["_non_persistent_buffers_set"] = {name for name in passing if type(name) is str}
    for name, node in _named(settings):
        if table.judge and not _harmless(name, node):
            continue
        inside[name] = read_plain(node, trusted=not table.judge)


def _named(pairs: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    found = [(name, part) for name, part in pairs]
    names = {name for name, _ in found if type(name) is str and 0 < len(name) < 200}
    if len(names) != len(found) or len(found) > MOST_PARTS or any("." in name for name in names):
        raise malformed("parts of a module with impossible names")
    return found


def _harmless(name: str, node: Json) -> bool:
    """Say whether the judge may take a setting over from a student's module."""
    hides = name.startswith("_") or name in INSIDE or hasattr(nn.Module, name)
    return not hides and not _has_function(node)


def _has_function(node: Json) -> bool:
    return isinstance(node, list) and (node[:1] == ["n"] or any(map(_has_function, node)))


def _refuse_circles(module: nn.Module, parts: Iterable[nn.Module | None]) -> None:
    seen: set[int] = set()
    stack = [*parts]
    while stack:
        part = stack.pop()
        if part is module:
            raise malformed("a module that contains itself")
        if part is not None and id(part) not in seen:
            seen.add(id(part))
            stack += vars(part)["_modules"].values()


class Serving:
    """What the other process may ask of the modules of this one.

    Parameters
    ----------
    table : Table
        What both sides know.
    """

    def __init__(self, table: Table) -> None:
        self.table = table

    def operations(self) -> dict[str, Callable[..., Any]]:
        """Return the operations by their names."""
        return {"torch.forward": self.forward, "torch.attribute": self.attribute,
                "torch.deepcopy": self.deepcopy}

    def _mine(self, number: Any) -> nn.Module:
        module: nn.Module = self.table.look_up(number, nn.Module)
        if not self.table.entries[number].mine:
            raise malformed("a question about its own module")
        return module

    def forward(self, number: Any, args: Any, kwargs: Any) -> Any:
        """Call a module."""
        return self._mine(number)(*args, **kwargs)

    def attribute(self, number: Any, args: Any, kwargs: Any) -> Any:
        """Return a public attribute of a module."""
        (name,) = args
        if type(name) is not str or name.startswith("_"):
            raise AttributeError(f"the attribute {name!r:.100} is not public")
        return getattr(self._mine(number), name)

    def deepcopy(self, number: Any, args: Any, kwargs: Any) -> Any:
        """Copy a module."""
        return copy.deepcopy(self._mine(number))
