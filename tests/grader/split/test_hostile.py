# ruff: noqa: E501 - a cell or a message in one line each
"""The judge's end against a student's process that sends anything: only ProtocolError, at once."""

import json
import socket
import struct
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.split import wire
from grader.split.stops import Stuck, Unusable
from grader.split.wire import Closed, ProtocolError, Wire
from tests.grader.split.crossing import Both

pytestmark = pytest.mark.slow

MANY = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))


def frame(message, data=b""):
    """Return a message as bytes; a 0 before its last part says that nothing goes ahead of it."""
    if isinstance(message, list):
        message = [*message[:-1], 0, *message[-1:]]
    if not isinstance(message, bytes):
        message = json.dumps(message).encode()
    text = message
    return struct.pack("<II", len(text), len(data)) + text + data


def hear(*frames):
    """Let the judge ask for a call, and let these bytes be the answer; return what it makes of it."""
    both = Both()
    both.judge.scopes.clear()
    there = both.student.wire.sock
    sender = threading.Thread(target=_send, args=(there, b"".join(frames)))
    sender.start()
    try:
        x = np.arange(4.0)
        return both.judge.request("call", 1, (x, [1], np.random.default_rng(0)))
    except Unusable as error:
        raise error.cause from None
    finally:
        both.judge.wire.sock.close()
        sender.join()
        there.close()


def _send(sock, data):
    try:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    except OSError:
        return


def harmless(*frames):
    """Say that an answer is refused, or gives a value or an ordinary exception, quickly."""
    began = time.perf_counter()
    allowed = ("builtins", "__main__", "grader.split.errors", "grader.split.wire")
    try:
        hear(*frames)
    except Exception as error:  # noqa: BLE001 - whatever it is
        told = type(error)
    else:
        told = ValueError
    assert told.__module__ in allowed, told
    assert time.perf_counter() - began < 5


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from([*"ilbtzsdBav@.nODNMXghHGPE", "nf", "ni", "r", "x", "q", "<f8", "|b1",
                                                          "k", "o", "w", "d", "f", "n", "F"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=25,
)
VALID = [
    ["r", 1.5, [], []], ["r", ["@", 0], [], []], ["r", ["a", "<f8", [2, 2], 0], [], []],
    ["r", ["v", 0, "<f8", [2], [8], 8], [], []], ["r", ["a", "<f8", [2, 2], 2, [16, -8]], [], []],
    ["r", ["l", 1, ["t", 2, "a"], ["d", "k", ["s", 1]]], [0, ["<f8", [4], 32], 1, [5]], []],
    ["r", None, [2, ["PCG64", "aa", "bb", 0, 0]], ["k", 1]],
    ["r", ["h", 7, ["object", "A", "A", ["h", 8, ["class", "A", "A", None, None, []]], None, []]], [], []],
    ["x", ["E", [["builtins", "ValueError"]], ["t", "no"], "no", [["<cell 1>", 3, "f"]], [], None, False], [], []],
    ["q", "call", 1, [1.0], [], [], []], ["q", "get", 1, ["x"], [], [], []],
    ["r", ["N", "numpy", "tanh"], [], ["o", [["stdout", "hi"]], "w", [["UserWarning", "m", "f", 3]]]],
    ["r", ["O", [2], [1, ["i", "ff"]]], [], []], ["r", ["n", "<f4", 4], [], []],
    ["r", ["P", True, "/etc/passwd"], [], []], ["r", ["M", "numpy"], [], []],
]


@MANY
@given(message=json_values, data=st.binary(max_size=64))
def test_random_answers(message, data):
    harmless(frame(message, data))


@MANY
@given(result=json_values, changes=json_values, extra=json_values, kind=st.sampled_from("rxq"),
       data=st.binary(max_size=64))
def test_random_parts_of_answers(kind, result, changes, extra, data):
    harmless(frame([kind, result, changes, extra], data))


@MANY
@given(data=st.binary(max_size=200))
@example(data=b"\xff" * 8)
@example(data=struct.pack("<II", 16 * 2**20, 64 * 2**20) + b"[")
def test_random_bytes(data):
    harmless(data)


@st.composite
def mutated(draw):
    message = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 3))):
        place = message
        while True:
            index = draw(st.integers(0, len(place) - 1))
            if isinstance(place[index], list) and place[index] and draw(st.booleans()):
                place = place[index]
                continue
            break
        how = draw(st.sampled_from(["replace", "delete", "double", "number"]))
        if how == "replace":
            place[index] = draw(json_values)
        elif how == "delete" and len(place) > 1:
            del place[index]
        elif how == "double":
            place.insert(index, place[index])
        else:
            place[index] = draw(st.sampled_from([0, -1, 1, 2**31, 2**40, 2**62, -(2**62), 2**63, 1e308]))
    return message


@MANY
@given(message=mutated(), data=st.binary(max_size=64))
def test_valid_answers_with_a_part_changed(message, data):
    harmless(frame(message, data))


@pytest.mark.parametrize("message", [
    ["r", ["a", "<f8", [2**40, 2**20], 0], [], []],
    ["r", ["a", "<f8", [0, 2**62], 0], [], []],
    ["r", ["a", "<U0", [2**39], 0], [], []],
    ["r", ["a", "<U999999999", [0], 0], [], []],
    ["r", ["a", "|S0", [1000, 1000, 1000], 0], [], []],
    ["r", ["a", "O", [1], 0], [], []],
    ["r", ["a", "<f8", [-1], 0], [], []],
    ["r", ["a", "<f8", [1], 2, [2**39]], [], []],
    ["r", ["a", "<f8", [4, 4], 2, [2**39, 8]], [], []],
    ["r", ["v", 0, "<f8", [5], [8], 0], [], []],
    ["r", ["v", 0, "<f8", [4], [8], 8], [], []],
    ["r", ["v", 0, "<f8", [1], [8], -8], [], []],
    ["r", ["v", 0, "<f8", [2**39], [0], 0], [], []],
    ["r", ["v", 0, "<U8", [1], [8], 8], [], []],
    ["r", ["v", 0, "<U8", [2**22], [0], 0], [], []],  # within the limit by the base's items alone
    ["r", ["v", 0, "<U0", [2**30], [0], 0], [], []],
    ["r", ["v", 0, "<f8", [4], [-8], 0], [], []],
    ["r", ["v", 1, "<f8", [1], [8], 0], [], []],
    ["r", ["O", [2**30], []], [], []],
    ["r", ["n", "<U999999999", 3999999996], [], []],
    ["r", ["b", 2**40], [], []],
    ["r", ["b", -1], [], []],
    ["r", ["@", 99], [], []],
    ["r", ["H", 5], [], []],
    ["r", ["h", 3], [], []],
    ["r", ["g", "", ["PCG64", "1", "1", 0, 0]], [], []],
    ["r", ["G", "x"], [], []],
    ["r", ["N", "builtins", "eval"], [], []],
    ["r", ["N", "os", "system"], [], []],
    ["r", ["N", "numpy", "load"], [], []],
    ["r", ["N", "numpy", "f2py.os.system"], [], []],
    ["r", ["M", "os"], [], []],
    ["r", ["X", "eval"], [], []],
    ["r", {"a": 1}, [], []],
    ["r", ["i", "9" * 200_000], [], []],
    ["r", ["i", "-"], [], []],
    ["r", 1, [2, ["PCG64", "1", "1", 0, 0]], []],
    ["r", 1, [2, ["MT19937", ["d"]]], []],
    ["r", 1, [0, ["<f8", [5], 40]], []],
    ["r", 1, [0, ["<f4", [4], 16]], []],
    ["r", 1, [99, []], []],
    ["r", 1, [], ["n", ["__builtins__", 1]]],
    ["r", 1, [], ["F", ["../x", 0]]],
    ["r", 1, [], ["F", ["x", 0]]],
    ["r", 1, [], ["?", 1]],
    ["r", 1, []],
    ["z", 1, [], []],
    ["q", "exec", 1, [], [], [], []],
    ["q", "call", 77, [], [], [], []],
    ["x", ["e", 0], [], []],
    ["x", ["E", [], None, "", [], [], None, False], [], []],
    ["x", 5, [], []],
    [],
    ["r"] * 100_000,
], ids=lambda message: json.dumps(message)[:60])
def test_each_way_to_break_the_protocol_is_refused(message):
    with pytest.raises((ProtocolError, Closed)):
        hear(frame(message))


def test_no_message_costs_much_memory():
    bombs = [
        b"[" + b"[]," * 5_000_000 + b"[]]", b"[" * 1_000_000, b'["' + b"x" * 15_000_000 + b'"]',
        b"[" + b"1," * 7_000_000 + b"1]",
    ]
    tracemalloc.start()
    for bomb in bombs:
        harmless(frame(bomb))
    harmless(struct.pack("<II", 2**32 - 1, 2**32 - 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 2**20


def test_exceptions_that_tests_would_miss_come_up_as_ordinary_ones():
    for name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"):
        told = ["E", [["builtins", name]], ["t", 0], "0", [], [], None, False]
        with pytest.raises(Exception, match="0") as caught:
            hear(frame(["x", told, [], []]))
        assert type(caught.value).__name__ == name
        assert isinstance(caught.value, Exception)


def test_frames_of_other_files_show_nothing_of_them():
    told = ["E", [["builtins", "ValueError"]], ["t", "no"], "no",
            [["/etc/passwd", 1, "f"], ["/x/site-packages/numpy/linalg/a.py", 7, "g"],
             ["/x/site-packages/numpy/../../etc/a.py", 7, "g"]], [], None, False]
    with pytest.raises(ValueError, match="no") as caught:
        hear(frame(["x", told, [], []]))
    names = [place.filename for place in __import__("traceback").extract_tb(caught.value.__traceback__)]
    assert names[-3:] == ["<outside of the notebook>", "<site-packages>/numpy/linalg/a.py",
                          "<site-packages>/numpy/../../etc/a.py"]


def test_an_object_of_the_test_is_asked_for_public_attributes_only():
    both = Both()

    def function():
        return 1

    def numbers():
        yield 1

    for value, name in [(function, "__globals__"), (function, "__code__"), (numbers(), "gi_frame"),
                        (np.random.default_rng(0), "bit_generator"), ({}, "get")]:
        number = both.judge.exports.number(value)
        with pytest.raises(AttributeError):
            both.judge.perform("get", number, [name], {})
    both.close()


def test_answers_that_never_end_cost_their_time_only():
    both = Both()
    both.judge.scopes.clear()
    interrupts = []
    both.judge.interrupt = lambda: interrupts.append(time.monotonic())
    both.judge.start_clock(0.2)
    began = time.monotonic()
    with pytest.raises(Unusable) as caught:
        both.judge.request("call", 1)
    assert type(caught.value.cause) is Stuck
    assert len(interrupts) == 1
    assert 2 < time.monotonic() - began < 4
    both.close()


def test_a_student_that_does_not_read_blocks_nobody():
    both = Both()
    both.judge.scopes.clear()
    both.judge.start_clock(0.1)
    with pytest.raises(Unusable) as caught:
        both.judge.request("call", 1, (np.zeros(4_000_000),))
    assert type(caught.value.cause) is Stuck
    with pytest.raises(Unusable):  # for good
        both.judge.request("call", 1)
    both.close()


def test_the_connection_is_limited_in_both_directions():
    here, there = socket.socketpair()
    with pytest.raises(wire.TooLarge):
        Wire(here, limit=1000).send(["r"], [b"x" * 2000])
    there.sendall(struct.pack("<II", 10, 2000) + b"[]")
    with pytest.raises(ProtocolError):
        Wire(here, limit=1000).receive()
    here.close()
    there.close()
