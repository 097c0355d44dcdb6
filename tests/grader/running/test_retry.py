import errno
import threading

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from grader.running.retry import Away, Patience, Stopped, describe

LOCKED = OperationalError("INSERT", {}, Exception("database is locked"))
FULL = OSError(errno.ENOSPC, "No space left on device")


class Trouble:
    """An action that fails some times before it succeeds."""

    def __init__(self, error, times):
        self.error, self.times, self.undone = error, times, 0

    def __call__(self):
        if self.times > 0:
            self.times -= 1
            raise self.error
        return "done"

    def undo(self):
        self.undone += 1


@pytest.fixture
def said():
    return []


def patience(said, seconds=5.0, stop=None):
    return Patience(seconds, said.append, stop)


@pytest.mark.parametrize("error", [LOCKED, FULL, Away("the gradebook is gone")])
def test_trouble_that_passes_is_waited_for_and_told_once(said, error):
    trouble = Trouble(error, 3)
    assert patience(said).insist(trouble, trouble.undo) == "done"
    assert trouble.undone == 3
    assert len(said) == 2
    assert said[0].endswith(": waiting up to 5 s for it ...")
    assert said[1] == "... and it goes on."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LOCKED, "the gradebook is not available: database is locked"),
        (FULL, "the disk refuses to take data: No space left on device"),
        (Away("the gradebook x is gone"), "the gradebook x is gone"),
    ],
)
def test_trouble_that_stays_stops_the_run_and_says_why(said, error, text):
    trouble = Trouble(error, 10**9)
    with pytest.raises(Stopped, match=f"^{text}, still after 0.3 s of waiting"):
        patience(said, 0.3).insist(trouble, trouble.undo)
    assert trouble.undone >= 2


@pytest.mark.parametrize(
    "error", [IntegrityError("INSERT", {}, Exception("UNIQUE")), FileNotFoundError(2, "x")]
)
def test_other_errors_are_not_waited_for(said, error):
    trouble = Trouble(error, 1)
    with pytest.raises(type(error)):
        patience(said).insist(trouble, trouble.undo)
    assert (said, trouble.undone) == ([], 1)


def test_what_led_to_an_error_counts():
    wrapped = ValueError("an entry is invalid")
    wrapped.__context__ = LOCKED
    assert describe(wrapped) == "the gradebook is not available: database is locked"
    LOCKED.__context__ = wrapped  # a circle, as `raise error.__cause__` makes one
    assert describe(ValueError("of another kind")) == ""
    assert describe(wrapped).endswith("database is locked")
    LOCKED.__context__ = None


def test_the_user_may_stop_the_waiting(said):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        patience(said, 60.0, stop).insist(Trouble(LOCKED, 10**9))
