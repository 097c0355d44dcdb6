"""The schematic drawings: every part is there, labels as asked, nothing collides."""

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.transforms import Bbox

from nnlib import sigmoid
from nnlib.plots import INK, PALETTE, network_diagram, neuron_diagram, step_and_sigmoid


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(5, 3.6)).subplots()


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_default_neuron_has_every_part(ax) -> None:
    assert neuron_diagram(ax) is ax
    expected = [f"${letter}_{{{i}}}$" for i in (1, 2, 3) for letter in "xw"]
    expected += [r"$\Sigma$", r"$\sigma$", "$b$", "$z$", r"$\hat{y}$"]
    assert sorted(labels(ax)) == sorted(expected)
    assert len([patch for patch in ax.patches if isinstance(patch, Circle)]) == 2
    arrows = [text for text in ax.texts if not text.get_text()]
    assert len(arrows) == 6  # three inputs, bias, z, output


def test_numbers_words_and_mathtext_as_labels(ax) -> None:
    neuron_diagram(
        ax, ("capitals", "$x_{ij}$"), (0.5, "w12"), bias=-2, activation="step", output="spam"
    )
    shown = labels(ax)
    for label in ("capitals", "$x_{ij}$", "$0.5$", "$w_{12}$", "$-2$", "step", "spam"):
        assert label in shown


@pytest.mark.parametrize(
    ("inputs", "weights"), [((), None), ("x1", None), (("x1", "x2"), (1.0,)), (("x1",), (1, 2))]
)
def test_neuron_refuses_mistakes(ax, inputs, weights) -> None:
    message = (
        "neuron_diagram: expected at least one input and one weight for each, got "
        f"inputs={inputs!r} and weights={weights!r}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        neuron_diagram(ax, inputs, weights)


def boxes(ax: Axes) -> dict[str, Bbox]:
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    ax.figure.draw_without_rendering()
    return {t.get_text(): t.get_window_extent(renderer) for t in ax.texts if t.get_text()}


def collisions(ax: Axes) -> list[tuple[str, str]]:
    found = list(boxes(ax).items())
    return [
        (one, other)
        for i, (one, box) in enumerate(found)
        for other, second in found[i + 1 :]
        if box.overlaps(second)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_labels_do_not_collide(ax, count) -> None:
    neuron_diagram(ax, [f"x{i + 1}" for i in range(count)])
    assert collisions(ax) == []


def crossings(ax: Axes) -> list[str]:
    """Labels that a line or an arrow runs through."""
    ax.figure.draw_without_rendering()
    ends = [(arrow.xyann, arrow.xy) for arrow in ax.texts if not arrow.get_text()]
    ends += [line.get_xydata() for line in ax.lines]
    found = []
    for text in [t for t in ax.texts if t.get_text()]:
        box = text.get_window_extent()
        for tail, head in [ax.transData.transform(pair) for pair in ends]:
            line = tail + np.linspace(0, 1, 200)[:, np.newaxis] * (head - tail)
            if any(box.contains(*point) for point in line):
                found.append(text.get_text())
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_labels_stay_clear_of_the_edges(ax, count) -> None:
    neuron_diagram(ax, [f"x{i + 1}" for i in range(count)], weights=[0.25] * count)
    assert crossings(ax) == []


def test_a_crossing_would_be_noticed(ax) -> None:
    neuron_diagram(ax)
    ax.text(2.0, 0.0, "on an edge", va="center")
    assert "on an edge" in crossings(ax)


def test_a_collision_would_be_noticed(ax) -> None:
    neuron_diagram(ax)
    ax.text(0.25, 0.0, "on top", ha="right", va="center")
    assert collisions(ax) == [("$x_{2}$", "on top")]


def test_step_and_sigmoid_show_the_functions(ax) -> None:
    jump, smooth = step_and_sigmoid(ax)
    z, values = smooth.get_data()
    assert (z[0], z[-1]) == (-6, 6)
    np.testing.assert_allclose(values, sigmoid(z))
    z, values = jump.get_data()
    drawn = ~np.isnan(z)
    assert (values[drawn & (z > 0)] == 1).all()
    assert (values[drawn & (z <= 0)] == 0).all()
    assert np.isnan(z).sum() == 1  # no riser: the step has one value at each z
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["step(z)", "sigmoid(z)"]
    filled, hollow = ax.lines[2:]
    assert filled.get_xydata().tolist() == [[0, 0]]
    assert hollow.get_xydata().tolist() == [[0, 1]]
    assert hollow.get_markerfacecolor() == "none"


def edges(ax: Axes) -> list[int]:
    return [len(c.get_segments()) for c in ax.collections if isinstance(c, LineCollection)]


def test_network_has_a_unit_for_each_and_an_edge_for_each_weight(ax) -> None:
    assert network_diagram(ax, (3, 4, 2), labels=("in", "hidden", "out")) is ax
    assert edges(ax) == [12, 8]
    assert labels(ax) == ["3", "in", "4", "hidden", "2", "out"]
    colors = [to_hex(circle.get_facecolor()) for circle in ax.patches]
    assert colors == [PALETTE[0]] * 3 + [PALETTE[1]] * 4 + [PALETTE[2]] * 2
    assert to_hex(ax.collections[0].get_edgecolor()[0]) == INK
    assert collisions(ax) == []


def test_edges_run_from_unit_to_unit(ax) -> None:
    network_diagram(ax, (2, 3))
    centres = {circle.center for circle in ax.patches}
    ends = {tuple(point) for segment in ax.collections[0].get_segments() for point in segment}
    assert ends == centres


def test_large_layers_are_cut_and_say_their_size(ax) -> None:
    network_diagram(ax, (784, 7, 5), max_units=5)
    assert len(ax.patches) == 15
    assert labels(ax) == [r"$\vdots$", "784", r"$\vdots$", "7", "5"]
    heights = sorted(circle.center[1] for circle in ax.patches[:5])
    assert max(np.diff(heights)) == pytest.approx(1.6)  # room for the dots
    dots = next(text for text in ax.texts if text.get_text() == r"$\vdots$")
    assert dots.get_position()[1] == 0.0


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((3,), {}, "expected at least two layers and a label for each, got sizes=(3,) and "
         "labels=None."),
        ((3, 2), {"labels": ["x"]}, "expected at least two layers and a label for each, got "
         "sizes=(3, 2) and labels=['x']."),
        ((3, 0), {}, "sizes[1] must be an integer >= 1, got 0."),
        ((3, 2), {"max_units": 0}, "max_units must be an integer >= 1, got 0."),
    ],
)  # fmt: skip
def test_network_refuses_mistakes(ax, sizes, options, message) -> None:
    with pytest.raises(ValueError, match=f"^network_diagram: {re.escape(message)}$"):
        network_diagram(ax, sizes, **options)
