"""Plays a submission: the locked cells run here, all others in the student's process."""

import ast
import builtins
import contextlib
import dis
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from grader.split import registry
from grader.split.functions import Texts
from grader.split.judge_peer import CellTimeout, JudgePeer, Stuck, Unusable
from grader.split.outputs import LONGEST_ERROR, Output, Stream
from grader.split.wire import ProtocolError, Wire

HERE = __file__.rpartition("/")[0]
RESTARTS = 2
OUTPUTS = 20  # all cells together may put out as much as so many of them
LEAST_OUTPUT = 2000  # characters that each cell has all the same
TOO_LONG = "The cell took longer than its time."
SHOWING = 10.0  # seconds that formatting an error may take
TICK = 0.5  # seconds between two attempts to stop a test that is too slow
Fault = dict[str, Any]


class StudentProcess(Protocol):
    """What the isolation gives: the student's process and ways to stop it."""

    sock: Any

    def interrupt(self) -> None:
        """Send SIGINT."""

    def kill(self) -> None:
        """End it at once."""

    def end(self) -> str:
        """Say how it ended; the empty string while it lives."""


class Gone(BaseException):
    """The student's process has ended, or cannot be used any more."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.name = "TimeoutError" if kind == "timeout" else kind


@dataclass
class Cell:
    """A locked code cell of the source notebook."""

    name: str
    source: str
    graded: bool
    number: int
    codes: list[Any] = field(default_factory=list)  # compiled; empty for a cell with magics
    reads: frozenset[str] = frozenset()  # names that it takes from the notebook
    sets: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # every identifier in it


def cell_id(cell: dict[str, Any], position: int) -> str:
    """Return the grade_id of a cell, else its id."""
    info = cell.get("metadata", {}).get("nbgrader", {})
    return str(info.get("grade_id") or cell.get("id") or position)


def source_of(cell: dict[str, Any]) -> str:
    """Return the text of a cell."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def names_in(code: types.CodeType, top: bool = True) -> tuple[set[str], set[str], set[str]]:
    """Return the global names that code reads and sets, and all names in it."""
    reads: set[str] = set()
    sets: set[str] = set()
    words = {*code.co_names, *code.co_varnames}
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            reads.add(step.argval)
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (
            top and step.opname in ("STORE_NAME", "DELETE_NAME")
        ):
            sets.add(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            more = names_in(inner, top=False)
            reads |= more[0]
            sets |= more[1]
            words |= more[2]
    return reads, sets, words


def read_cell(shell: Any, name: str, source: str, graded: bool, number: int) -> Cell:
    """Compile a locked cell, the last expression apart, as IPython does."""
    cell = Cell(name, source, graded, number)
    filename = f"<cell {name}>"
    shell.compile.cell_name = filename
    text = shell.transform_cell(source)
    shell.compile.cache(text, number, raw_code=source)
    plain = text.rstrip("\n") == source.rstrip("\n")
    tree = ast.parse(text, filename)
    whole = compile(tree, filename, "exec", dont_inherit=True)
    reads, sets, words = names_in(whole)
    cell.reads, cell.sets, cell.words = frozenset(reads), frozenset(sets), frozenset(words)
    if plain and tree.body:
        last = tree.body[-1]
        parts: list[ast.Module | ast.Interactive] = [tree]
        if isinstance(last, ast.Expr) and not source.rstrip().endswith(";"):
            parts = [ast.Module(tree.body[:-1], []), ast.Interactive([last])]
        cell.codes = [
            compile(part, filename, "single" if isinstance(part, ast.Interactive) else "exec",
                    0, True)
            for part in parts
        ]
    return cell


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
                outputs, seconds, failed = self._run(self.locked[name], None)
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

    def _run(self, cell: Cell, peer: JudgePeer | None) -> tuple[list[Output], float, bool]:
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
            sys.setprofile(None)
            sys.settrace(None)
            (sys.stdout, sys.stderr, sys.displayhook, builtins.input, builtins.print) = before
            outputs, dropped = shell.recorder.take()
            if dropped:
                outputs.append(_cut(dropped))
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
        try:
            return Play(self, merged_notebook, spawn).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _cut(dropped: int) -> Output:
    text = f"\n[{dropped} more characters of output were cut off]\n"
    return {"output_type": "stream", "name": "stdout", "text": text}


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
        self, judge: Judge, merged_notebook: str, spawn: Callable[[], StudentProcess]
    ) -> None:
        self.judge, self.spawn = judge, spawn
        self.cells = json.loads(merged_notebook)["cells"]
        self.results: list[dict[str, Any] | None] = []
        self.faults: list[Fault] = []
        self.texts = Texts()
        self.history: list[tuple[str, str, int]] = []  # cells that the student's process has run
        self.student: StudentProcess | None = None
        self.peer: JudgePeer | None = None
        self.restarts = 0
        self.given_up = False
        self.seconds = {"spawn": 0.0, "student": 0.0, "judge": 0.0}
        self.ends: float = time.monotonic() + judge.limits.total_seconds
        self.fetched: set[str] = set()
        self.left: int = OUTPUTS * judge.limits.output_kb * 1024
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
                           else self._students(name, source_of(cell), number, position))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            self.results.append({
                "outputs": outputs, "execution_count": number,
                "seconds": round(time.perf_counter() - began, 6),
            })
        if self.student is not None:
            self.student.kill()
        return {"cells": self.results, "faults": self.faults, "seconds": self.seconds,
                "rss_mb": 0.0, "calls": self.calls}

    def _alarm(self, signum: int, frame: Any) -> None:
        """Stop a test that computes too long; while it waits, the peer sees to the time."""
        if self.peer is None or not self.peer.busy:
            raise CellTimeout

    def _fault(self, kind: str, cell: str, text: str) -> None:
        self.faults.append({"kind": kind, "cell": cell, "text": text})

    def _limit(self) -> float:
        """Return how many seconds the next cell has."""
        left = self.ends - time.monotonic()
        return max(min(float(self.judge.limits.cell_seconds), left), 0.0)

    def _room(self) -> int:
        """Return how many characters the next cell may put out."""
        return max(min(int(self.judge.limits.output_kb) * 1024, self.left), LEAST_OUTPUT)

    # The student's process

    def _connect(self) -> JudgePeer:
        """Return the connection; start a process, and bring it to where the last one was."""
        if time.monotonic() >= self.ends:
            raise Gone("timeout", "The time for the whole notebook was over before this cell.")
        if self.peer is not None:
            return self.peer
        if self.given_up:
            raise Gone("died", "The answer's process had ended too often before this cell.")
        began = time.perf_counter()
        self.student = student = self.spawn()
        wire = Wire(student.sock, self.judge.limits.message_mb * 2**20)
        peer = self.peer = JudgePeer(
            wire, self.judge.shell.user_ns, self.judge.names, self.texts, student.interrupt
        )
        for filename, source, number in self.history:
            self._ask_to_run(peer, filename, source, number)
        self.seconds["spawn"] += time.perf_counter() - began
        return peer

    def _ask_to_run(self, peer: JudgePeer, filename: str, source: str, number: int) -> Any:
        peer.start_clock(self._limit())
        return peer.request("cell", filename, (source, number, self._room()))

    def _lost(self, cell: str, error: BaseException) -> str:
        """Note that the student's process is of no use any more; return the sentence for it."""
        error = error.cause if isinstance(error, Unusable) else error
        student, self.peer, self.student = self.student, None, None
        assert student is not None
        end = student.end()
        student.kill()
        if isinstance(error, ProtocolError):
            kind, text = "protocol", f"The answer's process sent what is no answer ({error})."
        elif isinstance(error, Stuck):
            kind = "timeout"
            text = "The answer's process could not be interrupted, and was stopped."
        else:
            kind = "memory" if "memory" in end else "died"
            text = f"The answer's process ended ({end or 'it closed its connection'})."
        self._fault(kind, cell, text)
        self.restarts += 1
        if self.restarts > RESTARTS:
            self.given_up = True
        else:
            self._fault("restarted", cell, "A new process goes on with the next cell.")
        return text

    def _students(self, name: str, source: str, number: int, position: int) -> list[Output]:
        """Let the student's process run a cell of the student's."""
        filename = f"<cell {number}>"
        if not source.strip():
            return []
        began = time.perf_counter()
        try:
            peer = self._connect()
            self.texts.add(filename, self._transform(source))
            self.judge.shell.compile._filename_map[filename] = number  # shown as In[number]
            outputs, dropped, _ = self._ask_to_run(peer, filename, source, number)
            outputs = _checked(outputs, self.judge.limits.output_kb * 1024)
            self.left -= _size(outputs)
            self.history.append((filename, source, number))
            if peer.interrupted is not None:
                self._fault("timeout", name, TOO_LONG)
            if dropped:
                self._fault("output", name, f"{dropped} characters of output were cut off.")
                outputs.append(_cut(int(dropped)))
        except Gone as error:
            outputs = [_error_output(error.name, str(error))]
        except CellTimeout:
            self._fault("timeout", name, TOO_LONG)
            outputs = [_error_output("TimeoutError", TOO_LONG)]
        except (Unusable, ProtocolError) as error:
            outputs = [_error_output("died", self._lost(name, error))]
        except Exception as error:  # noqa: BLE001 - whatever running the cell came to
            outputs = [_error_output(type(error).__name__, str(error))]
        self.seconds["student"] += time.perf_counter() - began
        return list(outputs)

    def _transform(self, source: str) -> str:
        try:
            return str(self.judge.shell.transform_cell(source))
        except Exception:  # noqa: BLE001 - a cell that is no Python; running it will tell
            return source

    def _locked(self, cell: Cell, number: int) -> list[Output]:
        """Run a locked cell here; one that is no test runs in the student's process as well."""
        began = time.perf_counter()
        cell.number = number
        try:
            if not cell.graded:
                filename = f"<cell {cell.name}>"
                # A process that has broken its own shell lacks the cell: that is its own loss.
                with contextlib.suppress(Exception):
                    self._ask_to_run(self._connect(), filename, cell.source, number)
                self.history.append((filename, cell.source, number))
                if cell.name in self.judge.ran:
                    return list(self.judge.ran[cell.name][0])
            return self._test(cell)
        except Gone as error:
            return [_error_output(error.name, str(error))]
        except CellTimeout:
            self._fault("timeout", cell.name, TOO_LONG)
            return [_error_output("TimeoutError", TOO_LONG)]
        except Unusable as error:
            self.judge.shell.recorder.take()
            return [_error_output("died", self._lost(cell.name, error))]
        finally:
            self.seconds["judge"] += time.perf_counter() - began

    def _test(self, cell: Cell) -> list[Output]:
        """Fetch the names that a locked cell reads from the student, and run the cell."""
        peer = self._connect()
        namespace = self.judge.shell.user_ns
        wanted = sorted(
            name for name in (cell.reads - self.judge.names) - (cell.sets - self.judge.solutions)
            if name not in namespace or name in self.fetched
            if not hasattr(builtins, name) or name in self.judge.solutions
        )
        limit = self._limit()
        peer.start_clock(limit)
        peer.use_contexts(cell.words)
        found = peer.fetch(wanted, pin=True)
        for name in self.fetched - found.keys():
            namespace.pop(name, None)
        self.fetched = peer.fetched = set(wanted)
        namespace.update(found)
        sets = cell.sets & self.judge.solutions
        peer.pushed = {name: namespace.get(name) for name in sets} if sets else {}
        signal.setitimer(signal.ITIMER_REAL, max(limit, 0.01), TICK)
        self.judge.shell.recorder.limit = self._room()
        before = peer.calls
        try:
            outputs, _, _ = self.judge._run(cell, peer)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.calls += peer.calls - before
        self.left -= _size(outputs)
        if peer.interrupted is not None:
            self._fault("timeout", cell.name, f"The test took longer than {limit:g} seconds.")
        return outputs


def _error_output(name: str, text: str) -> Output:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def _size(outputs: Any) -> int:
    """Return how many characters outputs take."""
    return len(json.dumps(outputs, allow_nan=False))


def _checked(outputs: Any, limit: int) -> list[Output]:
    """Return outputs that the student's process sent, if they look like a notebook's.

    The student's side keeps to `limit` characters and one error; JSON may write six for one.
    """
    kinds: dict[str, dict[str, type]] = {"stream": {"name": str, "text": str},
             "display_data": {"data": dict, "metadata": dict},
             "execute_result": {"data": dict, "metadata": dict, "execution_count": int},
             "error": {"ename": str, "evalue": str, "traceback": list}}
    if not isinstance(outputs, list):
        raise ProtocolError("outputs that are no list")
    for output in outputs:
        kind = output.get("output_type") if type(output) is dict else None
        wanted = kinds.get(kind) if type(kind) is str else None
        if wanted is None or output.keys() != {"output_type", *wanted}:
            raise ProtocolError("an output that no notebook has")
        if not all(type(output[key]) is kind for key, kind in wanted.items()):
            raise ProtocolError("an output that no notebook has")
    try:
        size = _size(outputs)
    except (TypeError, ValueError, RecursionError):
        raise ProtocolError("an output that no notebook has") from None
    if size > 6 * (limit + LONGEST_ERROR):
        raise ProtocolError("outputs that are too long")
    return outputs
