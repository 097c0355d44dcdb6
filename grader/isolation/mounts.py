"""Which folders of this machine the sandbox shows, as arguments of bubblewrap."""

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path


class View:
    """Collects bubblewrap's arguments; folders above a shown one can be entered by everyone."""

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self._shown: set[Path] = set()
        self._made: set[Path] = {Path("/")}

    def show(self, source: Path, target: Path | None = None) -> None:
        """Show a file or folder read-only; one that does not exist is left out.

        Without a `target` it appears under its own name, and so do the links that lead to it.
        """
        if target is not None:
            self.folder(target.parent)
            self._bind(source, target)
            return
        if not source.exists():
            return
        place, parts = Path("/"), list(source.parts[1:])
        while parts:
            place /= parts.pop(0)
            if place.is_symlink():
                link = os.readlink(place)
                self._link(link, place)
                # Go on with what it points to: `..` and further links are met in turn.
                parts = list((place.parent / link).parts[1:]) + parts
                place = Path("/")
            elif ".." in place.parts:
                place = place.parent.parent
        self.folder(place.parent)
        self._bind(place, place)

    def folder(self, path: Path) -> None:
        """Make an empty folder, and those above it (bubblewrap's own are closed to others)."""
        for one in [*reversed(path.parents), path]:
            if one not in self._made and not self._is_shown(one):
                self._made.add(one)
                self.arguments += ["--perms", "0755", "--dir", str(one)]

    def hide(self, path: Path) -> None:
        """Cover what lies at `path`, inside a folder that is shown."""
        if path.is_dir():
            self.arguments += ["--perms", "0755", "--tmpfs", str(path)]
            self.arguments += ["--remount-ro", str(path)]
        else:
            self.arguments += ["--ro-bind", "/dev/null", str(path)]

    def _bind(self, source: Path, target: Path) -> None:
        if not self._is_shown(target):
            self._shown.add(target)
            self.arguments += ["--ro-bind", str(source), str(target)]

    def _link(self, content: str, place: Path) -> None:
        if place not in self._made and not self._is_shown(place):
            self.folder(place.parent)
            self._made.add(place)
            self.arguments += ["--symlink", content, str(place)]

    def _is_shown(self, path: Path) -> bool:
        return any(one in self._shown for one in (path, *path.parents))


def python_folders() -> Iterator[Path]:
    """Yield the folders that the running Python consists of, and its program itself."""
    yield from map(Path, dict.fromkeys((sys.prefix, sys.base_prefix, sys.base_exec_prefix)))
    yield Path(sys.executable)


def python_below(folder: Path) -> list[Path]:
    """Return the folders of Python that lie below `folder`, without what is inside of them."""
    found = [path for path in python_folders() if path.is_relative_to(folder) and path.exists()]
    return [path for path in found if not any(path.is_relative_to(o) for o in found if o != path)]


def site_folders() -> list[Path]:
    """Return the folders that hold installed packages, of this environment and of its base."""
    found: dict[Path, None] = {}
    for base in (sys.prefix, sys.base_prefix):
        for kind in ("purelib", "platlib"):
            path = sysconfig.get_path(kind, vars={"base": base, "platbase": base})
            found[Path(os.path.realpath(path))] = None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in ("/usr/lib/python3/dist-packages", f"/usr/local/lib/{version}/dist-packages"):
        found[Path(path)] = None
    return [folder for folder in found if folder.is_dir()]


def installed(packages: Iterable[str]) -> list[Path]:
    """Return what site-packages hold of these packages: folder, libraries, metadata."""
    names = {name.lower() for name in packages}
    return sorted(
        path
        for folder in site_folders()
        for path in folder.iterdir()
        # scipy/, scipy.libs/, scipy-1.17.1.dist-info/, six.py
        if path.name.lower().split(".")[0].split("-")[0] in names
    )
