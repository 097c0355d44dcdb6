import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.causes import find_causes
from tests.grader.tiny_course import graded_tag, tag


def error(name, message=""):
    return new_output("error", ename=name, evalue=message, traceback=[])


def causes(*cells):
    return find_causes(new_notebook(cells=list(cells)))


def own(*outputs):
    return new_code_cell("x", metadata=tag("double", solution=True), outputs=list(outputs))


def graded(*outputs, name="test_double"):
    return new_code_cell("x", metadata=graded_tag(name, 1), outputs=list(outputs))


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (error("AssertionError", "wrong sign"), "wrong answer"),
        (error("Verdict", "double: incorrect"), "wrong answer"),
        (error("NotImplementedError", "Not attempted: replace this line"), "not attempted"),
        (error("NotImplementedError", "double: needs square first."), "needs square first"),
        (error("NotImplementedError"), "NotImplementedError"),
        (error("CellTimeoutError"), "over the time limit"),
        (error("TimeoutError"), "over the time limit"),
        (error("KeyboardInterrupt"), "over the time limit"),
        (error("died"), "its process ended"),
        (error("ValueError", "shapes"), "ValueError"),
        (new_output("stream", name="stderr", text="a warning"), "wrote to stderr"),
        (new_output("execute_result", data={"text/plain": "0.5"}), "wrong answer"),
    ],
)
def test_cause_of_a_failed_test(output, cause):
    assert causes(own(), graded(output)) == {"test_double": cause}


@pytest.mark.parametrize("name", ["SyntaxError", "IndentationError"])
def test_cell_that_does_not_parse_explains_its_own_test_only(name):
    found = causes(
        own(error(name)),
        graded(error("NameError")),
        own(),
        graded(error("AssertionError"), name="test_square"),
    )
    assert found == {"test_double": "does not parse", "test_square": "wrong answer"}


def test_written_answer_without_points_was_not_touched():
    cell = new_markdown_cell("x", metadata=tag("explain", grade=True, solution=True, points=4))
    assert causes(cell) == {"explain": "not attempted"}
