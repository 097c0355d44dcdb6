"""Hidden tests stay out of feedback pages, and the page still says what failed."""

from nbformat.v4 import new_code_cell, new_notebook, new_output

from grader.hidden_tests import PLACEHOLDER, HideHiddenTests
from tests.grader.tiny_course import TEST_DOUBLE, TEST_SQUARE, graded_tag

RED, OFF = "\x1b[31m", "\x1b[0m"
HEAD = "AssertionError Traceback (most recent call last)"
STUDENT = "Cell In[1], line 2, in double(x)\n      1 def double(x):\n----> 2     return abs(2 * x)"
TEST_FRAME = (
    f"Cell {RED}In[2]{OFF}, line 4\n"
    f"      1 {RED}assert{OFF} double(2) == 4\n"
    f"      2 ### BEGIN HIDDEN TESTS\n"
    f"      3 secret_number = {RED}-31{OFF}\n"
    f"{RED}----> 4{OFF} {RED}assert{OFF} double(secret_number) == -62, 'a negative number'\n"
    f"      5 ### END HIDDEN TESTS"
)
MESSAGE = "AssertionError: a negative number was doubled wrongly"


def cleaned(traceback, ename="AssertionError"):
    output = new_output("error", ename=ename, evalue="x", traceback=traceback)
    source = TEST_DOUBLE.replace('"a negative number was doubled wrongly"', "'a negative number'")
    cells = [
        new_code_cell(source, metadata=graded_tag("test_double", 2), outputs=[output]),
        new_code_cell(TEST_SQUARE, metadata=graded_tag("test_square", 3)),
        new_code_cell("### BEGIN HIDDEN TESTS\nmine\n### END HIDDEN TESTS"),
    ]
    notebook, _ = HideHiddenTests().preprocess(new_notebook(cells=cells), {})
    return notebook.cells


def test_hidden_source_is_replaced_and_visible_source_kept():
    double, square, own = cleaned([MESSAGE])
    assert double.source == f"assert double(2) == 4\n{PLACEHOLDER}"
    assert square.source == f"assert square(2) == 4\n{PLACEHOLDER}"
    assert "mine" in own.source, "a student's own cell is not a test cell"


def test_traceback_loses_the_hidden_lines_only():
    traceback = cleaned([HEAD, TEST_FRAME, STUDENT, MESSAGE])[0].outputs[0].traceback
    assert traceback[0] == HEAD
    assert traceback[2:] == [STUDENT, MESSAGE]
    assert traceback[1].splitlines() == [
        f"Cell {RED}In[2]{OFF}, line 4",
        f"      1 {RED}assert{OFF} double(2) == 4",
        "----> a hidden test",
    ]


def test_traceback_of_one_entry_stays():
    sentences = "double: incorrect.\n  Expected 4"
    assert cleaned([sentences])[0].outputs[0].traceback == [sentences]
