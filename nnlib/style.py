"""The look of every figure of the course: readable on a white and on a near-black page.

Backgrounds are transparent; ink and palette keep a contrast of at least 3:1 against both pages.
"""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
from cycler import cycler

INK = "#7a7a7a"
PALETTE = ("#2f7fd0", "#c2548a", "#2e8b57", "#b8860b")  # blue, magenta, green, ochre
MARKERS = ("o", "^", "s", "D")  # class k has PALETTE[k] and MARKERS[k]: colour is never alone

# No date and no version in the file: the same code gives the same bytes.
SVG_METADATA: dict[str, None] = {"Date": None, "Creator": None}

_STYLE: dict[Any, Any] = {
    # 5 inches are 480 CSS pixels; shown 350 px wide on a phone, 13 pt text is still 12.6 px high.
    "figure.figsize": (5.0, 3.6),
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so equal on every machine
    "mathtext.fontset": "dejavusans",
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    # A frame tells the legend from the data; the markers in it are the same.
    "legend.facecolor": "none",
    "legend.edgecolor": INK,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "lines.linewidth": 2.0,
    "lines.markersize": 7.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "nnlib",
}


def use_course_style() -> None:
    """Set matplotlib's defaults to the look of the course.

    In a notebook, figures also become SVG without a date, so that running the same code twice
    stores the same bytes. Call it once, before or after importing pyplot.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with mpl.rc_context():
    ...     use_course_style()
    ...     mpl.rcParams["svg.fonttype"], mpl.rcParams["axes.spines.top"]
    ('path', False)
    """
    mpl.rcParams.update(_STYLE)
    ipython = sys.modules.get("IPython")  # not imported: outside a notebook it is not needed
    if ipython is not None and ipython.get_ipython() is not None:
        _use_inline_svg()


def _use_inline_svg() -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats
    from matplotlib_inline.config import InlineBackend

    options: dict[str, Any] = {"bbox_inches": "tight", "metadata": SVG_METADATA}
    # The configuration serves a backend that is not loaded yet, the call one that already is.
    config = InlineBackend.instance()
    config.print_figure_kwargs = options
    config.figure_formats = {"svg"}
    set_matplotlib_formats("svg", **options)  # type: ignore[no-untyped-call]
