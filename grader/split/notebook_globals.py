"""The names of the student's notebook, as a test sees them in `function.__globals__`."""

import builtins
import sys
import types
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from grader.split.functions import Described, Dotted, Imported

if TYPE_CHECKING:
    from grader.split.judge_peer import JudgePeer


class Globals(MutableMapping[str, Any]):
    """The names of the student's notebook, as its functions see them: `function.__globals__`.

    Names that the locked cells define come from the judge, functions and imports from the text of
    the cells; only the rest is fetched. Setting a name sets it in the student's process.
    """

    def __init__(self, peer: "JudgePeer") -> None:
        self.peer = peer
        self.before: dict[str, dict[str, Any]] = {}  # names that were set -> their old values

    def __getitem__(self, name: str) -> Any:
        peer = self.peer
        if name in peer.locked:
            return peer.namespace[name]
        told = peer.texts.named.get(name)
        if isinstance(told, Described):
            return peer.by_text(told)
        if isinstance(told, Imported):
            return _imported(told)
        if isinstance(told, Dotted):
            value: Any = self.get(told.first)
            if isinstance(value, types.ModuleType):
                for part in told.parts:
                    value = getattr(value, part, None)
                if value is not None:
                    return value
        if told is None and name not in peer.texts.named and hasattr(builtins, name):
            raise KeyError(name)
        found = peer.fetch([name])
        return found[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.before.setdefault(name, self.peer.fetch([name]))
        self.peer.request("put", None, ({name: value},))

    def __delitem__(self, name: str) -> None:
        self.before.setdefault(name, self.peer.fetch([name]))
        self.peer.request("drop", name)

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self.peer.locked), **self.peer.texts.named})

    def __len__(self) -> int:
        return len(list(iter(self)))

    # What unittest.mock.patch.dict needs: a copy, and the way back to it.

    def copy(self) -> "Unchanged":
        """Stand for the names as they are now."""
        return Unchanged()

    def clear(self) -> None:
        """Give the names that were set here the values that they had."""
        before, self.before = self.before, {}
        for name, values in before.items():
            if values:
                self.peer.request("put", None, (values,))
            else:
                self.peer.request("drop", name)

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Set names; those of `copy` are set already."""
        if not isinstance(other, Unchanged):
            super().update(other, **more)


class Unchanged(dict[str, Any]):
    """The names of the notebook as they were before the test set some."""


def _imported(told: Imported) -> Any:
    """Return what an import gives, from what is loaded here; else something of the same name."""
    module = sys.modules.get(told.module)
    if told.name is None:
        return module or types.ModuleType(told.module)
    value = getattr(module, told.name, None)
    if value is None:
        value = types.SimpleNamespace()
        value.__name__, value.__module__ = told.name, told.module
    return value
