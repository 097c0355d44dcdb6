"""Packages that a set forbids are not installed, as far as an import can tell."""

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def make_absent(names: Iterable[str]) -> None:
    """Make packages absent in this process and its forks.

    The sandbox shows their folders empty, which Python would take for packages without content.
    An entry None in sys.modules would say that they are not there, but libraries look whether
    "torch" is in sys.modules and then use it.
    """
    hidden = frozenset(names)

    class Finder(PathFinder):
        """Python's own finder of modules in folders, which does not know the hidden packages."""

        @classmethod
        def find_spec(
            cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            """Return where a module lies, or None."""
            known = name.partition(".")[0] not in hidden
            return PathFinder.find_spec(name, path, target) if known else None

    sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
