"""Messages between judge and student: a JSON header and one block of raw bytes, both limited.

Nothing here trusts the other side: sizes are checked before memory is taken, and whatever is not a
message raises `ProtocolError`.
"""

import json
import socket
import struct
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

HEAD = struct.Struct("<II")  # bytes of JSON, bytes of data
MOST_PIECES = 512  # buffers that one sendmsg takes; more are joined
MOST_VALUES = 2_000_000  # commas and brackets in a header: each may cost tens of bytes of memory
JSON_BYTES = 16 * 2**20
START = 2**16

_write: Callable[[Any, int], Sequence[str]] = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, None, encode_basestring_ascii, None, ":", ",", False, False, True
)
_read: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


class ProtocolError(Exception):
    """What came over the wire is no message of this protocol: the sender's fault."""


class Closed(Exception):
    """The other side has gone."""


class TooLarge(ValueError):
    """A value does not fit into one message."""


def strict(condition: Any, what: str) -> None:
    """Raise ProtocolError unless a condition holds."""
    if not condition:
        raise ProtocolError(what)


class Wire:
    """One end of the connection.

    Parameters
    ----------
    sock : socket.socket
        A connected stream socket, blocking.
    limit : int
        The most bytes of data in one message.
    """

    def __init__(self, sock: socket.socket, limit: int = 64 * 2**20) -> None:
        self.sock = sock
        self.limit = limit
        self.buffer = bytearray(START)
        self.view = memoryview(self.buffer)
        self.have = 0
        self.on_wait: Callable[[], None] | None = None

    def watch(self, on_wait: Callable[[], None], seconds: float = 0.1) -> None:
        """Call a function again and again while the other side keeps this one waiting.

        If it raises while a message is received, nothing is lost; while one is sent, the rest of
        it never follows, and the connection is of no use any more.
        """
        self.on_wait = on_wait
        time = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, time)

    def send(self, message: list[Any], pieces: list[Any]) -> None:
        """Send one message: a tree of lists, strings and numbers, and the data beside it."""
        try:
            text = "".join(_write(message, 0)).encode("ascii")
        except (RecursionError, ValueError) as error:
            raise TooLarge(f"a value cannot be written down: {error}") from None
        if too_many(text):
            raise TooLarge("a value has too many parts, or a text too many commas and brackets")
        size = sum(map(len, pieces))
        if size > self.limit or len(text) > JSON_BYTES:
            raise TooLarge(
                f"{(size + len(text)) / 2**20:.0f} MiB do not fit into one message "
                f"({self.limit / 2**20:.0f} MiB)"
            )
        if len(pieces) > MOST_PIECES:
            pieces = [b"".join(pieces)]
        head = HEAD.pack(len(text), size)
        sent = self._send([head, text, *pieces])
        if sent < len(head) + len(text) + size:
            for piece in [head, text, *pieces]:
                rest = memoryview(piece)[sent:]
                sent = max(sent - len(piece), 0)
                while rest:
                    if self.on_wait:  # the other side may take it byte by byte
                        self.on_wait()
                    rest = rest[self._send([rest]) :]

    def _send(self, pieces: list[Any]) -> int:
        while True:
            try:
                return self.sock.sendmsg(pieces)
            except BlockingIOError:
                if self.on_wait:
                    self.on_wait()
            except (BrokenPipeError, ConnectionResetError) as error:
                raise Closed(str(error)) from None

    def receive(self) -> tuple[list[Any], bytes]:
        """Wait for one message.

        An exception that a signal handler raises while this waits loses nothing: the next call
        goes on with what has come so far.
        """
        while self.have < 8:
            self._more()
        json_bytes, data_bytes = HEAD.unpack_from(self.buffer)
        if json_bytes > JSON_BYTES or data_bytes > self.limit:
            raise ProtocolError(f"a message of {json_bytes} + {data_bytes} bytes is too large")
        end = 8 + json_bytes + data_bytes
        if end > len(self.buffer):
            self._grow(end)
        while self.have < end:
            self._more()
        text = bytes(self.view[8 : 8 + json_bytes])
        data = bytes(self.view[8 + json_bytes : end])
        rest = self.have - end
        if rest:
            self.buffer[:rest] = bytes(self.view[end : self.have])
        self.have = rest
        if end > START and rest <= START:
            self._grow(START)
        return parse(text), data

    def _more(self) -> None:
        while True:
            try:
                got = self.sock.recv_into(self.view[self.have :])
                break
            except BlockingIOError:
                if self.on_wait:
                    self.on_wait()
            except (ConnectionResetError, BrokenPipeError) as error:
                raise Closed(str(error)) from None
        if not got:
            raise Closed("the connection was closed")
        self.have += got
        if self.on_wait:  # an answer may drip in for ever
            self.on_wait()

    def _grow(self, size: int) -> None:
        """Take a buffer of another size, with what has come."""
        buffer = bytearray(size)
        buffer[: self.have] = self.view[: self.have]
        self.buffer, self.view = buffer, memoryview(buffer)


def too_many(text: bytes) -> bool:
    """Say whether a header may take too much memory; both ends count alike."""
    return len(text) > START and sum(map(text.count, (b",", b"[", b"{"))) > MOST_VALUES


def parse(text: bytes) -> list[Any]:
    """Read a JSON header; the result is a list."""
    if too_many(text):
        raise ProtocolError("a message has too many values")
    try:
        message, end = _read(str(text, "ascii"), 0)
    except (ValueError, StopIteration, RecursionError) as error:
        raise ProtocolError(f"a message is no JSON: {type(error).__name__}") from None
    if end != len(text) or type(message) is not list:
        raise ProtocolError("a message is one JSON list")
    return message
