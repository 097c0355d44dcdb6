"""Schematic drawings: the parts of a neuron, a network by its layers, two activations."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from . import _checks
from ._checks import FloatArray
from .functional import sigmoid, step
from .style import INK, PALETTE

_SUM, _ACTIVATION, _OUTPUT = (3.0, 0.0), (4.8, 0.0), (6.4, 0.0)  # centres of the nodes
_RADIUS = 0.5


def neuron_diagram(
    ax: Axes,
    inputs: Sequence[str] = ("x1", "x2", "x3"),
    weights: Sequence[str | float] | None = None,
    bias: str | float = "b",
    activation: str = r"$\sigma$",
    output: str = r"$\hat{y}$",
) -> Axes:
    """Draw one neuron: inputs, weighted edges, sum with bias, activation, output.

    Labels such as "x1" are set as mathematics with a subscript; other text stays as it is, and
    "$...$" is taken as mathtext.

    Parameters
    ----------
    ax : Axes
        Its frame is switched off and its aspect made equal.
    inputs : sequence of str
        One label for each input, top to bottom.
    weights : sequence of str or float, optional
        Labels of the edges; w1, w2, ... if left out.
    bias, activation, output : str
        Labels of the bias, the activation node and the result; the bias may be a number.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no input, or not one weight for each input.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = neuron_diagram(Figure().subplots(), inputs=("x1", "x2"), weights=(2, 1), bias=-2)
    >>> [text.get_text() for text in ax.texts if text.get_text()][:2]
    ['$x_{1}$', '$2$']
    """
    names = [f"w{i + 1}" for i in range(len(inputs))] if weights is None else list(weights)
    if not inputs or isinstance(inputs, str) or len(names) != len(inputs):
        raise ValueError(
            f"neuron_diagram: expected at least one input and one weight for each, got "
            f"inputs={inputs!r} and weights={weights!r}."
        )
    heights = 1.4 * (np.arange(len(inputs))[::-1] - (len(inputs) - 1) / 2)
    for name, weight, height in zip(inputs, names, heights, strict=True):
        _input(ax, _mathtext(name), _mathtext(weight), float(height))
    _node(ax, _SUM, r"$\Sigma$", PALETTE[0])
    _node(ax, _ACTIVATION, _mathtext(activation), PALETTE[2])
    _arrow(ax, (_SUM[0], 1.7), _SUM, start_gap=0.3)
    _text(ax, (_SUM[0], 1.75), _mathtext(bias), PALETTE[3])
    _arrow(ax, _SUM, _ACTIVATION, start_gap=_RADIUS)
    _text(ax, ((_SUM[0] + _ACTIVATION[0]) / 2, 0.3), "$z$", INK)
    _arrow(ax, _ACTIVATION, _OUTPUT, start_gap=_RADIUS, end_gap=0.35)
    _text(ax, _OUTPUT, _mathtext(output), INK)
    reach = max(float(heights[0]) + 0.4, 2.0)
    ax.set(xlim=(-0.6, 6.8), ylim=(-max(float(heights[0]) + 0.4, 0.7), reach), aspect="equal")
    ax.set_axis_off()
    return ax


def _mathtext(label: str | float) -> str:
    """'x1' -> '$x_{1}$', 'b' -> '$b$', -2 -> '$-2$'; words and mathtext stay."""
    if not isinstance(label, str):
        return f"${label:g}$"
    match = re.fullmatch(r"([A-Za-z])(\d*)", label)
    if match is None:
        return label
    letter, index = match.groups()
    return f"${letter}_{{{index}}}$" if index else f"${letter}$"


def _input(ax: Axes, name: str, weight: str, height: float) -> None:
    """Draw an input and its edge to the sum, interrupted for the label of the weight."""
    start, end = np.array([0.0, height]), np.array(_SUM)
    along = (end - start) / np.linalg.norm(end - start)
    # Nearer the input than the sum: there the edges are far apart.
    middle = start + 1.25 * along / along[0]
    half_width = 0.15 + 0.13 * len(re.findall(r"[\w.+-]", weight.replace("_", "")))
    gap = min(half_width / along[0], 0.34 / max(abs(along[1]), 1e-9))
    first, last = start + 0.4 * along, middle - gap * along
    ax.plot([first[0], last[0]], [first[1], last[1]], color=INK, linewidth=1.5)
    _arrow(ax, (middle[0], middle[1]), _SUM, start_gap=gap)
    _text(ax, (0.25, height), name, INK, ha="right")
    _text(ax, (middle[0], middle[1]), weight, PALETTE[1])


def _node(ax: Axes, centre: tuple[float, float], label: str, color: str) -> None:
    ax.add_patch(Circle(centre, _RADIUS, fill=False, edgecolor=color, linewidth=2.0))
    _text(ax, centre, label, color, fontsize=16 if label.startswith("$") else 13)  # "step" fits


def _text(ax: Axes, place: tuple[float, float], label: str, color: str, **options: Any) -> None:
    ax.text(
        *place, label, **{"color": color, "fontsize": 16, "ha": "center", "va": "center", **options}
    )


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    start_gap: float,
    end_gap: float = _RADIUS,
) -> None:
    tail, head = np.array(start), np.array(end)
    along = (head - tail) / np.linalg.norm(head - tail)
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=head - end_gap * along, xytext=tail + start_gap * along, arrowprops=style)


def network_diagram(
    ax: Axes, sizes: Sequence[int], labels: Sequence[str] | None = None, *, max_units: int = 6
) -> Axes:
    """Draw a fully connected network: a column of units for each layer, an edge for each weight.

    Parameters
    ----------
    ax : Axes
        Its frame is switched off and its aspect made equal.
    sizes : sequence of int
        Units of each layer, the input first, for example (2, 4, 1).
    labels : sequence of str, optional
        Written above the layers, one each.
    max_units : int, default 6
        A larger layer is drawn with this many units and three dots; its size is written below.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are fewer than two layers, a size is no integer >= 1, or labels do not fit.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = network_diagram(Figure().subplots(), (2, 4, 1))
    >>> len(ax.patches), [text.get_text() for text in ax.texts]
    (7, ['2', '4', '1'])
    """
    who = "network_diagram"
    if len(sizes) < 2 or (labels is not None and len(labels) != len(sizes)):
        raise ValueError(
            f"{who}: expected at least two layers and a label for each, got sizes={sizes!r} and "
            f"labels={labels!r}."
        )
    shown = _checks.positive_integer(max_units, "max_units", who)
    columns = []
    for layer, size in enumerate(sizes):
        full = _checks.positive_integer(size, f"sizes[{layer}]", who) <= shown
        columns.append(_column(2.2 * layer, size if full else shown, dots=not full))
    for left, right in itertools.pairwise(columns):
        edges = [(tail, head) for tail in left for head in right]
        ax.add_collection(LineCollection(edges, colors=INK, linewidths=0.8, alpha=0.6, zorder=1))
    top = max(float(column[0, 1]) for column in columns)
    for layer, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        color = PALETTE[0 if layer == 0 else 2 if layer == len(sizes) - 1 else 1]
        _layer(ax, column, size, color, below=-top - 0.8)
        if labels is not None:
            _text(ax, (column[0, 0], top + 0.8), labels[layer], INK, fontsize=13)
    ax.set(xlim=(-0.9, 2.2 * len(sizes) - 1.3), ylim=(-top - 1.2, top + 1.2), aspect="equal")
    ax.set_axis_off()
    return ax


def _column(x: float, count: int, *, dots: bool) -> FloatArray:
    """Return the centres of a layer's units, top to bottom, with a gap in the middle for dots."""
    heights = 0.8 * (np.arange(count)[::-1] - (count - 1) / 2)
    if dots:
        heights += np.where(np.arange(count) < (count + 1) // 2, 0.4, -0.4)
    return np.column_stack([np.full(count, x), heights])


def _layer(ax: Axes, centres: FloatArray, size: int, color: str, below: float) -> None:
    for x, y in centres.tolist():
        ax.add_patch(Circle((x, y), 0.26, facecolor=color, edgecolor=color, zorder=2))
    if len(centres) < size:
        _text(ax, (centres[0, 0], 0.0), r"$\vdots$", INK)
    _text(ax, (centres[0, 0], below), str(size), INK, fontsize=13)


def step_and_sigmoid(ax: Axes) -> list[Line2D]:
    """Draw the step function and the sigmoid over z in [-6, 6].

    Parameters
    ----------
    ax : Axes

    Returns
    -------
    list of Line2D
        The step and the sigmoid, labelled for a legend, which is drawn.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> [line.get_label() for line in step_and_sigmoid(Figure().subplots())]
    ['step(z)', 'sigmoid(z)']
    """
    z = np.linspace(-6, 6, 241)
    sides = np.array([-6.0, 0.0, np.nan, np.nextafter(0.0, 1.0), 6.0])  # a gap, not a riser, at 0
    jump = np.array([0.0, 0.0, np.nan, 1.0, 1.0])
    (left,) = ax.plot(sides, jump, color=PALETTE[0], label="step(z)")
    (right,) = ax.plot(z, sigmoid(z), color=PALETTE[1], linestyle="--", label="sigmoid(z)")
    ax.plot([0], [step(0.0)], "o", color=PALETTE[0])
    ax.plot([0], [1], "o", color=PALETTE[0], markerfacecolor="none")
    ax.set_xlabel("$z$")
    ax.legend(loc="upper left")
    return [left, right]
