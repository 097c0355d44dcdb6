"""The stand-in's time limit cannot be lost: it once was, in the callback of a weak reference."""

import time

import pytest

from tests.grader.running.plain_node import CellTimeoutError, PlainNode

SECONDS = 0.05


def burn(*_):
    """Use the cell's time up outside of the cell, as a library's code does."""
    end = time.thread_time() + 2 * SECONDS
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass",
        "burn()\nafterwards = True",
        "thing = Thing()\nreference = weakref.ref(thing, burn)\ndel thing\nafterwards = True",
    ],
    ids=["endless", "in a library", "where nobody gets an error"],
)
def test_a_cell_over_its_time_is_told_so(source):
    names = {"__name__": "__main__", "burn": burn}
    node = PlainNode(None, seconds=SECONDS)
    node._run("import weakref\nclass Thing: pass", names)
    with pytest.raises(CellTimeoutError):
        node._run(source, names)


def test_waiting_for_another_process_costs_a_cell_nothing():
    names = {"__name__": "__main__"}
    assert PlainNode(None, seconds=SECONDS)._run("import time\ntime.sleep(0.2)\n7", names) == 7
