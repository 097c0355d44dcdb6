"""What plain values look like on the other side: the same, to the last bit."""

import collections
import datetime
import enum
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.split.handles import Handle
from grader.split.wire import TooLarge
from tests.grader.split.crossing import Both, same

pytestmark = pytest.mark.slow

LONG = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=["down", "up"])
def cross(request):
    both = Both()
    yield getattr(both, request.param)
    both.close()


DTYPES = [np.dtype(name) for name in (
    "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "F", "D", "G",
    ">f8", ">i4", "U5", "S3", "M8[ns]", "m8[s]", "M8[D]")]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(),
    st.complex_numbers(allow_nan=False), st.just(...), st.fractions(),
    st.integers(2**63, 2**200), st.dates(), st.datetimes(), st.timedeltas(),
    st.builds(slice, st.none() | st.integers(), st.integers()), st.builds(range, st.integers(0, 9)),
    st.decimals(allow_nan=False),
)
arrays = st.sampled_from([d for d in DTYPES if d.kind not in "mM"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0)))
keys = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.integers(), st.text())
values = st.recursive(
    scalars | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
    | st.dictionaries(keys, inner, max_size=4) | st.sets(keys, max_size=4)
    | st.frozensets(keys, max_size=4) | st.builds(bytearray, st.binary()),
    max_leaves=20,
)


@LONG
@given(value=values)
def test_any_plain_value_arrives_as_it_is(value):
    both = Both()
    try:
        assert same(both.down(value), value)
        assert same(both.up(value), value)
    finally:
        both.close()


@pytest.mark.parametrize("value", [
    math.nan, math.inf, -math.inf, -0.0, 5e-324, 10**5000, -(2**63), 2**63, "\ud800 \x00 ü 🎈", b"",
    NotImplemented, Decimal("1.50"), Fraction(-3, 7), Path("a/b"), datetime.date(2026, 1, 2),
    [], (), {}, set(), frozenset([1, (2, "x")]), {1: 1, None: 2, (1, 2): [3], 2.5: {}, False: 0},
    complex(math.inf, -0.0), slice(None, 3, -1), range(10, 0, -3), bytearray(b"ab"),
], ids=lambda value: type(value).__name__)
def test_odd_values(cross, value):
    got = cross(value)
    assert same(got, value) or (value != value and got != got)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("make", [
    lambda a: a, lambda a: np.asfortranarray(a), lambda a: a.T, lambda a: a[::-1, ::2],
    lambda a: a[1:1], lambda a: a[:, 0], lambda a: a[2, 3], lambda a: a[2:3, 3:4],
    lambda a: a[2, 3:4].reshape(()), lambda a: np.broadcast_to(a[0], (3, 4)),
    lambda a: a[:, ::-1].T, lambda a: a.reshape(2, 2, 6)[:, 1, ::3],
])
def test_arrays_keep_their_dtype_layout_and_flags(cross, dtype, make):
    a = np.arange(24).reshape(6, 4).astype(dtype if dtype.kind not in "Mm" else "i8").astype(dtype)
    value = make(a)
    got = cross(value)
    assert same(got, value)
    if isinstance(value, np.ndarray):
        contiguous = value.flags.c_contiguous or value.flags.f_contiguous
        assert got.strides == value.strides or contiguous


def test_a_read_only_array_stays_read_only(cross):
    value = np.arange(3.0)
    value.flags.writeable = False
    assert not cross(value).flags.writeable
    assert cross(np.arange(3.0)).flags.owndata


def test_numpy_scalars_and_dtypes_keep_their_type(cross):
    for value in (np.float64(0.1), np.float64("nan"), np.float32(0.1), np.int64(-3), np.bool(True),
                  np.uint8(7), np.float16(2), np.longdouble(1) / 3, np.str_("ab"), np.bytes_(b"ab"),
                  np.complex64(1 + 2j), np.datetime64("2026-01-02"), np.timedelta64(3, "s")):
        got = cross(value)
        assert type(got) is type(value)
        assert got.tobytes() == value.tobytes()
    for dtype in DTYPES:
        assert cross(dtype) == dtype


def test_object_arrays_by_their_parts(cross):
    value = np.array([[1, "a"], [None, 2.5]], object)
    assert same(cross(value), value)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_matrices_arrive_as_arrays(cross):
    assert same(cross(np.matrix([[1, 2]])), np.array([[1, 2]]))


def test_subclasses_arrive_as_their_base(cross):
    class Always(np.ndarray):
        def __eq__(self, other):
            return np.True_

    class Number(int):
        def __eq__(self, other):
            return True
        __hash__ = int.__hash__

    class Text(str):
        def __eq__(self, other):
            return True
        __hash__ = str.__hash__

    class Real(float):
        def __eq__(self, other):
            return True
        __hash__ = float.__hash__

    Pair = collections.namedtuple("Pair", "a b")
    Colour = enum.IntEnum("Colour", "RED GREEN")
    for value, plain in [
        (np.arange(3).view(Always), np.arange(3)), (Number(3), 3), (Text("a"), "a"), (Real(2), 2.0),
        (Pair(1, [2]), (1, [2])), (Colour.RED, 1), (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}), (np.ma.array([1, 2], mask=[0, 1]),
                                                         np.arange(1, 3)),
    ]:
        assert same(cross(value), plain)


def test_lists_that_contain_themselves(cross):
    a = [1]
    a.append(a)
    got = cross(a)
    assert got[1] is got
    b = {}
    b["b"] = (b,)
    got = cross(b)
    assert got["b"][0] is got
    t = ([],)
    t[0].append(t)
    assert cross(t)[0][0][0] is not None


def test_deep_values_and_large_ones_are_refused(cross):
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises((RecursionError, TooLarge)):
        cross(deep)
    wide = ()
    for _ in range(40):
        wide = (wide, wide)
    with pytest.raises(TooLarge):
        cross(wide)


def test_aliases_within_a_message(cross):
    x = np.arange(6.0)
    got = cross([x, x, x[2:4], x.reshape(2, 3).T, x[::-2]])
    assert got[0] is got[1]
    for part in got[2:]:
        assert np.shares_memory(part, got[0])
    got[0][:] = 7
    assert all((part == 7).all() for part in got)


def test_what_is_not_plain_is_a_handle(cross):
    class Thing:
        pass

    thing = Thing()
    first, second = cross([thing, thing])
    assert first is second
    both = Both()
    got = both.up(thing)
    assert isinstance(got, Handle)
    assert both.down(got) is thing
    for decide in (lambda: got == 1, lambda: got != 1, lambda: got < 1, lambda: bool(got),
                   lambda: float(got), lambda: np.asarray(got), lambda: 1 in got,
                   lambda: np.allclose(got, 1), lambda: got in [1, 2], lambda: got == got.__class__,
                   lambda: np.arange(3) == got, lambda: [got] == [1], lambda: sorted([got, 1])):
        with pytest.raises(TypeError):
            decide()
    assert not np.array_equal(np.arange(3), got)  # NumPy's own answer to whatever is no array
    both.close()


def test_functions_and_classes_of_packages_by_name():
    both = Both()
    for value in (np.prod, np.tanh, np.float32, int, len, np.linalg.norm, ValueError, np):
        assert both.down(value) is value
    assert both.up(np.tanh) is np.tanh  # a ufunc computes, and nothing else
    assert both.up(np.prod) is np.prod  # the judge named it itself before
    both.close()
    both = Both()
    for value in (eval, open, np.load, np.mean, np.save, exec, compile, type, getattr, __import__):
        assert isinstance(both.up(value), Handle), value
    for value in (float, np.float32, np.ndarray, ValueError):
        assert both.up(value) is value
    both.close()
