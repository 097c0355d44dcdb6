"""What cells print and show, kept as notebook outputs and within bounds."""

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

Output = dict[str, Any]
LONGEST_ERROR = 200_000  # characters of an error, which comes in addition to the limit of a cell


class Recorder:
    """Keeps outputs in order, up to `limit` characters between two calls of `take`.

    What comes beyond is counted and dropped at once, so that a flood costs no memory.
    """

    def __init__(self, limit: int = 200 * 1024) -> None:
        self.limit = limit
        self.outputs: list[Output] = []
        self.used = 0
        self.dropped = 0
        self.pieces: list[str] | None = None  # of the stream output that is being written
        self.wait = False  # whether clear_output(wait=True) was called

    def stream(self, name: str, text: str) -> None:
        """Add what was printed on stdout or stderr."""
        self._clear_if_asked()
        room = self.limit - self.used
        if len(text) > room:
            self.dropped += len(text) - max(room, 0)
            text = text[: max(room, 0)]
        if not text:
            return
        self.used += len(text)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") != name:
            self.pieces = []
            self.outputs.append({"output_type": "stream", "name": name, "text": self.pieces})
        assert self.pieces is not None
        self.pieces.append(text)
        if len(self.pieces) > 1000:
            self.pieces[:] = ["".join(self.pieces)]

    def add(self, output: Output, size: int | None = None) -> None:
        """Add another output."""
        self._clear_if_asked()
        try:
            size = len(json.dumps(output, allow_nan=False)) if size is None else size
        except (TypeError, ValueError, RecursionError) as error:
            self.stream("stderr", f"[an output that no notebook can hold is left out: {error}]\n")
            return
        if self.used + size > self.limit:
            self.dropped += size
            return
        self.used += size
        self.outputs.append(output)

    def add_error(self, name: str, value: str, lines: list[str]) -> None:
        """Add an error. There is always room for one: it decides on points."""
        kept, room = [], LONGEST_ERROR // 2
        for line in lines[:200]:
            kept.append(line[:room])
            room -= len(kept[-1])
        error = {"output_type": "error", "ename": name[:200], "evalue": value[:20_000],
                 "traceback": kept}
        self._clear_if_asked()
        self.outputs.append(error)

    def clear(self, wait: bool) -> None:
        """Forget all outputs, or do so before the next one."""
        if wait:
            self.wait = True
        else:
            self.outputs.clear()
            self.used = 0
            self.wait = False

    def _clear_if_asked(self) -> None:
        if self.wait:
            self.clear(wait=False)

    def put_back(self, outputs: list[Output]) -> None:
        """Have outputs again that were taken, ahead of those that have come since."""
        for output in outputs:
            if output["output_type"] == "stream":
                self.used += len(output["text"])
                output["text"] = [output["text"]]
        if outputs and not self.outputs:
            self.pieces = outputs[-1]["text"] if "name" in outputs[-1] else None
        self.outputs[:0] = outputs

    def take(self) -> tuple[list[Output], int]:
        """Return the outputs so far and how many characters were dropped; begin anew."""
        outputs, dropped = self.outputs, self.dropped
        for output in outputs:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        self.outputs, self.used, self.dropped, self.pieces = [], 0, 0, None
        self.wait = False
        return outputs, dropped


class Stream(io.TextIOBase):
    """A sys.stdout or sys.stderr that writes into a recorder."""

    encoding = "utf-8"

    def __init__(self, recorder: Recorder, name: str, shown: str | None = None) -> None:
        self.recorder = recorder
        self.name = f"<{name}>"
        self.shown = shown or name

    def write(self, text: str) -> int:
        """Record a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.recorder.stream(self.shown, str(text))
        return len(text)

    def writable(self) -> bool:
        """Say that one can write."""
        return True

    def fileno(self) -> int:
        """Raise what streams without a file raise."""
        raise io.UnsupportedOperation("fileno")

    def close(self) -> None:
        """Do nothing: a cell cannot close the stream of the next."""


@contextlib.contextmanager
def streams(recorder: Recorder, stderr_as: str = "stderr") -> Iterator[None]:
    """Let sys.stdout and sys.stderr write into a recorder."""
    with (
        contextlib.redirect_stdout(Stream(recorder, "stdout")),
        contextlib.redirect_stderr(Stream(recorder, "stderr", stderr_as)),
    ):
        yield
