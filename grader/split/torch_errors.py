"""The two errors of the PyTorch side of the split: not supported, and not believable."""

from grader.split.wire import ProtocolError


class NotAcross(TypeError):
    """A value or an idiom that does not work across the two processes: names it, and a remedy.

    Parameters
    ----------
    idiom : str
        What was tried, to be read after "PyTorch across the processes: ".
    remedy : str
        What to write instead.
    """

    def __init__(self, idiom: str, remedy: str) -> None:
        super().__init__(f"PyTorch across the processes: {idiom} is not supported; {remedy}.")


def malformed(what: str) -> ProtocolError:
    """Return the error for a message that an honest process never sends."""
    return ProtocolError(f"the student's process sent {what}")
