"""Boxes and arrows: what is drawn, where, and what is refused."""

import pytest
from matplotlib.figure import Figure

from nnlib.plots import PALETTE, flow_diagram

BOXES = {"a": (0, 0, "one"), "b": (3, 0, "two\nlines", 2), "c": (3, -4, "three")}


@pytest.fixture
def ax():
    return Figure().subplots()


def test_every_box_stands_where_it_was_put(ax):
    flow_diagram(ax, BOXES, fontsize=8)
    drawn = {text.get_text(): text for text in ax.texts}
    assert {name: drawn[text].get_position() for name, (_, _, text, *_) in BOXES.items()} == {
        name: box[:2] for name, box in BOXES.items()
    }
    assert {text.get_fontsize() for text in ax.texts} == {8}


def test_the_colour_of_a_box_is_that_of_the_palette(ax):
    flow_diagram(ax, BOXES)
    edges = [text.get_bbox_patch().get_edgecolor() for text in ax.texts]
    expected = Figure().subplots().scatter([0] * 3, [0] * 3, c=[PALETTE[i] for i in (0, 2, 0)])
    assert edges == [tuple(color) for color in expected.get_facecolor()]


def test_an_arrow_runs_from_one_box_to_the_other(ax):
    flow_diagram(ax, BOXES, [("a", "b")])
    (arrow,) = [text for text in ax.texts if not text.get_text()]
    assert arrow.xyann == (0, 0)
    assert arrow.xy == (3, 0)
    assert arrow.arrow_patch.get_linestyle() == "-"


@pytest.mark.parametrize(("arrow", "middle", "align"), [
    (("a", "b", "flat"), (1.5, 0.0), "center"),
    (("b", "c", "steep"), (3.0, -2.0), "left"),
])
def test_a_label_stands_beside_the_middle_of_its_arrow(ax, arrow, middle, align):
    flow_diagram(ax, BOXES, [arrow])
    (label,) = [text for text in ax.texts if text.get_text() == arrow[2]]
    assert label.xy == middle
    assert label.get_ha() == align


def test_a_label_with_an_angle_bracket_makes_the_arrow_dashed(ax):
    flow_diagram(ax, BOXES, [("b", "a", "<back")])
    (arrow,) = [text for text in ax.texts if not text.get_text()]
    assert arrow.arrow_patch.get_linestyle() == "--"
    assert "back" in [text.get_text() for text in ax.texts]


def test_arrows_may_come_from_an_iterator(ax):
    flow_diagram(ax, BOXES, iter([("a", "b"), ("b", "c")]))
    assert sum(not text.get_text() for text in ax.texts) == 2


def test_all_centres_are_inside_the_limits(ax):
    flow_diagram(ax, BOXES)
    assert ax.get_xlim() == pytest.approx((-0.8, 3.8))
    assert ax.get_ylim() == pytest.approx((-4.6, 0.6))
    assert not ax.axison


@pytest.mark.parametrize(("boxes", "arrows", "says"), [
    ({}, [], "got 0 boxes"),
    (BOXES, [("a", "z")], r"arrows that name \['z'\]"),
])
def test_what_cannot_be_drawn_is_refused(ax, boxes, arrows, says):
    with pytest.raises(ValueError, match=f"flow_diagram: expected at least one box.+{says}"):
        flow_diagram(ax, boxes, arrows)
