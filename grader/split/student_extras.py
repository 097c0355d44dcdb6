"""What goes along with the student's answers, and what comes along with the judge's questions."""

from typing import TYPE_CHECKING, Any

from grader.split import files
from grader.split.kinds import Json
from grader.split.sharing import referred

if TYPE_CHECKING:
    from grader.split.student import StudentPeer

MISSING = object()


def write(peer: "StudentPeer") -> Json:
    """Write what was printed, warned of and stored, and which scopes are no longer needed."""
    extra: Json = []
    if peer.shell.recorder.outputs:
        outputs, _ = peer.shell.recorder.take()
        extra += ["o", [[out["name"], out["text"]] for out in outputs if "name" in out]]
    if peer.warned:
        extra += ["w", peer.warned[:100]]
        peer.warned.clear()
    names = peer.shell.user_ns
    for name, was in peer.watched.items():
        now = names.get(name, MISSING)
        if now is not was:
            peer.watched[name] = now
            extra += ["n", [name, *([] if now is MISSING else [peer.encode(now)])]]
    if "folder" in peer.notes:
        told = files.written(peer)
        if told:
            extra += ["F", told]
    if peer.kept:
        done = [scope for scope in peer.kept if not referred(scope)]
        if done:
            extra += ["d", [scope[0][3] for scope in done]]
            gone = set(map(id, done))
            peer.kept = [scope for scope in peer.kept if id(scope) not in gone]
            for scope in done:
                peer._forget(scope)
    if peer.exports.dead:
        dead = peer.exports.collect()
        if dead:
            extra += ["f", dead]
    return extra


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
