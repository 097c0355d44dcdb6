"""The data sets: shapes, codes and counts, checked against scikit-learn's own copies."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris

from nnlib.datasets import (
    IRIS_CLASSES,
    IRIS_FEATURES,
    breast_cancer,
    breast_cancer_features,
    diabetes,
    digits,
    iris,
    logic_gate,
    xor,
)


def raises(message: str):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("and", lambda a, b: a and b),
        ("or", lambda a, b: a or b),
        ("nand", lambda a, b: not (a and b)),
        ("nor", lambda a, b: not (a or b)),
        ("xor", lambda a, b: a != b),
        ("xnor", lambda a, b: a == b),
    ],
)
def test_gates_follow_their_definition(name, rule) -> None:
    X, y = logic_gate(name)
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert y.tolist() == [int(rule(bool(a), bool(b))) for a, b in X]


def test_xor_is_the_gate_and_a_fresh_copy() -> None:
    X, y = xor()
    assert y.tolist() == [0, 1, 1, 0]
    X[0], y[0] = 9, 9
    assert xor()[0][0].tolist() == [0, 0]
    assert logic_gate("xor")[1].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("name", ["XOR", "not", "", None])
def test_unknown_gate(name) -> None:
    with raises(f"logic_gate: name must be one of and, or, nand, nor, xor, xnor; got {name!r}."):
        logic_gate(name)


def test_iris_names_are_those_of_scikit_learn() -> None:
    assert list(load_iris().target_names) == list(IRIS_CLASSES)
    assert load_iris().feature_names == list(IRIS_FEATURES)


def test_iris_by_default_is_separable_setosa_against_versicolor() -> None:
    X, y = iris()
    assert (X.shape, X.dtype, y.dtype) == ((100, 2), np.float64, np.int64)
    assert y.tolist() == [0] * 50 + [1] * 50
    assert np.array_equal(X, load_iris().data[:100, 2:])
    assert X[y == 0, 0].max() < X[y == 1, 0].min()


def test_iris_takes_classes_and_features_in_the_order_given() -> None:
    X, y = iris(
        ("virginica", "setosa"), ("petal width (cm)", "sepal length (cm)", IRIS_FEATURES[1])
    )
    data, target = load_iris(return_X_y=True)
    assert np.array_equal(X[y == 0], data[target == 2][:, [3, 0, 1]])
    assert np.array_equal(X[y == 1], data[target == 0][:, [3, 0, 1]])
    assert iris(features=["sepal width (cm)"])[0].shape == (100, 1)


SPECIES = "setosa, versicolor, virginica"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ("setosa", "rosa")}, f"classes must come from {SPECIES}; got 'rosa'."),
        ({"classes": ()}, f"classes must come from {SPECIES}; got none."),
        ({"classes": ("setosa",)}, "classes must name two species, got 1: ('setosa',)."),
        ({"classes": ("setosa", "setosa")}, "classes must differ from each other, got "
         "('setosa', 'setosa')."),
        ({"classes": "setosa"}, "classes must be a sequence of names, got the string 'setosa'."),
        ({"features": ["petal length"]}, f"features must come from {', '.join(IRIS_FEATURES)}; "
         "got 'petal length'."),
        ({"features": IRIS_FEATURES[0]}, "features must be a sequence of names, got the string "
         "'sepal length (cm)'."),
        ({"features": IRIS_FEATURES[:1] * 2}, "features must differ from each other, got "
         "('sepal length (cm)', 'sepal length (cm)')."),
        ({"classes": IRIS_CLASSES}, "classes must name two species, got 3: "
         "('setosa', 'versicolor', 'virginica')."),
    ],
)  # fmt: skip
def test_iris_names_the_allowed_values(arguments, message) -> None:
    with raises(f"iris: {message}"):
        iris(**arguments)


def test_breast_cancer_codes_malignant_as_one() -> None:
    X, y = breast_cancer()
    raw = load_breast_cancer()
    assert (X.shape, X.dtype, y.dtype) == ((569, 30), np.float64, np.int64)
    assert np.array_equal(X, raw.data)
    malignant = raw.target_names[raw.target] == "malignant"
    assert np.array_equal(y == 1, malignant)
    assert np.bincount(y).tolist() == [357, 212]
    # Malignant tumours have the larger nuclei; this would catch a swapped code by its meaning.
    area = breast_cancer_features().index("mean area")
    assert X[y == 1, area].mean() > 2 * X[y == 0, area].mean()


def test_breast_cancer_features_name_the_columns() -> None:
    names = breast_cancer_features()
    assert names == tuple(load_breast_cancer().feature_names)
    assert len(set(names)) == 30
    assert all(type(name) is str for name in names)


def test_ranges_in_the_docstring() -> None:
    spread = np.ptp(breast_cancer()[0], axis=0)
    assert spread.max() / spread.min() > 100_000


def test_digits_are_scaled_to_one() -> None:
    X, y = digits()
    raw = load_digits()
    assert (X.shape, X.dtype, y.dtype) == ((1797, 64), np.float64, np.int64)
    assert np.array_equal(X * 16, raw.data)
    assert np.array_equal(y, raw.target)
    assert (X.min(), X.max()) == (0, 1)


def test_diabetes_is_as_measured() -> None:
    X, y = diabetes()
    raw = load_diabetes(scaled=False)
    assert (X.shape, X.dtype, y.dtype) == ((442, 10), np.float64, np.float64)
    assert np.array_equal(X, raw.data)
    assert np.array_equal(y[:, 0], raw.target)
    assert (y.min(), y.max()) == (25, 346)
