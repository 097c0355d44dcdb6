"""The record of autograd across the two processes.

A tensor with a record stays connected: its twin on the other side gets a `grad_fn` whose backward
pass asks for the vector-Jacobian product with respect to those tensors that both sides know. Leaves
that the other side does not know (weights inside a test's function) hang on an *anchor*: backward()
reaches it and then fills their `.grad` where they are, while autograd.grad and backward(inputs=...)
do not reach it, as in one process.

Derivatives of first order only: a second one raises an error that says so.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from grader.split.torch_errors import NotAcross, malformed
from grader.split.torch_shared import Entry, Json
from grader.split.torch_table import Table
from grader.split.torch_tensors import Tensors, look
from grader.split.torch_values import read

MOST_RECORDS = 20_000
Gradients = list[torch.Tensor | None]
Ask = Callable[[str, int, Gradients, list[torch.Tensor]], Gradients]


class Link:
    """What a twin's grad_fn knows about the record behind it; it lives as long as the grad_fn."""

    def __init__(self, ask: Ask, number: int, fresh: torch.Tensor) -> None:
        self.ask, self.number = ask, number
        self.fresh: torch.Tensor | None = fresh
        self.pending: Gradients = []  # the gradient that the anchor passes on

    def anchor(self) -> torch.Tensor:
        """Return a leaf that stands for the leaves that are not known here."""
        anchor = torch.zeros((), requires_grad=True)
        anchor.is_anchor = True  # type: ignore[attr-defined]

        def reached(leaf: torch.Tensor) -> None:
            leaf.grad = None
            self.ask("torch.accumulate", self.number, self.pending, [])

        anchor.register_post_accumulate_grad_hook(reached)  # type: ignore[no-untyped-call]
        return anchor

    def products(self, gradient: torch.Tensor, known: list[torch.Tensor]) -> Gradients:
        """Ask for the products of a gradient with the derivatives by the known tensors."""
        return [*self.ask("torch.products", self.number, [gradient], known)]


class Continued(torch.autograd.Function):
    """Makes a tensor whose record goes on in the other process."""

    @staticmethod
    def forward(ctx: Any, link: Link, anchored: bool, *inputs: torch.Tensor) -> Any:
        fresh, link.fresh = link.fresh, None
        ctx.link, ctx.anchored = link, anchored
        ctx.known = [*inputs[: len(inputs) - anchored]]
        ctx.save_for_backward(torch.empty(0))  # a second backward needs retain_graph, as ever
        return fresh

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        _, link, known = ctx.saved_tensors, ctx.link, ctx.known
        link.pending = [gradient.detach()]
        found = link.products(gradient.detach(), known) if known else []
        if torch.is_grad_enabled() and found:
            found = OnlyOnce.apply(  # type: ignore[no-untyped-call]
                found, gradient, *known)
        return None, None, *found, *([torch.zeros(())] * ctx.anchored)


class OnlyOnce(torch.autograd.Function):
    """Hands gradients on, and says what is not supported when they are differentiated."""

    @staticmethod
    def forward(ctx: Any, found: Gradients, *inputs: torch.Tensor) -> Any:
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise NotAcross("a second derivative (create_graph=True)",
                        "let the test take first derivatives only")


class Kept:
    """A record of this side that the other side may go back through."""

    def __init__(self, result: torch.Tensor, known: list[GradientEdge],
                 unknown: list[torch.Tensor]) -> None:
        self.result, self.known, self.unknown = result, known, unknown


class Graph:
    """The records of one side: those that the other side sees, and those that it sees there.

    Parameters
    ----------
    table : Table
        The tensors that both sides know.
    kind : Tensors
        The kind of these.
    ask : callable
        Sends a question about a record to the other side.
    """

    def __init__(self, table: Table, kind: Tensors, ask: Ask) -> None:
        self.table, self.kind, self.ask = table, kind, ask
        self.kept: dict[int, Kept] = {}
        self.edges: dict[tuple[int, int], int] = {}
        self.ended: list[int] = []  # links that nobody here will ask through any more

    # Writing

    def finish(self) -> list[Entry]:
        """Write the tensors with a record that are not written yet; return their entries."""
        waiting = [entry for entry in self.table.fresh if not entry.sent]
        for entry in waiting:
            self._mark(entry)
        return [one for entry in waiting for one in self._write(entry)]

    def _mark(self, entry: Entry) -> None:
        """Note where in the record a tensor stands, so that a walk through it stops there."""
        entry.edge = get_gradient_edge(entry.value)
        if len(self.edges) > 2 * len(self.table.entries) + 100:
            alive = self.table.entries
            self.edges = {k: number for k, number in self.edges.items() if number in alive}
        self.edges[id(entry.edge.node), entry.edge.output_nr] = entry.number

    def _write(self, entry: Entry) -> Iterator[Entry]:
        """Write a tensor after those of its record; yield the entries that were written."""
        if entry.sent:
            return
        if len(self.kept) >= MOST_RECORDS:
            raise malformed(f"more than {MOST_RECORDS} calls whose records it keeps")
        entry.sent = True
        known, unknown = self._ends(entry)
        for other in known:
            yield from self._write(other)
        node = self.kind.written(entry, self.table)
        edges = [other.edge or get_gradient_edge(other.value) for other in known]
        self.kept[entry.number] = Kept(entry.value, edges, unknown)
        numbers = [other.number for other in known]
        self.table.mentioned.update(numbers)
        self.table.records.append([entry.number, node, numbers, bool(unknown) or not known])
        yield entry

    def _ends(self, entry: Entry) -> tuple[list[Entry], list[torch.Tensor]]:
        """Return where a record ends: tensors that both sides know, and other leaves."""
        known: dict[int, Entry] = {}
        unknown: dict[int, torch.Tensor] = {}
        stack = [*entry.value.grad_fn.next_functions]
        seen = set()
        keep = []  # the nodes, so that none of the ids in `seen` is given away again
        while stack:
            node, place = stack.pop()
            if node is None or (id(node), place) in seen:
                continue
            seen.add((id(node), place))
            keep.append(node)
            number = self.edges.get((id(node), place))
            if number in self.table.entries:
                known[number] = self.table.entries[number]
            elif hasattr(node, "variable"):
                leaf = node.variable
                end = self._leaf(leaf)
                if not leaf.requires_grad:  # frozen since
                    continue
                if end is None:
                    unknown[id(leaf)] = leaf
                else:
                    known[end.number] = end
            else:
                stack += node.next_functions
        return [*known.values()], [*unknown.values()]

    def _leaf(self, leaf: torch.Tensor) -> Entry | None:
        """Return the entry of a leaf. What a test did not pass on does not become known."""
        if not self.table.judge and not hasattr(leaf, "is_anchor"):
            self.table.refer(leaf)
        entry = self.table.by_object.get(id(leaf))
        return entry if entry is not None and entry.sent else None

    # Reading

    def read(self, record: Json) -> None:
        """Build the twin of a tensor with a record."""
        number, node, numbers, anchored = record
        fresh = read(node, self.table.raw_of)
        if not (fresh.is_floating_point() or fresh.is_complex()):
            raise malformed("whole numbers with a record")
        known = [self.table.look_up(other, torch.Tensor) for other in numbers]
        link = Link(self.ask, number, fresh)
        weakref.finalize(link, self.ended.append, number)
        with torch.enable_grad():
            anchored = bool(anchored) or not any(one.requires_grad for one in known)
            twin = Continued.apply(  # type: ignore[no-untyped-call]
                link, anchored, *known, *([link.anchor()] * anchored))
        self._mark(self.table.adopt(number, twin, self.kind))

    def end(self, numbers: Json) -> None:
        """Forget records that the other side cannot ask for any more."""
        for number in numbers:
            if type(number) is not int or self.kept.pop(number, None) is None:
                raise malformed("the end of a record that does not exist")

    # Answering

    def products(self, number: Any, gradients: Gradients) -> Gradients:
        """Return the products of a gradient with the derivatives by the known tensors."""
        kept, gradient = self._asked(number, gradients)
        if not kept.known:
            return []
        return [*torch.autograd.grad(
            kept.result, kept.known, gradient, retain_graph=True, allow_unused=True)]

    def accumulate(self, number: Any, gradients: Gradients) -> Gradients:
        """Add to `.grad` of the leaves that the other side does not know."""
        kept, gradient = self._asked(number, gradients)
        if kept.unknown:
            torch.autograd.backward(
                kept.result, gradient, inputs=kept.unknown, retain_graph=True)
        return []

    def _asked(self, number: Any, gradients: Gradients) -> tuple[Kept, torch.Tensor]:
        kept = self.kept.get(number) if type(number) is int else None
        if kept is None or len(gradients) != 1 or gradients[0] is None or (
                look(gradients[0]) != look(kept.result)):
            raise malformed("a gradient for a record that does not exist")
        return kept, gradients[0]
