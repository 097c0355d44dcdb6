"""What goes along with the student's answers, and what comes along with the judge's questions."""

from functools import partial
from typing import TYPE_CHECKING, Any

from grader.split import files
from grader.split.kinds import Json
from grader.split.sharing import Entry, referred

if TYPE_CHECKING:
    from grader.split.student import StudentPeer

MISSING = object()
UNTOLD = object()  # stands for the value of a name that the judge has not been told


def write(peer: "StudentPeer") -> Json:
    """Write what was printed, warned of and stored, and which scopes are no longer needed."""
    extra: Json = []
    if peer.shell.recorder.outputs:
        outputs, _ = peer.shell.recorder.take()
        peer.undo.append(partial(peer.shell.recorder.put_back, outputs))
        extra += ["o", [[out["name"], out["text"]] for out in outputs if "name" in out]]
    if peer.warned:
        warned, peer.warned = peer.warned[:100], []
        peer.undo.append(partial(peer.warned.extend, warned))
        extra += ["w", warned]
    names = peer.shell.user_ns
    for name, was in peer.watched.items():
        now = names.get(name, MISSING)
        if now is not was:
            peer.watched[name] = now
            peer.undo.append(partial(peer.watched.__setitem__, name, UNTOLD))
            extra += ["n", [name, *([] if now is MISSING else [peer.encode(now)])]]
    if "folder" in peer.notes:
        told = files.written(peer)
        if told:
            extra += ["F", told]
    if peer.kept:
        done = [scope for scope in peer.kept if not referred(scope)]
        extra += drop(peer, done)
    if peer.exports.dead:
        dead = peer.exports.collect(peer.undo)
        if dead:
            extra += ["f", dead]
    return extra


def drop(peer: "StudentPeer", scopes: list[list[Entry]]) -> Json:
    """Write that some of the kept scopes are no longer kept."""
    if not scopes:
        return []
    gone = set(map(id, scopes))
    peer.undo.append(partial(_keep_again, peer, scopes))
    peer.kept = [scope for scope in peer.kept if id(scope) not in gone]
    for scope in scopes:
        peer._forget(scope)
    return ["d", [scope[0][3] for scope in scopes]]


def _keep_again(peer: "StudentPeer", scopes: list[list[Entry]]) -> None:
    """Keep scopes after all: the judge was not told that they are needed no more."""
    peer.kept += scopes
    for scope in scopes:
        for entry in scope:
            peer.shared[entry[3]] = entry
            peer.numbers[id(entry[0])] = entry[3]


def read(extra: Any, peer: "StudentPeer") -> bool:
    """Take over the judge's context and forget what it no longer needs."""
    for letter, what in zip(extra[::2], extra[1::2], strict=True):
        if letter == "f":
            peer.exports.release(what)
        elif letter == "c":
            for number, state in what:
                peer.registry.contexts[number].set(state, peer)
        elif letter == "n":
            name, value = what[0], peer.decode(what[1])
            peer.shell.user_ns[name] = value
            if name in peer.watched:
                peer.watched[name] = value
    return False
