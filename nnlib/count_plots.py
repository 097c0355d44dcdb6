"""Pictures of counts: histograms of every layer through the depth of a network, and confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from . import _checks
from .style import INK, PALETTE


def depth_histograms(
    ax: Axes, values: Mapping[str, ArrayLike], *, bins: int = 40, log: bool = False
) -> list[NDArray[np.int64]]:
    """Draw one histogram above the other, first layer at the top, all over the same range.

    Parameters
    ----------
    ax : Axes
    values : mapping from name to array_like
        Weights, outputs or gradients of each layer, of any shape, in the order of depth.
    bins : int, default 40
    log : bool, default False
        Show log10 of the absolute values, to compare sizes over many decades; zeros are left out.

    Returns
    -------
    list of ndarray of int64
        The counts of each row; every row is scaled to the same height.

    Raises
    ------
    ValueError
        If there is no layer, a value is not finite, or a layer has nothing to show.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> counts = depth_histograms(Figure().subplots(), {"0": [1.0, 2.0], "1": [2.0, 2.0]}, bins=2)
    >>> [count.tolist() for count in counts]
    [[1, 1], [0, 2]]
    """
    who = "depth_histograms"
    rows = {name: _checks.finite_array(v, name, who).ravel() for name, v in values.items()}
    if log:
        rows = {name: np.log10(np.abs(row[row != 0])) for name, row in rows.items()}
    if not rows or not all(len(row) for row in rows.values()):
        sizes = {name: len(row) for name, row in rows.items()}
        raise ValueError(f"{who}: every layer needs values to show, got {sizes}.")
    span = min(row.min() for row in rows.values()), max(row.max() for row in rows.values())
    counts = []
    for depth, row in enumerate(rows.values()):
        count, edges = np.histogram(row, bins=bins, range=span)
        heights = 0.85 * count / count.max() - depth
        color = PALETTE[depth % len(PALETTE)]
        ax.stairs(heights, edges, baseline=-depth, fill=True, color=color, alpha=0.5)
        ax.stairs(heights, edges, baseline=-depth, color=color, linewidth=1.5)
        counts.append(count)
    ax.set_yticks(-np.arange(len(rows)) + 0.3, list(rows))
    ax.tick_params(axis="y", length=0)
    return counts


def confusion_table(ax: Axes, matrix: ArrayLike, labels: Sequence[str] | None = None) -> Axes:
    """Draw a confusion matrix: counts, on a shade that grows with the share of the row.

    A cell without number counts 0.

    Parameters
    ----------
    ax : Axes
    matrix : array_like of int, shape (K, K)
        From `nnlib.metrics.confusion_matrix`: rows are right classes, columns predicted ones.
    labels : sequence of K str, optional
        Names of the classes; 0 to K - 1 if left out.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the matrix is not square, holds negative numbers, or labels do not fit.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = confusion_table(Figure().subplots(), [[9, 1], [2, 8]], labels=("no", "yes"))
    >>> [text.get_text() for text in ax.texts]
    ['9', '1', '2', '8']
    """
    counts = _checks.finite_array(matrix, "matrix", "confusion_table")
    names = [str(k) for k in range(len(counts))] if labels is None else list(labels)
    if counts.shape != (len(names),) * 2 or not names or (counts < 0).any():
        raise ValueError(
            f"confusion_table: expected counts >= 0 of shape (K, K) and K labels, got shape "
            f"{counts.shape} and {len(names)} labels."
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for (row, column), count in np.ndenumerate(counts):
        # The number stays at 3:1 on this light a shade, on a white and on a near-black page.
        shade: dict[str, Any] = {"color": PALETTE[0], "alpha": 0.22 * shares[row, column]}
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, linewidth=0, **shade))
        if count:
            ax.text(column, row, f"{count:g}", ha="center", va="center", color=INK, fontsize=12)
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), aspect="equal")
    ax.set(xticks=range(len(names)), xticklabels=names, yticks=range(len(names)))
    ax.set(yticklabels=names, xlabel="predicted class", ylabel="right class")
    return ax
