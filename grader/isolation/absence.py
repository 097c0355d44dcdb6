"""Packages that a set forbids are not installed, as far as an import can tell."""

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class Absent(MetaPathFinder):
    """A finder that says of some packages that they do not exist.

    The sandbox shows their folders empty, which Python would take for packages without content.
    An entry None in sys.modules would say the same, but libraries ask whether "torch" is in there.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Raise ModuleNotFoundError for a package that is absent; know nothing of all others."""
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def make_absent(names: Iterable[str]) -> None:
    """Make packages absent in this process and its forks."""
    sys.meta_path.insert(0, Absent(names))
