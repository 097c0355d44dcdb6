"""The kernel's keyrings, which no namespace separates: a secret in one, and what is left there."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from platform import machine

RINGS = (-3, -4, -5)  # of the session, of the user, of the user's sessions
USER_RING = -4
ADD_KEY, KEYCTL = 248, 250  # numbers of the system calls on x86-64
SEARCH, INVALIDATE = 10, 21
_libc = ctypes.CDLL(None)
_libc.syscall.restype = ctypes.c_long


def _find(name: bytes) -> Iterator[int]:
    for ring in RINGS:
        key = _libc.syscall(KEYCTL, SEARCH, ring, b"user", name, 0)
        if key > 0:
            yield key


@contextmanager
def key_in_the_ring(name: bytes, secret: bytes) -> Iterator[None]:
    """Keep a secret in the user's keyring meanwhile, where the machine has keyrings."""
    if machine() != "x86_64":
        yield
        return
    for stale in _find(b"poison-key"):
        _libc.syscall(KEYCTL, INVALIDATE, stale)
    _libc.syscall(ADD_KEY, b"user", name, secret, len(secret), USER_RING)
    try:
        yield
    finally:
        for key in (*_find(name), *_find(b"poison-key")):
            _libc.syscall(KEYCTL, INVALIDATE, key)
