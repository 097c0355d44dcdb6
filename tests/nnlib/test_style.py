"""The look of the figures: contrast on both pages, sizes on a phone, identical bytes every time."""

import io
import re
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from nbclient import NotebookClient

from nnlib import GELU
from nnlib.plots import (
    INK,
    MARKERS,
    PALETTE,
    SVG_METADATA,
    activation_curve,
    confusion_table,
    decision_line,
    decision_regions,
    depth_histograms,
    loss_curves,
    loss_landscape,
    network_diagram,
    neuron_diagram,
    points,
    step_and_sigmoid,
    use_course_style,
)
from nnlib.train import History

ROOT = Path(__file__).parents[2]
PAGES = {"white": "#ffffff", "near-black": "#121212"}
PHONE = 350  # CSS pixels left for a figure on a screen 390 wide


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context():
        use_course_style()
        yield


def classification() -> Figure:
    figure = Figure()
    ax = figure.subplots()
    decision_regions(ax, lambda X: X[:, 0] > 0.4, (0, 1), (0, 1), resolution=20)
    points(ax, [[0.1, 0.2], [0.6, 0.7]], [0, 1], labels=("setosa", "versicolor"))
    decision_line(ax, [1.0, 0.0], -0.4, normal=True)
    ax.set(xlabel="petal length (cm)", ylabel="petal width (cm)", title="Two species")
    return figure


def neuron() -> Figure:
    figure = Figure()
    neuron_diagram(figure.subplots(), inputs=("exclamation marks", "capitals", "x3"), bias=-2)
    return figure


def activations() -> Figure:
    figure = Figure()
    step_and_sigmoid(figure.subplots())
    return figure


def activation() -> Figure:
    figure = Figure()
    activation_curve(figure.subplots(), GELU())
    return figure


def losses() -> Figure:
    figure = Figure()
    history = History(train_loss=[3.0, 1.0, 0.5], val_loss=[3.5, 1.5, 1.8], best_epoch=2)
    loss_curves(figure.subplots(), history)
    return figure


def landscape() -> Figure:
    figure = Figure()
    paths = {name: [(2 - i, 1.0), (0.0, 0.0)] for i, name in enumerate(("SGD", "momentum", "Adam"))}
    loss_landscape(figure.subplots(), lambda a, b: a**2 + 9 * b**2, (-2, 2), (-1, 1), paths)
    return figure


def histograms() -> Figure:
    figure = Figure()
    rng = np.random.default_rng(0)
    layers = {f"layer {k}": rng.normal(size=200) for k in range(5)}
    depth_histograms(figure.subplots(), layers, log=True)
    return figure


def confusion() -> Figure:
    figure = Figure()
    confusion_table(figure.subplots(), np.full((10, 10), 18) + 160 * np.eye(10, dtype=int))
    return figure


def network() -> Figure:
    figure = Figure()
    network_diagram(figure.subplots(), (784, 128, 10), ("input", "hidden", "output"))
    return figure


FIGURES = [
    classification, neuron, activations, activation, losses, landscape, histograms, confusion,
    network,
]  # fmt: skip


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = np.array(mpl.colors.to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata=SVG_METADATA)
    return buffer.getvalue()


def smallest_text(figure: Figure) -> float:
    """Height in CSS pixels of the smallest text when the figure is shown on a phone."""
    FigureCanvasAgg(figure)
    figure.canvas.draw()
    width = figure.get_tightbbox().width * 96
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return min(t.get_fontsize() for t in texts) * 96 / 72 * min(1, PHONE / width)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("color", [INK, *PALETTE])
def test_every_colour_reads_on_both_pages(color, page) -> None:
    assert contrast(color, page) >= 3


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_numbers_read_on_the_darkest_shade_of_a_confusion_table(page) -> None:
    ax = confusion_table(Figure().subplots(), np.eye(2))
    strength = max(patch.get_alpha() for patch in ax.patches)
    shade = np.array(mpl.colors.to_rgb(PALETTE[0]))
    behind = strength * shade + (1 - strength) * np.array(mpl.colors.to_rgb(page))
    assert contrast(INK, mpl.colors.to_hex(behind)) >= 3


def test_contrast_is_computed_as_defined_and_can_fail() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffcc00", "#ffffff") < 3


def test_classes_never_differ_by_colour_alone() -> None:
    assert len(set(PALETTE)) == len(set(MARKERS)) == len(PALETTE)


@pytest.mark.parametrize("draw", FIGURES)
def test_text_is_legible_on_a_phone(draw) -> None:
    assert smallest_text(draw()) >= 11


def test_a_wide_figure_with_small_text_is_noticed() -> None:
    figure = Figure(figsize=(12, 4))
    figure.subplots().set_title("too small")
    assert smallest_text(figure) < 11


def colors_in(markup: str) -> set[str]:
    return set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", markup))


@pytest.mark.parametrize("draw", FIGURES)
def test_only_course_colours_and_no_background(draw) -> None:
    markup = svg(draw())
    assert INK in colors_in(markup)
    assert colors_in(markup) <= {INK, *PALETTE}
    assert "<text" not in markup  # letters are paths: no font has to be present
    assert "<image" not in markup


def test_a_background_would_be_noticed() -> None:
    with mpl.rc_context({"savefig.facecolor": "white"}):
        assert "#ffffff" in colors_in(svg(activations()))


@pytest.mark.parametrize("draw", FIGURES)
def test_same_code_same_bytes(draw) -> None:
    first = svg(draw())
    assert first == svg(draw())
    assert "<dc:date>" not in first


def test_without_the_salt_the_bytes_differ() -> None:
    with mpl.rc_context({"svg.hashsalt": None}):
        assert svg(classification()) != svg(classification())


def test_settings_that_readers_rely_on() -> None:
    assert mpl.rcParams["font.size"] >= 11
    assert not mpl.rcParams["axes.spines.top"]
    assert not mpl.rcParams["axes.spines.right"]
    assert mpl.rcParams["svg.fonttype"] == "path"


BEFORE = "from nnlib.plots import points, use_course_style\nuse_course_style()\n"
PYPLOT = "import matplotlib.pyplot as plt\n"
DRAW = (
    "fig, ax = plt.subplots()\n"
    "points(ax, [[0, 0], [1, 1]], [0, 1], labels=('no', 'yes'))\n"
    "ax.set_xlabel('$x_1$')\nplt.show()"
)


def inline_outputs(*cells: str) -> list[dict[str, str]]:
    """Run a notebook in a fresh kernel; return the data of all displayed figures."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.resources = {"metadata": {"path": str(ROOT)}}
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return [dict(o.data) for o in outputs if o.output_type == "display_data"]


@pytest.mark.slow
def test_a_notebook_run_twice_stores_identical_figures() -> None:
    # The style must hold whether it is set before or after pyplot starts the inline backend.
    first = inline_outputs(BEFORE + PYPLOT, DRAW, DRAW)
    second = inline_outputs(PYPLOT + "plt.figure(); plt.close()", BEFORE, DRAW, DRAW)
    assert len(first) == 2
    assert first == second
    assert first[0] == first[1]
    assert set(first[0]) == {"image/svg+xml", "text/plain"}
    assert "<dc:date>" not in first[0]["image/svg+xml"]
    assert colors_in(first[0]["image/svg+xml"]) == {INK, *PALETTE[:2]}


@pytest.mark.slow
def test_a_notebook_without_the_style_would_fail_that_test() -> None:
    plain = PYPLOT + "from nnlib.plots import points\n%config InlineBackend.figure_format = 'svg'"
    first, second = inline_outputs(plain, DRAW, DRAW)
    assert first["image/svg+xml"] != second["image/svg+xml"]
