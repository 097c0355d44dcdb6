"""From a data set to a model: split off a test part, put features on one scale, cut batches.

Split first: the scale must come from the training part alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks


def train_test_split(
    X: ArrayLike, y: ArrayLike, *, test_fraction: float = 0.25, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split examples at random into a training and a test part.

    Parameters
    ----------
    X : array_like, shape (N, ...)
    y : array_like, shape (N,)
    test_fraction : float, default 0.25
        Share of the test part; N * test_fraction is rounded to the nearest integer.
    rng : numpy.random.Generator
        Draws the permutation; the same seed gives the same split.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarrays
        Shuffled copies; every example is in exactly one part.

    Raises
    ------
    ValueError
        If the lengths differ, `rng` is no Generator, or a part would be empty.

    Notes
    -----
    The split is not stratified: the shares of the classes in the two parts differ by chance.

    References
    ----------
    Hastie, T., Tibshirani, R. and Friedman, J. (2009). The Elements of Statistical Learning,
    2nd ed. Springer. Section 7.2.

    Examples
    --------
    >>> X, y = np.arange(16.0).reshape(8, 2), np.array([0, 1] * 4)
    >>> parts = train_test_split(X, y, rng=np.random.default_rng(0))
    >>> [part.shape for part in parts]
    [(6, 2), (2, 2), (6,), (2,)]
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim < 1 or y.ndim != 1 or len(X) != len(y):
        raise ValueError(
            f"train_test_split: expected X of shape (N, ...) and y of shape (N,), "
            f"got {X.shape} and {y.shape}."
        )
    fraction = _checks.positive_number(test_fraction, "test_fraction", "train_test_split")
    n_test = round(len(X) * fraction)
    if not 0 < n_test < len(X):
        raise ValueError(
            f"train_test_split: test_fraction={test_fraction} of {len(X)} examples leaves "
            f"{len(X) - n_test} for training and {n_test} for testing; both need at least one."
        )
    order = _checks.generator(rng, "train_test_split").permutation(len(X))
    test, train = order[:n_test], order[n_test:]
    return X[train], X[test], y[train], y[test]


def standardize(train: ArrayLike, *others: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Scale each feature to mean 0 and standard deviation 1 on the training data.

    Parameters
    ----------
    train : array_like, shape (N, n_features)
        Sets the means and standard deviations.
    *others : array_like, shape (M, n_features)
        Further data (test, validation), scaled with the numbers of `train`.

    Returns
    -------
    tuple of ndarrays
        `train` and then each of `others`, scaled; always a tuple. float32 stays float32.

    Raises
    ------
    ValueError
        If a feature is constant in `train` (it has no scale; drop the column), or shapes do not
        match, or a value is not finite.

    Notes
    -----
    Formula: scaled = (x - mean) / std, with the population standard deviation
    std = sqrt(mean((x - mean)**2)).
    Statistics of the test data would leak information about it into training.

    References
    ----------
    LeCun, Y., Bottou, L., Orr, G. and Mueller, K.-R. (1998). Efficient BackProp. In: Neural
    Networks: Tricks of the Trade. Springer. Section 4.3. doi:10.1007/3-540-49430-8_2

    Examples
    --------
    >>> train, test = standardize([[1.0], [3.0]], [[4.0]])
    >>> train.ravel(), test.ravel()
    (array([-1.,  1.]), array([2.]))
    """
    arrays = [_float_matrix(a, i) for i, a in enumerate((train, *others))]
    widths = {a.shape[1] for a in arrays}
    if len(widths) > 1:
        shapes = ", ".join(str(a.shape) for a in arrays)
        raise ValueError(f"standardize: all arrays need the same number of features, got {shapes}.")
    mean, std = arrays[0].mean(axis=0), arrays[0].std(axis=0)
    # Rounding can leave a constant such as 0.1 with a tiny std, so constancy is tested itself.
    constant = np.flatnonzero((np.ptp(arrays[0], axis=0) == 0) | (std == 0))
    if len(constant):
        raise ValueError(
            f"standardize: feature(s) {constant.tolist()} are constant in the training data and "
            "have no scale; drop these columns from every array."
        )
    return tuple((a - mean) / std for a in arrays)


def _float_matrix(value: ArrayLike, position: int) -> NDArray[Any]:
    name = "train" if position == 0 else f"others[{position - 1}]"
    array = _checks.finite_array(value, name, "standardize")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"standardize: expected {name} of shape (N, n_features), got {array.shape}."
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def minibatches(
    X: ArrayLike,
    y: ArrayLike,
    batch_size: int,
    *,
    rng: np.random.Generator | None,
    drop_last: bool = False,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Go through all examples once, in random order, a batch at a time.

    Parameters
    ----------
    X : array_like, shape (N, ...)
    y : array_like, shape (N, ...)
    batch_size : int
        Examples in a batch; the last one holds what is left.
    rng : numpy.random.Generator or None
        Draws a new permutation of the examples at each call; None keeps their order.
    drop_last : bool, default False
        Leave out a last batch that is smaller (BatchNorm cannot train on one example).

    Returns
    -------
    iterator of (X_batch, y_batch)
        Copies, in the dtype of X and y.

    Raises
    ------
    ValueError
        At the call, if the lengths differ or are 0, `batch_size` is no positive integer, `rng` is
        neither Generator nor None, or nothing would be left.

    Notes
    -----
    Formula: number of batches = ceil(N / batch_size), with `drop_last` floor(N / batch_size).

    References
    ----------
    Bottou, L. (2012). Stochastic gradient descent tricks. In: Neural Networks: Tricks of the
    Trade. Springer. doi:10.1007/978-3-642-35289-8_25

    Examples
    --------
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [labels.tolist() for _, labels in minibatches(X, y, 2, rng=np.random.default_rng(0))]
    [[2, 4], [3, 0], [1]]
    """
    X, y = np.asarray(X), np.asarray(y)
    n, who = len(np.atleast_1d(X)), "minibatches"
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or n == 0:
        raise ValueError(f"{who}: X and y need equal lengths >= 1, got {X.shape} and {y.shape}.")
    size = _checks.positive_integer(batch_size, "batch_size", who)
    order = np.arange(n) if rng is None else _checks.generator(rng, who).permutation(n)
    end = n - n % size if drop_last else n
    if end == 0:
        raise ValueError(f"{who}: drop_last leaves none of {n} examples in batches of {size}.")
    parts = (order[start : start + size] for start in range(0, end, size))
    return ((X[part], y[part]) for part in parts)
