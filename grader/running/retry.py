"""Wait for what comes back by itself: a locked or lost database, a full disk."""

import errno
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from grader.errors import GraderError

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES, errno.ESTALE}


class Stopped(GraderError):
    """The run cannot go on and lost nothing; the message says what to mend and how to resume."""


class Away(Exception):
    """The gradebook's file is not where it was."""


class Patience:
    """Repeat what fails for a reason that may pass, and give up after a while.

    Parameters
    ----------
    seconds : float
        How long to wait in all for one action.
    say : callable
        Shows one line to the user; called once for each kind of trouble.
    stop : threading.Event, optional
        When set, waiting ends at once.
    """

    def __init__(
        self, seconds: float, say: Callable[[str], None], stop: threading.Event | None = None
    ) -> None:
        self.seconds = seconds
        self._say = say
        self._stop = stop or threading.Event()

    def insist(self, action: Callable[[], T], undo: Callable[[], None] = lambda: None) -> T:
        """Return what `action` returns; call `undo` after each attempt that failed.

        Raises
        ------
        Stopped
            When it still fails after the time is over, or the user wants to stop.
        """
        began, pause, said = time.monotonic(), FIRST_PAUSE, ""
        while True:
            try:
                result = action()
            except Exception as error:
                undo()
                trouble = describe(error)
                if not trouble:
                    raise
                if time.monotonic() - began + pause > self.seconds or self._stop.is_set():
                    waited = f"still after {self.seconds:g} s of waiting"
                    raise Stopped(f"{trouble}, {waited}") from error
                if trouble != said:
                    self._say(f"{trouble}: waiting up to {self.seconds:g} s for it ...")
                    said = trouble
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if said:
                    self._say("... and it goes on.")
                return result


def describe(error: BaseException) -> str:
    """Return trouble that may pass in a few words, or an empty string for any other error.

    nbgrader turns some errors of the database into its own, so what led to an error counts, too.
    """
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        if not isinstance(link, GraderError) and (text := _describe(link)):
            return text
        link = link.__cause__ or link.__context__
    return ""


def _describe(error: BaseException) -> str:
    if isinstance(error, Away):
        return str(error)
    if isinstance(error, OSError):
        if error.errno not in DISK:
            return ""
        where = f" ({error.filename})" if error.filename else ""
        return f"the disk refuses to take data: {error.strerror}{where}"
    if isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        lines = str(error.orig).strip().splitlines()
        return f"the gradebook is not available: {lines[0] if lines else type(error).__name__}"
    return ""
