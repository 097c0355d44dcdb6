import logging
import os
import subprocess
import sys
import warnings

import pytest

from grader.log import log_to


def test_what_libraries_and_children_say_goes_to_the_log(tmp_path, capfd):
    noise = "import os; os.write(1, b'to stdout'); os.write(2, b'to stderr')"
    path = tmp_path / "grades" / "tiny.log"
    with log_to(path) as screen:
        logging.getLogger("traitlets").info("by nbgrader, about %s", os.fsdecode(b"\xff"))
        warnings.warn("by a library", DeprecationWarning, stacklevel=1)
        subprocess.run([sys.executable, "-c", noise], check=True)
        print("progress", file=screen)
    print("result")
    log = path.read_text(encoding="utf-8")
    for said in ("by nbgrader, about \\udcff", "by a library", "to stdout", "to stderr"):
        assert said in log
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("result\n", "progress\n")


def test_afterwards_everything_is_as_it_was(tmp_path, capfd):
    logger = logging.getLogger("traitlets")
    before = (logger.propagate, logger.level, list(logger.handlers))
    with pytest.raises(RuntimeError, match="stop"), log_to(tmp_path / "log"):
        raise RuntimeError("stop")
    assert (logger.propagate, logger.level, list(logger.handlers)) == before
    os.write(2, b"back on the screen")
    assert capfd.readouterr().err == "back on the screen"
    with pytest.raises(DeprecationWarning):  # pytest's own setting: warnings are errors
        warnings.warn("again", DeprecationWarning, stacklevel=1)


def test_a_log_is_written_anew_or_continued(tmp_path):
    for mode, expected in (("w", 1), ("a", 2), ("w", 1)):
        with log_to(tmp_path / "log", mode=mode):
            logging.getLogger("traitlets").info("once")
        assert (tmp_path / "log").read_text().count("once") == expected
