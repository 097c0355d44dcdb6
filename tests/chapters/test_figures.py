"""The comparison of figures notices a moved point and a new element, and nothing else."""

import io

import matplotlib.pyplot as plt
import pytest

from tests.chapters.figures import figures_of, svg_difference


def svg_of(xs, ys, title="t"):
    with plt.rc_context({"svg.hashsalt": "fixed"}):
        fig, ax = plt.subplots(figsize=(3, 2))
        ax.plot(xs, ys, "o-")
        ax.set_title(title)
        ax.set(xlim=(0, 2), ylim=(0, 2))
        out = io.StringIO()
        fig.savefig(out, format="svg", metadata={"Date": None})
        plt.close(fig)
    return out.getvalue()


def test_same_figure_agrees():
    assert svg_difference(svg_of([0, 1, 2], [0, 1, 2]), svg_of([0, 1, 2], [0, 1, 2])) is None


def test_noise_of_the_last_digit_is_forgiven():
    exact, noisy = svg_of([0, 1, 2], [0, 1, 2]), svg_of([0, 1 + 1e-9, 2], [0, 1 - 1e-7, 2])
    assert svg_difference(exact, noisy) is None


@pytest.mark.parametrize(
    ("ys", "title", "says"),
    [
        ([0, 1.1, 2], "t", "moved by"),
        ([0, 1, 2], "other", "other elements"),
        ([0, 1], "t", "other elements"),
    ],
)
def test_a_changed_figure_is_noticed(ys, title, says):
    changed = svg_of([0, 1, 2][: len(ys)], ys, title)
    assert says in svg_difference(svg_of([0, 1, 2], [0, 1, 2]), changed)


def test_figures_are_found_among_outputs():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "x"},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/plain": "f"}},
        {"output_type": "execute_result", "data": {"text/plain": "1"}},
    ]
    assert figures_of(outputs) == ["<svg/>"]
