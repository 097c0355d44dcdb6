"""What goes ahead of every message where PyTorch is loaded: shared objects, modes, random numbers.

`Front` ties the tables together for one peer. Modes: whether autograd records goes along in both
directions, since a function may leave it switched off; the default dtype, and whether algorithms
must be deterministic, go down only.
"""

import functools
from typing import Any

import torch
import torch._dynamo  # every optimizer and autograd.grad import it, for seconds: before the fork
from torch._C import _functorch

from grader.split.peer import Peer
from grader.split.torch_errors import malformed
from grader.split.torch_files import Files, guard_load
from grader.split.torch_functional import across
from grader.split.torch_graph import Gradients, Graph
from grader.split.torch_inline import Numbers
from grader.split.torch_modules import Modules, Serving
from grader.split.torch_optimizers import Optimizers, Schedules
from grader.split.torch_plain import read_plain, write_plain
from grader.split.torch_randomness import Generators, difference, follow
from grader.split.torch_shared import Json
from grader.split.torch_table import Table
from grader.split.torch_tensors import Tensors, give_grad, look
from grader.split.wire import ProtocolError


class Front:
    """The PyTorch side of one peer.

    Parameters
    ----------
    peer : Peer
        Sends and receives the messages.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer, self.judge = peer, peer.trusted
        tensors = Tensors()
        kinds = [tensors, Modules(self._request, self._class_of, peer.decode),
                 Optimizers(), Schedules(), Generators(), Files()]
        self.table = Table(self.judge, kinds, peer.wire.limit)
        self.graph = Graph(self.table, tensors, self._ask)
        self.operations = {
            **Serving(self.table).operations(),
            "torch.products": functools.partial(self._serve, self.graph.products),
            "torch.accumulate": functools.partial(self._serve, self.graph.accumulate),
        }
        self.inner = peer.request
        peer.request = self._request_functional  # type: ignore[method-assign]
        self.random: Any = None  # the state of the global generator that both sides agree on
        self.modes: Any = None
        self.ended: list[int] = []  # records, as the last message told
        if self.judge:
            guard_load()

    def _class_of(self, module: Any) -> Json:
        """Write the class of a student's module, for isinstance in a test."""
        kind = type(module)
        return self.peer.export(kind) if kind.__module__ == "__main__" else None

    # Questions

    def _request(self, op: str, number: int, args: Any = (), kwargs: Any = None) -> Any:
        return self.peer.request(op, number, args, kwargs)

    def _request_functional(self, op: str, target: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Ask as the peer does, also inside of a transformation of torch.func."""
        if op in ("call", "torch.forward") and _functorch.maybe_current_level() is not None:
            return across(lambda a, k: self.inner(op, target, a, k), args, kwargs or {})
        return self.inner(op, target, args, kwargs)

    def _ask(self, op: str, number: int, gradients: Gradients,
             like: list[torch.Tensor]) -> Gradients:
        answer = self.peer.request(op, number, (Numbers(gradients),))
        found = answer.tensors if isinstance(answer, Numbers) else []
        fits = isinstance(answer, Numbers) and len(found) == len(like) and all(
            one is None or look(one) == look(tensor)
            for one, tensor in zip(found, like, strict=True))
        if not fits:
            self.peer.refuse(malformed("gradients that do not fit"))
        return found

    @staticmethod
    def _serve(function: Any, number: Any, args: Any, kwargs: Any) -> Numbers:
        (gradients,) = args
        if not isinstance(gradients, Numbers):
            raise malformed("something else than gradients")
        return Numbers(function(number, gradients.tensors))

    # Messages

    def out(self) -> tuple[Json, list[bytes]]:
        """Return what goes ahead of the next message, JSON and raw bytes."""
        try:
            return self._out()
        except BaseException:
            self.lost()
            raise

    def lost(self) -> None:
        """Say everything again in the next message: this one has not left."""
        self.table.lost()
        self.random = self.modes = None
        self.graph.ended += self.ended

    def _out(self) -> tuple[Json, list[bytes]]:
        records = torch.is_grad_enabled()
        with torch.inference_mode(False), torch.no_grad():
            drew, self.random = difference(None, self.random, self.table)
            modes = torch.get_default_dtype(), *_deterministic()
            told = write_plain(modes) if self.judge and modes != self.modes else None
            self.modes = modes
            body, pieces = self.table.compose(self.graph.finish)
        self.ended = [*self.graph.ended]
        del self.graph.ended[: len(self.ended)]
        return [records, drew, told, body, self.ended, [*map(len, pieces)]], pieces

    def into(self, message: Json) -> None:
        """Read what came ahead of a message."""
        records, drew, told, body, ended, lengths = message
        raw = [self.peer.take(length) for length in lengths]
        try:
            with torch.inference_mode(False), torch.no_grad():
                self.table.take(body, raw, self.graph.read,
                                functools.partial(give_grad, table=self.table))
                self.graph.end(ended)
                if drew is not None:
                    self.table.raw = raw
                    self.random = follow(None, drew, self.table)
                if told is not None and not self.judge:
                    dtype, deterministic, warn = read_plain(told)
                    torch.set_default_dtype(dtype)
                    if _deterministic() != (deterministic, warn):  # the call takes a second
                        torch.use_deterministic_algorithms(deterministic, warn_only=warn)
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever PyTorch raises, the values are to blame
            raise malformed(f"what PyTorch does not accept: {str(error)[:200]}") from None
        torch.set_grad_enabled(bool(records))


def _deterministic() -> tuple[bool, bool]:
    return (torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled())
