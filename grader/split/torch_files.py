"""Files in memory, and the guard on torch.load in the judge."""

import functools
import io
from typing import Any

import torch

from grader.split.torch_errors import NotAcross, malformed
from grader.split.torch_shared import Entry, Json, Shared
from grader.split.torch_table import Table


class Files(Shared):
    """io.BytesIO: content, position, and whether it is closed."""

    code = "file"

    def fits(self, value: Any) -> bool:
        return type(value) is io.BytesIO

    def define(self, entry: Entry, table: Table) -> Json:
        entry.known = None
        return self.change(entry, table)

    def build(self, number: int, node: Json, table: Table) -> io.BytesIO:
        made = io.BytesIO()
        _fill(made, node, table)
        return made

    def settle(self, entry: Entry, table: Table) -> None:
        entry.known = _look(entry.value)

    def change(self, entry: Entry, table: Table) -> Json:
        seen = _look(entry.value)
        if seen == entry.known:
            return None
        content, place = entry.known = seen
        return [None if content is None else table.keep(content), place]

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        _fill(entry.value, node, table)
        entry.known = _look(entry.value)


def _look(file: io.BytesIO) -> tuple[bytes | None, int]:
    return (None, 0) if file.closed else (file.getvalue(), file.tell())


def _fill(file: io.BytesIO, node: Json, table: Table) -> None:
    key, place = node
    if key is None or file.closed:
        file.close()
        return
    if type(place) is not int or not 0 <= place < 1 << 40:
        raise malformed("a file at an impossible position")
    file.seek(0)
    file.truncate()
    file.write(bytes(table.raw_of(key)))
    file.seek(place)


def guard_load() -> None:
    """In the judge: let torch.load read tensors and plain values only, whatever a test asks for.

    What it reads may have been written by a student, and unpickling runs what the file says.
    """
    inner = torch.load

    @functools.wraps(inner)
    def load(*args: Any, weights_only: bool | None = None, **kwargs: Any) -> Any:
        if weights_only is False or kwargs.get("pickle_module") is not None:
            raise NotAcross("torch.load(..., weights_only=False) in a test",
                            "read the file with weights_only=True")
        return inner(*args, weights_only=True, **kwargs)

    load.guarded = True  # type: ignore[attr-defined]
    if not hasattr(inner, "guarded"):
        torch.load = load
        torch.serialization.load = load
