"""Find tests that give one submission different points when it is played again.

The first play counts, as it does without `--twice`: looking for flaky tests changes no grade. What
differs is a fault of the submission's report, for a person to settle.
"""

from copy import deepcopy
from typing import Any

from nbgrader.utils import determine_grade, is_grade, is_solution

from grader.faults import Fault, as_dicts
from grader.running.outputs import take_over
from grader.wording import format_points


def first_and_faults(notebook: Any, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the first of several plays of a notebook, with a fault for each flaky test."""
    first = results[0]
    if len(results) == 1:
        return first
    try:
        points = [_points(notebook, result) for result in results]
    except ValueError:  # a reply that does not fit; recording it says so
        return first
    flaky = []
    for name in points[0]:
        seen = [format_points(table[name]) for table in points]
        if len(set(seen)) > 1:
            text = f"the test {name} is flaky: it gave {' and then '.join(seen)} points"
            flaky.append(Fault("flaky", name, text))
    return {**first, "faults": [*(first.get("faults") or ()), *as_dicts(flaky)]}


def _points(notebook: Any, result: dict[str, Any]) -> dict[str, float]:
    """Return the points of each test cell, by nbgrader's rule."""
    copy = deepcopy(notebook)
    take_over(copy, result)
    tests = (cell for cell in copy.cells if is_grade(cell) and not is_solution(cell))
    return {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in tests}
