"""Plays a submission: the locked cells run here, all others in the student's process."""

import builtins
import contextlib
import json
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.split.budget import Budget
from grader.split.functions import Texts
from grader.split.locked import Cell, cell_id, source_of
from grader.split.output_checks import checked, cut_off, error_output, size_of
from grader.split.outputs import Output
from grader.split.processes import Gone, Processes, StudentProcess
from grader.split.stops import CellTimeout, Unusable
from grader.split.wire import ProtocolError

if TYPE_CHECKING:
    from grader.split.judge import Judge

TOO_LONG = "The cell took longer than its time."
TICK = 0.5  # seconds between two attempts to stop a test that is too slow
Fault = dict[str, Any]


class Play:
    """One submission on its way through the judge.

    Parameters
    ----------
    judge : Judge
        The judge of the set.
    merged_notebook : str
        The text of the notebook to play: locked cells are taken from the judge, all others from
        here.
    spawn : callable
        Starts a student's process.
    """

    def __init__(
        self, judge: "Judge", merged_notebook: str, spawn: Callable[[], StudentProcess]
    ) -> None:
        self.judge = judge
        self.cells = json.loads(merged_notebook)["cells"]
        self.results: list[dict[str, Any] | None] = []
        self.faults: list[Fault] = []
        self.texts = Texts()
        self.seconds = {"student": 0.0, "judge": 0.0}
        self.budget = Budget(judge.limits)
        self.processes = Processes(judge, self.texts, spawn, self.budget, self._fault)
        self.fetched: set[str] = set()
        self.calls = 0

    def run(self) -> dict[str, Any]:
        """Play all cells in order."""
        done: set[str] = set()
        number = 0
        signal.signal(signal.SIGALRM, self._alarm)
        for position, cell in enumerate(self.cells):
            if cell.get("cell_type") != "code":
                self.results.append(None)
                continue
            number += 1
            name = cell_id(cell, position)
            locked = self.judge.locked.get(name) if name not in done else None
            done.add(name)
            began = time.perf_counter()
            try:
                outputs = (self._locked(locked, number) if locked
                           else self._students(name, source_of(cell), number))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            self.results.append({
                "outputs": outputs, "execution_count": number,
                "seconds": round(time.perf_counter() - began, 6),
            })
        if self.processes.student is not None:
            self.processes.student.kill()
        seconds = {"spawn": self.processes.seconds, **self.seconds}
        return {"cells": self.results, "faults": self.faults, "seconds": seconds,
                "rss_mb": 0.0, "calls": self.calls}

    def _clock(self) -> float:
        """Return the seconds on a clock that stands still while a process starts."""
        return time.perf_counter() - self.processes.seconds

    def _alarm(self, signum: int, frame: Any) -> None:
        """Stop a test that computes too long; while it waits, the peer sees to the time."""
        peer = self.processes.peer
        if peer is None or not peer.busy:
            raise CellTimeout

    def _fault(self, kind: str, cell: str, text: str) -> None:
        self.faults.append({"kind": kind, "cell": cell, "text": text})

    def _students(self, name: str, source: str, number: int) -> list[Output]:
        """Let the student's process run a cell of the student's."""
        filename = f"<cell {number}>"
        if not source.strip():
            return []
        began = self._clock()
        try:
            peer = self.processes.connect()
            self.texts.add(filename, self._transform(source))
            self.judge.shell.compile._filename_map[filename] = number  # shown as In[number]
            outputs, dropped, _ = self.processes.ask_to_run(peer, filename, source, number)
            outputs = checked(outputs, self.judge.limits.output_kb * 1024)
            self.budget.left -= size_of(outputs)
            self.processes.history.append(((filename, source, number, b""), False))
            if peer.interrupted is not None:
                self._fault("timeout", name, TOO_LONG)
            if dropped:
                self._fault("output", name, f"{dropped} characters of output were cut off.")
                outputs.append(cut_off(int(dropped)))
        except Gone as error:
            outputs = [error_output(error.name, str(error))]
        except CellTimeout:
            self._fault("timeout", name, TOO_LONG)
            outputs = [error_output("TimeoutError", TOO_LONG)]
        except (Unusable, ProtocolError) as error:
            outputs = [error_output("died", self.processes.lost(name, error))]
        except Exception as error:  # noqa: BLE001 - whatever running the cell came to
            outputs = [error_output(type(error).__name__, str(error))]
        self.seconds["student"] += self._clock() - began
        return list(outputs)

    def _transform(self, source: str) -> str:
        try:
            return str(self.judge.shell.transform_cell(source))
        except Exception:  # noqa: BLE001 - a cell that is no Python; running it will tell
            return source

    def _locked(self, cell: Cell, number: int) -> list[Output]:
        """Run a locked cell here; one that is no test runs in the student's process as well."""
        began = self._clock()
        cell.number = number
        try:
            if not cell.graded:
                given = f"<cell {cell.name}>", cell.source, number, cell.packed
                # A process that has broken its own shell lacks the cell: that is its own loss.
                failed = True
                with contextlib.suppress(Exception):
                    peer = self.processes.connect()
                    self.processes.ask_to_run(peer, *given)
                    failed = False
                self.processes.history.append((given, failed))
                if cell.name in self.judge.ran:
                    return list(self.judge.ran[cell.name][0])
            return self._test(cell)
        except Gone as error:
            return [error_output(error.name, str(error))]
        except CellTimeout:
            self._fault("timeout", cell.name, TOO_LONG)
            return [error_output("TimeoutError", TOO_LONG)]
        except Unusable as error:
            self.judge.shell.recorder.take()
            return [error_output("died", self.processes.lost(cell.name, error))]
        finally:
            self.seconds["judge"] += self._clock() - began

    def _test(self, cell: Cell) -> list[Output]:
        """Fetch the names that a locked cell reads from the student, and run the cell."""
        peer = self.processes.connect()
        namespace = self.judge.shell.user_ns
        wanted = sorted(
            name for name in (cell.reads - self.judge.names) - (cell.sets - self.judge.solutions)
            if name not in namespace or name in self.fetched
            if not hasattr(builtins, name) or name in self.judge.solutions
        )
        limit = self.budget.seconds()
        peer.start_clock(limit)
        peer.use_contexts(cell.words)
        previous, self.fetched = self.fetched, set(wanted)
        peer.fetched = self.fetched
        found: dict[str, Any] = {}
        try:
            found = peer.fetch(wanted, pin=True)
        except Exception as error:  # noqa: BLE001 - globals that are too large, or no values at all
            return [error_output(type(error).__name__, str(error))]
        finally:
            for name in previous - found.keys():
                namespace.pop(name, None)
        namespace.update(found)
        sets = cell.sets & self.judge.solutions
        peer.pushed = {name: namespace.get(name) for name in sets} if sets else {}
        signal.setitimer(signal.ITIMER_REAL, max(limit, 0.01), TICK)
        self.judge.shell.recorder.limit = self.budget.room()
        before = peer.calls
        try:
            outputs, _, _ = self.judge.run_locked(cell, peer)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.calls += peer.calls - before
        self.budget.left -= size_of(outputs)
        if peer.interrupted is not None:
            self._fault("timeout", cell.name, f"The test took longer than {limit:g} seconds.")
        return outputs
