"""Run a command as an ordinary user: `python ordinary_user.py UID COMMAND ...`, started by root.

Python often lies in a folder that only root may enter. In a mount namespace of its own, this makes
the way to what is needed passable, and leaves the machine as it is.
"""

import os
import stat
import sys
from pathlib import Path

from grader.isolation import kernel, mounts


def main():
    uid = int(sys.argv[1])
    repository = Path(__file__).parents[3]
    kernel.unshare("mount")
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    needed = {Path(os.path.realpath(p)) for p in (*mounts.python_folders(), repository)}
    by_obstacle = {}
    for path in needed:
        if obstacle := closed_folder(path):
            by_obstacle.setdefault(obstacle, []).append(path)
    for obstacle, paths in by_obstacle.items():
        open_way(obstacle, paths)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execvp(sys.argv[2], sys.argv[2:])


def closed_folder(path):
    """Return the topmost folder above `path` that others than its owner cannot enter."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def open_way(obstacle, paths):
    """Cover a folder with an empty one in which only `paths` are where they were."""
    held = {path: os.open(path, os.O_PATH) for path in paths if path.is_dir()}
    kernel.mount("tmpfs", str(obstacle), "tmpfs", options="mode=0755")
    for path, descriptor in held.items():
        path.mkdir(parents=True, exist_ok=True)
        flags = kernel.MS_BIND | kernel.MS_REC
        kernel.mount(f"/proc/self/fd/{descriptor}", str(path), flags=flags)
        os.close(descriptor)


if __name__ == "__main__":
    main()
