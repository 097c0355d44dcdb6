# ruff: noqa: E501 - a cell or a message in one line each
"""Whole notebooks through judge and student, with answers that misbehave."""

import time
from types import SimpleNamespace

import pytest

from grader.split.locked import read_cell
from grader.split.magics import Transformers
from tests.grader.split.forked import Limits, Server, errors_of, notebook

pytestmark = pytest.mark.slow

QUICK = Limits(cell_seconds=1, total_seconds=20, output_kb=20)


def play(*cells, source=None, limits=QUICK):
    """Play a notebook that is given as for `notebook`; return (verdicts, played)."""
    server = Server(source or notebook(*cells), limits)
    try:
        merged = notebook(*cells)
        played = server.play(merged)
        assert "error" not in played, played
        return errors_of(merged, played), played
    finally:
        server.close()


def text_of(outputs):
    return "".join(out.get("text", "") for out in outputs if out["output_type"] == "stream")


def kinds(played):
    return [fault["kind"] for fault in played["faults"]]


def test_given_cells_run_on_both_sides_and_tests_on_one():
    verdicts, played = play(
        ("given", "helper", "import math\ndef double(x):\n    return 2 * x\nprint('given')"),
        ("answer", "a", "def f(x):\n    return double(math.floor(x))\nprint('answer')\nf(1)"),
        ("test", "t", "secret = 5\nassert f(2.5) == double(2)\nprint('test')\n'last'"),
        ("own", "o", "print(f(4))\nsecret"),
        ("given", "end", "print(double(3))"),
    )
    assert verdicts == {"t": ""}
    outputs = [cell["outputs"] for cell in played["cells"]]
    assert [text_of(out) for out in outputs] == ["given\n", "answer\n", "test\n", "8\n", "6\n"]
    assert outputs[1][-1]["data"] == {"text/plain": "2"}
    assert outputs[2][-1]["data"] == {"text/plain": "'last'"}
    assert outputs[3][-1]["ename"] == "NameError"  # the test's own names do not go to the answer
    assert played["faults"] == []


@pytest.mark.parametrize("ending", ["", "  # __future__"], ids=["compiled", "by IPython"])
def test_a_given_cell_leaves_the_same_if_it_comes_compiled(ending):
    helper = "import inspect\ndef double(x):\n    return 2 * x\n41 + 1" + ending
    fails = "1 / 0" + ending
    _, played = play(
        ("given", "helper", helper),
        ("own", "o", "print(_, _1, Out[1], In[1] == _i1, _i1[:14])\nprint(inspect.getsource(double))"),
        ("own", "e", "seen = []\nget_ipython().events.register('post_execute', lambda: seen.append(1))"),
        ("given", "fails", fails),
        ("own", "p", "print(_i4[:5], len(seen))"),
        source=notebook(("given", "helper", helper), ("answer", "o", ""), ("given", "fails", fails)),
    )
    assert text_of(played["cells"][1]["outputs"]) == (
        "42 42 42 True import inspect\ndef double(x):\n    return 2 * x\n\n")
    assert text_of(played["cells"][4]["outputs"]) == "1 / 0 2\n"


def test_what_a_given_cell_imports_from_the_future_holds_for_the_answer():
    verdicts, _ = play(
        ("given", "helper", "from __future__ import annotations"),
        ("answer", "a", "def f(x: NoSuchName):\n    return x"),
        ("test", "t", "assert f(1) == 1"),
    )
    assert verdicts == {"t": ""}


def test_given_cells_go_compiled_where_that_is_the_same():
    compiler = SimpleNamespace(cell_name="", cache=lambda *_, **__: None)
    shell = SimpleNamespace(transform_cell=Transformers().transform_cell, compile=compiler)

    def packed(source, graded=False):
        return bool(read_cell(shell, "c", source, graded, 1).packed)

    assert packed("x = 1\nx")
    assert not packed("x = 1", graded=True), "a test stays with the judge"
    assert not packed("%cd .\nx = 1")
    assert not packed("from __future__ import annotations")


def test_starting_a_process_is_not_counted_as_the_work_of_a_cell():
    _, played = play(
        ("given", "helper", "x = 1"),
        ("answer", "a", "import os\nos._exit(1)"),
        ("answer", "b", "def f():\n    return 1"),
        ("test", "t", "assert f() == 1"),
    )
    told, cells = played["seconds"], [cell["seconds"] for cell in played["cells"] if cell]
    assert told["spawn"] > 0
    assert sum(told.values()) <= sum(cells)


def test_a_watch_over_calls_sees_nothing_since_the_answer_runs_elsewhere():
    watched = "import sys\ndef watch(*_):\n    raise ValueError('seen')\nsys.setprofile(watch)\n"
    verdicts, _ = play(
        ("answer", "a", "def f(x):\n    return g(x)\ndef g(x):\n    return x"),
        ("test", "t", watched + "assert f(1) == 1\nassert sys.getprofile() is None"),
    )
    assert verdicts == {"t": ""}


@pytest.mark.parametrize("answer", [
    "def check(value):\n    pass\ndef f():\n    return 1",
    "import builtins\nbuiltins.AssertionError = None\nbuiltins.abs = lambda x: 0\ndef f():\n    return 1",
    "def abs(x):\n    return 0\ndef f():\n    return 1",
    "limit = 100\ndef f():\n    return 1",
    "class Yes:\n    def __eq__(self, other):\n        return True\n    def __sub__(self, other):\n        return 0\n"
    "    __rsub__ = __sub__\n    def __lt__(self, other):\n        return True\ndef f():\n    return Yes()",
    "import numpy as np\nclass Yes(np.ndarray):\n    def __eq__(self, other):\n        return np.True_\n"
    "    def __lt__(self, other):\n        return np.True_\ndef f():\n    return np.zeros(()).view(Yes)",
    "class Yes(float):\n    def __eq__(self, other):\n        return True\n    def __sub__(self, other):\n"
    "        return 0.0\ndef f():\n    return Yes(1)",
    "def f():\n    raise SystemExit",
    "def f():\n    raise KeyboardInterrupt",
    "def f():\n    raise GeneratorExit",
    "import sys\ndef f():\n    sys.exit(0)",
    "def f():\n    import inspect\n    for info in inspect.stack():\n        info.frame.f_globals['limit'] = 100\n"
    "        info.frame.f_globals['check'] = print\n    return 1",
    "del f" , "f = 3", "f = 'x' * 10**6", "f = eval", "f = None",
], ids=lambda text: text[:40])
def test_what_an_answer_redefines_changes_no_test(answer):
    source = notebook(
        ("given", "helper", "limit = 1e-9\ndef check(value):\n    assert abs(value - 42) < limit, value"),
        ("answer", "a", "def f():\n    return 42"), ("test", "t", "check(f())\nassert f() == 42"))
    cells = [("given", "helper", ""), ("answer", "a", answer), ("test", "t", "pass")]
    verdicts, played = play(*cells, source=source)
    assert verdicts["t"]
    assert "died" not in kinds(played)


def test_an_endless_function_costs_its_own_test_alone():
    began = time.monotonic()
    verdicts, played = play(
        ("answer", "a", "state = []\ndef f():\n    while True:\n        pass\ndef g():\n    state.append(1)\n    return len(state)"),
        ("test", "t", "assert g() == 1\ntry:\n    f()\nexcept Exception:\n    pass"),
        ("test", "u", "assert g() == 2"),
    )
    assert verdicts["t"].startswith("TimeoutError: This cell took longer than 1 seconds")
    assert verdicts["u"] == ""
    assert kinds(played) == ["timeout"]
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("loop", [
    "while True:\n        try:\n            time.sleep(100)\n        except BaseException:\n            pass",
    "signal.signal(signal.SIGINT, signal.SIG_IGN)\n    time.sleep(100)",
    "os.kill(os.getpid(), signal.SIGSTOP)",
])
def test_a_function_that_no_interrupt_stops_is_killed_and_the_rest_goes_on(loop):
    verdicts, played = play(
        ("answer", "a", f"import os, time, signal\ndef f():\n    {loop}"),
        ("answer", "b", "def g():\n    return 1"),
        ("test", "t", "f()"),
        ("test", "u", "assert g() == 1"),
    )
    assert "could not be interrupted" in verdicts["t"]
    assert verdicts["u"] == ""
    assert kinds(played) == ["timeout", "restarted"]


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()",
                                 "os.closerange(3, 100)", "import ctypes; ctypes.string_at(0)"])
def test_a_process_that_ends_loses_one_test_and_nothing_earned_before(end):
    verdicts, played = play(
        ("answer", "a", f"import os\nn = 1\ndef f():\n    {end}\ndef g():\n    return n"),
        ("test", "s", "assert g() == 1"),
        ("own", "o", "n = 2"),
        ("test", "t", "f()"),
        ("test", "u", "assert g() == 2"),
    )
    assert verdicts["s"] == verdicts["u"] == ""
    assert "process ended" in verdicts["t"]
    assert kinds(played) == ["died", "restarted"]


def test_a_cell_that_kills_is_not_run_again_and_there_are_two_restarts():
    verdicts, played = play(
        ("answer", "a", "def f():\n    return 1"),
        ("own", "k1", "import os\nos._exit(1)"), ("test", "t", "assert f() == 1"),
        ("own", "k2", "import os\nos._exit(1)"), ("test", "u", "assert f() == 1"),
        ("own", "k3", "import os\nos._exit(1)"), ("test", "v", "assert f() == 1"),
        ("test", "w", "assert f() == 1"),
    )
    assert verdicts["t"] == verdicts["u"] == ""
    assert verdicts["v"]
    assert verdicts["w"]
    assert kinds(played) == ["died", "restarted", "died", "restarted", "died"]


BREAK = "shell = get_ipython()\nshell.run_cell = shell.showtraceback = None"
MORTAL = "import os\ndef f():\n    os._exit(1)\ndef g():\n    return 1"


def test_a_process_that_cannot_run_the_cells_again_is_not_used(tmp_path):
    once = f"import os\nif os.path.exists({str(tmp_path / 'once')!r}):\n    " + BREAK.replace("\n", "\n    ")
    verdicts, played = play(
        ("own", "o", f"{once}\nopen({str(tmp_path / 'once')!r}, 'w').close()"), ("answer", "a", MORTAL),
        ("test", "s", "assert g() == 1"), ("test", "t", "f()"), ("test", "u", "assert g() == 1"),
        ("own", "p", "1"), ("test", "v", "assert 1 == 1"))
    assert verdicts["s"] == ""
    assert "A new process could not run the cells before this one again (TypeError" in verdicts["u"]
    assert verdicts["v"]  # as after every third loss
    assert kinds(played) == ["died", "restarted"] * 2 + ["died"]


def test_cells_that_fail_again_in_a_new_process_are_where_they_were():
    verdicts, played = play(
        ("answer", "a", MORTAL), ("own", "e", "1 / 0"), ("own", "b", BREAK), ("given", "h", "k = 1"),
        ("test", "t", "f()"), ("test", "u", "assert g() == k"))
    assert verdicts["u"] == ""
    assert kinds(played) == ["died", "restarted"]


def test_an_endless_cell_of_the_student_is_stopped():
    verdicts, played = play(
        ("own", "o", "print('before')\nwhile True:\n    pass"),
        ("answer", "a", "def f():\n    return 1"), ("test", "t", "assert f() == 1"))
    assert verdicts["t"] == ""
    assert kinds(played) == ["timeout"]
    outputs = played["cells"][0]["outputs"]
    assert text_of(outputs) == "before\n"
    assert outputs[-1]["ename"] == "KeyboardInterrupt"


def test_a_test_that_computes_too_long_itself_is_stopped():
    verdicts, _ = play(
        ("answer", "a", "def f(g):\n    return g()"),
        ("test", "t", "import time\nwhile True:\n    time.sleep(0.01)"),
        ("test", "u", "def g():\n    while True:\n        pass\nf(g)"),
        ("test", "v", "assert f(lambda: 3) == 3"))
    assert "TimeoutError" in verdicts["t"]
    assert "TimeoutError" in verdicts["u"]
    assert verdicts["v"] == ""


def test_a_flood_of_output_is_cut_off_and_costs_no_memory():
    verdicts, played = play(
        ("own", "o", "for _ in range(2000):\n    print('x' * 10000)"),
        ("answer", "a", "def f():\n    for _ in range(2000):\n        print('y' * 10000)\n    return 1"),
        ("test", "t", "assert f() == 1"))
    assert verdicts["t"] == ""
    assert 20_000 < len(text_of(played["cells"][0]["outputs"])) < 21_000
    assert "characters of output were cut off" in text_of(played["cells"][0]["outputs"])
    assert len(text_of(played["cells"][2]["outputs"])) < 21_000
    assert kinds(played) == ["output"]


def test_outputs_come_in_order_as_in_jupyter():
    _, played = play(("own", "o", (
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\ndisplay({'x': 1})\n"
        "get_ipython().run_line_magic('env', 'HOME')\n!echo hello\nimport asyncio\nawait asyncio.sleep(0)\n"
        "from IPython.display import HTML\nHTML('<b>x</b>')")))
    outputs = played["cells"][0]["outputs"]
    assert [out["output_type"] for out in outputs] == ["stream"] * 3 + ["display_data", "stream", "execute_result"]
    assert [out.get("name") for out in outputs[:3]] == ["stdout", "stderr", "stdout"]
    assert "hello" in outputs[4]["text"]
    assert outputs[5]["data"]["text/html"] == "<b>x</b>"


@pytest.mark.parametrize("mischief", [
    "import sys\nsys.stdout = None\nsys.stderr = open('/dev/null', 'w')",
    "import sys\nsys.stdout.close()\nsys.exit(3)",
    "raise SystemExit",
    "import builtins\ndel builtins.len, builtins.isinstance, builtins.getattr, builtins.print",
    "import threading, time\nfor _ in range(3):\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "import sys\nsys.path[:] = []",
    "import os\nos.chdir('/')\nos.environ.clear()",
    "import os\nif os.fork() == 0:\n    while True:\n        pass",
    "import signal\nsignal.alarm(1)",
    "import sys\nsys.setrecursionlimit(60)",
    "get_ipython().run_cell = None\nget_ipython().recorder = None",
    "import warnings, numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    "exit()", "quit", "%reset -f", "import gc\ngc.disable()\ngc.freeze()",
    "def f(:", "\x00", "await x", "return 3", "%%nosuchmagic\nx", "!exit 3",
])
def test_a_cell_that_breaks_its_own_process_costs_its_own_points_at_most(mischief):
    verdicts, played = play(
        ("answer", "a", "def f(x):\n    return x + 1"),
        ("test", "before", "assert f(1) == 2"),
        ("own", "o", mischief),
        ("answer", "b", "def f(x):\n    return x + 2"),
        ("test", "t", "assert f(1) == 3"),
        ("test", "u", "assert 1 == 1"))
    assert verdicts["before"] == verdicts["u"] == ""
    assert played["cells"][5]["outputs"] == []
    assert verdicts["t"] == "" or "NoneType" in verdicts["t"] or "name" in verdicts["t"] or played["faults"]


def test_a_traceback_shows_the_students_lines_and_nothing_of_the_grader():
    _, played = play(
        ("answer", "a", "def inner(x):\n    return 1 / x\n\ndef f(x):\n    return inner(x)  # the line"),
        ("test", "t", "def hidden():\n    f(0)\nhidden()"))
    error = played["cells"][1]["outputs"][-1]
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    import re

    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    assert "Cell In[1], line 5, in f" in text
    assert "return inner(x)" in text
    assert "return 1 / x" in text
    assert "grader/split" not in text
    assert "judge" not in text


def test_a_warning_costs_nothing_and_is_shown_as_ordinary_text():
    verdicts, played = play(
        ("answer", "a", "import warnings, sys\nimport numpy as np\ndef f():\n    warnings.warn('careful')\n"
         "    print('err', file=sys.stderr)\n    return np.log(np.zeros(1))[0]"),
        ("test", "t", "assert f() == -float('inf')"))
    assert verdicts["t"] == ""
    outputs = played["cells"][1]["outputs"]
    assert {out["name"] for out in outputs} == {"stdout"}
    assert "UserWarning: careful" in text_of(outputs)
    assert "divide by zero" in text_of(outputs)


def test_locked_cells_are_those_of_the_source_however_often_they_occur():
    source = notebook(("given", "h", "n = 1"), ("answer", "a", "f = 1"), ("test", "t", "assert f == n"))
    merged = notebook(("given", "h", "n = 5"), ("test", "t", "pass"), ("answer", "a", "f = 5"),
                      ("test", "t", "pass"))
    server = Server(source, QUICK)
    played = server.play(merged)
    server.close()
    first, second = played["cells"][1]["outputs"], played["cells"][3]["outputs"]
    assert first[0]["ename"] == "NameError"  # where the release has it, the test has its one turn
    assert second == []


def test_the_same_submission_draws_the_same_numbers():
    cells = [("own", "o", "import random, numpy as np\nprint(random.random(), np.random.rand())")]
    texts = {text_of(play(*cells)[1]["cells"][0]["outputs"]) for _ in range(2)}
    assert len(texts) == 1


def test_exceptions_of_a_callback_pass_through_the_answer_as_they_were():
    verdicts, _ = play(
        ("answer", "a", "def f(g):\n    try:\n        return g(3)\n    except KeyError as error:\n        return str(error)\n"
         "def h(g):\n    return g(3)"),
        ("test", "t", (
            "class Odd(Exception):\n    pass\nodd = Odd('x')\ndef g(x):\n    raise odd\n"
            "try:\n    h(g)\nexcept Odd as error:\n    assert error is odd\nelse:\n    raise AssertionError\n"
            "def k(x):\n    raise KeyError('no')\nassert f(k) == \"'no'\"\n"
            "try:\n    f(lambda x: 1 / 0)\nexcept ZeroDivisionError:\n    pass\nelse:\n    raise AssertionError")))
    assert verdicts["t"] == ""


def test_calls_within_calls_and_changes_in_both_directions():
    verdicts, _ = play(
        ("answer", "a", "def fold(f, x, n):\n    if n == 0:\n        return x\n    x += 1\n    f(x, lambda y: fold(f, y, n - 1))\n    return x"),
        ("test", "t", (
            "import numpy as np\nseen = []\ndef f(x, go):\n    seen.append(float(x[0]))\n    x *= 2\n    got = go(x)\n    assert got is x\n"
            "x = np.zeros(1)\nassert fold(f, x, 3) is x\nassert seen == [1, 3, 7] and x[0] == 14, (seen, x)")))
    assert verdicts["t"] == ""


def test_handles_are_given_back_when_nobody_holds_them():
    verdicts, _ = play(
        ("answer", "a", "import gc\nclass Box:\n    alive = 0\n    def __init__(self):\n        Box.alive += 1\n"
         "    def __del__(self):\n        Box.alive -= 1\ndef make():\n    return Box()\ndef alive():\n    return Box.alive\n"
         "def keep(f):\n    return f(1)"),
        ("test", "t", "kept = make()\nfor _ in range(500):\n    make()\nmake()\nassert alive() <= 3, alive()\n"
         "for _ in range(500):\n    assert keep(lambda x: x) == 1"))
    assert verdicts["t"] == ""
