"""The outputs of a played notebook, taken over field by field: they began in a stranger's process.

The judge builds them, so this is the second lock on the door: whatever arrives, the graded notebook
stays a valid one, and a test's partial credit stays between nothing and all.
"""

import math
from typing import Any

import nbformat
from nbgrader.utils import is_grade, is_solution

from grader.faults import Fault


def take_over(notebook: Any, played: dict[str, Any]) -> tuple[Fault, ...]:
    """Put the outputs of a played notebook into its cells; return the faults.

    Raises
    ------
    ValueError
        When the reply does not fit the notebook.
    """
    cells = played.get("cells")
    if not isinstance(cells, list) or len(cells) != len(notebook.cells):
        raise ValueError("the reply does not fit the notebook that was to be played")
    faults: list[Fault] = []
    for cell, done in zip(notebook.cells, cells, strict=True):
        if cell.cell_type != "code":
            continue
        reply = done if isinstance(done, dict) else {}
        outputs = (_output(output) for output in reply.get("outputs") or ())
        cell.outputs = [output for output in outputs if output is not None]
        count = reply.get("execution_count")
        cell.execution_count = count if type(count) is int else None
        if is_grade(cell) and not is_solution(cell):
            if not isinstance(done, dict):
                cell.outputs = [_not_run()]
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"  # nbgrader takes a warning on stderr for a failure
            faults += _bound_credit(cell)
    return tuple(faults)


def cell_seconds(notebook: Any, played: dict[str, Any]) -> dict[str, float]:
    """Return the name of each cell that was run -> its seconds."""
    seconds = {}
    for cell, done in zip(notebook.cells, played["cells"], strict=True):
        if isinstance(done, dict) and isinstance(done.get("seconds"), int | float):
            name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
            seconds[name] = round(float(done["seconds"]), 3)
    return seconds


def _not_run() -> Any:
    text = "This test was not run."
    return nbformat.v4.new_output("error", ename="NotRun", evalue=text, traceback=[text])


def _bound_credit(cell: Any) -> list[Fault]:
    """Replace partial credit beyond the cell's points, or that is no number at all.

    nbgrader gives full points for NaN and for less than zero, and gives up on more than all.
    """
    name, most = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
    for output in cell.outputs:
        if output.output_type != "execute_result":
            continue
        text = str(output.data.get("text/plain", ""))
        output.data["text/plain"] = text or "(no text)"
        try:
            credit = float(text)
        except ValueError:
            return []
        bounded = min(max(credit, 0.0), most) if math.isfinite(credit) else 0.0
        if bounded != credit:
            output.data["text/plain"] = str(bounded)
            told = f"the test {name} gave {text} of {most:g} points, taken as {bounded:g}"
            return [Fault("credit", name, told)]
        return []
    return []


def _output(output: Any) -> Any:
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return nbformat.v4.new_output("stream", name=name, text=_text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        return nbformat.v4.new_output(
            "error",
            ename=_text(output.get("ename")),
            evalue=_text(output.get("evalue")),
            traceback=[_text(line) for line in (lines if isinstance(lines, list) else ())],
        )
    if kind in ("display_data", "execute_result"):
        bundle = output.get("data")
        # What is JSON comes as something else than text; text there breaks whoever renders it.
        data = {
            str(key): _text(value)
            for key, value in (bundle.items() if isinstance(bundle, dict) else ())
            if isinstance(value, str | list) and not str(key).endswith("json")
        }
        made = nbformat.v4.new_output(kind, data=data)
        if kind == "execute_result":
            count = output.get("execution_count")
            made.execution_count = count if type(count) is int else None
        return made
    return None


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode("utf-8")
