"""The perceptron: cases by hand, scikit-learn as oracle, and the convergence theorem."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import Perceptron as SklearnPerceptron

from nnlib import Perceptron
from nnlib.datasets import iris, logic_gate, xor

SETTINGS = settings(derandomize=True, deadline=None, max_examples=60)
COORDINATES = st.floats(-10, 10, width=32, allow_subnormal=False)


def test_starts_at_zero_and_says_no() -> None:
    neuron = Perceptron(3)
    assert neuron.weight.tolist() == [0, 0, 0]
    assert neuron.weight.dtype == np.float64
    assert (neuron.bias, neuron.lr, neuron.converged, neuron.n_updates) == (0.0, 1.0, False, 0)
    assert neuron.predict([5.0, 5.0, 5.0]) == 0  # z = 0 belongs to class 0
    assert repr(neuron) == "Perceptron(in_features=3, lr=1)"


def test_weighted_sum_and_decision_of_the_spam_example() -> None:
    neuron = Perceptron(3)
    neuron.weight, neuron.bias = [0.5, 0.3, 0.8], -2  # PER-13
    assert neuron.weighted_sum([3, 50, 1]) == pytest.approx(15.3)
    assert isinstance(neuron.weighted_sum([3, 50, 1]), float)
    batch = [[3, 50, 1], [0, 6, 0], [0, 7, 0], [0, 0, 1]]
    assert neuron.weighted_sum(batch) == pytest.approx(np.array([15.3, -0.2, 0.1, -1.2]))
    assert neuron.predict(batch).tolist() == [1, 0, 1, 0]
    assert neuron.predict(batch).dtype == np.int64
    assert type(neuron.predict(batch[0])) is int


def test_one_update_by_hand() -> None:
    neuron = Perceptron(2, lr=0.5)
    assert neuron.update([1.0, 2.0], 1) is True  # predicted 0: add 0.5 x
    assert (neuron.weight.tolist(), neuron.bias) == ([0.5, 1.0], 0.5)
    assert neuron.update([2.0, -1.0], 0) is True  # z = 0.5 > 0, predicted 1: subtract 0.5 x
    assert (neuron.weight.tolist(), neuron.bias) == ([-0.5, 1.5], 0.0)
    assert neuron.update([2.0, -1.0], 0) is False
    assert neuron.n_updates == 2


@pytest.mark.parametrize(
    ("gate", "mistakes", "weight", "bias"),
    [
        ("and", [1, 3, 3, 2, 1, 0], [2, 1], -2),  # E-09: epoch 6
        ("or", [1, 2, 1, 0], [1, 1], 0),  # E-09: epoch 4
    ],
)
def test_gates_converge_as_computed_by_hand(gate, mistakes, weight, bias) -> None:
    X, y = logic_gate(gate)
    neuron = Perceptron(2)
    assert neuron.fit(X, y) == mistakes
    assert (neuron.weight.tolist(), neuron.bias) == (weight, bias)
    assert neuron.converged is True
    assert neuron.n_updates == sum(mistakes)
    assert neuron.predict(X).tolist() == y.tolist()


@pytest.mark.parametrize("gate", ["nand", "nor"])
def test_other_separable_gates_converge(gate) -> None:
    X, y = logic_gate(gate)
    neuron = Perceptron(2)
    assert neuron.fit(X, y)[-1] == 0
    assert neuron.predict(X).tolist() == y.tolist()


@pytest.mark.parametrize("gate", ["xor", "xnor"])
def test_xor_never_converges(gate) -> None:
    neuron = Perceptron(2)
    mistakes = neuron.fit(*logic_gate(gate), max_epochs=300)
    assert len(mistakes) == 300
    assert min(mistakes) >= 1
    assert neuron.converged is False


def test_xor_cycles_through_the_same_weights() -> None:
    neuron, seen = Perceptron(2), []
    for _ in range(40):
        neuron.fit(*xor(), max_epochs=1)
        seen.append((*neuron.weight, neuron.bias))
    assert len(set(seen)) < 10


def test_fitting_again_continues() -> None:
    X, y = logic_gate("and")
    stepwise, at_once = Perceptron(2), Perceptron(2)
    mistakes = [stepwise.fit(X, y, max_epochs=1)[0] for _ in range(6)]
    assert mistakes == at_once.fit(X, y)
    assert stepwise.weight.tolist() == at_once.weight.tolist()
    assert stepwise.converged
    assert stepwise.n_updates == at_once.n_updates
    assert at_once.fit(X, y) == [0]


def test_new_data_or_an_update_withdraws_convergence() -> None:
    neuron = Perceptron(2)
    neuron.fit(*logic_gate("and"))
    neuron.update([1.0, 1.0], 0)
    assert neuron.converged is False
    neuron.fit(*logic_gate("and"))
    neuron.fit(*logic_gate("or"), max_epochs=1)
    assert neuron.converged is False


def test_order_is_fresh_in_every_epoch_and_set_by_the_seed() -> None:
    visits: list[float] = []

    class Recorder(Perceptron):
        def _correct(self, x, target):
            visits.append(float(x[0]))
            return super()._correct(x, target)

    X, y = np.arange(6.0)[:, np.newaxis], np.array([0, 1, 0, 1, 0, 1])  # not separable
    Recorder(1).fit(X, y, max_epochs=3, rng=np.random.default_rng(0))
    epochs = np.reshape(visits, (3, 6))
    assert (np.sort(epochs, axis=1) == np.arange(6)).all()
    assert len({tuple(epoch) for epoch in epochs}) == 3
    rng = np.random.default_rng(0)
    assert epochs.tolist() == [rng.permutation(6).tolist() for _ in range(3)]
    visits.clear()
    Recorder(1).fit(X, y, max_epochs=2)
    assert visits == [0, 1, 2, 3, 4, 5] * 2


def test_lr_scales_the_weights_but_changes_no_decision() -> None:
    X, y = iris()
    slow, fast = Perceptron(2, lr=0.25), Perceptron(2, lr=4.0)  # powers of two: exact scaling
    assert slow.fit(X, y) == fast.fit(X, y)
    assert (16 * slow.weight).tolist() == fast.weight.tolist()
    assert 16 * slow.bias == fast.bias


def test_inputs_and_earlier_weights_are_left_alone() -> None:
    X, y = logic_gate("and")
    copy, neuron = X.copy(), Perceptron(2)
    start, mine = neuron.weight, np.array([1.0, 1.0])
    neuron.fit(X, y)
    assert np.array_equal(X, copy)
    assert start.tolist() == [0, 0]
    neuron.weight = mine
    neuron.weight[0] = 7.0
    assert mine.tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.uint8, bool])
def test_other_number_types_are_computed_in_float64(dtype) -> None:
    X, y = logic_gate("and")
    neuron = Perceptron(2)
    assert neuron.fit(X.astype(dtype), y.astype(dtype)) == [1, 3, 3, 2, 1, 0]
    assert neuron.weight.dtype == np.float64


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("epochs", [1, 7])
def test_same_weights_as_scikit_learn(seed, epochs) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 4))
    y = (X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=60) > 0).astype(int)
    y[0] = 1  # at the zero start scikit-learn corrects either class, we only class 1
    oracle = SklearnPerceptron(shuffle=False, tol=None, max_iter=epochs).fit(X, y)
    neuron = Perceptron(4)
    neuron.fit(X, y, max_epochs=epochs)
    np.testing.assert_allclose(neuron.weight, oracle.coef_[0], rtol=0, atol=1e-12)
    assert neuron.bias == pytest.approx(oracle.intercept_[0], abs=1e-12)


def test_finite_extremes_do_not_overflow() -> None:
    neuron = Perceptron(2)
    with np.errstate(all="raise", under="ignore"):
        neuron.fit([[1e100, -1e100], [-1e100, 1e-300]], [1, 0])
    assert neuron.converged
    assert np.isfinite(neuron.weight).all()


@SETTINGS
@given(hnp.arrays(np.float64, (2, 3), elements=COORDINATES), COORDINATES, st.integers(0, 1))
def test_a_right_prediction_changes_nothing(rows, bias, target) -> None:
    neuron = Perceptron(3)
    neuron.weight, neuron.bias = rows[0], bias
    right = neuron.predict(rows[1]) == target
    assert neuron.update(rows[1], target) is not right
    unchanged = np.array_equal(neuron.weight, rows[0]) and neuron.bias == bias
    assert unchanged or not right
    assert neuron.n_updates == (0 if right else 1)


@SETTINGS
@given(hnp.arrays(np.float64, (6, 3), elements=COORDINATES), COORDINATES, st.integers(-20, 20))
def test_decisions_ignore_a_positive_scale(rows, bias, exponent) -> None:
    scale = 2.0**exponent  # exact, so a point on the line stays on it
    one, other = Perceptron(3), Perceptron(3)
    one.weight, one.bias = rows[0], bias
    other.weight, other.bias = scale * rows[0], scale * bias
    assert one.predict(rows[1:]).tolist() == other.predict(rows[1:]).tolist()


@SETTINGS
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_updates_stay_below_novikoffs_bound(seed, shuffle) -> None:
    rng = np.random.default_rng(seed)
    separator = rng.normal(size=4)
    separator /= np.linalg.norm(separator)
    extended = np.c_[rng.uniform(-1, 1, size=(25, 3)), np.ones(25)]  # the bias as a weight
    margins = extended @ separator
    keep = np.abs(margins) > 0.1
    assume(keep.any())
    gamma, radius = np.abs(margins[keep]).min(), np.linalg.norm(extended[keep], axis=1).max()
    bound = (radius / gamma) ** 2
    neuron = Perceptron(3)
    neuron.fit(
        extended[keep, :3],
        (margins[keep] > 0).astype(int),
        max_epochs=math.floor(bound) + 1,  # each epoch but the last has a mistake
        rng=rng if shuffle else None,
    )
    assert neuron.converged
    assert neuron.n_updates <= bound
