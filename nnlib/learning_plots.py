"""Pictures of learning: activations with derivatives, loss curves, paths over a landscape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray
from .module import Module
from .style import INK, MARKERS, PALETTE

if TYPE_CHECKING:
    from .train import History

_DASHES = ("-", "--", "-.", ":")  # line k has PALETTE[k] and _DASHES[k]: colour is never alone


def activation_curve(
    ax: Axes, activation: Module, limits: tuple[float, float] = (-4.0, 4.0)
) -> list[Line2D]:
    """Draw an activation and its derivative, the latter from its own `backward`.

    Parameters
    ----------
    ax : Axes
    activation : Module
        Works element by element, for example ``nnlib.ReLU()``.
    limits : (low, high), default (-4, 4)

    Returns
    -------
    list of Line2D
        The function and its derivative, named in a legend.

    Raises
    ------
    ValueError
        If limits are not increasing.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nnlib import Tanh
    >>> [line.get_label() for line in activation_curve(Figure().subplots(), Tanh())]
    ['Tanh', 'derivative']
    """
    low, high = limits
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"activation_curve: expected limits low < high, got {limits}.")
    z = np.linspace(low, high, 400)[:, np.newaxis]  # 400: not on 0, where many have a kink
    values = activation(z)
    slopes = activation.backward(np.ones_like(z))
    name = type(activation).__name__
    lines = _lines(ax, {name: (z[:, 0], values[:, 0]), "derivative": (z[:, 0], slopes[:, 0])})
    ax.set_xlabel("$z$")
    return lines


def _lines(ax: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> list[Line2D]:
    """Draw up to four named curves that differ by colour and by dashes, with a legend."""
    drawn = []
    for k, (name, (x, y)) in enumerate(curves.items()):
        drawn += ax.plot(x, y, color=PALETTE[k], linestyle=_DASHES[k], label=name)
    ax.legend()
    return drawn


def loss_curves(ax: Axes, history: History) -> list[Line2D]:
    """Draw training and validation loss by epoch, and mark the best epoch.

    Parameters
    ----------
    ax : Axes
    history : History
        As `Trainer.fit` returns it; without validation data one curve is drawn.

    Returns
    -------
    list of Line2D
        One for each curve.

    Raises
    ------
    ValueError
        If the history holds no epoch.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nnlib.train import History
    >>> history = History(train_loss=[0.7, 0.4], val_loss=[0.8, 0.6], best_epoch=2)
    >>> len(loss_curves(Figure().subplots(), history))
    2
    """
    if not history.train_loss:
        raise ValueError("loss_curves: the history holds no epoch; call Trainer.fit first.")
    epochs = np.arange(1, len(history.train_loss) + 1)
    curves: dict[str, tuple[ArrayLike, ArrayLike]] = {"training": (epochs, history.train_loss)}
    if history.val_loss:
        curves["validation"] = (epochs, history.val_loss)
    lines = _lines(ax, curves)
    if history.best_epoch is not None:
        ax.axvline(history.best_epoch, color=INK, linestyle=":", linewidth=1.5, label="best epoch")
        ax.legend()
    ax.set(xlabel="epoch", ylabel="loss")
    return lines


def loss_landscape(
    ax: Axes, loss: Callable[[float, float], float],
    x_limits: tuple[float, float], y_limits: tuple[float, float],
    paths: Mapping[str, ArrayLike] | None = None, *,
    resolution: int = 60, levels: int | Sequence[float] = 12,
) -> list[Line2D]:  # fmt: skip
    """Draw contour lines of a loss of two parameters and the paths of optimizers over them.

    Parameters
    ----------
    ax : Axes
    loss : callable
        Takes the two parameters, returns the loss.
    x_limits, y_limits : (low, high)
    paths : mapping from name to array_like of shape (T, 2), optional
        Up to four sequences of parameters; a marker stands at the end of each.
    resolution : int, default 60
        Grid points along each side.
    levels : int or sequence of float, default 12
        Number of contour lines, or their losses.

    Returns
    -------
    list of Line2D
        One for each path, named in a legend.

    Raises
    ------
    ValueError
        If a path does not have shape (T, 2), or there are more than four.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> path = {"SGD": [(1.0, 1.0), (0.5, 0.1)]}
    >>> ax = Figure().subplots()
    >>> len(loss_landscape(ax, lambda a, b: a**2 + 9 * b**2, (-1, 1), (-1, 1), path))
    1
    """
    tracks = {name: _track(path, name) for name, path in (paths or {}).items()}
    if len(tracks) > len(PALETTE):
        raise ValueError(f"loss_landscape: at most {len(PALETTE)} paths, got {len(tracks)}.")
    a, b = (np.linspace(*limits, resolution) for limits in (x_limits, y_limits))
    heights = np.array([[loss(float(x), float(y)) for x in a] for y in b])
    ax.contour(a, b, heights, levels=levels, colors=INK, linewidths=0.8, alpha=0.7)
    lines = _lines(ax, {name: (t[:, 0], t[:, 1]) for name, t in tracks.items()}) if tracks else []
    for line, track, marker in zip(lines, tracks.values(), MARKERS, strict=False):
        line.set(marker=marker, markevery=[len(track) - 1])
    if tracks:  # above the axes, where no contour line runs through the names
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    ax.set(xlim=x_limits, ylim=y_limits)
    return lines


def _track(path: ArrayLike, name: str) -> FloatArray:
    track = _checks.finite_array(path, f"path {name!r}", "loss_landscape").astype(np.float64)
    if track.ndim != 2 or track.shape[1] != 2 or not len(track):
        raise ValueError(
            f"loss_landscape: expected path {name!r} of shape (T, 2), got {track.shape}."
        )
    return track
