"""Splitting and standardising: nothing lost, nothing leaked, scikit-learn as oracle."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from nnlib.datasets import breast_cancer, minibatches, standardize, train_test_split

SETTINGS = settings(derandomize=True, deadline=None, max_examples=60)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def raises(message: str):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


@SETTINGS
@given(st.integers(2, 40), st.floats(0.05, 0.95), st.integers(0, 1000))
def test_every_example_lands_in_one_part_with_its_label(count, fraction, seed) -> None:
    n_test = round(count * fraction)
    X, y = np.arange(2 * count).reshape(count, 2), np.arange(count)
    if not 0 < n_test < count:
        with pytest.raises(ValueError, match="both need at least one"):
            train_test_split(X, y, test_fraction=fraction, rng=rng(seed))
        return
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_fraction=fraction, rng=rng(seed))
    assert (len(X_test), len(y_test)) == (n_test, n_test)
    assert sorted([*y_train, *y_test]) == list(range(count))
    assert np.array_equal(X_train, X[y_train])
    assert np.array_equal(X_test, X[y_test])


def test_split_depends_on_the_seed_alone() -> None:
    X, y = breast_cancer()
    first, same, other = (train_test_split(X, y, rng=rng(seed))[1] for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert len(first) == 142  # 569 / 4 = 142.25


def test_split_is_shuffled_and_returns_copies() -> None:
    X, y = np.zeros((100, 1)), np.repeat([0, 1], 50)
    X_train, _, y_train, y_test = train_test_split(X, y, rng=rng())
    assert set(y_test.tolist()) == {0, 1}
    assert not (np.diff(y_train) >= 0).all()
    X_train[:] = 1
    assert not X.any()


@pytest.mark.parametrize(
    ("X", "y", "shapes"),
    [
        (np.zeros((3, 2)), [0, 1], "(3, 2) and (2,)"),
        (np.zeros((2, 2)), [[0], [1]], "(2, 2) and (2, 1)"),
        (1.0, [0], "() and (1,)"),
    ],
)
def test_split_refuses_other_shapes(X, y, shapes) -> None:
    message = "train_test_split: expected X of shape (N, ...) and y of shape (N,), got "
    with raises(f"{message}{shapes}."):
        train_test_split(X, y, rng=rng())


@pytest.mark.parametrize(("fraction", "train", "test"), [(0.1, 4, 0), (0.95, 0, 4), (2, -4, 8)])
def test_split_refuses_an_empty_part(fraction, train, test) -> None:
    with raises(
        f"train_test_split: test_fraction={fraction} of 4 examples leaves {train} for training "
        f"and {test} for testing; both need at least one."
    ):
        train_test_split(np.zeros((4, 1)), np.zeros(4), test_fraction=fraction, rng=rng())


def test_split_refuses_a_seed_and_a_negative_fraction() -> None:
    with pytest.raises(ValueError, match=r"rng must be a numpy.random.Generator, got 0; use"):
        train_test_split(np.zeros((4, 1)), np.zeros(4), rng=0)
    with raises("train_test_split: test_fraction must be a finite number > 0, got -0.5."):
        train_test_split(np.zeros((4, 1)), np.zeros(4), test_fraction=-0.5, rng=rng())


def test_standardize_by_hand() -> None:
    train, test, more = standardize([[1, 10], [3, 30]], [[2, 50]], [[5, 20]])
    assert train.tolist() == [[-1, -1], [1, 1]]
    assert test.tolist() == [[0, 3]]  # the scale of the training part, not its own
    assert more.tolist() == [[3, 0]]
    (alone,) = standardize([[1.0], [3.0]])
    assert alone.tolist() == [[-1], [1]]


def test_standardize_agrees_with_scikit_learn() -> None:
    X, y = breast_cancer()
    X_train, X_test, _, _ = train_test_split(X, y, rng=rng())
    train, test = standardize(X_train, X_test)
    oracle = StandardScaler().fit(X_train)
    np.testing.assert_allclose(train, oracle.transform(X_train), rtol=0, atol=1e-12)
    np.testing.assert_allclose(test, oracle.transform(X_test), rtol=0, atol=1e-12)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "result"), [(np.float32, np.float32), (np.int64, np.float64), (bool, np.float64)]
)
def test_standardize_keeps_float_dtypes(dtype, result) -> None:
    X = np.array([[0], [1], [1]], dtype=dtype)
    assert [a.dtype for a in standardize(X, X)] == [result, result]


def test_standardize_changes_no_argument() -> None:
    X = np.array([[1.0], [3.0]])
    standardize(X, X)
    assert X.tolist() == [[1], [3]]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_standardize_refuses_a_constant_feature(value) -> None:
    X = np.column_stack([np.arange(10.0), np.full(10, value), np.full(10, -value)])
    with raises(
        "standardize: feature(s) [1, 2] are constant in the training data and have no scale; "
        "drop these columns from every array."
    ):
        standardize(X, X + rng().normal(size=X.shape))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0, 2.0],), "expected train of shape (N, n_features), got (2,)."),
        ((np.zeros((0, 2)),), "expected train of shape (N, n_features), got (0, 2)."),
        (([[1.0], [2.0]], [3.0]), "expected others[0] of shape (N, n_features), got (1,)."),
        (
            ([[1.0], [2.0]], [[3.0, 4.0]]),
            "all arrays need the same number of features, got (2, 1), (1, 2).",
        ),
        (([[1.0], [np.nan]],), "train must be finite, found nan at row 1, column 0."),
        (([["a"]],), "train must hold real numbers, got dtype <U1."),
    ],
)
def test_standardize_refuses_other_mistakes(arrays, message) -> None:
    with raises(f"standardize: {message}"):
        standardize(*arrays)


@SETTINGS
@given(st.integers(1, 40), st.integers(1, 45), st.booleans(), st.integers(0, 1000))
def test_batches_hold_every_example_once_with_its_label(count, size, drop_last, seed) -> None:
    X, y = np.arange(2.0 * count, dtype=np.float32).reshape(count, 2), np.arange(count)
    if drop_last and size > count:
        with pytest.raises(ValueError, match="drop_last leaves none"):
            minibatches(X, y, size, rng=rng(seed), drop_last=True)
        return
    batches = list(minibatches(X, y, size, rng=rng(seed), drop_last=drop_last))
    full, rest = divmod(count, size)
    assert [len(b) for _, b in batches] == [size] * full + [rest] * (rest > 0 and not drop_last)
    order = np.concatenate([b for _, b in batches])
    assert len(set(order.tolist())) == len(order)
    assert np.array_equal(np.concatenate([a for a, _ in batches]), X[order])
    assert order.tolist() == rng(seed).permutation(count)[: len(order)].tolist()
    assert {a.dtype for a, _ in batches} == {np.dtype(np.float32)}


def test_examples_change_batches_from_epoch_to_epoch() -> None:
    shared = rng()
    y = np.arange(20)
    epochs = [[set(b.tolist()) for _, b in minibatches(y, y, 5, rng=shared)] for _ in range(2)]
    assert epochs[0] != epochs[1]  # shuffling the starts of the batches alone would keep the sets
    assert not any(batch == set(range(i, i + 5)) for i in range(0, 20, 5) for batch in epochs[0])


def test_without_rng_the_order_is_kept_and_batches_are_copies() -> None:
    X, y = np.arange(6.0).reshape(3, 2), np.array([[0.0], [1.0], [2.0]])
    (first, labels), (second, _) = minibatches(X, y, 2, rng=None)
    assert (first.tolist(), labels.tolist()) == ([[0, 1], [2, 3]], [[0], [1]])
    second[...] = 9
    assert X[2].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("X", "y", "size", "message"),
    [
        (np.ones((3, 2)), [1, 2], 2, "X and y need equal lengths >= 1, got (3, 2) and (2,)."),
        (np.ones((0, 2)), [], 2, "X and y need equal lengths >= 1, got (0, 2) and (0,)."),
        (1.0, [1], 2, "X and y need equal lengths >= 1, got () and (1,)."),
        ([1], 1, 2, "X and y need equal lengths >= 1, got (1,) and ()."),
        ([1], [1], 0, "batch_size must be an integer >= 1, got 0."),
    ],
)
def test_minibatches_refuse_mistakes_at_the_call(X, y, size, message) -> None:
    with raises(f"minibatches: {message}"):
        minibatches(X, y, size, rng=rng())
    with raises("minibatches: rng must be a numpy.random.Generator, got 3; "
                "use rng=np.random.default_rng(seed)."):  # fmt: skip
        minibatches([1], [1], 1, rng=3)
