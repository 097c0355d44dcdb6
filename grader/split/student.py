"""The student's side: runs cells and calls functions when the judge asks, in the sandboxed process.

Nothing here protects anything: student code shares this process and can change all of it. What it
can gain by that is limited by what the judge believes.
"""

import marshal
import os
import signal
import socket
import sys
import threading
import types
import warnings
from typing import Any, NoReturn

from grader.split import cells, errors, files, registry, student_extras
from grader.split.conversation import Conversation
from grader.split.exports import Exports
from grader.split.kinds import Json, Kind
from grader.split.outputs import Stream
from grader.split.peer import Peer
from grader.split.proxies import PROXIES, Callback, Proxy, operation
from grader.split.sharing import Entry, referred
from grader.split.student_extras import MISSING
from grader.split.wire import Closed, Wire

SHOW_WARNING = warnings.showwarning


class StudentPeer(Conversation):
    """Serves the judge."""

    def __init__(self, wire: Wire, shell: Any) -> None:
        super().__init__(wire, registry.full())
        self.shell = shell
        self.exports = Exports()
        self.kinds.update(dict.fromkeys(PROXIES, _GoingHome()))
        self.thread = threading.get_ident()
        self.running = False  # whether the student's code is running, which SIGINT may stop
        self.warned: list[Any] = []
        self.watched: dict[str, Any] = {}  # names that the running test reads -> their values

    def load_torch(self) -> None:
        """Load PyTorch late: slow, but it works where the server has not loaded it."""
        registry.add_torch(self.registry)
        self.kinds = {**self.registry.by_type, **self.kinds}
        for hook in self.registry.hooks:
            hook(self)

    # What the judge may ask for

    def perform(self, op: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Do what the judge asks for."""
        if op == "call":
            function = self.exports.objects[target]
            self.running = True
            try:
                return function(*args, **kwargs)
            finally:
                self.running = False
        if self.front is not None and op in self.front.operations:
            self.running = True
            try:
                return self.front.operations[op](target, args, kwargs)
            finally:
                self.running = False
        return getattr(self, f"do_{op}")(target, *args)

    def do_cell(
        self, target: Any, source: str, number: int, limit: int, packed: bytes = b""
    ) -> Any:
        """Run a cell; return (outputs, characters dropped, whether it failed).

        One that was given may come compiled: it is the same in all processes.
        """
        codes = marshal.loads(packed) if packed else []
        self.shell.recorder.limit = limit
        self.running = True
        try:
            with warnings.catch_warnings():
                warnings.showwarning = SHOW_WARNING
                warnings.simplefilter("default")
                return cells.run_cell(self.shell, source, target, number, codes)
        finally:
            self.running = False

    def do_names(self, target: Any) -> dict[str, Any]:
        """Return those of the names that the notebook has."""
        names = self.shell.user_ns
        return {name: names[name] for name in target if name in names}

    def do_fetch(self, target: Any) -> dict[str, Any]:
        """Return the names that a test reads; what changes of them is told with each answer."""
        found = self.do_names(target)
        self.watched = {name: found.get(name, MISSING) for name in target}
        return found

    def do_put(self, target: Any, values: dict[str, Any]) -> None:
        """Set names of the notebook, as a test does that sets a global."""
        self.shell.user_ns.update(values)

    def do_drop(self, target: Any) -> None:
        """Delete a name of the notebook."""
        self.shell.user_ns.pop(target, None)

    def do_on(self, target: Any, name: str, *args: Any) -> Any:
        """Apply an operation of `proxies.OPERATIONS` to an object."""
        self.running = True
        try:
            return operation(name, self.exports.objects[target], args)
        finally:
            self.running = False

    # What goes along with answers and questions

    def describe(self, value: Any) -> Json:
        """Describe an object for the judge: [sort, name, qualified name, class, place, bases]."""
        name = str(getattr(value, "__name__", ""))[:200]
        qualified = str(getattr(value, "__qualname__", name))[:500]
        if isinstance(value, type):
            places = [[c.__module__, c.__qualname__] for c in value.__mro__
                      if c.__module__ != "__main__"]
            return ["class", name, qualified, None, self._place(value), places]
        function = getattr(value, "__func__", value)
        if isinstance(function, types.FunctionType):
            return ["function", name, qualified, None, self._place(function), []]
        if isinstance(value, types.BuiltinFunctionType | types.BuiltinMethodType):
            return ["function", name, qualified, None, None, []]
        class_ = type(value)
        sort = "callable" if callable(value) else "object"
        own = class_.__module__ == "__main__"
        places = [[c.__module__, c.__qualname__] for c in class_.__mro__
                  if c.__module__ != "__main__"]
        return [sort, class_.__name__, class_.__qualname__, self.encode(class_) if own else None,
                None, places]

    @staticmethod
    def _place(value: Any) -> Json | None:
        """Return [file name of the cell, first line] of a function."""
        code = getattr(value, "__code__", None)
        return [code.co_filename, code.co_firstlineno] if code else None

    def handle(self, number: int, description: Any) -> Proxy:
        """Return a stand-in for an object of the test's."""
        sort, name = description
        return (Callback if sort == "function" else Proxy)(self, number, name)

    def named(self, name: str) -> Any:
        """Return what the notebook has by this name."""
        return self.shell.user_ns[name]

    def class_of(self, name: str, base: type) -> type:
        """Return a class of the notebook that a value of the test's has, if it is there."""
        class_ = self.shell.user_ns.get(name)
        return class_ if isinstance(class_, type) and issubclass(class_, base) else base

    def request(self, op: str, target: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Ask the judge, as when a function of the test's is called."""
        if threading.get_ident() != self.thread or not self.scopes:
            raise RuntimeError(
                "functions of a test can be called only while the test calls yours, and only from "
                "the thread in which it does"
            )
        was, self.running = self.running, False
        try:
            return super().request(op, target, args, kwargs)
        finally:
            self.running = was

    def extra_out(self) -> Json:
        """Write what was printed, warned of and stored, and which scopes are no longer needed."""
        return student_extras.write(self)

    def give_up(self) -> Json:
        """Write that no scope is kept: the student's code has its values for itself from now on.

        What came into the folder for temporary files is removed.
        """
        return [*student_extras.drop(self, self.kept), *files.abandon(self)]

    def extra_in(self, extra: Any) -> bool:
        """Take over the judge's context and forget what it no longer needs."""
        return student_extras.read(extra, self)

    def keeps(self, scope: list[Entry], mark: int) -> bool:
        """Say whether the student's code still refers to a value that came with a call."""
        return mark > 0 and len(self.scopes) == 1 and referred(scope[:mark])

    def write_error(self, error: BaseException) -> Any:
        """Write an exception."""
        return errors.write(error, self)

    def read_error(self, data: Any) -> BaseException:
        """Read an exception that the test's own function has raised."""
        return errors.read_down(data, self)


class _GoingHome(Kind):
    """Kind: a stand-in for an object of the judge's goes back as that object."""

    def encode(self, value: Any, peer: Peer) -> Json:
        return ["H", object.__getattribute__(value, "_number")]


def _after_fork(wire: Wire) -> None:
    """Let processes that student code starts not talk with the judge."""
    os.close(wire.sock.detach())


def serve(sock: socket.socket, shell: Any, message_bytes: int) -> NoReturn:
    """Serve the judge, which takes messages up to a size, until it goes away."""
    wire = Wire(sock, message_bytes)
    os.register_at_fork(after_in_child=lambda: _after_fork(wire))
    peer = StudentPeer(wire, shell)
    sys.stdout, sys.stderr = Stream(shell.recorder, "stdout"), Stream(shell.recorder, "stderr")

    def interrupted(signum: int, frame: Any) -> None:
        if peer.running:
            raise KeyboardInterrupt

    def warned(message: Any, category: Any, filename: str, lineno: int, *_: Any) -> None:
        peer.warned.append([category.__name__, str(message)[:2000], str(filename)[:200], lineno])

    signal.signal(signal.SIGINT, interrupted)
    warnings.showwarning = warned  # type: ignore[assignment]
    warnings.simplefilter("always")
    try:
        while True:
            peer.answer(peer.receive())
    except Closed:
        os._exit(0)
