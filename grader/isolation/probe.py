"""What `grader doctor` runs in a student's place: it says what it finds inside the sandbox."""

import importlib
import json
import os
import socket
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "IPython", "torch")


def make_shell() -> None:
    """Make none: the probe runs no cells."""


def serve(sock: socket.socket, shell: None, message_bytes: int) -> None:
    """Send one JSON object and end."""
    sock.sendall(json.dumps(findings()).encode() + b"\n")


def serve_packages(sock: socket.socket, shell: None, message_bytes: int) -> None:
    """Send one JSON object that also says which packages cannot be imported, and end."""
    failures = {}
    for name in PACKAGES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:  # OSError: a library of the system is missing
            failures[name] = f"{name}: {error}"
    sock.sendall(json.dumps({**findings(), "packages": failures}).encode() + b"\n")


def findings() -> dict[str, Any]:
    """Return what this process can do and see."""
    status = dict(
        line.split(":\t", 1)
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    )
    return {
        "uid": os.getuid(),
        "first": os.getpid() == 1,
        "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
        "no_new_privileges": status.get("NoNewPrivs", "0").strip() == "1",
        "seccomp": status.get("Seccomp", "0").strip() == "2",
        "interfaces": network_interfaces(),
        "descriptors": len(os.listdir("/proc/self/fd")) - 1,  # without that of the listing
    }


def network_interfaces() -> list[str]:
    """Return the names of the network interfaces, but the loopback."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return [name for line in lines if (name := line.split(":")[0].strip()) != "lo"]
