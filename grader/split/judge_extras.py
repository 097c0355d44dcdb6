"""What goes along with the judge's questions, and what comes along with the answers.

Each is a letter and something: `judge_peer` sends and gets them with every message.
"""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from grader.split import files
from grader.split.kinds import Json
from grader.split.wire import strict

if TYPE_CHECKING:
    from grader.split.judge_peer import JudgePeer

NOTHING: frozenset[str] = frozenset()


def write(peer: "JudgePeer") -> Json:
    """Write the contexts that have changed, and which of the student's objects nobody holds."""
    extra: Json = []
    changed: Json = []
    for number, context in peer.contexts:
        state = context.get(peer)
        if state != peer.sent.get(number, NOTHING):
            changed.append([number, context.encode(state, peer)])
            peer.sent[number] = state
            peer.undo.append(partial(peer.sent.pop, number))
    if changed:
        extra += ["c", changed]
    for name, was in peer.pushed.items():
        now = peer.namespace.get(name, NOTHING)
        if now is not was and now is not NOTHING:
            peer.pushed[name] = now
            peer.undo.append(partial(peer.pushed.__setitem__, name, NOTHING))
            extra += ["n", [name, peer.encode(now)]]
    if peer.exports.dead:
        dead = peer.exports.collect(peer.undo)
        if dead:
            extra += ["f", dead]
    return extra


def read(extra: Any, peer: "JudgePeer") -> bool:
    """Take what the student's code has printed and warned of, and what it keeps."""
    keep = False
    for letter, what in zip(extra[::2], extra[1::2], strict=True):
        if letter == "o":
            for name, text in what:
                strict(type(text) is str and name in ("stdout", "stderr"), "printed text")
                getattr(sys, name).write(text)
        elif letter == "w":
            for name, text, filename, line in what:
                strict(type(name) is type(text) is type(filename) is str, "a warning")
                strict(type(line) is int, "a warning")
                peer.warned.append((name, text, filename, line))
        elif letter == "n":
            name, *value = what
            strict(name in peer.fetched and len(value) < 2, "a name that nobody asked for")
            if value:
                now = peer.namespace[name] = peer.decode(value[0])
                if name in peer.pushed:
                    peer.pushed[name] = now
            else:
                peer.namespace.pop(name, None)
        elif letter == "F":
            files.take_over(what, peer)
        elif letter == "E":
            files.start_over(peer)
        elif letter == "k":
            keep = True
        elif letter == "d":
            for scope in peer.kept:
                if scope[0][3] in what:
                    peer._forget(scope)
            peer.kept = [scope for scope in peer.kept if scope[0][3] not in what]
        else:
            strict(letter == "f", "something else in an answer")
            peer.exports.release(what)
    return keep
