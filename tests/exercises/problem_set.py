"""Run a problem set's notebook in this process, with some of its answers replaced.

The cells run in order in one fresh namespace, and each test cell is judged by nbgrader's rules: an
error or anything on stderr costs its points. That takes milliseconds where a kernel takes seconds;
test_real_nbgrader.py shows that nbgrader itself comes to the same points.
"""

import ast
import contextlib
import functools
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
SETS = tuple(sorted(path.parent.name for path in (ROOT / "solutions").glob("ps*/ps*.ipynb")))


@functools.cache
def _compiled(source: str, name: str) -> Any:
    return compile(source, f"<cell {name}>", "exec")


@functools.cache
def _names(source: str) -> frozenset[str]:
    """Return the names that a cell reads."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return frozenset(node.id for node in nodes if isinstance(node.ctx, ast.Load))


@functools.cache
def _defined(source: str) -> frozenset[str]:
    """Return the names that a cell sets at its top, or says are global."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return frozenset()  # running it will say so
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found.update(node.names)
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        elif not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.update(node.id for node in ast.walk(statement)
                         if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return frozenset(found)


def run_cell(source: str, name: str, namespace: dict[str, Any]) -> str:
    """Run one cell; return why nbgrader would give no points for it, or the empty string."""
    stderr = io.StringIO()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(stderr),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        try:
            exec(_compiled(source, name), namespace)
        except Exception as error:  # noqa: BLE001 - a student's code may raise anything
            return f"{type(error).__name__}: {error}"
    return stderr.getvalue() + "".join(f"warning: {w.message}" for w in warned)


class ProblemSet:
    """One problem set, read from its source or from its release.

    Parameters
    ----------
    name : str
        Folder and notebook name, as in "ps1_perceptron".
    folder : str
        "solutions" for the source, "exercises" for the release.
    """

    def __init__(self, name: str, folder: str = "solutions") -> None:
        self.name = name
        self.path = ROOT / folder / name / f"{name}.ipynb"
        self.notebook = nbformat.read(self.path, as_version=4)

    def cells(self, kind: str) -> dict[str, Any]:
        """Return the cells whose nbgrader metadata has `kind` ("grade" or "solution") set."""
        found = {}
        for cell in self.notebook.cells:
            info = cell.metadata.get("nbgrader", {})
            if info.get(kind):
                found[info["grade_id"]] = cell
        return found

    @property
    def answers(self) -> dict[str, Any]:
        """The code cells that students fill in, by grade_id."""
        return {k: c for k, c in self.cells("solution").items() if c.cell_type == "code"}

    @property
    def tests(self) -> dict[str, Any]:
        """The test cells, by grade_id."""
        return {k: c for k, c in self.cells("grade").items() if c.cell_type == "code"}

    @property
    def given(self) -> dict[str, Any]:
        """The locked code cells that are no tests: the helper, and others the checks call."""
        found = {k: c for k, c in self.cells("locked").items() if c.cell_type == "code"}
        return {k: c for k, c in found.items() if k not in self.tests and k != "summary"}

    def reference(self) -> dict[str, Any]:
        """Return the names of a notebook in which every answer cell holds the reference."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        for cell in [*self.given.values(), *self.answers.values()]:
            failure = run_cell(cell.source, cell.id, namespace)
            assert not failure, f"{self.path}, cell {cell.id} stops the notebook: {failure}"
        return namespace

    def points(self, grade_ids: set[str] | None = None) -> float:
        """Return the points of the given test cells, of all of them when None."""
        chosen = self.tests if grade_ids is None else {k: self.tests[k] for k in grade_ids}
        return sum(cell.metadata["nbgrader"]["points"] for cell in chosen.values())

    def run(
        self, planted: Mapping[str, str] | None = None, *, to_first_failure: bool = False
    ) -> dict[str, str]:
        """Run the notebook; return for each test cell why it fails, the empty string if it passes.

        Parameters
        ----------
        planted : mapping, optional
            Answer's grade_id -> code that runs after that cell and redefines what it defined. Test
            cells before the first of them cannot notice, nor can those that use none of its names,
            also not through another function; they keep the verdict of the plain run.
        to_first_failure : bool, default False
            Whether one failing test cell is all that the caller wants to know.
        """
        planted = planted or {}
        assert set(planted) <= set(self.answers), f"unknown answers: {set(planted)}"
        verdicts = dict(self._plain) if planted else {}
        namespace: dict[str, Any] = {"__name__": "__main__"}
        changed, touched = not planted, self._touched(planted)
        for cell in self.notebook.cells:
            if cell.cell_type != "code":
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
            if name in self.tests:
                if changed and (not planted or touched & _names(cell.source)):
                    verdicts[name] = run_cell(cell.source, name, namespace)
                if to_first_failure and verdicts[name]:
                    break
                continue
            source = cell.source + "\n\n\n" + planted.get(name, "")
            failure = run_cell(source, name, namespace)
            assert not failure, f"{self.path}, cell {name} stops the notebook: {failure}"
            changed = changed or name in planted
        return verdicts

    def _touched(self, planted: Mapping[str, str]) -> set[str]:
        """Return the names that planted code sets, and those of the cells that use one of them."""
        cells = {**self.given, **self.answers}
        touched: set[str] = set()
        touched.update(*map(_defined, planted.values()))
        before = -1
        while len(touched) > before:
            before = len(touched)
            touched.update(*(_defined(cell.source) for cell in cells.values()
                             if touched & _names(cell.source)))
        return touched

    @functools.cached_property
    def _plain(self) -> dict[str, str]:
        return self.run()

    def failing(self, planted: Mapping[str, str] | None = None) -> set[str]:
        """Return the grade_ids of the test cells that fail in `run(planted)`."""
        return {name for name, failure in self.run(planted).items() if failure}
