"""The grading machine around the class: places with secrets, and servers that notice a visitor."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from tests.grader.attacks.canaries import canary
from tests.grader.attacks.keyring import key_in_the_ring


@dataclass
class Traps:
    """What attacks aim at: `marks` fill in their texts, `visits` are what the servers noticed."""

    marks: dict[str, str]
    environment: dict[str, str]
    visits: list[str] = field(default_factory=list)


def fill(text: str, marks: Mapping[str, str]) -> str:
    """Return the text of an attack with the places of this machine."""
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", value)
    return text


def fill_notebook(notebook, marks: Mapping[str, str]) -> None:
    """Fill in the marks of every cell."""
    for cell in notebook["cells"]:
        if isinstance(cell.get("source"), str):
            cell["source"] = fill(cell["source"], marks)


@contextmanager
def set_traps(folder: Path, course: Path) -> Iterator[Traps]:
    """Lay out secrets and servers; `folder` holds the home of the user who grades."""
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text(canary("home"))
    (home / "notes.txt").write_text(canary("home"))
    with ExitStack() as stack:
        secret = stack.enter_context(NamedTemporaryFile("w", prefix="grading-"))
        secret.write(canary("tmp"))
        secret.flush()
        stack.enter_context(key_in_the_ring(b"vault-secret", canary("keyring").encode()))
        name = f"vault-trap-{os.getpid()}"
        traps = Traps({}, {"HOME": str(home), "GRADING_TOKEN": canary("environ")})
        port = stack.enter_context(_listen(traps, "TCP", socket.AF_INET, ("127.0.0.1", 0)))[1]
        stack.enter_context(_listen(traps, "UDP", socket.AF_INET, ("127.0.0.1", port), udp=True))
        stack.enter_context(_listen(traps, "TCP over IPv6", socket.AF_INET6, ("::1", port)))
        stack.enter_context(_listen(traps, "abstract socket", socket.AF_UNIX, f"\0{name}"))
        path = folder / "s"
        stack.enter_context(_listen(traps, "socket file", socket.AF_UNIX, os.fspath(path)))
        stack.enter_context(_listen(traps, "vsock", socket.AF_VSOCK, (socket.VMADDR_CID_ANY, port)))
        traps.marks.update(
            COURSE=str(course), HOME=str(home), TMPFILE=secret.name, PORT=str(port),
            ABSTRACT=name, SOCKET=str(path),
        )  # fmt: skip
        yield traps


def _bind(family, kind, address):
    """Return a socket at `address`; None where this machine has no such, and nobody can go there."""
    try:
        server = socket.socket(family, kind)
    except OSError:
        return None
    try:
        server.bind(address)
    except OSError:
        server.close()
        return None
    return server


def _receive(server):
    return server.recvfrom(1000)[1]


def _accept(server):
    visit, visitor = server.accept()
    visit.close()
    return visitor


@contextmanager
def _listen(traps: Traps, name: str, family: int, address, *, udp: bool = False):
    """Serve at `address` until the end; yield where, or nothing where the machine has no such."""
    server = _bind(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM, address)
    if server is None:
        yield None
        return
    server.settimeout(0.2)
    over = threading.Event()

    def serve():
        if not udp:
            server.listen(64)
        while not over.is_set():
            try:
                visitor = _receive(server) if udp else _accept(server)
            except TimeoutError:
                continue
            traps.visits.append(f"{name}: {visitor!r}")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()
    finally:
        over.set()
        thread.join()
        server.close()
