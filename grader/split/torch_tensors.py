"""Tensors that both processes know: numbers, type, `requires_grad`, `.grad`, and who they are."""

from typing import Any

import torch

from grader.split.torch_errors import NotAcross, malformed
from grader.split.torch_shared import Entry, Json, Shared
from grader.split.torch_table import Table
from grader.split.torch_values import numbers_of, read, refuse_unusual, unusual, write


class Tensors(Shared):
    """Leaves and results alike; the record of a result is the matter of `torch_graph`."""

    code = "tensor"
    upward = True

    def fits(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def define(self, entry: Entry, table: Table) -> Json:
        tensor = entry.value
        refuse_unusual(tensor)
        if table.judge:
            refuse_hooks(tensor)
        if not tensor.is_leaf:
            return None  # written with its record, when all that the message names is known
        return self.written(entry, table)

    def written(self, entry: Entry, table: Table) -> dict[str, Any]:
        """Write a tensor without its record, and without .grad (a change that follows)."""
        tensor = entry.value
        numbers = numbers_of(tensor) if tensor.device.type == "cpu" else b""
        needs = tensor.requires_grad and tensor.is_leaf
        entry.known = [look(tensor), needs, numbers, None]
        node = write(tensor, table.keep, numbers)
        if needs:
            node["r"] = 1
        if isinstance(tensor, torch.nn.Parameter):
            node["p"] = 1
        return node

    def build(self, number: int, node: Json, table: Table) -> torch.Tensor:
        tensor = read(node, table.raw_of)
        needs = bool(node.get("r"))
        if needs and not (tensor.is_floating_point() or tensor.is_complex()):
            raise malformed("whole numbers that require a gradient")
        if node.get("p"):
            return torch.nn.Parameter(tensor, requires_grad=needs)
        return tensor.requires_grad_() if needs else tensor

    def settle(self, entry: Entry, table: Table) -> None:
        tensor = entry.value
        numbers = numbers_of(tensor) if tensor.device.type == "cpu" else b""
        entry.known = [look(tensor), tensor.requires_grad and tensor.is_leaf, numbers, None]

    def doubt(self, entry: Entry) -> None:
        entry.known = [None, None, None, -1]

    def change(self, entry: Entry, table: Table) -> Json:
        tensor, known = entry.value, entry.known
        if known is None:
            return None  # new, and not written yet
        if table.judge and entry.mine:
            refuse_hooks(tensor)
        node: dict[str, Any] = {}
        seen = look(tensor)
        if seen != known[0] and unusual(tensor):
            if table.judge:
                refuse_unusual(tensor)
            return None  # what the student has made of it cannot come up
        numbers = numbers_of(tensor) if tensor.device.type == "cpu" else b""
        if seen != known[0] or numbers != known[2]:
            node["v"] = write(tensor, table.keep, numbers)
            known[0], known[2] = seen, numbers
        leaf = tensor.is_leaf
        needs = tensor.requires_grad and leaf
        if needs != known[1]:
            node["r"], known[1] = needs, needs
        grad = tensor.grad if leaf else None  # what retain_grad() keeps stays where it was called
        if grad is not None and not table.judge and unusual(grad):
            grad = None  # a sparse one, which stays with the student
        number = None if grad is None else table.refer(grad)
        if number != known[3]:
            table.grads.append([entry.number, number])
            known[3] = number
        return node or None

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        tensor, known = entry.value, entry.known
        if "v" in node:
            fresh = read(node["v"], table.raw_of)
            if tensor.requires_grad and not (fresh.is_floating_point() or fresh.is_complex()):
                raise malformed("whole numbers for a tensor that requires a gradient")
            if look(fresh) == look(tensor):
                overwrite(tensor, fresh)
            else:
                tensor.data = fresh
            known[0] = look(tensor)
            known[2] = numbers_of(tensor) if tensor.device.type == "cpu" else b""
        if "r" in node:
            if not tensor.is_leaf or not (tensor.is_floating_point() or tensor.is_complex()):
                raise malformed("a change of requires_grad where none is possible")
            known[1] = bool(node["r"])
            tensor.requires_grad_(known[1])


def refuse_hooks(tensor: torch.Tensor) -> None:
    """Raise for a test's tensor with hooks: a backward pass of the student's would not run them."""
    if tensor._backward_hooks or tensor._post_accumulate_grad_hooks:
        raise NotAcross("a hook on a tensor that the student's code gets",
                        "look at .grad after the call, or pass a tensor without hooks")


def look(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Return what must be equal for numbers to be copied from one tensor into another."""
    return tensor.dtype, tensor.device.type, tuple(tensor.shape)


def overwrite(tensor: torch.Tensor, fresh: torch.Tensor) -> None:
    """Copy numbers into a tensor as an in-place operation, which a record notices."""
    if tensor.device.type != "cpu":
        return
    try:
        tensor.detach().copy_(fresh)
    except RuntimeError as error:  # elements that share memory, as expand makes them
        raise malformed(f"other numbers for a tensor that cannot be written to: {error}") from None


def give_grad(pair: Json, table: Table) -> None:
    """Hang a gradient on its tensor."""
    number, grad_number = pair
    tensor = table.look_up(number, torch.Tensor)
    grad = None if grad_number is None else table.look_up(grad_number, torch.Tensor)
    if grad is not None and look(grad) != look(tensor):
        raise malformed("a gradient that does not fit its tensor")
    if not tensor.is_leaf:
        raise malformed("a gradient for a tensor that keeps none")
    tensor.grad = grad
    table.entries[number].known[3] = grad_number
