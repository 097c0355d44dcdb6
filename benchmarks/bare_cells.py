"""Run the cells of submissions in this process and print the seconds: no grader can be faster.

    python benchmarks/bare_cells.py PROBLEM_SET SUBMITTED_FOLDER

Nothing is isolated, captured, graded or written: each notebook's answers run in a fresh namespace
with the source's own cells and tests around them. Libraries are imported before the clock starts.
"""

import json
import sys
import time
from pathlib import Path

import nbformat
from classroom import ProblemSet

from tests.exercises.problem_set import run_cell


def run_all(problem_set: str, submitted: Path) -> dict[str, object]:
    """Return the seconds of all, and for each student the test cells that failed."""
    source = ProblemSet(problem_set)
    source.run()  # imports, and compiles what is the same for everyone
    paths = sorted(submitted.glob(f"*/{problem_set}/{problem_set}.ipynb"))
    answers = {path.parts[-3]: _solutions(path) for path in paths}
    start = time.perf_counter()
    failed = {name: _run(source, solutions) for name, solutions in answers.items()}
    return {"seconds": time.perf_counter() - start, "failed": failed}


def _solutions(path: Path) -> dict[str, str]:
    cells = nbformat.read(path, as_version=4).cells
    tagged = ((cell, cell.metadata.get("nbgrader", {})) for cell in cells)
    return {info["grade_id"]: cell.source for cell, info in tagged if info.get("solution")}


def _run(source: ProblemSet, solutions: dict[str, str]) -> list[str]:
    namespace: dict[str, object] = {"__name__": "__main__"}
    failed = []
    for cell in source.notebook.cells:
        if cell.cell_type == "code":
            name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
            code = solutions.get(name, cell.source)
            if run_cell(code, name, namespace) and name in source.tests:
                failed.append(name)
    return failed


if __name__ == "__main__":
    print(json.dumps(run_all(sys.argv[1], Path(sys.argv[2]))))
