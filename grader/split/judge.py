"""The judge of a problem set: holds its locked cells, runs them, and shows what they raise."""

import ast
import builtins
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable
from typing import Any

from grader.split import registry
from grader.split.judge_peer import JudgePeer
from grader.split.locked import Cell, cell_id, names_in, read_cell, source_of
from grader.split.output_checks import cut_off
from grader.split.outputs import Output, Stream
from grader.split.playing import TICK, Play
from grader.split.processes import Gone, StudentProcess
from grader.split.stops import CellTimeout, Unusable

HERE = __file__.rpartition("/")[0]
SHOWING = 10.0  # seconds that formatting an error may take


class Judge:
    """Made once for a source notebook; plays one submission in each fork.

    Parameters
    ----------
    source_notebook : str
        The text of the source notebook, hidden tests inside.
    shell : Shell
        Made by `cells.make_shell`.
    limits : Limits
        cell_seconds, total_seconds, output_kb, message_mb.
    """

    def __init__(self, source_notebook: str, shell: Any, limits: Any) -> None:
        self.shell, self.limits = shell, limits
        self.locked: dict[str, Cell] = {}
        self.solutions: set[str] = set()  # names that the cells of the answer define
        self.ran: dict[str, tuple[list[Output], float]] = {}  # of the cells that have run already
        shell.recorder.limit = limits.output_kb * 1024
        cells_ = json.loads(source_notebook)["cells"]
        codes = [(n, cell) for n, cell in enumerate(cells_) if cell["cell_type"] == "code"]
        prefix = True
        for number, (position, cell) in enumerate(codes, start=1):
            info = cell.get("metadata", {}).get("nbgrader", {})
            name = cell_id(cell, position)
            if not info.get("locked") and not info.get("grade"):
                prefix = False
                self._note_solution(source_of(cell))
                continue
            graded = bool(info.get("grade"))
            self.locked[name] = read_cell(shell, name, source_of(cell), graded, number)
            prefix = prefix and not graded
            if prefix:
                outputs, seconds, failed = self.run_locked(self.locked[name], None)
                if failed:
                    error = outputs[-1]
                    raise RuntimeError(f"cell {name}: {error['ename']}: {error['evalue']}")
                self.ran[name] = outputs, seconds
        registry.full()  # what it imports is imported before the fork
        self.names = {name for cell in self.locked.values() for name in cell.sets
                      if not cell.graded}

    def _note_solution(self, source: str) -> None:
        try:
            code = compile(self.shell.transform_cell(source), "<solution>", "exec",
                           dont_inherit=True, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError):
            return
        self.solutions |= names_in(code)[1]

    # Running one cell here

    def run_locked(self, cell: Cell, peer: JudgePeer | None) -> tuple[list[Output], float, bool]:
        """Run a locked cell in this process; return outputs, seconds, whether it failed."""
        shell, began = self.shell, time.perf_counter()
        shell.number = shell.execution_count = cell.number
        before = sys.stdout, sys.stderr, sys.displayhook, builtins.input, builtins.print
        sys.stdout = Stream(shell.recorder, "stdout")
        sys.stderr = Stream(shell.recorder, "stderr", "stdout")
        failed = False
        try:
            if cell.codes:
                try:
                    with shell.display_trap:
                        for code in cell.codes:
                            exec(code, shell.user_ns)
                except BaseException as error:
                    # Showing it is not the test's time, but must come to an end as well.
                    signal.setitimer(signal.ITIMER_REAL, SHOWING, TICK)
                    failed = True
                    if isinstance(error, Gone | Unusable):
                        raise
                    self._show(error)
                if peer is not None and peer.broken is not None:
                    raise peer.broken
            else:
                shell.compile.cell_name = f"<cell {cell.name}>"
                failed = not shell.run_cell(cell.source, store_history=False).success
        finally:
            sys.settrace(None)
            (sys.stdout, sys.stderr, sys.displayhook, builtins.input, builtins.print) = before
            outputs, dropped = shell.recorder.take()
            if dropped:
                outputs.append(cut_off(dropped))
        return outputs, time.perf_counter() - began, failed

    def _show(self, error: BaseException) -> None:
        """Record an error as IPython shows it, without the frames of this package."""
        if isinstance(error, CellTimeout):
            text = (f"This cell took longer than {self.limits.cell_seconds:g} seconds, "
                    "most likely because a function of the answer does not come to an end.")
            self.shell.recorder.add_error("TimeoutError", text, [f"TimeoutError: {text}"])
            return
        seen: set[int] = set()
        link: BaseException | None = error
        while link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = _without_us(link.__traceback__)
            link = link.__cause__ or link.__context__
        self.shell.showtraceback((type(error), error, error.__traceback__))

    # Playing a submission

    def play(self, merged_notebook: str, spawn: Callable[[], StudentProcess]) -> dict[str, Any]:
        """Play a submission; return outputs, faults and times (see `Play`)."""
        # The student's process has the folder at the same path, which its sandbox has below /tmp.
        below = tempfile.gettempdir()
        folder = tempfile.mkdtemp(dir=below if below.startswith("/tmp") else "/tmp")
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        # check() watches which packages an answer calls. Those calls are in the other process: here
        # it would see nothing but this side of the conversation, and slow that down by a sixth.
        sys.setprofile = lambda _: None
        try:
            return Play(self, merged_notebook, spawn).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _without_us(place: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback without the frames of this package."""
    kept = []
    while place is not None:
        if not place.tb_frame.f_code.co_filename.startswith(HERE):
            kept.append(place)
        place = place.tb_next
    found: types.TracebackType | None = None
    for one in reversed(kept):
        found = types.TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return found
