# ruff: noqa: E501 - a cell or a message in one line each
"""Messages that do not fit: an ordinary error, after which both sides still know the same."""

from tests.grader.split.forked import Limits, Server, errors_of, notebook

SMALL = Limits(cell_seconds=10, total_seconds=60, message_mb=1)
BIG = "np.zeros(200_000)"  # more than a message holds
REFUSED = "try:\n    {}\n    raise AssertionError\nexcept ValueError as error:\n    assert 'MiB' in str(error), error\n"


def play(*cells):
    """Play a notebook; return its verdicts, after a look that no process was lost."""
    cells = notebook(("given", "np", "import numpy as np"), *cells)
    server = Server(cells, SMALL)
    try:
        played = server.play(cells)
    finally:
        server.close()
    assert played.get("faults") == [], played
    return errors_of(cells, played)


def test_the_students_side_knows_the_limit_and_says_that_a_result_is_too_large():
    verdicts = play(
        ("answer", "a", f"def f():\n    return {BIG}"),
        ("test", "t", REFUSED.format("f()")))
    assert verdicts == {"t": ""}
