"""torch.func across the processes: a call whose arguments are inside a transformation.

`torch.func.grad(f)(x)` calls f with a tensor that is no block of numbers. An autograd.Function
around the whole call has PyTorch take it apart; inside, the call goes on with plain tensors.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch._C import _functorch
from torch.utils._pytree import tree_flatten, tree_unflatten

from grader.split.torch_errors import NotAcross

Call = Callable[[Any, Any], Any]


class _Box:
    """The call, its plain arguments, and its results with their record."""

    def __init__(self, call: Call, spec: Any, leaves: list[Any], places: list[int]) -> None:
        self.call, self.spec, self.leaves, self.places = call, spec, leaves, places
        self.inputs: list[torch.Tensor] = []
        self.outputs: list[torch.Tensor] = []
        self.shape: Any = None


class _Across(torch.autograd.Function):
    @staticmethod
    def forward(box: _Box, *tensors: torch.Tensor) -> Any:
        with torch.enable_grad():
            box.inputs = [one.detach().clone() for one in tensors]
            for one in box.inputs:
                if one.is_floating_point() or one.is_complex():
                    one.requires_grad_()
            leaves = [*box.leaves]
            for place, one in zip(box.places, box.inputs, strict=True):
                leaves[place] = one
            args, kwargs = tree_unflatten(leaves, box.spec)
            outputs, box.shape = tree_flatten(box.call(args, kwargs))
        if not all(isinstance(one, torch.Tensor) for one in outputs):
            raise NotAcross("torch.func around a function that returns something else than tensors",
                            "return tensors")
        box.outputs = outputs
        return tuple(one.detach().clone() for one in outputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.box = inputs[0]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        found = _Back.apply(ctx.box, *gradients)  # type: ignore[no-untyped-call]
        return None, *found


class _Back(torch.autograd.Function):
    @staticmethod
    def forward(box: _Box, *gradients: torch.Tensor) -> Any:
        outputs = [(one, g) for one, g in zip(box.outputs, gradients, strict=True)
                   if one.requires_grad]
        needed = [one for one in box.inputs if one.requires_grad]
        found = torch.autograd.grad(
            [one for one, _ in outputs], needed, [g for _, g in outputs],
            retain_graph=True, allow_unused=True) if outputs else [None] * len(needed)
        by_input = dict(zip(map(id, needed), found, strict=True))
        return tuple(
            torch.zeros_like(one) if by_input.get(id(one)) is None else by_input[id(one)]
            for one in box.inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        raise NotAcross("a second derivative", "let the test take first derivatives only")


def across(call: Call, args: Any, kwargs: Any) -> Any:
    """Make a call whose arguments may be inside of a transformation of torch.func."""
    leaves, spec = tree_flatten((tuple(args), kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    if not any(_functorch.is_functorch_wrapped_tensor(leaves[i]) for i in places):
        return call(args, kwargs)
    box = _Box(call, spec, leaves, places)
    tensors = [leaves[i] for i in places]
    outputs = _Across.apply(box, *tensors)  # type: ignore[no-untyped-call]
    return tree_unflatten(outputs, box.shape)
