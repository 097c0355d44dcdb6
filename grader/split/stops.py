"""What ends a test from outside of it: the time is over, or the student's process is of no use."""


class CellTimeout(BaseException):
    """The time of a cell is over. No `except Exception` of a test catches it."""


class Stuck(BaseException):
    """The student's process does not answer, not even an interrupt."""


class Unusable(BaseException):
    """The connection is of no use any more: `cause` is a ProtocolError, Closed or Stuck.

    No `except Exception` of a test catches it, and whoever asks again gets it again.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause
