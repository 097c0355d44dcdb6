"""Kinds: NumPy's generators. The student draws from a twin, and the judge's own one follows it.

No state is ever copied upward. PCG64, which `default_rng` gives, is a linear congruential
generator, and how many steps lie between two of its states can be computed: the judge steps its
own generator forward by that number, if it is a possible one. Of other generators the judge keeps
its state.
"""

from typing import Any

import numpy as np

from grader.split.kinds import Json, Kind
from grader.split.peer import Peer
from grader.split.plain import bits_of, number_of
from grader.split.wire import strict

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
INVERSE = pow(MULTIPLIER, -1, 2**128)
MASK = 2**128 - 1
MOST_STEPS_LOG2 = 40
LOOK_BACK = 64  # how many draws ago the half of a number that is still to be given out came


class _NoSeed(np.random.bit_generator.ISeedSequence):
    """Words to begin with, for a generator that gets its state afterwards; a tenth of the time."""

    words = np.ones(2000, np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        """Return some words."""
        return self.words[:n_words].astype(dtype)


NO_SEED = _NoSeed()
State = tuple[int, int, int, int]  # state, increment, has_uint32, uinteger
BIT_GENERATORS = {name: getattr(np.random, name)
                  for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")}


def steps_between(start: int, end: int, increment: int) -> int | None:
    """Return how many steps of PCG64 lead from one state to another; None if 2**40 or more.

    The lowest k bits of the states have the period 2**k, so that the steps follow bit by bit.
    """
    multiplier, plus, steps = MULTIPLIER, increment, 0
    for bit in range(MOST_STEPS_LOG2):
        if start == end:
            return steps
        if (start ^ end) >> bit & 1:
            start = (start * multiplier + plus) & MASK
            steps |= 1 << bit
        plus = (multiplier + 1) * plus & MASK
        multiplier = multiplier * multiplier & MASK
    return steps if start == end else None


def output(state: int) -> int:
    """Return the 64 random bits that PCG64 (XSL-RR) gives out in a state."""
    mixed, turn = (state >> 64 ^ state) & (2**64 - 1), state >> 122
    return (mixed >> turn | mixed << (64 - turn)) & (2**64 - 1)


def left_over(state: int, increment: int, steps: int, half: int) -> bool:
    """Say whether `half` is the upper half of one of the last draws, kept for the next draw."""
    for _ in range(min(steps, LOOK_BACK)):
        if output(state) >> 32 == half:
            return True
        state = (state - increment) * INVERSE & MASK
    return False


def state_of(generator: Any) -> State | None:
    """Return the state of a PCG64 generator."""
    state = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        return None
    inside = state["state"]
    return inside["state"], inside["inc"], state["has_uint32"], state["uinteger"]


def set_state(generator: Any, state: State) -> None:
    """Give a PCG64 generator a state."""
    generator.bit_generator.state = {
        "bit_generator": "PCG64", "state": {"state": state[0], "inc": state[1]},
        "has_uint32": state[2], "uinteger": state[3],
    }


class GeneratorKind(Kind):
    """Generators, and subclasses that the locked cells define."""

    tag = "g"
    types = (np.random.Generator,)
    shared = True

    def fits(self, value: Any, peer: Peer) -> bool:
        return isinstance(value, np.random.Generator)

    def encode(self, value: Any, peer: Peer) -> Json | None:
        known = peer.known(value)
        if known:
            return known
        if not peer.trusted:
            return None  # a generator of the student's own stays a handle
        entry = peer.share(value, self, None)  # first of all: the state of some is shared, too
        payload, entry[2] = self.payload(value, peer)
        own = type(value) is not np.random.Generator
        inside = vars(value) if own and hasattr(value, "__dict__") else {}
        return [self.tag, type(value).__name__ if own else "", payload,
                *[part for k, v in inside.items() for part in (k, peer.encode(v))]]

    def decode(self, data: Json, peer: Peer) -> Any:
        strict(not peer.trusted, "a generator that comes up")
        _, name, payload, *inside = data
        bits = BIT_GENERATORS[payload[0]](NO_SEED)
        class_: Any = peer.class_of(name, np.random.Generator)
        value = class_.__new__(class_, bits)
        np.random.Generator.__init__(value, bits)
        entry = peer.share(value, self, None)
        entry[2] = self.apply(value, payload, peer)
        for key, part in zip(inside[::2], inside[1::2], strict=True):
            setattr(value, key, peer.decode(part))
        return value

    def changed(self, value: Any, snapshot: Any, peer: Peer) -> bool:
        return bool(self._state(value) != snapshot)

    @staticmethod
    def _state(value: Any) -> Any:
        return state_of(value) or repr(value.bit_generator.state)

    def payload(self, value: Any, peer: Peer) -> tuple[Json, Any]:
        state = state_of(value)
        name = type(value.bit_generator).__name__
        if state:
            return [name, bits_of(state[0]), bits_of(state[1]), *state[2:]], state
        if not peer.trusted:
            return [name], self._state(value)
        inside = value.bit_generator.state
        return [name, peer.encode(_plain(inside))], self._state(value)

    def apply(self, value: Any, data: Json, peer: Peer) -> Any:
        name, *parts = data
        strict(name == type(value.bit_generator).__name__, "another bit generator")
        if name != "PCG64":
            if not peer.trusted:
                value.bit_generator.state = peer.decode(parts[0])
            return self._state(value)
        state, increment = map(number_of, parts[:2])
        has, half = parts[2:]
        strict(type(has) is type(half) is int and has in (0, 1) and 0 <= half < 2**32, "a half")
        if peer.trusted:
            return self._advance(value, (state, increment, has, half))
        set_state(value, (state, increment, has, half))
        return state, increment, has, half

    @staticmethod
    def _advance(value: Any, new: State) -> State:
        """Move the judge's generator to where the student's claims to be, if it can be there."""
        old = state_of(value)
        strict(old and old[1] == new[1], "a generator with another increment")
        assert old
        steps = steps_between(old[0], new[0], old[1])
        strict(steps is not None, "a generator's state that is not ahead of the old one")
        assert steps is not None
        state = (new[0], old[1], 0, 0)
        if new[2] and (new[2:] == old[2:] or left_over(new[0], old[1], steps, new[3])):
            state = new
        set_state(value, state)
        return state


def _plain(value: Any) -> Any:
    """Return a generator's state with plain numbers."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


GENERATOR_KINDS = (GeneratorKind(),)
