"""nbgrader's log goes to a file: the screen is for results."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# nbgrader and nbconvert log to "traitlets", nbgrader's database layer to tornado's logger.
CHATTY = ("traitlets", "tornado.application", "py.warnings")


@contextmanager
def log_to(path: Path, mode: str = "w") -> Iterator[TextIO]:
    """Send what nbgrader logs and warns, and what child processes print, to `path`.

    Yields
    ------
    TextIO
        The screen, for messages about the progress.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Names of files may hold bytes that are not UTF-8; writing them must not fail.
    handler = logging.FileHandler(path, mode=mode, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in CHATTY]
    before = [(logger.propagate, logger.level) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)
    try:
        with _warnings_in_log(), _children_in_log(path) as screen:
            yield screen
    finally:
        for logger, (propagate, level) in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
            logger.setLevel(level)
        handler.close()


@contextmanager
def _warnings_in_log() -> Iterator[None]:
    # A user's "warnings are errors" must not turn a library's deprecation into a lost submission.
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        try:
            yield
        finally:
            logging.captureWarnings(False)


@contextmanager
def _children_in_log(path: Path) -> Iterator[TextIO]:
    """Point descriptors 1 and 2, which kernels inherit, to `path`.

    A kernel runs a student's code: what that writes there could also be terminal commands.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with path.open("ab") as file, os.fdopen(os.dup(2), "w") as screen:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield screen
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)
