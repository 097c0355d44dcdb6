"""Why a graded cell lost its points, in words, read from the notebook that was run."""

import builtins
import re
from typing import Any

from nbgrader.utils import is_grade

NOT_ATTEMPTED = "not attempted"
WRONG = "wrong answer"
# Names of the errors that say more than "the test failed".
NAMED = {
    "SyntaxError": "does not parse",
    "IndentationError": "does not parse",
    "TabError": "does not parse",
    "CellTimeoutError": "over the time limit",
    "TimeoutError": "over the time limit",
    "died": "its process ended",
    "KeyboardInterrupt": "over the time limit",
    "AssertionError": WRONG,
}
# What the stub and the visible checks of this course's problem sets say in their messages.
SAID = re.compile(r"not attempted|needs \w+ first", re.IGNORECASE)


def find_causes(notebook: Any) -> dict[str, str]:
    """Return, for each graded cell of an autograded notebook, the cause if it failed.

    An error in the student's own cells since the previous graded cell comes before the test's own:
    where a definition does not parse, the test only reports an unknown name.
    """
    causes: dict[str, str] = {}
    earlier = ""
    for cell in notebook.cells:
        if not is_grade(cell):
            earlier = earlier or _error(cell)
            continue
        causes[cell.metadata.nbgrader.grade_id] = earlier or _failure(cell)
        earlier = ""
    return causes


def _error(cell: Any) -> str:
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return _describe(errors[0].ename, errors[0].evalue) if errors else ""


def _describe(name: str, message: str) -> str:
    said = SAID.search(message)
    if said:
        return said[0].lower()
    # A class that the problem set defines itself is its way of saying that the answer is wrong.
    return NAMED.get(name, name if hasattr(builtins, name) else WRONG)


def _failure(cell: Any) -> str:
    """Return why a graded cell scores less than full points: nbgrader's rules."""
    if error := _error(cell):
        return error
    if cell.cell_type != "code":
        return NOT_ATTEMPTED  # a written answer that is scored without a person is an untouched one
    streams = [o.name for o in cell.get("outputs", []) if o.output_type == "stream"]
    return "wrote to stderr" if "stderr" in streams else WRONG
