"""How a command ends: its exit status, and the one error that stops it."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit status of a command."""

    DONE = 0
    NEEDS_A_PERSON = 1  # some submission, or a release that has drifted
    NOTHING_DONE = 2
    STOPPED = 3  # half-way; `--resume` goes on
    INTERRUPTED = 130  # as shells report Ctrl-C


class GraderError(Exception):
    """Nothing can be done; the message says in one sentence what is wrong and the remedy."""
