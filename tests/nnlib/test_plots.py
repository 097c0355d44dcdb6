"""Pictures of classification: what is drawn where, and clear errors."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from nnlib import Perceptron
from nnlib.plots import INK, PALETTE, decision_line, decision_regions, points

SETTINGS = settings(derandomize=True, deadline=None, max_examples=100)


def raises(message: str):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def test_points_are_split_by_class(ax) -> None:
    X, y = np.arange(8.0).reshape(4, 2), [1, 0, 1, 3]
    drawn = points(ax, X, y)
    assert [d.get_offsets().tolist() for d in drawn] == [[[2, 3]], [[0, 1], [4, 5]], [[6, 7]]]
    assert [to_hex(d.get_facecolor()[0]) for d in drawn] == [PALETTE[0], PALETTE[1], PALETTE[3]]
    shapes = {d.get_paths()[0].vertices.tobytes() for d in drawn}
    assert len(shapes) == 3
    assert ax.get_legend() is None


def test_points_name_the_classes_in_a_legend(ax) -> None:
    points(ax, [[0, 0], [1, 1]], np.array([0, 2]), labels=("a", "b", "c"))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "c"]


@pytest.mark.parametrize(
    ("X", "y", "labels", "message"),
    [
        ([[0, 0, 0]], [0], None, "expected X of shape (N, 2), got (1, 3)."),
        ([[0, 0]], [0, 1], None, "expected y of shape (1,), got (2,)."),
        ([[0, 0]], [[0]], None, "expected y of shape (1,), got (1, 1)."),
        ([[0, 0]], [4], None, "classes must be integers 0..3, found 4 at row 0."),
        ([[0, 0]] * 2, [0, 0.5], None, "classes must be integers 0..3, found 0.5 at row 1."),
        ([[0, 0]], [-1], None, "classes must be integers 0..3, found -1 at row 0."),
        ([[0, math.nan]], [0], None, "X must be finite, found nan at row 0, column 1."),
        (np.empty((0, 2)), [], None, "expected at least one example, got X of shape (0, 2)."),
        ([[0, 0]], [1], ["a"], "y holds class 1, so labels needs at least 2 names, got 1."),
    ],
)
def test_points_refuse_mistakes(ax, X, y, labels, message) -> None:
    with raises(f"points: {message}"):
        points(ax, X, y, labels=labels)


@pytest.mark.parametrize(
    ("weight", "bias", "ends"),
    [
        ([1, 0], -0.5, [(0.5, -1), (0.5, 3)]),  # vertical
        ([0, 2], -1, [(-1, 0.5), (2, 0.5)]),  # horizontal
        ([1, 1], -1, [(-1, 2), (2, -1)]),
        ([1, -1], 0, [(-1, -1), (2, 2)]),  # through a corner
        ([-4, 3], 1, [(-0.5, -1), (2, 7 / 3)]),
        ([1e-300, 1e-310], 0, [(-3e-10, 3), (1e-10, -1)]),  # nearly vertical, tiny numbers
        ([1, 5e-324], -0.5, [(0.5, -1), (0.5, 3)]),  # vertical but for rounding
    ],
)
def test_line_is_cut_at_the_limits(ax, weight, bias, ends) -> None:
    ax.set(xlim=(-1, 2), ylim=(-1, 3))
    line = decision_line(ax, weight, bias, label="boundary")
    np.testing.assert_allclose(sorted(line.get_xydata().tolist()), sorted(ends), atol=1e-12)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 2), (-1, 3))
    assert line in ax.lines
    assert line.get_label() == "boundary"
    assert line.get_color() == INK


def test_line_outside_the_view_has_no_points_and_no_arrow(ax) -> None:
    line = decision_line(ax, [1, 1], 7, normal=True)
    assert line.get_xydata().shape == (0, 2)
    assert not ax.texts


def test_line_works_on_reversed_limits_and_takes_options(ax) -> None:
    ax.set(xlim=(2, -1))
    line = decision_line(ax, [1, 0], -0.5, color="red", linestyle="--")
    assert line.get_xydata().tolist() == [[0.5, 0], [0.5, 1]]
    assert (line.get_color(), line.get_linestyle()) == ("red", "--")
    assert ax.get_xlim() == (2, -1)


@SETTINGS
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
def test_line_ends_lie_on_the_line_and_on_the_frame(w1, w2, bias) -> None:
    assume(math.hypot(w1, w2) > 1e-3)
    ax = Figure().subplots()
    ax.set(xlim=(-3, 2), ylim=(-1, 4))
    corners = np.array([(x, y) for x in (-3, 2) for y in (-1, 4)]) @ [w1, w2] + bias
    ends = decision_line(ax, [w1, w2], bias).get_xydata()
    if (corners < -1e-9).all() or (corners > 1e-9).all():
        assert len(ends) == 0
    elif (corners < -1e-9).any() and (corners > 1e-9).any():
        np.testing.assert_allclose(ends @ [w1, w2] + bias, 0, atol=1e-9)
        on_frame = np.isclose(ends, [[-3, -1]]) | np.isclose(ends, [[2, 4]])
        assert on_frame.any(axis=1).all()
        assert not np.array_equal(ends[0], ends[1])


def test_normal_points_from_the_line_to_the_positive_side(ax) -> None:
    ax.set(xlim=(0, 100), ylim=(0, 1))
    w, b = np.array([0.02, -3.0]), 0.5
    decision_line(ax, w, b, normal=True)
    (arrow,) = [text for text in ax.texts if isinstance(text, Annotation)]
    tail, head = np.array(arrow.get_position()), np.array(arrow.xy)
    assert tail @ w + b == pytest.approx(0, abs=1e-12)
    assert head @ w + b > 0
    np.testing.assert_allclose(np.cross([*(head - tail), 0], [*w, 0])[2], 0, atol=1e-12)
    assert np.linalg.norm((head - tail) / [100, 1]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        ([0, 0], 1.0, "expected one weight vector of shape (2,) that is not zero, got [0, 0]; "
         "zero weights define no line."),
        ([[1, 0]], 1.0, "expected one weight vector of shape (2,) that is not zero, got [[1, 0]]; "
         "zero weights define no line."),
        ([1, 2, 3], 1.0, "expected one weight vector of shape (2,) that is not zero, got "
         "[1, 2, 3]; zero weights define no line."),
        ([1, math.nan], 1.0, "weight must be finite, found nan at position 1."),
        ([1, 0], math.inf, "bias must be a finite number, got inf."),
        ([1, 0], [1.0], "bias must be a finite number, got [1.0]."),
    ],
)  # fmt: skip
def test_line_refuses_mistakes(ax, weight, bias, message) -> None:
    with raises(f"decision_line: {message}"):
        decision_line(ax, weight, bias)


def test_regions_agree_with_the_classifier(ax) -> None:
    neuron = Perceptron(2)
    neuron.weight, neuron.bias = [1.0, -2.0], 0.3
    regions = decision_regions(ax, neuron.predict, (-1, 2), (0, 1), resolution=50)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 2), (0, 1))
    X = np.random.default_rng(0).uniform((-1, 0), (2, 1), size=(300, 2))
    X = X[np.abs(X @ neuron.weight + neuron.bias) > 0.2]
    for k, region in enumerate(regions):
        inside = np.any([path.contains_points(X) for path in region.get_paths()], axis=0)
        assert inside.tolist() == (neuron.predict(X) == k).tolist()
        assert to_hex(region.get_facecolor()[0]) == PALETTE[k]


def test_regions_of_more_classes_have_no_seam_of_a_third(ax) -> None:
    regions = decision_regions(ax, lambda X: np.where(X[:, 0] > 0, 2, 0), (-1, 1), (-1, 1))
    assert [to_hex(region.get_facecolor()[0]) for region in regions] == [PALETTE[0], PALETTE[2]]


def test_one_class_everywhere_is_shaded_everywhere(ax) -> None:
    (region,) = decision_regions(ax, lambda X: np.ones(len(X)), (0, 1), (0, 1), resolution=5)
    assert region.get_paths()[0].contains_point((0.99, 0.01))


@pytest.mark.parametrize(
    ("predict", "limits", "resolution", "message"),
    [
        (len, (1, 1), 10, "decision_regions: expected limits (low, high) with low < high, "
         "got (1, 1)."),
        (len, (0, math.inf), 10, "decision_regions: expected limits (low, high) with low < high, "
         "got (0, inf)."),
        (len, (0, 1), 1, "decision_regions: resolution must be at least 2, got 1."),
        (len, (0, 1), 2.5, "decision_regions: resolution must be an integer >= 1, got 2.5."),
        (len, (0, 1), 3, "decision_regions, predict's result: expected y of shape (9,), got ()."),
        (lambda X: X, (0, 1), 3, "decision_regions, predict's result: expected y of shape (9,), "
         "got (9, 2)."),
        (lambda X: X[:, 0] + 4, (0, 1), 3, "decision_regions, predict's result: classes must be "
         "integers 0..3, found 4.0 at row 0."),
    ],
)  # fmt: skip
def test_regions_refuse_mistakes(ax, predict, limits, resolution, message) -> None:
    with raises(message):
        decision_regions(ax, predict, limits, (0, 1), resolution=resolution)
