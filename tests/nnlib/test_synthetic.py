"""The made data sets: shapes by formula, noise by standard deviation, reproducible by seed."""

import re

import numpy as np
import pytest
from sklearn.datasets import make_circles, make_moons

from nnlib.datasets import blobs, circles, moons, sine, spirals


def rng(seed=0):
    return np.random.default_rng(seed)


def by_rows(X):
    return X[np.lexsort(X.T.round(9))]


def test_moons_are_those_of_scikit_learn() -> None:
    X, y = moons(60, noise=0.0, rng=rng())
    expected, labels = make_moons(60, shuffle=False)
    np.testing.assert_allclose(X, expected, atol=1e-12)
    assert np.array_equal(y, labels)


def test_circles_are_those_of_scikit_learn() -> None:
    X, y = circles(60, noise=0.0, factor=0.3, rng=rng())
    expected, labels = make_circles(60, shuffle=False, factor=0.3)
    np.testing.assert_allclose(by_rows(X), by_rows(expected), atol=1e-12)
    assert np.array_equal(y, labels)


def test_spirals_are_point_mirrored_and_wind_as_often_as_asked() -> None:
    X, y = spirals(2000, noise=0.0, turns=1.5, rng=rng())
    np.testing.assert_allclose(X[y == 0], -X[y == 1], atol=1e-12)
    angle = np.unwrap(np.arctan2(X[y == 0, 1], X[y == 0, 0]))
    assert (angle[-1] - angle[0]) / (2 * np.pi) == pytest.approx(1.5, abs=0.01)
    assert (np.diff(np.linalg.norm(X[y == 0], axis=1)) > 0).all()


def test_blobs_have_the_centres_and_the_spread_asked_for() -> None:
    centers = [[0, 0, 5], [10, 0, 0], [0, 10, 0]]
    X, y = blobs(9000, centers=centers, noise=2.0, rng=rng())
    for k, center in enumerate(centers):
        np.testing.assert_allclose(X[y == k].mean(axis=0), center, atol=0.15)
        np.testing.assert_allclose(X[y == k].std(axis=0), 2.0, atol=0.1)
    assert np.bincount(y).tolist() == [3000] * 3


def test_sine_is_a_period_with_noise() -> None:
    X, y = sine(5000, noise=0.2, rng=rng())
    assert X.min() >= 0
    assert X.max() < 1
    assert (y - np.sin(2 * np.pi * X)).std() == pytest.approx(0.2, abs=0.01)
    assert (X.shape, y.shape) == ((5000, 1), (5000, 1))


@pytest.mark.parametrize("make", [moons, circles, spirals])
def test_noise_is_on_both_coordinates(make) -> None:
    noisy, still = make(4000, noise=0.3, rng=rng())[0], make(4000, noise=0.0, rng=rng())[0]
    np.testing.assert_allclose((noisy - still).std(axis=0), 0.3, atol=0.02)


@pytest.mark.parametrize("make", [moons, circles, spirals, blobs, sine])
def test_same_seed_same_data_and_usual_dtypes(make) -> None:
    X, y = make(rng=rng(5))
    again = make(rng=rng(5))
    assert np.array_equal(X, again[0])
    assert np.array_equal(y, again[1])
    assert not np.array_equal(X, make(rng=rng(6))[0])
    assert X.dtype == np.float64
    assert y.dtype == (np.float64 if make is sine else np.int64)
    assert make is sine or np.bincount(y).tolist() == [100, 100]


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (moons, {"n": 7}, "n must be even, half for each class, got 7."),
        (spirals, {"n": 0}, "n must be an integer >= 1, got 0."),
        (moons, {"noise": -0.1}, "noise must be >= 0, got -0.1."),
        (sine, {"noise": np.nan}, "noise must be a finite number, got nan."),
        (sine, {"n": 2.5}, "n must be an integer >= 1, got 2.5."),
        (circles, {"factor": 1.0}, "factor must lie between 0 and 1, got 1.0."),
        (circles, {"factor": 0}, "factor must lie between 0 and 1, got 0."),
        (spirals, {"turns": 0}, "turns must be a finite number > 0, got 0."),
        (blobs, {"n": 5}, "expected centers of shape (K, D) and n a multiple of K, got (2, 2) and "
         "5."),
        (blobs, {"centers": [1.0]}, "expected centers of shape (K, D) and n a multiple of K, got "
         "(1,) and 200."),
        (blobs, {"noise": -1}, "noise must be >= 0, got -1."),
        (moons, {"rng": 3}, "rng must be a numpy.random.Generator, got 3; "
         "use rng=np.random.default_rng(seed)."),
    ],
)  # fmt: skip
def test_mistakes(make, options, message) -> None:
    with pytest.raises(ValueError, match=f"^{make.__name__}: {re.escape(message)}$"):
        make(**{"rng": rng(), **options})
