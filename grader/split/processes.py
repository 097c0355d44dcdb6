"""The processes of one student: each is started where the last one ended, a few times at most."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from grader.split.budget import Budget
from grader.split.functions import Texts
from grader.split.judge_peer import JudgePeer
from grader.split.stops import CellTimeout, Stuck, Unusable
from grader.split.wire import ProtocolError, Wire

if TYPE_CHECKING:
    from grader.split.judge import Judge

RESTARTS = 2


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


class Astray(Exception):
    """A new process cannot run again what the last one has run."""


class Processes:
    """The process that runs a submission's cells now, after those that it has lost.

    Parameters
    ----------
    judge : Judge
        The judge of the set.
    texts : Texts
        The cells of the submission.
    spawn : callable
        Starts a student's process.
    budget : Budget
        What the cells have left.
    fault : callable
        Notes a fault: its kind, the cell, a sentence.
    """

    def __init__(
        self, judge: "Judge", texts: Texts, spawn: Callable[[], StudentProcess], budget: Budget,
        fault: Callable[[str, str, str], None],
    ) -> None:
        self.judge, self.texts, self.spawn = judge, texts, spawn
        self.budget, self.fault = budget, fault
        # Cells that the student's process has run: what `ask_to_run` takes, whether it failed to.
        self.history: list[tuple[tuple[str, str, int, bytes], bool]] = []
        self.student: StudentProcess | None = None
        self.peer: JudgePeer | None = None
        self.restarts = 0
        self.given_up = False
        self.seconds = 0.0  # that starting processes took

    def connect(self) -> JudgePeer:
        """Return the connection; start a process, and bring it to where the last one was."""
        if time.monotonic() >= self.budget.ends:
            raise Gone("timeout", "The time for the whole notebook was over before this cell.")
        if self.peer is not None:
            return self.peer
        if self.given_up:
            raise Gone("died", "The answer's process had ended too often before this cell.")
        began = time.perf_counter()
        self.student = student = self.spawn()
        wire = Wire(student.sock, self.judge.limits.message_mb * 2**20)
        peer = JudgePeer(
            wire, self.judge.shell.user_ns, self.judge.names, self.texts, student.interrupt
        )
        self._replay(peer)
        self.peer = peer  # from here on it is used, since it is where the last one was
        self.seconds += time.perf_counter() - began
        return peer

    def _replay(self, peer: JudgePeer) -> None:
        """Bring a new process to where the last one was.

        What a cell raises is its output and nothing to this. But if a process cannot run a cell
        that the last one could, it has not come to the same place: then it is lost.
        """
        for cell, failed in self.history:
            try:
                self.ask_to_run(peer, *cell)
            except (Exception, CellTimeout) as error:
                if not failed:
                    raise Unusable(Astray(f"{type(error).__name__}: {error}")) from error

    def ask_to_run(
        self, peer: JudgePeer, filename: str, source: str, number: int, packed: bytes = b""
    ) -> Any:
        """Let a process run a cell, compiled or not; return what `StudentPeer.do_cell` does."""
        peer.start_clock(self.budget.seconds())
        return peer.request("cell", filename, (source, number, self.budget.room(), packed))

    def lost(self, cell: str, error: BaseException) -> str:
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
        elif isinstance(error, Astray):
            kind = "died"
            text = f"A new process could not run the cells before this one again ({error})."
        else:
            kind = "memory" if "memory" in end else "died"
            text = f"The answer's process ended ({end or 'it closed its connection'})."
        self.fault(kind, cell, text)
        self.restarts += 1
        if self.restarts > RESTARTS:
            self.given_up = True
        else:
            self.fault("restarted", cell, "A new process goes on with the next cell.")
        return text
