"""Attacks by the end of a call: exceptions that lie, exits, signals, processes and threads."""

from tests.grader.attacks.attack import Attack, family
from tests.grader.attacks.course import ANSWERS


def fails(name, tries, body, before="", cell="scale", **more):
    """Return an attack whose function does `body` when it is called; its own points are lost."""
    head = {"scale": "def scale(x, factor):", "twice": "def twice(f, x):"}[cell]
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    return Attack(name, tries, {cell: f"{before}\n{head}{lines}"}, loses=(cell,), **more)


def before(name, tries, code, **more):
    """Return an attack that does something at the top of its first cell and answers honestly."""
    return Attack(name, tries, {"scale": f"{code}\n\n{ANSWERS['scale']}"}, **more)


LOOK_ALIKE = """
class ValueError(Exception):
    pass
class AssertionError(BaseException):
    pass
AssertionError.__module__ = ValueError.__module__ = "builtins"
"""

ATTACKS = family(
    "exceptions",
    fails("system_exit", "leaves by SystemExit with status 0", "raise SystemExit(0)"),
    fails("keyboard_interrupt", "raises KeyboardInterrupt itself", "raise KeyboardInterrupt"),
    fails(
        "generator_exit", "raises GeneratorExit, which few handlers catch", "raise GeneratorExit"
    ),
    fails(
        "own_base_exception",
        "raises an exception of its own that no `except Exception` catches",
        "raise Escape('out')",
        "class Escape(BaseException):\n    pass",
    ),
    fails(
        "look_alike_errors",
        "raises exceptions that are only named like the expected ones",
        "if factor < 0:\n    raise ValueError\nraise AssertionError(0)",
        LOOK_ALIKE,
    ),
    Attack(
        "refuses_everything",
        "raises the expected exception in every call",
        {"scale": "def scale(x, factor):\n    raise ValueError('no')"},
        loses=("scale",),
    ),
    fails(
        "message_that_never_ends",
        "raises an exception whose text takes for ever to make",
        "raise Slow()",
        "class Slow(Exception):\n    def __str__(self):\n        while True:\n            pass\n"
        "    __repr__ = __str__",
        seconds=12,
        fault="timeout",
    ),
    fails(
        "message_of_100_mb",
        "raises an exception with a text of 100 MB",
        "raise ValueError('x' * 100_000_000)",
    ),
    fails(
        "message_that_fails",
        "raises an exception that cannot be printed, compared, copied or named",
        "raise Broken()",
        "class Meta(type):\n    __name__ = property(lambda *_: 1 / 0)\n"
        "    __module__ = property(lambda *_: 1 / 0)\n    __repr__ = lambda *_: 1 / 0\n"
        "class Broken(Exception, metaclass=Meta):\n    __str__ = __repr__ = __reduce__ = lambda *_: 1 / 0\n"
        "    args = property(lambda *_: 1 / 0)\n    __class__ = property(lambda *_: 1 / 0)",
    ),
    fails(
        "message_with_commands",
        "raises an exception whose text holds terminal commands, HTML and surrogates",
        "raise ValueError('\\x1b]0;owned\\x07\\x1b[2J\\r\\ud800 <script>alert(1)</script>\\x00' + str(x))",
    ),
    fails(
        "circle_of_causes",
        "raises exceptions that are each other's cause, in a circle and as a group",
        "a, b = ValueError(1), KeyError(2)\n"
        "a.__cause__, b.__cause__, a.__context__, b.__context__ = b, a, b, a\n"
        "raise ExceptionGroup('group', [a, b, ExceptionGroup('inner', [a])])",
    ),
    fails(
        "endless_recursion",
        "recurses without end, after it has lifted Python's limit",
        "return scale(x, factor) + 1",
        "import sys\nsys.setrecursionlimit(10 ** 9)",
        may_lose=(),
        seconds=10,
    ),
    fails(
        "traceback_of_100000_frames",
        "fails at the bottom of a very deep recursion through two functions",
        "sys.setrecursionlimit(90_000)\nreturn down(80_000)",
        "import sys\ndef down(n):\n    return up(n - 1)\ndef up(n):\n    return 1 / n if n <= 0 else down(n - 1)",
        seconds=15,
    ),
    fails(
        "error_with_secret_attributes",
        "raises exceptions with attributes and arguments that hold objects of all kinds",
        "error = OSError(2, 'no', '@TMPFILE@', None, scale)\nerror.extra = scale\n"
        "error.add_note('note' * 10)\nerror.__notes__.append(7)\nraise error",
    ),
    Attack(
        "interrupt_is_swallowed",
        "runs for ever and swallows every interrupt",
        {
            "scale": "def scale(x, factor):\n    while True:\n        try:\n"
            "            while True:\n                pass\n        except BaseException:\n"
            "            pass"
        },
        loses=("scale",),
        fault="timeout",
        seconds=12,
    ),
) + family(
    "exits, signals and processes",
    fails(
        "exit_in_a_function",
        "ends its process with status 0 inside a call",
        "import os\nos._exit(0)",
        fault="died",
    ),
    before(
        "exit_in_a_cell",
        "ends its process while its cell runs",
        "import os\nos._exit(0)",
        loses=("scale",),
        fault="died",
    ),
    fails(
        "exit_in_a_callback",
        "ends its process while the test's callback waits for an answer",
        "import os, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), os._exit(0))).start()\n"
        "while True:\n    f(1)",
        cell="twice",
        fault="died",
    ),
    before(
        "exit_handlers",
        "registers exit handlers and finalisers that print points and raise",
        "import atexit, weakref, sys\natexit.register(lambda: print('1000'))\n"
        "class Last:\n    def __del__(self):\n        print('1000')\n        raise SystemExit(0)\n"
        "last = Last()\nweakref.finalize(last, print, '1000')\ndel last",
    ),
    fails(
        "segmentation_fault",
        "crashes its interpreter",
        "import ctypes\nctypes.string_at(1)",
        fault="died",
    ),
    fails("abort", "aborts its process with SIGABRT", "import os\nos.abort()", fault="died"),
    fails(
        "becomes_a_shell",
        "replaces its process by a shell that says it is done",
        "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo 1000; sleep 60'])",
        fault="died",
    ),
    fails("kills_itself", "sends itself SIGKILL", "import os\nos.kill(os.getpid(), 9)"),
    fails(
        "stops_itself",
        "stops its own process with SIGSTOP, which the first of a process table does not hear",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nreturn 0",
    ),
    before(
        "kills_everyone",
        "sends signals to all processes, to its group, to its parent and to init",
        "import os, signal\nfor target in (0, -1, 1, os.getppid(), -os.getpgrp()):\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGSTOP):\n"
        "        signal.signal(number, signal.SIG_IGN) if number != signal.SIGSTOP else None\n"
        "        try:\n            os.kill(target, number) if number != signal.SIGSTOP or target == 1 else None\n"
        "        except OSError as error:\n            print(target, number, error.strerror)\n"
        "print('sent')",
        shows="sent",
    ),
    fails(
        "kill_9_to_all",
        "sends SIGKILL to every process that it may reach",
        "import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(0, 9)\nreturn 0",
    ),
    before(
        "deaf_to_signals",
        "ignores and blocks every signal, then answers honestly",
        "import signal\nfor number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    ),
    fails(
        "deaf_and_endless",
        "ignores and blocks every signal, then runs for ever",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        fault="timeout",
        seconds=12,
    ),
    Attack(
        "forks_and_both_go_on",
        "forks in a cell; parent and child both go on and read the same questions",
        {"scale": f"import os\nos.fork()\n\n{ANSWERS['scale']}"},
        # Two processes answer each question: what comes of it is a matter of time.
        may_lose=tuple(ANSWERS),
        seconds=25,
    ),
    Attack(
        "child_answers_instead",
        "forks in a call; the parent ends and the child keeps the connection open",
        {
            "scale": "import os, time\ndef scale(x, factor):\n    if os.fork():\n        os._exit(0)\n"
            "    time.sleep(60)\n    return 6"
        },
        loses=("scale",),
        fault="died",
        seconds=12,
    ),
    before(
        "leaves_a_daemon",
        "starts a double-forked daemon in a session of its own, which goes on for ever",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.environ['POISON'] = '1'\n"
        "        os.execv('/bin/sh', ['poison-daemon', '-c', 'while :; do sleep 1; done'])\n"
        "    os._exit(0)\nos.wait()\nprint('left one')",
        shows="left one",
    ),
    before(
        "leaves_children",
        "starts background programs and does not wait for them",
        "import subprocess\nfor _ in range(4):\n"
        "    subprocess.Popen(['sh', '-c', ': poison-child; sleep 600'])",
    ),
    before(
        "threads_that_go_on",
        "starts threads that print and change its functions while the tests run",
        "import threading, time\ndef work():\n    while True:\n        time.sleep(0.01)\n"
        "        print('1000')\nfor _ in range(4):\n    threading.Thread(target=work, daemon=True).start()",
    ),
    before(
        "timers",
        "sets alarms that raise in the middle of whatever runs then",
        "import signal\ndef ring(*_):\n    raise RuntimeError('alarm')\n"
        "signal.signal(signal.SIGALRM, ring)\nsignal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)",
        may_lose=tuple(ANSWERS),
        seconds=25,
    ),
    before(
        "event_loop",
        "closes and blocks the event loop, and leaves tasks that never end",
        "import asyncio\nasync def forever():\n    while True:\n        await asyncio.sleep(0.01)\n"
        "try:\n    loop = asyncio.get_event_loop()\n    task = loop.create_task(forever())\n    loop.stop()\n"
        "except Exception as error:\n    print(type(error).__name__)",
    ),
    fails(
        "asks_for_input",
        "waits for input from a keyboard that nobody touches",
        "return float(input('your answer: '))",
    ),
    fails(
        "waits_for_itself",
        "takes a lock that it holds",
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
        fault="timeout",
        seconds=12,
    ),
)
