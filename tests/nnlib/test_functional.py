"""step and sigmoid: values by hand, SciPy as oracle, symmetry, dtype and extreme arguments."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit

from nnlib import sigmoid, step

SETTINGS = settings(derandomize=True, deadline=None, max_examples=200)
ANY_FLOAT = st.floats(allow_nan=False)
EXTREMES = [0.0, 1e-310, 1.0, 36.0, 37.0, 709.0, 710.0, 745.0, 1e4, 1e308]


def test_step_is_one_strictly_above_zero() -> None:
    result = step([-1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0])
    assert result.tolist() == [0, 0, 0, 0, 1, 1]
    assert result.dtype == np.int64


def test_step_keeps_the_shape() -> None:
    assert step(np.ones((2, 0, 3))).shape == (2, 0, 3)
    assert step(np.ones((2, 3))).shape == (2, 3)
    assert int(step(3)) == 1


def test_step_refuses_nan() -> None:
    with pytest.raises(ValueError, match=r"step: z must not be NaN, got \[1.0, nan\]"):
        step([1.0, math.nan])


@pytest.mark.parametrize("function", [step, sigmoid])
@pytest.mark.parametrize(
    ("z", "message"),
    [
        (["a"], "z must hold real numbers, got dtype <U1"),
        ([1j], "z must hold real numbers, got dtype complex128"),
        ([None], "z must hold real numbers, got dtype object"),
        ([[1], [1, 2]], "z is no rectangular array of numbers"),
    ],
)
def test_both_refuse_what_is_not_a_number(function, z, message) -> None:
    with pytest.raises(ValueError, match=f"{function.__name__}: {message}"):
        function(z)


def test_sigmoid_at_points_known_by_hand() -> None:
    assert sigmoid(0.0) == 0.5
    assert sigmoid(math.log(3)) == pytest.approx(0.75, rel=1e-15)
    assert sigmoid(-math.log(3)) == pytest.approx(0.25, rel=1e-15)
    assert sigmoid(15.3) == pytest.approx(0.9999997734, abs=1e-10)  # spam example, PER-13


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_sigmoid_keeps_the_dtype(dtype) -> None:
    assert sigmoid(np.array([-2, 0, 2], dtype=dtype)).dtype == dtype
    assert sigmoid(dtype(2)).dtype == dtype


@pytest.mark.parametrize("z", [3, True, np.int32(3), [1, 2]])
def test_sigmoid_of_integers_is_float64(z) -> None:
    assert sigmoid(z).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_never_overflows(dtype) -> None:
    info = np.finfo(dtype)
    z = np.array([min(e, float(info.max)) for e in EXTREMES] + [math.inf], dtype=dtype)
    with np.errstate(all="raise", under="ignore"):
        upper, lower = sigmoid(z), sigmoid(-z)
    assert upper[-1] == 1
    assert lower[-1] == 0
    assert (np.diff(upper) >= 0).all()
    # Below the smallest normal number SciPy's expit is flushed to zero; ours is not.
    np.testing.assert_allclose(upper, expit(z), rtol=4 * info.eps)
    np.testing.assert_allclose(lower, expit(-z), rtol=4 * info.eps, atol=info.tiny)


def test_sigmoid_passes_nan_on() -> None:
    assert np.isnan(sigmoid([0.0, math.nan])).tolist() == [False, True]


@SETTINGS
@given(ANY_FLOAT)
def test_sigmoid_is_symmetric(z: float) -> None:
    with np.errstate(under="ignore"):
        assert abs(sigmoid(-z) - (1 - sigmoid(z))) <= 2.3e-16
        assert 0 <= sigmoid(z) <= 1


@SETTINGS
@given(ANY_FLOAT)
def test_step_is_symmetric_off_zero(z: float) -> None:
    assert step(z) + step(-z) == (0 if z == 0 else 1)


@SETTINGS
@given(st.floats(-700, 700))
def test_sigmoid_has_full_relative_precision(z: float) -> None:
    assert sigmoid(z) == pytest.approx(expit(z), rel=1e-15, abs=0)


@SETTINGS
@given(hnp.arrays(np.float64, 5, elements=st.floats(-1e3, 1e3)))
def test_sigmoid_does_not_change_its_argument(z: np.ndarray) -> None:
    before = z.copy()
    with np.errstate(under="ignore"):
        sigmoid(z)
    assert np.array_equal(before, z)
