"""What nnlib and PyTorch both have, and where the calls differ, from the two libraries' signatures.

`python chapters/_tools/torch_rows.py` (part of `make execute`) stores the rows beside the page
that shows them, so that building the book needs no PyTorch. A test compares the stored rows with
fresh ones, so that the table cannot go stale.
"""

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# In this order: a name belongs to the first namespace that has it.
NAMESPACES = {
    "torch.nn": "Layers and losses",
    "torch.optim": "Optimizers",
    "torch.optim.lr_scheduler": "Learning-rate schedulers",
    "torch.nn.init": "First values of parameters",
    "torch.nn.utils": "Gradient clipping",
}
STORED = Path(__file__).resolve().parents[1] / "torch_table.json"
Signature = Mapping[str, inspect.Parameter]


class TorchTableError(Exception):
    """The table cannot be made."""


@dataclass(frozen=True)
class Row:
    """One thing that both libraries have."""

    call: str
    namespace: str
    name: str
    differences: str


def public_things() -> Iterator[Callable[..., Any]]:
    """Yield the public classes and functions of nnlib."""
    for info in pkgutil.iter_modules(importlib.import_module("nnlib").__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"nnlib.{info.name}")
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__
            if own and not name.startswith("_") and callable(thing):
                yield thing


def import_path(thing: Callable[..., Any], namespace: str) -> str:
    """Return the shortest name of a thing, or that which is like PyTorch's, or where it is made."""
    last = namespace.rpartition(".")[2]
    for place in ("nnlib", f"nnlib.{last}"):
        if getattr(sys.modules.get(place), thing.__name__, None) is thing:
            return f"{place}.{thing.__name__}"
    return f"{thing.__module__}.{thing.__name__}"


def parameters_of(thing: Callable[..., Any]) -> Signature:
    """Return the parameters of a class or function, without *args and **kwargs of a base class."""
    found = inspect.signature(thing).parameters
    return {n: p for n, p in found.items() if p.kind is not inspect.Parameter.VAR_KEYWORD}


def shown(default: Any) -> str:
    """Write a default as a reader would: 'none', 0.1, float64."""
    return default.__name__ if isinstance(default, type) else repr(default)


def call_of(place: str, parameters: Signature) -> str:
    """Write a call with all parameters, with `*` in front of those that need their name."""
    parts, star = [], False
    for name, parameter in parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            name, star = f"*{name}", True
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        default = parameter.default
        parts.append(name if default is inspect.Parameter.empty else f"{name}={shown(default)}")
    return f"{place}({', '.join(parts)})"


def default_difference(name: str, here: inspect.Parameter, there: inspect.Parameter) -> str:
    """Say how the defaults of one parameter differ; empty if they are equal."""
    empty = inspect.Parameter.empty
    if here.default is there.default or (
        type(here.default) is not type and here.default == there.default
    ):
        return ""
    if here.default is empty:
        return f"{name} is required, PyTorch: {shown(there.default)}"
    if there.default is empty:
        return f"{name} is {shown(here.default)}, PyTorch requires it"
    return f"{name} is {shown(here.default)}, PyTorch: {shown(there.default)}"


def differences(here: Signature, there: Signature) -> str:
    """Say in words where two signatures differ."""
    common = [name for name in here if name in there]
    found = [default_difference(name, here[name], there[name]) for name in common]
    named = inspect.Parameter.KEYWORD_ONLY
    by_name = [n for n in common if here[n].kind is named and there[n].kind is not named]
    if by_name:
        found.append(f"by name only: {', '.join(by_name)}")
    positional = [n for n in common if named not in (here[n].kind, there[n].kind)]
    if positional != [n for n in there if n in positional]:
        found.append(f"order: {', '.join(positional)}")
    for who, mine, other in (("nnlib", here, there), ("PyTorch", there, here)):
        extra = [name for name in mine if name not in other]
        # *args and *layers are the same thing under two names.
        extra = [n for n in extra if mine[n].kind is not inspect.Parameter.VAR_POSITIONAL]
        if extra:
            found.append(f"only in {who}: {', '.join(extra)}")
    return "; ".join(text for text in found if text) or "none"


def rows() -> list[Row]:
    """Return a row for everything public of nnlib that PyTorch has under the same name."""
    try:
        spaces = {name: importlib.import_module(name) for name in NAMESPACES}
    except ImportError as error:
        raise TorchTableError(
            f"the table needs nnlib and PyTorch ({error}); run bootstrap.py"
        ) from error
    found = []
    for thing in public_things():
        name = thing.__name__
        for namespace, module in spaces.items():
            twin = getattr(module, name, None)
            # Not what a namespace merely imports, such as torch.Tensor.
            if callable(twin) and twin.__module__.startswith(namespace):
                here, there = parameters_of(thing), parameters_of(twin)
                call = call_of(import_path(thing, namespace), here)
                found.append(Row(call, namespace, name, differences(here, there)))
                break
    return sorted(found, key=lambda row: row.call.lower())


def stored_text() -> str:
    """Return the rows as they are stored, one to a line."""
    lines = ",\n".join(json.dumps(asdict(row)) for row in rows())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    STORED.write_text(stored_text(), encoding="utf-8")
