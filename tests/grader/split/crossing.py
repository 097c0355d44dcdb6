"""Judge's and student's ends in one process, for tests of how single values cross."""

import socket
from types import SimpleNamespace

from grader.split import wire
from grader.split.functions import Texts
from grader.split.judge_peer import JudgePeer
from grader.split.outputs import Recorder
from grader.split.student import StudentPeer


class Both:
    """A judge's end and a student's end, connected; values are written and read by hand."""

    def __init__(self):
        here, there = socket.socketpair()
        shell = SimpleNamespace(user_ns={}, recorder=Recorder())
        self.judge = JudgePeer(wire.Wire(here), {}, set(), Texts(), lambda: None)
        self.student = StudentPeer(wire.Wire(there), shell)
        self.judge.scopes.append([])
        self.student.scopes.append([])

    def close(self):
        self.judge.wire.sock.close()
        self.student.wire.sock.close()

    def _cross(self, value, sender, receiver):
        sender.pieces, sender.size, sender.values = [], 0, 0
        text = "".join(wire._write([sender.encode(value)], 0)).encode()
        receiver.data, receiver.place = b"".join(sender.pieces), 0
        (data,) = wire.parse(text)
        return receiver.decode(data)

    def down(self, value):
        return self._cross(value, self.judge, self.student)

    def up(self, value):
        return self._cross(value, self.student, self.judge)


def same(a, b):
    """Say whether two values are the same to the last bit and type."""
    import numpy as np

    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        alike = (a.dtype == b.dtype and a.shape == b.shape
                 and a.flags.writeable == b.flags.writeable
                 and a.flags.c_contiguous == b.flags.c_contiguous
                 and a.flags.f_contiguous == b.flags.f_contiguous)
        if a.dtype == object:
            return alike and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
        return alike and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return a.hex() == b.hex()
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a, b)) and all(map(same, a.values(), b.values()))
    return a == b
