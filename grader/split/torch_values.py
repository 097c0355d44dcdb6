"""Plain tensors as JSON and raw bytes, with every field checked when they are read back.

A tensor crosses as its numbers in logical order. Dense strides (a transpose, say) are kept, so that
`is_contiguous` and the speed stay what they were; views with gaps and expanded tensors arrive as
contiguous copies: what lies between their elements is nobody's business on the other side.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from grader.split.torch_errors import NotAcross, malformed

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64,
        torch.complex128, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
        torch.bool,
    )
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LARGEST_META = 1 << 40  # elements: numbers that exist nowhere need a bound as well
MOST_DIMENSIONS = 32

Write = Callable[[bytes], int]  # keeps raw bytes for the message, returns a key to them
Read = Callable[[Any], Any]  # returns the raw bytes behind a key


def numbers_of(tensor: torch.Tensor) -> bytes:
    """Return the bytes of a tensor in logical order; this is asked of all tensors all the time."""
    plain = tensor.detach()
    if plain.dtype is torch.bfloat16 or plain.is_conj() or plain.is_neg():
        plain = plain.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
    return plain.numpy().tobytes()


def dense_strides(tensor: torch.Tensor) -> list[int] | None:
    """Return the strides of a tensor without gaps or overlaps that is not contiguous, else None."""
    if tensor.is_contiguous():
        return None
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and stride != expected:
            return None
        expected *= size
    return [*tensor.stride()]


def unusual(tensor: torch.Tensor) -> str:
    """Say what a tensor is that is more than a block of numbers; the empty string for others."""
    lazy = isinstance(tensor, UninitializedTensorMixin)
    return next(
        (word for word, found in (
            ("lazy (not initialised yet)", lazy),
            ("sparse", not lazy and tensor.layout != torch.strided),
            ("nested", tensor.is_nested),
            (f"of the type {tensor.dtype}", tensor.dtype not in NAMES),
            (f"on the device {tensor.device}", tensor.device.type not in ("cpu", "meta")),
        ) if found), "",
    )


def refuse_unusual(tensor: torch.Tensor) -> None:
    """Raise for such tensors."""
    found = unusual(tensor)
    if found:
        raise NotAcross(f"a tensor that is {found}", "pass an ordinary tensor on the CPU")


def write(tensor: torch.Tensor, keep: Write, numbers: bytes | None = None) -> dict[str, Any]:
    """Return the JSON of a tensor's numbers, without its record.

    Parameters
    ----------
    tensor : torch.Tensor
        What to write.
    keep : callable
        Takes the raw bytes, returns a key for them.
    numbers : bytes, optional
        The tensor's bytes, if the caller has them already.
    """
    node: dict[str, Any] = {"d": NAMES[tensor.dtype], "s": [*tensor.shape]}
    if tensor.device.type == "meta":
        return node
    strides = dense_strides(tensor)
    if strides is not None:
        node["t"] = strides
    return node | {"b": keep(numbers_of(tensor) if numbers is None else numbers)}


def read(node: Any, raw_of: Read) -> torch.Tensor:
    """Return a fresh tensor; anything that does not fit together is the sender's fault."""
    if type(node) is not dict or node.get("d") not in DTYPES:
        raise malformed("a tensor of an unknown type")
    dtype, shape = DTYPES[node["d"]], sizes(node.get("s"))
    if "b" not in node:
        return torch.empty(shape, dtype=dtype, device="meta")
    raw = raw_of(node["b"])
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise malformed("a tensor whose numbers do not fill its shape")
    if raw:  # bytearray: a copy that may be written to, and that belongs to this tensor alone
        flat = torch.frombuffer(bytearray(raw), dtype=torch.uint8)
        flat = flat.ne(0) if dtype is torch.bool else flat.view(dtype)  # a byte of 7 is no boolean
    else:
        flat = torch.empty(0, dtype=dtype)
    made = flat.reshape(shape)
    if "t" not in node:
        return made
    placed = torch.empty_permuted(shape, order_of(node["t"], shape), dtype=dtype)
    return placed.copy_(made)


def sizes(shape: Any) -> list[int]:
    """Return a shape that came over the wire, checked."""
    good = type(shape) is list and len(shape) <= MOST_DIMENSIONS and all(
        type(size) is int and 0 <= size <= LARGEST_META for size in shape)
    if not good or math.prod(max(size, 1) for size in shape) > LARGEST_META:
        raise malformed("a tensor of an impossible shape")
    return shape  # type: ignore[no-any-return]


def order_of(strides: Any, shape: Sequence[int]) -> list[int]:
    """Return the axes from the slowest to the fastest, read off strides."""
    good = type(strides) is list and len(strides) == len(shape)
    if not good or not all(type(stride) is int for stride in strides):
        raise malformed("a tensor with impossible strides")
    return sorted(range(len(shape)), key=lambda axis: -strides[axis])
