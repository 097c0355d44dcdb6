"""Exceptions cross by class, arguments and text, and by the places in the student's cells.

Up, a class is believed if it is an ordinary exception of Python's, NumPy's or PyTorch's, or one of
the locked cells. Any other becomes a `RemoteError` of the same name, which is also of those of its
base classes that are believed. Nothing that `except Exception` would miss comes up.
"""

import builtins
import sys
from typing import TYPE_CHECKING, Any

from grader.split.names import find
from grader.split.wire import strict

if TYPE_CHECKING:
    from grader.split.peer import Peer

MOST_FRAMES = 60
LONGEST = 20_000
HERE = __file__.rpartition("/")[0]
NUMBER = "_number of the test's exception"
LIBRARIES = {"numpy", "torch"}

_made: dict[Any, type[Exception]] = {}


class RemoteError(Exception):
    """An exception of the student's process that has no like in the judge's."""


def text_of(error: BaseException) -> str:
    """Return an exception's text, whatever its class does."""
    try:
        return str(error)[:LONGEST]
    except Exception as failed:  # noqa: BLE001 - the student's own __str__
        return f"<its text cannot be had: {type(failed).__name__}>"


def classes_of(error: BaseException) -> list[list[str]]:
    """Return module and name of an exception's class and of its bases, from special to general."""
    return [[str(c.__module__)[:200], str(c.__qualname__)[:200]] for c in type(error).__mro__
            if issubclass(c, BaseException)][:20]


def frames_of(error: BaseException) -> list[list[Any]]:
    """Return [file name, line, function] of the places where an exception went through."""
    frames, place = [], error.__traceback__
    while place is not None:
        code = place.tb_frame.f_code
        if not code.co_filename.startswith(HERE):
            frames.append([code.co_filename[:300], place.tb_lineno, code.co_name[:200]])
        place = place.tb_next
    return frames[:10] + frames[10:][-MOST_FRAMES:]


def write(error: BaseException, peer: "Peer", depth: int = 0) -> Any:
    """Write an exception, in the student's process; this never fails."""
    number = vars(error).get(NUMBER)
    if number is not None:
        return ["e", number]
    mark = peer.mark()
    try:
        args = peer.encode(error.args)
    except Exception:  # noqa: BLE001 - arguments that cannot cross: the text will do
        peer.take_back(mark)
        args = None
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    notes = [str(note)[:LONGEST] for note in getattr(error, "__notes__", [])[:10]]
    return ["E", classes_of(error), args, text_of(error), frames_of(error), notes,
            write(cause, peer, depth + 1) if cause is not None and depth < 3 else None,
            error.__cause__ is not None]


def read_up(data: Any, peer: "Peer", locked: dict[str, Any], traceback: Any) -> BaseException:
    """Read an exception in the judge.

    Parameters
    ----------
    data : list
        What `write` wrote.
    locked : dict
        The judge's names; those that are exceptions of locked cells are believed.
    traceback : callable
        Makes a traceback of what `frames_of` returned.
    """
    if data[0] == "e":
        _, number = data
        error: BaseException = peer.notes["raised"][number]
        return error
    tag, classes, args, text, frames, notes, cause, explicit = data
    strict(tag == "E" and type(text) is str and len(text) <= LONGEST, "an exception")
    strict(type(explicit) is bool and len(classes) <= 20, "an exception")
    known = [_believed(module, name, locked) for module, name in classes]
    values = peer.decode(args)
    strict(values is None or type(values) is tuple, "the arguments of an exception")
    error = _make(known[0], values, text) or _likeness(classes, known, text)
    for note in notes:
        strict(type(note) is str, "a note")
        error.add_note(note)
    error.__traceback__ = traceback(frames)
    if cause is not None:
        before = read_up(cause, peer, locked, traceback)
        if explicit:
            error.__cause__ = before
        else:
            error.__context__ = before
    return error


def _believed(module: Any, name: Any, locked: dict[str, Any]) -> type[Exception] | None:
    """Return the class of a name, if it is an ordinary exception that the judge knows."""
    strict(type(module) is str and type(name) is str, "the class of an exception")
    found: Any = None
    if module == "builtins":
        found = getattr(builtins, name, None)
    elif module.partition(".")[0] in LIBRARIES and module in sys.modules:
        found = find(module, name)
    elif module == "__main__":
        found = locked.get(name)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _make(class_: Any, values: Any, text: str) -> Exception | None:
    """Return an exception of a class that the judge knows, if it comes out with the same text."""
    if class_ is None or values is None:
        return None
    try:
        error: Exception = class_(*values)
        return error if str(error) == text else None
    except Exception:  # noqa: BLE001 - a class with an unusual constructor gets a likeness
        return None


def _likeness(classes: Any, known: Any, text: str) -> Exception:
    """Return a RemoteError with the name and, as far as possible, the bases of another class."""
    name = classes[0][1].rpartition(".")[2] or "Exception"
    base = next((c for c in known if c and c.__module__ == "builtins"), Exception)
    key = name, base
    class_ = _made.get(key)
    if class_ is None:
        bases: Any = (RemoteError,) if base is Exception else (RemoteError, base)
        try:
            class_ = type(name, bases, {"__module__": "__main__", "__str__": _text})
        except TypeError:  # bases whose memory cannot be combined
            class_ = type(name, (RemoteError,), {"__module__": "__main__", "__str__": _text})
        if len(_made) < 1000:
            _made[key] = class_
    error = class_.__new__(class_, text)
    error.args = (text,)
    return error


def _text(self: Exception) -> str:
    return str(self.args[0])


def write_down(error: BaseException, peer: "Peer") -> Any:
    """Write, in the judge, an exception that one of the test's functions has raised."""
    number = None
    if not isinstance(error, StopIteration):  # every loop ends with one, and it keeps its frames
        raised = peer.notes.setdefault("raised", {})
        number = len(raised)
        raised[number] = error
    args = error.args if all(type(part) in (str, int, float, bool) for part in error.args) else None
    return [number, classes_of(error), text_of(error), args and list(args)]


def read_down(data: Any, peer: "Peer") -> BaseException:
    """Read, in the student's process, an exception of one of the test's functions."""
    number, classes, text, args = data
    class_: Any = RemoteError
    for module, name in classes:
        found = getattr(builtins, name, None) if module == "builtins" else find(module, name)
        if isinstance(found, type) and issubclass(found, BaseException):
            class_ = found
            break
    try:
        error: BaseException = class_(*(args if args is not None else [text]))
    except Exception:  # noqa: BLE001 - a class with an unusual constructor
        error = RemoteError(f"{classes[0][1]}: {text}")
    if number is not None:  # on the exception itself: a table would keep it and all its frames
        vars(error)[NUMBER] = number
    return error
