"""Outputs of the judge's own making, and a check of those that the student's process sent."""

import json
from typing import Any

from grader.split.outputs import LONGEST_ERROR, Output
from grader.split.wire import ProtocolError


def error_output(name: str, text: str) -> Output:
    """Return an error as a notebook has it."""
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def size_of(outputs: Any) -> int:
    """Return how many characters outputs take."""
    return len(json.dumps(outputs, allow_nan=False))


def checked(outputs: Any, limit: int) -> list[Output]:
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
        size = size_of(outputs)
    except (TypeError, ValueError, RecursionError):
        raise ProtocolError("an output that no notebook has") from None
    if size > 6 * (limit + LONGEST_ERROR):
        raise ProtocolError("outputs that are too long")
    return outputs


def cut_off(dropped: int) -> Output:
    """Return what stands in place of output that was too long."""
    text = f"\n[{dropped} more characters of output were cut off]\n"
    return {"output_type": "stream", "name": "stdout", "text": text}
