"""Every mistake of a caller gets a message that says what was expected and what came."""

import math
import re

import numpy as np
import pytest

from nnlib import LogisticNeuron, Perceptron

BOTH = [Perceptron, LogisticNeuron]
ONE_INPUT = ["weighted_sum", "predict"]
X4, Y4 = np.zeros((2, 4)), np.array([0, 1])


def raises(message: str):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "3", None])
def test_in_features(kind, value) -> None:
    with raises(f"{kind.__name__}: in_features must be an integer >= 1, got {value!r}."):
        kind(value)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("value", [0, -0.5, 0.0])
def test_lr_that_is_not_positive(kind, value) -> None:
    with raises(f"{kind.__name__}: lr must be a finite number > 0, got {value!r}."):
        kind(2, lr=value)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("value", [math.nan, math.inf, "0.1", True, None])
def test_lr_that_is_no_finite_number(kind, value) -> None:
    with raises(f"{kind.__name__}: lr must be a finite number, got {value!r}."):
        kind(2, lr=value)


def inputs_of(kind):
    names = [*ONE_INPUT, "predict_proba"] if kind is LogisticNeuron else ONE_INPUT
    return [getattr(kind(4), name) for name in names]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2), (), (0,), (1, 2, 4)])
def test_wrong_feature_count(kind, shape) -> None:
    message = f"{kind.__name__}(4): expected x of shape (4,) or (N, 4), got {shape}."
    for method in inputs_of(kind):
        with raises(message):
            method(np.zeros(shape))


@pytest.mark.parametrize("kind", BOTH)
def test_empty_batch(kind) -> None:
    empty = np.zeros((0, 4))
    for method in inputs_of(kind):
        with raises(f"{kind.__name__}(4): expected at least one example, got x of shape (0, 4)."):
            method(empty)
    with raises(f"{kind.__name__}(4): expected at least one example, got X of shape (0, 4)."):
        kind(4).fit(empty, [])


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_inputs_that_are_not_finite(kind, value) -> None:
    X = np.zeros((2, 4))
    X[1, 2] = value
    for method in inputs_of(kind):
        with raises(f"{kind.__name__}(4): x must be finite, found {value} at row 1, column 2."):
            method(X)
        with raises(f"{kind.__name__}(4): x must be finite, found {value} at position 2."):
            method(X[1])
    with raises(f"{kind.__name__}(4): X must be finite, found {value} at row 1, column 2."):
        kind(4).fit(X, Y4)


@pytest.mark.parametrize("kind", BOTH)
def test_inputs_that_are_not_numbers(kind) -> None:
    with raises(f"{kind.__name__}(2): x must hold real numbers, got dtype <U1."):
        kind(2).predict(["a", "b"])
    with pytest.raises(ValueError, match=r"\(2\): X is no rectangular array of numbers"):
        kind(2).fit([[1, 2], [3]], [0, 1])


def labelled_methods(kind):
    names = ["fit", "loss", "gradient"] if kind is LogisticNeuron else ["fit"]
    return [getattr(kind(4), name) for name in names]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (X4, [0, 2], "labels must be 0 or 1, found 2 at row 1."),
        (X4, [-1, 1], "labels must be 0 or 1, found -1 at row 0."),
        (X4, [0.0, 0.5], "labels must be 0 or 1, found 0.5 at row 1."),
        (X4, [0.0, math.nan], "labels must be 0 or 1, found nan at row 1."),
        (X4, ["0", "1"], "y must hold real numbers, got dtype <U1."),
        (X4, [[0], [1]], "expected y of shape (N,), got (2, 1); use y.ravel()."),
        (X4, [[0, 1], [1, 0]], "expected y of shape (N,), got (2, 2)."),
        (X4, 1, "expected y of shape (N,), got ()."),
        (X4, [0, 1, 1], "X has 2 rows but y has 3 labels."),
        (X4, [1], "X has 2 rows but y has 1 labels."),
        (X4[:, :3], Y4, "expected X of shape (N, 4), got (2, 3)."),
        (X4[0], Y4, "expected X of shape (N, 4), got (4,)."),
    ],
)
def test_labelled_batches(kind, X, y, message) -> None:
    for method in labelled_methods(kind):
        with raises(f"{kind.__name__}(4): {message}"):
            method(X, y)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("value", [0, -3, 1.5, True])
def test_max_epochs(kind, value) -> None:
    with raises(f"{kind.__name__}(4): max_epochs must be an integer >= 1, got {value!r}."):
        kind(4).fit(X4, Y4, max_epochs=value)


def test_seed_in_place_of_a_generator() -> None:
    message = (
        "Perceptron(4): rng must be a numpy.random.Generator, got 7; "
        "use rng=np.random.default_rng(seed)."
    )
    with raises(message):
        Perceptron(4).fit(X4, Y4, rng=7)


@pytest.mark.parametrize("target", [2, -1, 0.5, math.nan, [1], "1"])
def test_target_of_one_update(target) -> None:
    with pytest.raises(ValueError, match=r"^Perceptron\(4\): target must"):
        Perceptron(4).update(np.ones(4), target)


def test_update_with_a_batch_or_a_wrong_length() -> None:
    with raises("Perceptron(4): expected one x of shape (4,), got (2, 4)."):
        Perceptron(4).update(X4, 1)
    with raises("Perceptron(4): expected x of shape (4,) or (N, 4), got (3,)."):
        Perceptron(4).update(np.ones(3), 1)


def test_a_refused_call_changes_nothing() -> None:
    neuron = Perceptron(2)
    neuron.fit([[1.0, 0.0], [0.0, 1.0]], [1, 0])
    before = neuron.weight.tolist(), neuron.bias, neuron.converged, neuron.n_updates
    with pytest.raises(ValueError, match="labels must be 0 or 1"):
        neuron.fit([[5.0, 0.0], [0.0, 1.0]], [0, 3])
    assert (neuron.weight.tolist(), neuron.bias, neuron.converged, neuron.n_updates) == before


@pytest.mark.parametrize("kind", BOTH)
def test_weights_set_by_hand(kind) -> None:
    neuron = kind(2)
    with raises(f"{kind.__name__}(2): expected weight of shape (2,), got (2, 1)."):
        neuron.weight = [[1.0], [2.0]]
    with raises(f"{kind.__name__}(2): weight must be finite, found nan at position 1."):
        neuron.weight = [1.0, math.nan]
    with raises(f"{kind.__name__}(2): bias must be a finite number, got [1.0]."):
        neuron.bias = [1.0]
    with raises(f"{kind.__name__}(2): bias must be a finite number, got inf."):
        neuron.bias = math.inf


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_threshold(threshold) -> None:
    message = f"LogisticNeuron(4): threshold must lie in [0, 1], got {threshold!r}."
    with raises(message):
        LogisticNeuron(4).predict(np.zeros(4), threshold=threshold)
