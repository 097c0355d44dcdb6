"""Random numbers: the judge's generator follows the student's, and cannot be led elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.split.randomness import GeneratorKind, left_over, set_state, state_of, steps_between
from grader.split.wire import ProtocolError
from tests.grader.split.crossing import Both
from tests.grader.split.forked import Server, errors_of, notebook


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 2**40 - 1))
def test_the_number_of_steps_between_two_states(seed, steps):
    bits = np.random.PCG64(seed)
    start = bits.state["state"]
    bits.advance(steps)
    assert steps_between(start["state"], bits.state["state"]["state"], start["inc"]) == steps


def test_states_that_are_behind_or_too_far_ahead_are_no_successors():
    bits = np.random.PCG64(1)
    start = bits.state["state"]
    for steps in (-1, 2**40, 2**40 + 5, 2**100):
        bits = np.random.PCG64(1)
        bits.advance(steps)
        assert steps_between(start["state"], bits.state["state"]["state"], start["inc"]) is None


def test_the_left_over_half_of_a_draw_is_known_again():
    for draws in range(1, 20):
        rng = np.random.default_rng(draws)
        rng.integers(0, 2**31, size=draws, dtype=np.uint32)
        state, increment, has, half = state_of(rng)
        assert has == draws % 2
        if has:
            assert left_over(state, increment, draws, half)
            assert not left_over(state, increment, draws, half ^ 1)


def claim(change):
    """Let the judge's generator be told a state; return the generator before and after."""
    both = Both()
    rng = np.random.default_rng(7)
    kind = GeneratorKind()
    state, increment, has, half = state_of(rng)
    told = change(state, increment, has, half)
    payload = ["PCG64", f"{told[0]:x}", f"{told[1]:x}", *told[2:]]
    try:
        kind.apply(rng, payload, both.judge)
    finally:
        both.close()
    return rng


def test_an_honest_state_is_taken_over_with_its_half():
    mine = np.random.default_rng(7)
    mine.integers(0, 2**31, size=7, dtype=np.uint32)
    got = claim(lambda *_: state_of(mine))
    assert got.integers(0, 2**31, size=9, dtype=np.uint32).tolist() == mine.integers(
        0, 2**31, size=9, dtype=np.uint32).tolist()


def test_an_invented_half_is_dropped():
    mine = np.random.default_rng(7)
    mine.random(3)
    state, increment, _, _ = state_of(mine)
    got = claim(lambda *_: (state, increment, 1, 12345))
    assert state_of(got) == (state, increment, 0, 0)


@pytest.mark.parametrize("change", [
    lambda s, i, h, u: (s + 1, i, h, u), lambda s, i, h, u: (s, i + 2, h, u),
    lambda s, i, h, u: (0, i, h, u), lambda s, i, h, u: (2**128 + s, i, h, u),
    lambda s, i, h, u: (-1, i, h, u), lambda s, i, h, u: (s, i, 2, u),
    lambda s, i, h, u: (s, i, 1, 2**32), lambda s, i, h, u: (s, i, True, u),
])
def test_other_states_are_refused(change):
    with pytest.raises(ProtocolError):
        claim(change)


TEST = """
import numpy as np
def both(seed):
    return np.random.default_rng(seed), np.random.default_rng(seed)
def same(a, b):
    states = a.bit_generator.state, b.bit_generator.state
    return states[0]["state"] == states[1]["state"] and (
        states[0]["has_uint32"] == states[1]["has_uint32"])
for seed in range(5):
    one, two = both(seed)
    for n in (1, 2, 3, 5, 8):
        assert use(one, n) == [int(v) for v in two.permutation(n)] and same(one, two), n
        assert one.integers(100) == two.integers(100)
        one.random(n), two.random(n)
one, two = both(9)
kept = Keeps(one)
assert kept.draw() == two.random()
one.random(), two.random()
assert kept.draw() == two.random() and same(one, two)
child = one.spawn(1)[0]
assert isinstance(use(child, 4), list)
for bits in (np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM):
    one, two = (np.random.Generator(bits(3)) for _ in range(2))
    assert use(one, 6) == two.permutation(6).tolist()
"""


def test_a_generator_that_answer_and_test_share_gives_one_stream():
    source = notebook(
        ("answer", "a", "def use(rng, n):\n    return rng.permutation(n).tolist()\n"
         "class Keeps:\n    def __init__(self, rng):\n        self.rng = rng\n"
         "    def draw(self):\n        return self.rng.random()"), ("test", "t", TEST))
    server = Server(source)
    assert errors_of(source, server.play(source))["t"] == ""
    server.close()


def test_setting_a_state_is_reading_it():
    rng = np.random.default_rng(0)
    set_state(rng, (5, 7, 1, 9))
    assert state_of(rng) == (5, 7, 1, 9)
