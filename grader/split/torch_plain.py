"""The settings of layers and optimizers as JSON: numbers, names, and what is made of them.

A setting is a plain value, a dtype, a device, a function of PyTorch (by its name), or a tensor that
both sides know (by its number). Anything else is not plain; who asks decides what becomes of it.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch

from grader.split.torch_errors import malformed
from grader.split.torch_values import DTYPES, NAMES

LARGEST_INTEGER = 1 << 63


class NotPlain(TypeError):
    """A value is more than a setting."""


def write_plain(value: Any, refer: Callable[[torch.Tensor], int] | None = None) -> Any:
    """Return the JSON of a setting; raise NotPlain if it is none.

    Parameters
    ----------
    value : object
        The setting.
    refer : callable, optional
        Gives the number of a tensor; without it, tensors are not plain.
    """
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int and -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        return value
    if kind in (tuple, list, torch.Size):
        code = "t" if kind is tuple else "l" if kind is list else "z"
        return [code, *(write_plain(part, refer) for part in value)]
    if kind is dict and all(type(key) in (str, int) for key in value):
        return ["d", *([key, write_plain(part, refer)] for key, part in value.items())]
    if kind is torch.dtype and value in NAMES:
        return ["y", NAMES[value]]
    if kind is torch.device and value.type in ("cpu", "meta"):
        return ["v", value.type]
    if refer is not None and isinstance(value, torch.Tensor):
        return ["T", refer(value)]
    named = name_of(value)
    if named:
        return ["n", *named]
    raise NotPlain(f"a {kind.__name__} is no setting")


def name_of(value: Any) -> list[str] | None:
    """Return module and name of a function of PyTorch that can be found by them, else None."""
    if not callable(value):
        return None
    name = getattr(value, "__name__", None)
    for module in ("torch.nn.functional", "torch"):
        if isinstance(name, str) and getattr(sys.modules[module], name, None) is value:
            return [module, name]
    return None


def read_plain(
    node: Any, look_up: Callable[[Any], torch.Tensor] | None = None, *, trusted: bool = False
) -> Any:
    """Return the setting behind some JSON.

    Parameters
    ----------
    node : object
        The JSON.
    look_up : callable, optional
        Returns the tensor with a number.
    trusted : bool, default False
        Whether functions of PyTorch may be named: the judge may name them, a student may not.
    """
    if node is None or type(node) in (bool, int, float, str):
        return node
    if type(node) is not list or not node:
        raise malformed("a setting that is none")
    code, *parts = node
    if code in ("t", "l", "z"):
        values = [read_plain(part, look_up, trusted=trusted) for part in parts]
        if code == "z":
            return torch.Size(values)
        return tuple(values) if code == "t" else values
    if code == "d":
        if not all(type(key) in (str, int) for key, _ in parts):
            raise malformed("a setting with strange keys")
        return {key: read_plain(part, look_up, trusted=trusted) for key, part in parts}
    if code == "y":
        return DTYPES[parts[0]]
    if code == "v" and parts[0] in ("cpu", "meta"):
        return torch.device(parts[0])
    if code == "n" and trusted and parts[0] in ("torch.nn.functional", "torch"):
        return getattr(sys.modules[parts[0]], parts[1])
    if code == "T" and look_up is not None:
        return look_up(parts[0])
    raise malformed("a setting of an unknown kind")
