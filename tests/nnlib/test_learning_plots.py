"""Pictures of learning: the curves hold the numbers they should, and mistakes are named."""

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import nnlib as nn
from nnlib.plots import (
    MARKERS,
    PALETTE,
    activation_curve,
    confusion_table,
    depth_histograms,
    loss_curves,
    loss_landscape,
)
from nnlib.train import History


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def raises(message: str):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def legend(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("layer", "derivative"),
    [
        (nn.Tanh(), lambda z: 1 - np.tanh(z) ** 2),
        (nn.ReLU(), lambda z: (z > 0).astype(float)),
        (nn.ELU(), lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0)))),
    ],
)
def test_activation_and_its_derivative(ax, layer, derivative) -> None:
    function, slope = activation_curve(ax, layer, limits=(-3, 2))
    z, values = function.get_data()
    assert (z[0], z[-1]) == (-3, 2)
    np.testing.assert_array_equal(values, layer(z[:, np.newaxis])[:, 0])
    np.testing.assert_allclose(slope.get_ydata(), derivative(z), atol=1e-12)
    assert legend(ax) == [type(layer).__name__, "derivative"]
    assert function.get_linestyle() != slope.get_linestyle()


def test_activation_refuses_limits(ax) -> None:
    with raises("activation_curve: expected limits low < high, got (1, 1)."):
        activation_curve(ax, nn.ReLU(), (1, 1))


def test_loss_curves_start_at_epoch_one_and_mark_the_best(ax) -> None:
    history = History(train_loss=[3.0, 2.0, 1.0], val_loss=[3.5, 2.5, 2.6], best_epoch=2)
    training, validation = loss_curves(ax, history)
    assert training.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert validation.get_ydata().tolist() == [3.5, 2.5, 2.6]
    assert legend(ax) == ["training", "validation", "best epoch"]
    assert set(ax.lines[-1].get_xdata()) == {2}


def test_loss_curve_without_validation(ax) -> None:
    assert len(loss_curves(ax, History(train_loss=[1.0]))) == 1
    assert legend(ax) == ["training"]
    with raises("loss_curves: the history holds no epoch; call Trainer.fit first."):
        loss_curves(ax, History())


def test_landscape_has_contours_of_the_loss_and_paths_with_their_ends_marked(ax) -> None:
    paths = {"SGD": [(1.0, 1.0), (0.5, 0.2), (0.1, 0.0)], "Adam": np.array([(-1.0, 0.5)])}
    lines = loss_landscape(
        ax, lambda a, b: a**2 + 4 * b**2, (-2, 2), (-1, 1), paths, levels=[1.0], resolution=81
    )
    (ring,) = ax.collections[0].get_paths()
    a, b = ring.vertices.T
    np.testing.assert_allclose(a**2 + 4 * b**2, 1.0, atol=0.01)
    assert np.ptp(a) == pytest.approx(2, abs=0.02)  # a along x: the ring is 2 wide and 1 high
    assert lines[0].get_xydata().tolist() == [[1, 1], [0.5, 0.2], [0.1, 0]]
    assert [line.get_markevery() for line in lines] == [[2], [0]]
    assert [line.get_marker() for line in lines] == list(MARKERS[:2])
    assert legend(ax) == ["SGD", "Adam"]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (-1, 1))


def test_landscape_without_paths_has_no_legend(ax) -> None:
    assert loss_landscape(ax, lambda a, b: a + b, (0, 1), (0, 1), resolution=5) == []
    assert ax.get_legend() is None
    assert not any(isinstance(c, LineCollection) for c in ax.collections)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"p": [1.0, 2.0]}, "expected path 'p' of shape (T, 2), got (2,)."),
        ({"p": [(1.0, 2.0, 3.0)]}, "expected path 'p' of shape (T, 2), got (1, 3)."),
        ({"p": np.empty((0, 2))}, "expected path 'p' of shape (T, 2), got (0, 2)."),
        ({"p": [(np.inf, 0.0)]}, "path 'p' must be finite, found inf at row 0, column 0."),
        ({str(k): [(0.0, 0.0)] for k in range(5)}, "at most 4 paths, got 5."),
    ],
)
def test_landscape_refuses_mistakes(ax, paths, message) -> None:
    with raises(f"loss_landscape: {message}"):
        loss_landscape(ax, lambda a, b: a, (0, 1), (0, 1), paths)


def test_histograms_share_their_range_and_go_down_with_depth(ax) -> None:
    values = {"0": [[0.0, 1.0], [1.0, 4.0]], "1": [2.0, 3.9]}
    counts = depth_histograms(ax, values, bins=4)
    assert [count.tolist() for count in counts] == [[1, 2, 0, 1], [0, 0, 1, 1]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]
    fills = ax.patches[::2]
    assert [to_hex(fill.get_facecolor()) for fill in fills] == list(PALETTE[:2])
    top, second = (fill.get_data() for fill in fills)
    assert (top.values.max(), top.baseline) == (pytest.approx(0.85), 0)
    assert (second.values.max(), second.baseline) == (pytest.approx(-0.15), -1)
    assert np.array_equal(top.edges, second.edges)


def test_histograms_of_sizes_leave_out_zeros(ax) -> None:
    counts = depth_histograms(
        ax, {"a": [0.0, 1.0, -100.0], "b": [1e-2, 0.0, 0.0]}, bins=2, log=True
    )
    assert [count.tolist() for count in counts] == [[0, 2], [1, 0]]
    assert ax.patches[0].get_data().edges.tolist() == [-2, 0, 2]


def test_more_layers_than_colours(ax) -> None:
    assert len(depth_histograms(ax, {str(k): [1.0, 2.0] for k in range(9)})) == 9


@pytest.mark.parametrize(
    ("values", "log", "message"),
    [
        ({}, False, "every layer needs values to show, got {}."),
        ({"a": [1.0], "b": []}, False, "every layer needs values to show, got {'a': 1, 'b': 0}."),
        ({"a": [0.0]}, True, "every layer needs values to show, got {'a': 0}."),
        ({"a": [1.0, np.nan]}, False, "a must be finite, found nan at position 1."),
    ],
)
def test_histograms_refuse_mistakes(ax, values, log, message) -> None:
    with raises(f"depth_histograms: {message}"):
        depth_histograms(ax, values, log=log)


def test_confusion_has_rows_of_right_classes(ax) -> None:
    confusion_table(ax, [[9, 1], [0, 0]], labels=("no", "yes"))
    shown = {text.get_position(): text.get_text() for text in ax.texts}
    assert shown == {(0, 0): "9", (1, 0): "1"}  # (column, row); zeros are left blank
    alphas = {patch.get_xy(): patch.get_alpha() for patch in ax.patches}
    assert alphas[(-0.5, -0.5)] == pytest.approx(0.9 * 0.22)
    assert alphas[(0.5, 0.5)] == 0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "right class")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["no", "yes"]
    assert ax.get_ylim() == (1.5, -0.5)  # row 0 at the top


def test_numbers_of_ten_classes_do_not_touch() -> None:
    figure = Figure(figsize=(5, 5))
    ax = confusion_table(figure.subplots(), np.full((10, 10), 188))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


@pytest.mark.parametrize(
    ("matrix", "labels", "got"),
    [
        ([[1, 2]], None, "shape (1, 2) and 1 labels"),
        ([[1, -2], [0, 1]], None, "shape (2, 2) and 2 labels"),
        ([[1, 2], [0, 1]], ["a"], "shape (2, 2) and 1 labels"),
        (np.empty((0, 0)), None, "shape (0, 0) and 0 labels"),
    ],
)
def test_confusion_refuses_mistakes(ax, matrix, labels, got) -> None:
    with raises(f"confusion_table: expected counts >= 0 of shape (K, K) and K labels, got {got}."):
        confusion_table(ax, matrix, labels)
