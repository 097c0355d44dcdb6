"""The two errors of the PyTorch side of the split: not supported, and not believable.

What does not work across the two processes raises `NotAcross`, which names the idiom and a remedy:
second derivatives (create_graph) and torch.func.vmap through a call; hooks on a test's tensors and
optimizers, and on parts of modules of the other process; lazy, sparse, quantized and nested
tensors, devices other than CPU and meta; optimizers and schedules of a test's own class, schedules
with functions; compiled modules; pickling a student's module; torch.load with weights_only=False in
a test. Other things work a little differently, and the reference solution of a set shows it:

- A student's draws do not move the judge's generators on as in one process, see `torch_randomness`.
- Two tensors of a test that share memory are two tensors for the student, until the call is over.
- An in-place change of an argument with a record changes its numbers, not its record.
- retain_grad() keeps gradients only in the process in which it was called.
- What a student sets besides autograd's mode (a default dtype, say) stays in the student's process.
"""

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
