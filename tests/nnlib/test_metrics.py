"""Accuracy and confusion matrix, against scikit-learn and by hand."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from nnlib.metrics import accuracy, confusion_matrix

SETTINGS = settings(derandomize=True, deadline=None, max_examples=60)
CLASSES = hnp.arrays(np.int64, st.shared(st.integers(1, 30), key="n"), elements=st.integers(0, 4))


@SETTINGS
@given(CLASSES, CLASSES)
def test_both_agree_with_scikit_learn(preds, target) -> None:
    matrix = confusion_matrix(preds, target, num_classes=5)
    assert np.array_equal(matrix, sk.confusion_matrix(target, preds, labels=range(5)))
    assert accuracy(preds, target) == pytest.approx(sk.accuracy_score(target, preds))
    assert accuracy(preds, target) == pytest.approx(np.trace(matrix) / len(target))


def test_scores_decide_by_the_largest_the_first_of_equals() -> None:
    scores = np.array([[0.0, 2.0, 1.0], [3.0, 3.0, 0.0], [-np.inf, -5.0, -6.0]])
    assert accuracy(scores, [1, 0, 1]) == 1.0
    assert confusion_matrix(scores, [1, 1, 1]).tolist() == [[0, 0, 0], [1, 2, 0], [0, 0, 0]]


def test_truth_values_are_classes_zero_and_one() -> None:
    logits, target = np.array([[2.0], [-1.0], [0.5]]), np.array([[1.0], [0.0], [0.0]])
    assert accuracy(logits[:, 0] > 0, target[:, 0]) == pytest.approx(2 / 3)


def test_rows_are_right_classes_and_columns_predicted_ones() -> None:
    matrix = confusion_matrix([0, 0, 1], [1, 1, 1])
    assert matrix.tolist() == [[0, 0], [2, 1]]
    assert matrix.dtype == np.int64
    assert confusion_matrix([0.0], [0.0]).tolist() == [[1]]


@pytest.mark.parametrize("metric", [accuracy, confusion_matrix])
@pytest.mark.parametrize(
    ("preds", "target", "message"),
    [
        ([], [], "expected target of shape (N,) with N >= 1, got (0,)."),
        ([0], [[0]], "expected target of shape (N,) with N >= 1, got (1, 1)."),
        ([[0], [1]], [0, 1], "expected preds of shape (2,) or (2, K) with K >= 2, got (2, 1)."),
        ([0], [0, 1], "expected preds of shape (2,) or (2, K) with K >= 2, got (1,)."),
        (1, [0], "expected preds of shape (1,) or (1, K) with K >= 2, got ()."),
        ([[0.5, np.nan]], [0], "preds must not be NaN."),
        ([0, np.nan], [0, 1], "preds must hold integers >= 0; found nan at row 1."),
        ([0, 1], [0, -1], "target must hold integers >= 0; found -1 at row 1."),
        ([0.5, 1], [0, 1], "preds must hold integers >= 0; found 0.5 at row 0."),
        (["a"], [0], "preds must hold real numbers, got dtype <U1."),
    ],
)
def test_mistakes(metric, preds, target, message) -> None:
    with pytest.raises(ValueError, match=f"^{metric.__name__}: {re.escape(message)}$"):
        metric(preds, target)


def test_a_class_beyond_num_classes_is_refused() -> None:
    message = "confusion_matrix: classes must be integers in [0, 3); found 3."
    for call in (([1, 2], [0, 3], 3), (np.eye(3)[[0, 1]], [0, 3], None)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            confusion_matrix(*call)
