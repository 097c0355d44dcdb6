"""Contexts: state of the judge that a call of the student's function must find as well."""

import builtins
import random
import warnings
from typing import Any

import numpy as np

from grader.split.kinds import Context
from grader.split.peer import Peer

try:
    from numpy._core.umath import _extobj_contextvar

    _numpy_errors: Any = _extobj_contextvar.get
except ImportError:  # another NumPy: ask it at each call

    def _numpy_errors(default: Any) -> Any:
        return tuple(np.geterr().items())


class NumPyErrors(Context):
    """np.errstate and np.seterr."""

    name = "numpy errors"

    def get(self, peer: Peer) -> Any:
        return _numpy_errors(None)  # an object that changes whenever the state does

    def encode(self, state: Any, peer: Peer) -> Any:
        return [part for item in np.geterr().items() for part in item]

    def set(self, data: Any, peer: Peer) -> None:
        np.seterr(**dict(zip(data[::2], data[1::2], strict=True)))


class Warnings(Context):
    """Whether the test ignores all warnings: then the student's side need not send any."""

    name = "warnings"

    def get(self, peer: Peer) -> Any:
        first = warnings.filters[0] if warnings.filters else None
        return bool(first and first == ("ignore", None, Warning, None, 0))

    def set(self, data: Any, peer: Peer) -> None:
        warnings.simplefilter("ignore" if data else "always")


class Builtins(Context):
    """print, input and open, if the test has put something else in their place."""

    name = "builtins"
    names = ("print", "input", "open")
    own = tuple(getattr(builtins, name) for name in names)

    def get(self, peer: Peer) -> Any:
        b = builtins
        return b.print, b.input, b.open

    def encode(self, state: Any, peer: Peer) -> Any:
        before = peer.notes.setdefault("builtins", state)
        return [peer.encode(None if now is was else now)
                for now, was in zip(state, before, strict=True)]

    def set(self, data: Any, peer: Peer) -> None:
        own = peer.notes.setdefault("builtins", [getattr(builtins, name) for name in self.names])
        for name, was, now in zip(self.names, own, data, strict=True):
            value = peer.decode(now)
            setattr(builtins, name, was if value is None else value)


class GlobalSeeds(Context):
    """The global generators of NumPy and Python, in test cells that seed them."""

    name = "seeds"

    def wanted(self, names: frozenset[str]) -> bool:
        return bool(names & {"seed", "set_state", "setstate"})

    def get(self, peer: Peer) -> Any:
        state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - that of the test
        return state["key"].tobytes(), state["pos"], random.getstate()

    def encode(self, state: Any, peer: Peer) -> Any:
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002
        return [peer.encode(numpy_state), peer.encode(state[2])]

    def set(self, data: Any, peer: Peer) -> None:
        np.random.set_state(peer.decode(data[0]))  # noqa: NPY002
        random.setstate(peer.decode(data[1]))


CONTEXTS = (NumPyErrors, Warnings, Builtins, GlobalSeeds)
