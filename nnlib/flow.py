"""Boxes and arrows: timelines, decision charts, trees and computational graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes

from .style import INK, PALETTE

Box = tuple[Any, ...]  # x, y, text and, if not the first, the number of a colour of PALETTE


def flow_diagram(
    ax: Axes,
    boxes: Mapping[str, Box],
    arrows: Iterable[tuple[str, ...]] = (),
    *,
    fontsize: float = 10.0,
) -> Axes:
    """Draw named boxes with text in them, and arrows from one to another.

    Parameters
    ----------
    ax : Axes
        Its frame is switched off, and its limits are set to hold the centres with a margin; call
        ``ax.margins`` or set the limits afterwards where wide boxes need more room.
    boxes : mapping from str to tuple
        Name -> (x, y, text) or (x, y, text, colour): the centre in any unit, what is written
        (newlines and mathtext allowed), and the index of a colour in ``PALETTE`` (default 0).
        Colour only groups boxes; the text must say what they are.
    arrows : iterable of tuple
        (from, to) or (from, to, label), by the names of boxes; the label stands at the middle.
        A label that starts with "<" (taken off) turns the arrow into a dashed one.
    fontsize : float, default 10
        In points.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no box, or an arrow names one that does not exist.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> boxes = {"x": (0, 0, "input"), "y": (2, 0, "output", 1)}
    >>> ax = flow_diagram(Figure().subplots(), boxes, [("x", "y", "weigh")])
    >>> [text.get_text() for text in ax.texts]
    ['input', 'output', '', 'weigh']
    """
    arrows = list(arrows)
    unknown = {name for arrow in arrows for name in arrow[:2]} - set(boxes)
    if not boxes or unknown:
        raise ValueError(
            f"flow_diagram: expected at least one box and arrows between boxes, got {len(boxes)} "
            f"boxes and arrows that name {sorted(unknown)}."
        )
    drawn = {name: _box(ax, *box, fontsize=fontsize) for name, box in boxes.items()}
    for start, end, *label in arrows:
        _connect(ax, boxes, drawn, (start, end), label[0] if label else "", fontsize)
    xs, ys = [box[0] for box in boxes.values()], [box[1] for box in boxes.values()]
    ax.set(xlim=(min(xs) - 0.8, max(xs) + 0.8), ylim=(min(ys) - 0.6, max(ys) + 0.6))
    ax.set_axis_off()
    return ax


def _box(ax: Axes, x: float, y: float, text: str, color: int = 0, *, fontsize: float) -> Any:
    frame = {"boxstyle": "round,pad=0.45", "facecolor": "none", "linewidth": 1.5}
    return ax.text(
        x, y, text, ha="center", va="center", color=INK, fontsize=fontsize,
        bbox=frame | {"edgecolor": PALETTE[color]},
    )  # fmt: skip


def _connect(
    ax: Axes,
    boxes: Mapping[str, Box],
    drawn: Mapping[str, Any],
    ends: tuple[str, str],
    label: str,
    fontsize: float,
) -> None:
    (x0, y0), (x1, y1) = (boxes[name][:2] for name in ends)
    frames = [drawn[name].get_bbox_patch() for name in ends]
    dashed = label.startswith("<")
    style = {
        "arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "patchA": frames[0],
        "patchB": frames[1], "shrinkA": 0, "shrinkB": 2, "linestyle": "--" if dashed else "-",
    }  # fmt: skip
    ax.annotate("", xy=(x1, y1), xytext=(x0, y0), arrowprops=style)
    if label:
        # Beside a steep arrow, above a flat one: never on the line.
        steep = abs(y1 - y0) > abs(x1 - x0)
        ax.annotate(
            label.removeprefix("<"), ((x0 + x1) / 2, (y0 + y1) / 2), color=PALETTE[1],
            xytext=(4, 0) if steep else (0, 4), textcoords="offset points", fontsize=fontsize - 1,
            ha="left" if steep else "center", va="center" if steep else "bottom",
        )  # fmt: skip
