# ruff: noqa: E501 - a cell or a message in one line each
"""Messages that do not fit: an ordinary error, after which both sides still know the same."""

import pytest

from tests.grader.split.forked import Limits, Server, errors_of, notebook

pytestmark = pytest.mark.slow

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


@pytest.mark.parametrize("hidden", [
    "def hidden():\n    return 5", "class Hidden:\n    def __call__(self):\n        return 5\nhidden = Hidden()"])
def test_what_a_lost_answer_described_is_described_again(hidden):
    verdicts = play(
        ("answer", "a", f"{hidden}\ndef f(x):\n    return (hidden, {BIG}) if x == 2 else hidden"),
        ("test", "t", REFUSED.format("f(2)") + "assert f(3)() == 5\nassert f(3) is f(3)"))
    assert verdicts == {"t": ""}


def test_what_a_lost_question_described_is_described_again():
    verdicts = play(
        ("answer", "a", "def f(g, x):\n    return g(1)"),
        ("test", "t", f"def g(x):\n    return x + 1\n{REFUSED.format(f'f(g, {BIG})')}assert f(g, 0) == 2"))
    assert verdicts == {"t": ""}


def test_handles_that_have_gone_are_given_back_with_the_next_message():
    verdicts = play(
        ("answer", "a", "class Box:\n    pass\nbox = Box()\ndef f(x):\n    return box"),
        ("test", "t", "first = f(0)\ndel first\n" + REFUSED.format("f('x' * 17 * 2**20)") +
         "assert isinstance(f(0), Box) and f(0) is f(0)"))
    assert verdicts == {"t": ""}


def test_an_argument_of_an_exception_that_is_too_large_does_not_lose_what_is_beside_it():
    verdicts = play(
        ("answer", "a", f"def hidden():\n    return 5\ndef f():\n    raise ValueError(hidden, {BIG})\ndef g():\n    return hidden"),
        ("test", "t", "try:\n    f()\nexcept ValueError:\n    pass\nassert g()() == 5"))
    assert verdicts == {"t": ""}


def test_changes_that_are_too_large_are_an_error_of_their_call():
    verdicts = play(
        ("answer", "a", f"kept = []\ndef f(x):\n    kept.append(x)\n    print('said')\n    x.append({BIG})\n"
                        "def g(x):\n    x.pop()\n    kept.clear()\n    return len(x)\ndef h():\n    return kept[0].pop().size"),
        ("test", "t", f"x = [1]\n{REFUSED.format('f(x)')}assert x == [1]"),
        ("test", "u", "assert g([2, 3]) == 1"))
    assert verdicts == {"t": "", "u": ""}


def test_a_change_for_a_callback_that_is_too_large_is_an_error_of_the_callback():
    verdicts = play(
        ("answer", "a", "def f(g, x):\n    try:\n        g(x)\n    except ValueError as error:\n        assert 'MiB' in str(error)\n"
                        "        return len(x)"),
        ("test", "t", f"def g(x):\n    x.append({BIG})\nx = [1]\nassert f(g, x) == 1\ndef k(x):\n    x.append(2)\nassert f(k, [1]) is None"))
    assert verdicts == {"t": ""}


def test_a_global_that_is_too_large_costs_the_tests_that_read_it():
    verdicts = play(
        ("answer", "a", f"big = small = [1]\ndef f():\n    global big\n    big = {BIG}\n    print('said')\n    return 3\n"
                        "def g():\n    global big\n    big = [2]\n    return big"),
        ("test", "s", "assert small == [1]"),
        ("test", "t", f"{REFUSED.format('f()')}assert big == [1]\nassert g() is big and big == [2]\n{REFUSED.format('f()')}"),
        ("test", "u", "assert big == [1]"),
        ("test", "v", "assert small == [1] and f() == 3"),
        ("own", "o", "big = [3]"),
        ("test", "w", "assert big == [3]"))
    assert verdicts.pop("u").startswith("TooLarge: ")
    assert set(verdicts.values()) == {""}, verdicts


def test_a_view_that_shows_too_much_of_little_is_an_error_of_its_call():
    verdicts = play(
        ("answer", "a", "def f(x, n):\n    return np.broadcast_to(x, (n, len(x)))"),
        ("test", "t", f"x = np.ones(10)\n{REFUSED.format('f(x, 20_000)')}"
                      "y = f(x, 10_000)\nassert y.shape == (10_000, 10) and y.base is not None\nx[:] = 2\nassert y[-1, -1] == 2"))
    assert verdicts == {"t": ""}


@pytest.mark.parametrize("value", ["',' * 3_000_000", "[1] * 2_500_000"])
def test_a_value_of_too_many_parts_is_an_error_of_its_call(value):
    verdicts = play(
        ("answer", "a", f"def f():\n    return {value}\ndef g():\n    return 1"),
        ("test", "t", "try:\n    f()\n    raise AssertionError\nexcept ValueError as error:\n    assert 'too many parts' in str(error)\n"
                      "assert g() == 1"))
    assert verdicts == {"t": ""}


def test_a_folder_that_is_too_full_is_an_error_of_its_call_and_is_emptied():
    """The next test has its own files there again, and no others."""
    verdicts = play(
        ("answer", "a", "import os\n"
                        "def clutter(path):\n    os.makedirs(path + '/d' * 300)\n"
                        "def read(path):\n    return open(path).read(), os.listdir(os.path.dirname(path))"),
        ("test", "t", "import tempfile\nfolder = tempfile.mkdtemp()\nopen(folder + '/own', 'w').write('1')\n"
                      "try:\n    clutter(folder)\n    raise AssertionError\n"
                      "except ValueError as error:\n    assert 'more than 200 files' in str(error), error\n"
                      "assert read(folder + '/own') == ('1', ['own'])"),
        ("test", "u", "import tempfile\nassert read(folder + '/own') == ('1', ['own'])"))
    assert verdicts == {"t": "", "u": ""}
