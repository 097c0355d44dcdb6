"""Where and with what was measured, for the stored results."""

import os
import platform
from importlib.metadata import version
from typing import Any


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine(*packages: str) -> dict[str, Any]:
    """Describe the machine, and name the versions of some packages."""
    return {"cores": cores(), "python": platform.python_version(), "system": platform.system(),
            "versions": {name: version(name) for name in packages}}  # fmt: skip
