"""JSON objects on a stream socket, each after its length, up to a limit."""

import json
import socket
import struct
from typing import Any

LENGTH = struct.Struct("!Q")


class TooLargeError(Exception):
    """A message is over the limit."""


def send_object(sock: socket.socket, value: dict[str, Any], limit: int) -> None:
    """Send one object; raise TooLargeError, and send nothing, when it is over `limit` bytes."""
    payload = json.dumps(value).encode()
    if len(payload) > limit:
        raise TooLargeError(f"{len(payload) / 1e6:.0f} MB; at most {limit / 1e6:.0f} are sent")
    sock.sendall(LENGTH.pack(len(payload)) + payload)


def receive_object(sock: socket.socket, limit: int) -> dict[str, Any]:
    """Receive one object; raise EOFError when the other side ended before it was complete."""
    (length,) = LENGTH.unpack(_receive(sock, LENGTH.size))
    if length > limit:
        raise TooLargeError(f"{length / 1e6:.0f} MB; at most {limit / 1e6:.0f} are read")
    value = json.loads(_receive(sock, length))
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")
    return value


def _receive(sock: socket.socket, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = sock.recv(min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
