"""Random numbers of PyTorch: generators that a test passes on, and the global one.

Down, a state is sent whenever the judge's own has changed: a test seeds, and the student's numbers
follow. Up, no state is ever sent, else a student could choose the numbers that a test draws next.
The judge learns only *that* numbers were drawn, and then draws one itself: so a test can see
whether a generator was used, and the numbers that it draws afterwards are others than before.
"""

from typing import Any

import torch

from grader.split.torch_shared import Entry, Json, Shared
from grader.split.torch_table import Table

DREW = 1


def state_of(generator: torch.Generator | None) -> bytes:
    """Return the state of a generator, of the global one for None."""
    state = torch.get_rng_state() if generator is None else generator.get_state()
    return state.numpy().tobytes()


def set_state(generator: torch.Generator | None, raw: Any) -> None:
    """Give a generator a state."""
    state = torch.frombuffer(bytearray(raw), dtype=torch.uint8)
    if generator is None:
        torch.set_rng_state(state)
    else:
        generator.set_state(state)


def difference(generator: torch.Generator | None, known: Any, table: Table) -> tuple[Json, Any]:
    """Return what to tell the other side about a generator (None: nothing), and its state."""
    state = state_of(generator)
    if state == known:
        return None, known
    return (["s", table.keep(state)] if table.judge else [DREW]), state


def follow(generator: torch.Generator | None, node: Json, table: Table) -> bytes:
    """Do what the other side tells; return the state that both sides agree on from now on."""
    if table.judge:
        torch.rand((), generator=generator)
    else:
        set_state(generator, table.raw_of(node[1]))
    return state_of(generator)


class Generators(Shared):
    """torch.Generator on the CPU."""

    code = "generator"

    def fits(self, value: Any) -> bool:
        return isinstance(value, torch.Generator)

    def define(self, entry: Entry, table: Table) -> Json:
        node, entry.known = difference(entry.value, None, table)
        return node

    def build(self, number: int, node: Json, table: Table) -> torch.Generator:
        made = torch.Generator()
        follow(made, node, table)
        return made

    def settle(self, entry: Entry, table: Table) -> None:
        entry.known = state_of(entry.value)

    def change(self, entry: Entry, table: Table) -> Json:
        node, entry.known = difference(entry.value, entry.known, table)
        return node

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        entry.known = follow(entry.value, node, table)
