"""The judge's end of the conversation: it asks, and believes nothing but plain data."""

import builtins
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from grader.split import errors, judge_extras, registry
from grader.split.callbacks import ALLOWED, FUNCTIONS, public_attribute
from grader.split.conversation import Conversation
from grader.split.exports import Exports
from grader.split.function_handles import BuiltinHandle, ClassHandle, FunctionHandle
from grader.split.functions import Described, Texts, traceback_from
from grader.split.handles import Handle
from grader.split.kinds import Json, Kind
from grader.split.names import find
from grader.split.notebook_globals import Globals
from grader.split.object_handles import SPECIAL, CallableHandle, ObjectHandle
from grader.split.peer import Peer
from grader.split.stops import CellTimeout, Stuck, Unusable
from grader.split.wire import Closed, ProtocolError, Wire, strict

GRACE = 2.0  # seconds that the student's process has to stop after an interrupt
SORTS: dict[str, type[Handle]] = {
    "function": FunctionHandle, "class": ClassHandle, "object": ObjectHandle,
    "callable": CallableHandle, "builtin": BuiltinHandle,
}


class JudgePeer(Conversation):
    """Asks the student's process.

    Parameters
    ----------
    wire : Wire
        The connection.
    namespace : dict
        The names of the judge's own shell.
    locked : set of str
        Those of them that locked cells define: never taken from the student.
    texts : Texts
        The cells that the student's process runs.
    interrupt : callable
        Stops what the student's process is doing.
    """

    trusted = True

    def __init__(
        self, wire: Wire, namespace: dict[str, Any], locked: set[str], texts: Texts,
        interrupt: Callable[[], None],
    ) -> None:
        super().__init__(wire, registry.full())
        self.exports = Exports()
        self.namespace, self.locked, self.texts = namespace, locked, texts
        self.interrupt = interrupt
        self.globals = Globals(self)
        self.kinds.update(dict.fromkeys([*SORTS.values(), *SPECIAL.values()], _GoingHome()))
        self.described: dict[int, Handle] = {}  # id of a description -> handle made from the text
        self.busy = False  # whether this code is at work, which a signal must not disturb
        self.deadline = float("inf")
        self.interrupted: float | None = None
        self.abort: BaseException | None = None
        self.broken: Unusable | None = None
        self.warned: list[Any] = []
        self.use_contexts(frozenset())
        self.sent = {n: context.get(self) for n, context in self.contexts}
        self.pushed: dict[str, Any] = {}  # names of the answer that the running test sets itself
        self.fetched: set[str] = set()  # names that it has from the student's process
        self.notes["builtins"] = builtins.print, builtins.input, builtins.open
        self.calls = 0
        wire.watch(self.on_wait)

    def use_contexts(self, words: frozenset[str]) -> None:
        """Send the contexts that a cell with these words in its code needs."""
        contexts = enumerate(self.registry.contexts)
        self.contexts = [(n, context) for n, context in contexts if context.wanted(words)]

    # Time

    def on_wait(self) -> None:
        """Look at the clock, after every tenth of a second of waiting and whatever has come."""
        now = time.monotonic()
        if now < self.deadline:
            return
        if self.interrupted is None:
            self.interrupted = now
            self.abort = CellTimeout()
            self.interrupt()
        elif now > self.interrupted + GRACE:
            raise Stuck

    def start_clock(self, seconds: float) -> None:
        """Give what follows so many seconds."""
        self.deadline = time.monotonic() + seconds
        self.interrupted = self.abort = None

    # Asking

    def request(
        self, op: str, target: Any, args: Iterable[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Ask the student's process; warn of what its code has warned of."""
        if self.broken is not None:
            raise self.broken
        was, self.busy = self.busy, True
        self.calls += 1
        try:
            result = super().request(op, target, args, kwargs)
        except (ProtocolError, Closed, Stuck) as error:
            self.refuse(error)
        except Exception:
            if self.warned:
                self._warn()
            raise
        finally:
            self.busy = was
        if self.abort is not None and op != "cell":
            raise self.abort
        if self.warned:
            self._warn()
        return result

    def refuse(self, error: BaseException) -> NoReturn:
        """Have nothing more to do with the student's process."""
        self.broken = Unusable(error)
        raise self.broken from error

    def _warn(self) -> None:
        warned, self.warned = self.warned, []
        for name, text, filename, line in warned:
            category = getattr(builtins, name, None) or find("numpy.exceptions", name)
            if not (isinstance(category, type) and issubclass(category, Warning)):
                category = UserWarning
            place = filename if filename in self.texts.sources else "<site-packages>"
            warnings.warn_explicit(text, category, place, line)

    def throw(self, error: Any) -> None:
        """Raise the student's exception, or the end of time that caused it."""
        if self.abort is not None:
            raise self.abort
        super().throw(error)

    def fetch(self, names: list[str], pin: bool = False) -> dict[str, Any]:
        """Return those of the names that the student's notebook has.

        With `pin` they are kept in step from now on: see `StudentPeer.do_fetch`.
        """
        found = self.request("fetch" if pin else "names", names)
        if type(found) is not dict or not found.keys() <= set(names):  # to another question
            self.refuse(ProtocolError("names that nobody asked for"))
        return dict(found)

    def handle(self, number: int, description: Any) -> Handle:
        """Return a new handle, with what the student's process and the text say of it."""
        sort, name, qualname, class_, place, places = description
        strict(all(type(part) is str for part in (sort, name, qualname)), "a description")
        strict(len(name) <= 200 and len(qualname) <= 500, "a description")
        strict(all(type(p) is str for pair in places for p in pair), "a description")
        if class_ is not None:
            class_ = self.decode(class_)
            strict(type(class_) is ClassHandle, "a class")
        told = (sort, name, qualname, class_, place, places)
        type_ = SORTS[sort]
        described = None
        if sort in ("function", "class"):
            described = self.texts.find(place, name, qualname)
        else:
            special = (SPECIAL.get((module, inner)) for module, inner in places)
            type_ = next((found for found in special if found), type_)
        return type_(self, number, told, described)

    def by_text(self, described: Described) -> Handle:
        """Return a handle on a function or class as the text of a cell has it."""
        found = self.described.get(id(described))
        if found is None:
            sort = "class" if described.code is None else "function"
            told: Any = (sort, described.name, described.qualname, None, None, [])
            found = SORTS[sort](self, None, told, described)
            self.described[id(described)] = found
        return found

    def methods(self, described: Described) -> dict[str, Handle]:
        """Return handles on the functions that a class has in the text."""
        inside = {found.name: found for found in self.texts.places.values()
                  if found.source is described.source and found.code is not None
                  and found.qualname == f"{described.qualname}.{found.name}"}
        return {name: self.by_text(found) for name, found in inside.items()}

    # Answering: a student's code calls a function of the test's

    def describe(self, value: Any) -> Json:
        """Tell the student's side what an object is called."""
        name = str(getattr(value, "__name__", type(value).__name__))
        return ["function" if isinstance(value, FUNCTIONS) else "object", name]

    def perform(self, op: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Do what the student's code may do with an object that the test has passed on."""
        torchs = self.front.operations if self.front is not None else {}
        strict(op in ALLOWED or op in torchs, f"a question of the kind {str(op)[:20]!r}")
        value: Any = None if op in torchs else self.exports.objects[target]
        self.busy = False
        try:
            if op in torchs:
                return torchs[op](target, args, kwargs)
            if op == "call":
                return value(*args, **kwargs)
            if op == "get":
                return public_attribute(value, *args)
            return ALLOWED[op](value, *args)
        except BaseException as error:
            if not isinstance(error, Exception):
                self.abort = error
            raise
        finally:
            self.busy = True

    def answer(self, message: list[Any]) -> None:
        """Serve a question, unless time is over."""
        if len(self.scopes) == 0:
            raise ProtocolError("a question at a time when nothing runs")
        super().answer(message)

    def write_error(self, error: BaseException) -> Any:
        """Write an exception of one of the test's functions."""
        return errors.write_down(error, self)

    def read_error(self, data: Any) -> BaseException:
        """Read an exception of the student's code."""
        known = {name: self.namespace.get(name) for name in self.locked}
        return errors.read_up(data, self, known, lambda frames: traceback_from(frames, self.texts))

    # What goes along

    def extra_out(self) -> Json:
        """Write the contexts that have changed, and which of the student's objects nobody holds."""
        return judge_extras.write(self)

    def extra_in(self, extra: Any) -> bool:
        """Take what the student's code has printed and warned of, and what it keeps."""
        return judge_extras.read(extra, self)


class _GoingHome(Kind):
    """Kind: a handle goes back as the object that it stands for."""

    def encode(self, value: Any, peer: Peer) -> Json:
        number = object.__getattribute__(value, "_id")
        if number is None:  # known from the text alone
            return ["G", object.__getattribute__(value, "_told")[1]]
        return ["H", number]
