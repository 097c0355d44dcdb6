"""Outputs are taken over field by field; partial credit stays between nothing and all."""

import nbformat
import pytest
from nbgrader.utils import determine_grade

from grader.running.outputs import cell_seconds, take_over
from tests.grader.tiny_course import tiny_notebook


def played(**outputs):
    """Return a played notebook and the faults: cell id -> outputs."""
    notebook = tiny_notebook()
    cells = [
        {"outputs": outputs.get(cell.id, []), "execution_count": 1, "seconds": 0.5}
        if cell.cell_type == "code" else None
        for cell in notebook.cells
    ]  # fmt: skip
    return notebook, take_over(notebook, {"cells": cells})


def result(text):
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {},
            "execution_count": 1}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "points", "told"),
    [
        ("1.5", 1.5, ""),
        ("0", 0.0, ""),
        ("2", 2.0, ""),
        ("True", 2.0, ""),  # nbgrader's rule for what is no number
        ("", 2.0, ""),
        ("nan", 0.0, "gave nan of 2 points, taken as 0"),
        ("-inf", 0.0, "gave -inf of 2 points, taken as 0"),
        ("inf", 0.0, "gave inf of 2 points, taken as 0"),
        ("-1", 0.0, "gave -1 of 2 points, taken as 0"),
        ("700", 2.0, "gave 700 of 2 points, taken as 2"),
    ],
)
def test_partial_credit_is_bounded(text, points, told):
    notebook, faults = played(c2=[result(text)])
    assert determine_grade(notebook.cells[2])[0] == points
    assert [fault.text for fault in faults] == ([f"the test test_double {told}"] if told else [])


def test_a_warning_never_costs_points():
    notebook, _ = played(c2=[{"output_type": "stream", "name": "stderr", "text": "careful"}])
    assert determine_grade(notebook.cells[2])[0] == 2
    assert notebook.cells[2].outputs[0].text == "careful"


def test_a_student_s_own_stderr_stays_what_it_is():
    notebook, _ = played(c1=[{"output_type": "stream", "name": "stderr", "text": "careful"}])
    assert notebook.cells[1].outputs[0].name == "stderr"


def test_a_test_that_was_not_run_has_no_points():
    notebook = tiny_notebook()
    take_over(notebook, {"cells": [None] * len(notebook.cells)})
    assert determine_grade(notebook.cells[2])[0] == 0
    assert notebook.cells[1].outputs == []


@pytest.mark.parametrize("cells", [None, [], [None], {"a": 1}])
def test_a_reply_of_another_shape_is_refused(cells):
    with pytest.raises(ValueError, match="does not fit"):
        take_over(tiny_notebook(), {"cells": cells})


def test_whatever_arrives_the_notebook_stays_valid():
    odd = [
        7,
        None,
        {"output_type": "magic"},
        {"output_type": "stream", "text": ["a", 1, "b\ud800"], "name": ["x"]},
        {"output_type": "error", "ename": 3, "evalue": None, "traceback": "x"},
        {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["x", 4]},
        {"output_type": "display_data", "data": {"text/plain": ["a", "b"], "image/png": 3}},
        {"output_type": "display_data", "data": None, "metadata": {"huge": {}}},
        {"output_type": "execute_result", "data": {}, "execution_count": "x", "extra": 1},
    ]
    notebook, _ = played(c1=odd)
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")
    kinds = [output.output_type for output in notebook.cells[1].outputs]
    assert kinds == ["stream", "error", "error", "display_data", "display_data", "execute_result"]
    assert notebook.cells[1].outputs[0].text == "ab?"
    assert notebook.cells[1].outputs[3].data == {"text/plain": "ab"}


def test_seconds_are_by_name():
    notebook = tiny_notebook()
    cells = [{"seconds": 0.25} if c.cell_type == "code" else None for c in notebook.cells]
    assert cell_seconds(notebook, {"cells": cells}) == {
        "double": 0.25, "test_double": 0.25, "square": 0.25, "test_square": 0.25,
    }  # fmt: skip


def test_text_in_place_of_json_is_left_out():
    """A widget's view that is text stops nbconvert's filter, and with it the feedback page."""
    kinds = ("application/json", "application/vnd.jupyter.widget-view+json", "text/plain")
    shown = {"output_type": "display_data", "data": dict.fromkeys(kinds, "x"), "metadata": {}}
    notebook, _ = played(c1=[shown])
    assert notebook.cells[1].outputs[0].data == {"text/plain": "x"}
