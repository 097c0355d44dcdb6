"""What judge and student have in common: asking and answering.

Strictly one side speaks at a time. Who asks waits for the answer, and meanwhile serves what the
other side asks. What happens to the values of a question is told in `sharing`.
"""

from collections.abc import Iterable
from typing import Any

from grader.split.kinds import Json
from grader.split.peer import Peer
from grader.split.sharing import Entry
from grader.split.wire import ProtocolError, TooLarge

MALFORMED = (TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError,
             RecursionError, MemoryError)
DEEPEST = 200  # questions within questions


class Conversation(Peer):
    """One side, as it asks and answers."""

    # Messages

    def ahead(self) -> Json | int:
        """Return what is to be read before all else, once everything else is written."""
        if self.front is None:
            return 0
        found, self.front_pieces = self.front.out()
        return found  # type: ignore[no-any-return]

    def _send(self, message: Json) -> None:
        """Send a message."""
        try:
            self.wire.send(message, [*self.front_pieces, *self.pieces])
            self.undo.clear()
        except TooLarge:
            if self.front is not None:
                self.front.lost()
            raise

    def _opened(self, message: Json) -> Json:
        """Read what is to be read first; return the message without it."""
        *rest, ahead, extra = message
        if ahead != 0:
            if self.front is None:
                self.load_torch()
            self.front.into(ahead)
        return [*rest, extra]

    def receive(self) -> list[Any]:
        """Wait for a message and make its data the one to read."""
        message, self.data = self.wire.receive()
        self.place = 0
        if not message:
            raise ProtocolError("an empty message")
        return message

    # Asking

    def request(
        self, op: str, target: Any, args: Iterable[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Ask the other side; return its answer, or raise the exception that is its answer."""
        if len(self.scopes) >= DEEPEST:
            raise RecursionError("too many calls within calls between the test and your code")
        scope: list[Entry] = []
        self.scopes.append(scope)
        self.begin()
        began = self.began
        try:
            values = [self.encode(value) for value in args]
            names = [part for k, v in (kwargs or {}).items() for part in (k, self.encode(v))]
            mark = len(scope)
            inside = len(self.scopes) > 1 or self.kept or self.pinned
            changes = self.changes(0) if inside else []
            extra = self.extra_out()
            ahead = self.ahead()  # last of all, since all that is written may need announcing
            self._send(["q", op, target, values, names, changes, ahead, extra])
        except BaseException:
            self.take_back(began)
            self.scopes.pop()
            raise
        try:
            answer = self._await_answer(scope, mark)
            if op == "fetch":
                self.pin(scope)
            return answer
        except BaseException:
            if op == "fetch":
                self.pin([])  # as the other side has done
            raise
        finally:
            self.scopes.pop()
            if scope:
                self._forget(scope)

    def _await_answer(self, scope: list[Entry], mark: int) -> Any:
        while True:
            message = self.receive()
            if message[0] != "q":
                break
            self.answer(message)
        try:
            kind, data, changes, extra = self._opened(message)
            if kind not in ("r", "x"):
                raise ProtocolError(f"an answer of the kind {str(kind)[:20]!r}")
            result = self.decode(data) if kind == "r" else self.read_error(data)
            if changes:
                self.apply(changes)
            kept = self.extra_in(extra) if extra else False
        except MALFORMED as error:
            raise ProtocolError(f"a malformed answer ({type(error).__name__}: {error})") from error
        if kept:
            self.kept.append(scope[:mark])
            del scope[:mark]
        if kind == "x":
            try:
                self.throw(result)
            finally:  # else the exception, its frames and their variables keep each other
                del result
        return result

    def throw(self, error: Any) -> None:
        """Raise the exception that is an answer."""
        try:
            raise error
        finally:
            del error

    # Answering

    def answer(self, message: list[Any]) -> None:
        """Do what the other side asks, and send the answer."""
        scope: list[Entry] = []
        self.scopes.append(scope)
        keep = False
        try:
            args: Any
            try:
                _, op, target, args, names, changes, extra = self._opened(message)
                args = [self.decode(part) for part in args]
                kwargs = dict(zip(names[::2], map(self.decode, names[1::2]), strict=True))
                mark = len(scope)
                if changes:
                    self.apply(changes)
                if extra:
                    self.extra_in(extra)
            except MALFORMED as error:
                raise ProtocolError(
                    f"a malformed question ({type(error).__name__}: {error})"
                ) from None
            keep = self._reply(scope, mark, op, self._perform(op, target, args, kwargs))
        finally:
            self.scopes.pop()
            if keep:
                self.kept.append(scope)
            elif scope:
                self._forget(scope)

    def _perform(self, op: str, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Json:
        """Return ["r", written result] or ["x", written exception]."""
        error: BaseException
        try:
            result = self.perform(op, target, args, kwargs)
            self.begin()
            try:
                return ["r", self.encode(result)]
            except BaseException:
                self.take_back(self.began)
                raise
        except BaseException as caught:  # noqa: BLE001 - whatever it is, the other side is told
            error = caught
        finally:  # `keeps` counts references
            args.clear()
            kwargs.clear()
        self.begin()
        try:
            return ["x", self.write_error(error)]
        finally:
            del error

    def _reply(self, scope: list[Entry], mark: int, op: str, answer: Json) -> bool:
        """Send an answer; if it does not fit into a message, then an error in its place."""
        try:
            return self._reply_with(scope, mark, op, answer)
        except TooLarge as error:
            answer = self._instead(error)
        try:
            return self._reply_with(scope, mark, op, answer)
        except TooLarge as error:  # what else goes along is too much already: it waits
            return self._reply_with(scope, mark, op, self._instead(error), alone=True)

    def _instead(self, error: TooLarge) -> Json:
        self.take_back(self.began)
        self.begin()
        return ["x", self.write_error(error)]

    def _reply_with(
        self, scope: list[Entry], mark: int, op: str, answer: Json, alone: bool = False
    ) -> bool:
        changes: Json = []
        ahead: Json | int = 0
        self.front_pieces = []
        if alone:
            extra = self.give_up()
        else:
            if mark or len(self.scopes) > 1 or self.kept or self.pinned:
                changes = self.changes(mark)
            extra = self.extra_out()
            ahead = self.ahead()  # last of all, since all that is written may need announcing
        if op != "fetch":
            self._forget(scope[mark:])  # what the answer holds is needed no more
            del scope[mark:]
        keep = not alone and self.keeps(scope, mark)
        if keep:
            extra += ["k", 1]
        self._send([*answer, changes, ahead, extra])
        if op == "fetch":
            self.pin(scope if answer[0] == "r" else [])
        return keep
