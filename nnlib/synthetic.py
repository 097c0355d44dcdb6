"""Made data sets: points in the plane and noisy sines, drawn from a generator that is passed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray, IntArray

Points = tuple[FloatArray, IntArray]


def _noise(shape: tuple[int, int], noise: float, rng: np.random.Generator, who: str) -> FloatArray:
    """Draw normal noise with standard deviation `noise`."""
    if _checks.finite_number(noise, "noise", who) < 0:
        raise ValueError(f"{who}: noise must be >= 0, got {noise}.")
    return noise * _checks.generator(rng, who).normal(size=shape)


def _plane(n: int, noise: float, rng: np.random.Generator, who: str) -> tuple[int, FloatArray]:
    """Return the size of each of two classes, and the noise for both."""
    if _checks.positive_integer(n, "n", who) % 2:
        raise ValueError(f"{who}: n must be even, half for each class, got {n}.")
    return n // 2, _noise((n, 2), noise, rng, who)


def _labelled(first: ArrayLike, second: ArrayLike, noise: FloatArray) -> Points:
    """Stack the points of class 0 and class 1, given as (x, y) coordinates, and add the noise."""
    X = np.concatenate([np.transpose(first), np.transpose(second)]) + noise
    return X, np.repeat(np.array([0, 1], dtype=np.int64), len(X) // 2)


def moons(n: int = 200, *, noise: float = 0.1, rng: np.random.Generator) -> Points:
    """Two interleaved half circles, which no straight line separates.

    Parameters
    ----------
    n : int, default 200
        Number of points, even.
    noise : float, default 0.1
        Standard deviation of the normal noise on each coordinate.
    rng : numpy.random.Generator

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
    y : ndarray of int64, shape (n,)
        n / 2 zeros, then n / 2 ones.

    Raises
    ------
    ValueError
        If n is not even and positive, noise is negative, or `rng` is no Generator.

    Notes
    -----
    Formula: class 0 is (cos t, sin t), class 1 is (1 - cos t, 1/2 - sin t), t in [0, pi].

    References
    ----------
    Pedregosa, F. et al. (2011). Scikit-learn: machine learning in Python. JMLR 12, 2825-2830;
    there ``make_moons``.

    Examples
    --------
    >>> X, y = moons(4, noise=0.0, rng=np.random.default_rng(0))
    >>> X.round(2).tolist()
    [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]]
    """
    half, jitter = _plane(n, noise, rng, "moons")
    t = np.linspace(0, np.pi, half)
    return _labelled((np.cos(t), np.sin(t)), (1 - np.cos(t), 0.5 - np.sin(t)), jitter)


def circles(
    n: int = 200, *, noise: float = 0.1, factor: float = 0.5, rng: np.random.Generator
) -> Points:
    """Draw a ring within a ring: separable by the squared distance, not by the coordinates.

    Parameters
    ----------
    n, noise, rng
        As for `moons`.
    factor : float, default 0.5
        Radius of the inner ring, between 0 and 1; the outer one has radius 1.

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
    y : ndarray of int64, shape (n,)
        0 for the outer ring, then 1 for the inner one.

    Raises
    ------
    ValueError
        As `moons`; also if `factor` is not between 0 and 1.

    Notes
    -----
    Formula: class 0 is (cos t, sin t), class 1 is factor * (cos t, sin t), t in [0, 2 pi).

    References
    ----------
    Pedregosa et al. (2011), see `moons`; there ``make_circles``.

    Examples
    --------
    >>> X, y = circles(4, noise=0.0, rng=np.random.default_rng(0))
    >>> np.linalg.norm(X, axis=1).tolist(), y.tolist()
    ([1.0, 1.0, 0.5, 0.5], [0, 0, 1, 1])
    """
    half, jitter = _plane(n, noise, rng, "circles")
    if not 0 < _checks.finite_number(factor, "factor", "circles") < 1:
        raise ValueError(f"circles: factor must lie between 0 and 1, got {factor}.")
    t = np.linspace(0, 2 * np.pi, half, endpoint=False)
    ring = np.array([np.cos(t), np.sin(t)])
    return _labelled(ring, factor * ring, jitter)


def spirals(
    n: int = 200, *, noise: float = 0.05, turns: float = 1.5, rng: np.random.Generator
) -> Points:
    """Two spirals wound into each other, hard for a network with few hidden units.

    Parameters
    ----------
    n, noise, rng
        As for `moons`.
    turns : float, default 1.5
        How often each arm goes round.

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
    y : ndarray of int64, shape (n,)

    Raises
    ------
    ValueError
        As `moons`; also if `turns` is not positive.

    Notes
    -----
    Formula: class 0 is r (cos 2 pi turns r, sin 2 pi turns r) for r in (0, 1]; class 1 is its
    mirror image through the origin, -1 times that.

    References
    ----------
    Lang, K. J. and Witbrock, M. J. (1988). Learning to tell two spirals apart. Proceedings of the
    1988 Connectionist Models Summer School, 52-59.

    Examples
    --------
    >>> X, y = spirals(4, noise=0.0, rng=np.random.default_rng(0))
    >>> np.linalg.norm(X, axis=1).round(2).tolist()
    [0.5, 1.0, 0.5, 1.0]
    """
    half, jitter = _plane(n, noise, rng, "spirals")
    angle = 2 * np.pi * _checks.positive_number(turns, "turns", "spirals")
    r = np.arange(1, half + 1) / half
    arm = r * np.array([np.cos(angle * r), np.sin(angle * r)])
    return _labelled(arm, -arm, jitter)


def blobs(
    n: int = 200,
    *,
    centers: ArrayLike = ((-2.0, 0.0), (2.0, 0.0)),
    noise: float = 1.0,
    rng: np.random.Generator,
) -> Points:
    """Clouds of normally distributed points, one for each class.

    Parameters
    ----------
    n : int, default 200
        Number of points, a multiple of the number of centres.
    centers : array_like, shape (K, D)
        The mean of each class.
    noise : float, default 1.0
        Standard deviation in each direction.
    rng : numpy.random.Generator

    Returns
    -------
    X : ndarray of float64, shape (n, D)
    y : ndarray of int64, shape (n,)
        Class k in the k-th of K blocks.

    Raises
    ------
    ValueError
        If `centers` is no matrix, n is no multiple of K, noise is negative, or `rng` no Generator.

    Notes
    -----
    Formula: X = center[y] + noise * N(0, I). For two classes the best border is a straight line.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Section 4.2.1.

    Examples
    --------
    >>> X, y = blobs(4, noise=0.0, rng=np.random.default_rng(0))
    >>> X[:, 0].tolist(), y.tolist()
    ([-2.0, -2.0, 2.0, 2.0], [0, 0, 1, 1])
    """
    middle = _checks.finite_array(centers, "centers", "blobs").astype(np.float64)
    size = _checks.positive_integer(n, "n", "blobs")
    if middle.ndim != 2 or not len(middle) or size % len(middle):
        raise ValueError(
            f"blobs: expected centers of shape (K, D) and n a multiple of K, got {middle.shape} "
            f"and {n}."
        )
    y = np.repeat(np.arange(len(middle), dtype=np.int64), size // len(middle))
    return middle[y] + _noise((size, middle.shape[1]), noise, rng, "blobs"), y


def sine(
    n: int = 100, *, noise: float = 0.1, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """One period of a sine with noise, the usual first regression problem.

    Parameters
    ----------
    n : int, default 100
    noise : float, default 0.1
        Standard deviation of the normal noise on y.
    rng : numpy.random.Generator

    Returns
    -------
    X : ndarray of float64, shape (n, 1)
        Uniform in [0, 1), in random order.
    y : ndarray of float64, shape (n, 1)

    Raises
    ------
    ValueError
        If n is not positive, noise is negative, or `rng` is no Generator.

    Notes
    -----
    Formula: y = sin(2 pi x) + noise * N(0, 1).

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning. Springer. Section 1.1.

    Examples
    --------
    >>> X, y = sine(3, noise=0.0, rng=np.random.default_rng(0))
    >>> bool(np.allclose(y, np.sin(2 * np.pi * X)))
    True
    """
    X = _checks.generator(rng, "sine").random((_checks.positive_integer(n, "n", "sine"), 1))
    return X, np.sin(2 * np.pi * X) + _noise(X.shape, noise, rng, "sine")
