"""Pictures of two-dimensional classification, drawn into an Axes that the caller provides.

Offered here too: the look (`style.py`), the schematic drawings (`diagrams.py`, `flow.py`) and the
pictures of learning (`learning_plots.py`, `count_plots.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray, IntArray
from .count_plots import confusion_table, depth_histograms
from .diagrams import network_diagram, neuron_diagram, step_and_sigmoid
from .flow import flow_diagram
from .learning_plots import activation_curve, loss_curves, loss_landscape
from .style import INK, MARKERS, PALETTE, SVG_METADATA, use_course_style

__all__ = [
    "INK",
    "MARKERS",
    "PALETTE",
    "SVG_METADATA",
    "activation_curve",
    "confusion_table",
    "decision_line",
    "decision_regions",
    "depth_histograms",
    "flow_diagram",
    "loss_curves",
    "loss_landscape",
    "network_diagram",
    "neuron_diagram",
    "points",
    "step_and_sigmoid",
    "use_course_style",
]


def points(
    ax: Axes, X: ArrayLike, y: ArrayLike, labels: Sequence[str] | None = None
) -> list[PathCollection]:
    """Draw labelled points; classes differ by colour and by marker.

    Parameters
    ----------
    ax : Axes
    X : array_like, shape (N, 2)
    y : array_like of int, shape (N,)
        Classes 0 to 3.
    labels : sequence of str, optional
        ``labels[k]`` names class k; if given, a legend is drawn.

    Returns
    -------
    list of PathCollection
        One for each class that occurs, in ascending order.

    Raises
    ------
    ValueError
        If shapes do not match, a class is not in 0..3, or a label is missing.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> len(points(ax, [[0, 0], [1, 1], [1, 0]], [0, 1, 1], labels=("no", "yes")))
    2
    """
    xy = _checks.batch(X, 2, "points")
    classes = _class_numbers(y, len(xy), "points")
    if labels is not None and len(labels) <= classes.max():
        raise ValueError(
            f"points: y holds class {classes.max()}, so labels needs at least "
            f"{classes.max() + 1} names, got {len(labels)}."
        )
    drawn = []
    for k in np.unique(classes):
        rows = xy[classes == k]
        style: dict[str, Any] = {"color": PALETTE[k], "marker": MARKERS[k], "zorder": 3}
        style["label"] = None if labels is None else labels[k]
        drawn.append(ax.scatter(rows[:, 0], rows[:, 1], s=55, **style))
    if labels is not None:
        ax.legend()
    return drawn


def _class_numbers(y: ArrayLike, count: int, who: str) -> IntArray:
    array = _checks.finite_array(y, "y", who)
    if array.shape != (count,):
        raise ValueError(f"{who}: expected y of shape ({count},), got {array.shape}.")
    wrong = np.flatnonzero(~np.isin(array, range(len(PALETTE))))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"{who}: classes must be integers 0..{len(PALETTE) - 1}, "
            f"found {array[row]} at row {row}."
        )
    return array.astype(np.int64)


def decision_line(
    ax: Axes, weight: ArrayLike, bias: float, *, normal: bool = False, **line_options: Any
) -> Line2D:
    """Draw the line w.x + b = 0 across the current limits of the axes.

    Set the limits (or draw the points) first: the line is cut at them and does not move them.

    Parameters
    ----------
    ax : Axes
    weight : array_like, shape (2,)
    bias : float
    normal : bool, default False
        Also draw an arrow from the line in the direction of the weight vector, towards the side
        where w.x + b > 0. It shows the direction only; its length is a fifth of the axes. It is
        at right angles to the line on the page if the axes have equal aspect.
    **line_options
        Passed to `matplotlib.lines.Line2D`, for example ``color`` or ``linestyle``.

    Returns
    -------
    Line2D
        Without points (and without arrow) if the line misses the visible area.

    Raises
    ------
    ValueError
        If `weight` does not have shape (2,), holds zeros only, or a value is not finite.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> line = decision_line(ax, [1.0, 0.0], -0.5)  # the vertical line x1 = 0.5
    >>> line.get_xdata(), line.get_ydata()
    (array([0.5, 0.5]), array([0., 1.]))
    """
    w = _checks.finite_array(weight, "weight", "decision_line").astype(np.float64)
    b = _checks.finite_number(bias, "bias", "decision_line")
    if w.shape != (2,) or not w.any():
        raise ValueError(
            f"decision_line: expected one weight vector of shape (2,) that is not zero, got "
            f"{np.asarray(weight).tolist()}; zero weights define no line."
        )
    limits = ax.get_xlim(), ax.get_ylim()
    ends = _clip_line(w, b, *limits)
    line = Line2D(ends[:, 0], ends[:, 1], **{"color": INK, "zorder": 2.5, **line_options})
    ax.add_line(line)
    if normal and len(ends):
        spans = np.array([abs(high - low) for low, high in limits])
        middle = ends.mean(axis=0)
        tip = middle + 0.2 * w / np.linalg.norm(w / spans)
        arrow = {"arrowstyle": "-|>", "color": line.get_color(), "linewidth": 2.0, "shrinkA": 0}
        ax.annotate("", xy=tip, xytext=middle, arrowprops=arrow, zorder=2.6)
    ax.set(xlim=limits[0], ylim=limits[1])
    return line


def _clip_line(
    w: FloatArray, b: float, x_limits: tuple[float, float], y_limits: tuple[float, float]
) -> FloatArray:
    """Return the ends of the visible part of w.x + b = 0, shape (2, 2); (0, 2) if none."""
    coefficients = w.tolist()  # Python floats: a quotient too large is inf, without a warning
    hits = []
    for axis, limits in ((0, x_limits), (1, y_limits)):
        along, across = coefficients[axis], coefficients[1 - axis]
        if across == 0:  # parallel to the two edges of this axis
            continue
        low, high = sorted((y_limits, x_limits)[axis])
        slack = 1e-12 * (high - low)  # a line through two corners must survive rounding
        for edge in map(float, limits):
            crossing = -(b + along * edge) / across
            if low - slack <= crossing <= high + slack:
                hits.append((edge, crossing) if axis == 0 else (crossing, edge))
    if not hits:
        return np.empty((0, 2))
    # A line through a corner is found twice; the two extreme hits are the ends in any case.
    hits.sort()
    return np.array([hits[0], hits[-1]])


def decision_regions(
    ax: Axes,
    predict: Callable[[FloatArray], ArrayLike],
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
    resolution: int = 200,
) -> list[QuadContourSet]:
    """Shade the plane lightly by predicted class and set the limits of the axes.

    Parameters
    ----------
    ax : Axes
    predict : callable
        Takes points of shape (M, 2) and returns M classes 0 to 3, as a neuron's `predict` does.
    x_limits, y_limits : (low, high)
        The rectangle to shade, in data units.
    resolution : int, default 200
        Grid points along each side; the borders are that exact.

    Returns
    -------
    list of QuadContourSet
        One for each class that occurs, in ascending order.

    Raises
    ------
    ValueError
        If limits are not increasing, resolution is below 2, or `predict` returns something else.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> regions = decision_regions(ax, lambda X: X[:, 0] > 0, (-1, 1), (-1, 1), resolution=20)
    >>> len(regions)
    2
    """
    who = "decision_regions"
    if _checks.positive_integer(resolution, "resolution", who) < 2:
        raise ValueError(f"{who}: resolution must be at least 2, got {resolution}.")
    sides = [_side(limits, resolution) for limits in (x_limits, y_limits)]
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    classes = _class_numbers(
        predict(grid.reshape(-1, 2)), resolution**2, f"{who}, predict's result"
    )
    regions = []
    for k in np.unique(classes):
        inside = (classes == k).reshape(resolution, resolution)
        shade: dict[str, Any] = {"colors": [PALETTE[k]], "alpha": 0.18, "zorder": 0}
        regions.append(ax.contourf(*sides, inside.astype(float), levels=[0.5, 1.5], **shade))
    ax.set(xlim=x_limits, ylim=y_limits)
    return regions


def _side(limits: tuple[float, float], resolution: int) -> FloatArray:
    low, high = limits
    if not -np.inf < low < high < np.inf:
        raise ValueError(
            f"decision_regions: expected limits (low, high) with low < high, got {limits}."
        )
    return np.linspace(low, high, resolution)
