"""The logistic neuron: finite differences, scikit-learn and SciPy as oracles, extreme inputs."""

import math

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from nnlib import LogisticNeuron, sigmoid
from nnlib.datasets import logic_gate


def overlapping(seed: int, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussian clouds that no line separates."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    return rng.normal(size=(count, 2)) + y[:, np.newaxis] * [1.2, -0.6], y


def with_weights(weight: list[float], bias: float, **options: float) -> LogisticNeuron:
    neuron = LogisticNeuron(len(weight), **options)
    neuron.weight, neuron.bias = weight, bias
    return neuron


def test_starts_at_zero_with_probability_one_half() -> None:
    neuron = LogisticNeuron(2)
    assert (neuron.weight.tolist(), neuron.bias, neuron.lr) == ([0, 0], 0.0, 0.1)
    assert neuron.predict_proba([3.0, -4.0]) == 0.5
    assert neuron.predict([3.0, -4.0]) == 0
    assert neuron.loss(*logic_gate("and")) == pytest.approx(math.log(2), rel=1e-15)
    assert repr(neuron) == "LogisticNeuron(in_features=2, lr=0.1)"


def test_probabilities_of_the_spam_example() -> None:
    neuron = with_weights([0.5, 0.3, 0.8], -2)  # PER-13
    assert neuron.predict_proba([3, 50, 1]) == pytest.approx(0.9999997734, abs=1e-10)
    assert type(neuron.predict_proba([3, 50, 1])) is float
    batch = [[0, 6, 0], [0, 7, 0]]
    assert neuron.predict_proba(batch) == pytest.approx(sigmoid([-0.2, 0.1]))
    assert neuron.predict(batch).tolist() == [0, 1]
    assert type(neuron.predict(batch[0])) is int


def test_threshold_moves_the_decision() -> None:
    neuron = with_weights([1.0], 0.0)
    x = [[math.log(3)]]  # p = 0.75
    assert [neuron.predict(x, threshold=t)[0] for t in (0, 0.5, 0.74, 0.76, 1)] == [1, 1, 1, 0, 0]
    probability = neuron.predict_proba(x)[0]
    assert neuron.predict(x, probability).tolist() == [0]  # "exceeds" means strictly


def test_loss_and_gradient_by_hand() -> None:
    neuron = with_weights([1.0], 0.0)
    X, y = [[math.log(3)], [-math.log(3)]], [1, 1]  # p = 3/4 and 1/4
    assert neuron.loss(X, y) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)
    grad_weight, grad_bias = neuron.gradient(X, y)  # p - y = -1/4 and -3/4
    assert grad_weight == pytest.approx([math.log(3) / 4])
    assert grad_bias == pytest.approx(-0.5)
    assert type(grad_bias) is float


def test_one_step_by_hand() -> None:
    neuron = LogisticNeuron(2, lr=2.0)
    assert neuron.fit(*logic_gate("and"), max_epochs=1) == pytest.approx([math.log(2)])
    # p - y = 1/2, 1/2, 1/2, -1/2: mean of (p - y) x is 0 for both inputs, mean of (p - y) is 1/4.
    assert (neuron.weight.tolist(), neuron.bias) == ([0, 0], -0.5)


def test_losses_are_those_before_each_step() -> None:
    X, y = overlapping(0)
    neuron, expected = LogisticNeuron(2, lr=0.5), []
    for _ in range(5):
        expected.append(neuron.loss(X, y))
        grad_weight, grad_bias = neuron.gradient(X, y)
        neuron.weight = neuron.weight - 0.5 * grad_weight
        neuron.bias -= 0.5 * grad_bias
    other = LogisticNeuron(2, lr=0.5)
    assert other.fit(X, y, max_epochs=2) + other.fit(X, y, max_epochs=3) == expected
    assert other.weight.tolist() == neuron.weight.tolist()
    assert len(LogisticNeuron(2).fit(X, y)) == 100
    assert (np.diff(LogisticNeuron(2).fit(X, y)) < 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_gradient_agrees_with_finite_differences(seed) -> None:
    X, y = overlapping(seed)
    rng = np.random.default_rng(seed)
    neuron = LogisticNeuron(2)

    def set_to(parameters: np.ndarray) -> None:
        neuron.weight, neuron.bias = parameters[:2], float(parameters[2])

    def loss(parameters: np.ndarray) -> float:
        set_to(parameters)
        return neuron.loss(X, y)

    def gradient(parameters: np.ndarray) -> np.ndarray:
        set_to(parameters)
        return np.append(*neuron.gradient(X, y))

    assert check_grad(loss, gradient, rng.normal(size=3)) < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_loss_agrees_with_scikit_learn(seed) -> None:
    X, y = overlapping(seed)
    neuron = with_weights([2.0, -3.0], 0.5)
    assert neuron.loss(X, y) == pytest.approx(log_loss(y, neuron.predict_proba(X)), rel=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_converges_to_the_unregularised_fit_of_scikit_learn(seed) -> None:
    X, y = overlapping(seed)
    neuron = LogisticNeuron(2, lr=2.0)
    neuron.fit(X, y, max_epochs=1500)
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(neuron.weight, oracle.coef_[0], rtol=1e-5)
    assert neuron.bias == pytest.approx(oracle.intercept_[0], rel=1e-5)
    assert neuron.predict(X).tolist() == oracle.predict(X).tolist()


def test_extreme_sums_lose_neither_finiteness_nor_precision() -> None:
    neuron = with_weights([1.0], 0.0)
    with np.errstate(all="raise", under="ignore"):
        assert neuron.loss([[1e4], [-1e4]], [0, 1]) == 1e4
        assert neuron.loss([[1e4], [-1e4]], [1, 0]) == 0
        assert neuron.loss([[40.0]], [1]) == pytest.approx(math.exp(-40), rel=1e-12)
        assert neuron.predict_proba([[1e300], [-1e300]]).tolist() == [1, 0]
        assert neuron.gradient([[1e4], [-1e4]], [0, 1])[0].tolist() == [1e4]
        assert all(np.isfinite(neuron.fit([[1e4], [-1e4]], [0, 1], max_epochs=5)))


def test_inputs_are_left_alone() -> None:
    X, y = overlapping(0)
    copies = X.copy(), y.copy()
    neuron = LogisticNeuron(2)
    start = neuron.weight
    neuron.fit(X, y)
    assert np.array_equal(X, copies[0])
    assert np.array_equal(y, copies[1])
    assert start.tolist() == [0, 0]
