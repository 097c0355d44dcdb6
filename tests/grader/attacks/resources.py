"""Attacks on time, memory, processes and disk: each costs its own points at most."""

from tests.grader.attacks.attack import Attack, family
from tests.grader.attacks.course import ANSWERS

LIMIT = 12.0  # seconds: one cell runs into its limit, is interrupted and perhaps killed


def uses(name, tries, body, before="", **more):
    """Return an attack whose function uses something up when it is called."""
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    text = f"{before}\ndef scale(x, factor):{lines}\n    return 0"
    return Attack(name, tries, {"scale": text}, loses=("scale",), **{"seconds": LIMIT, **more})


def wastes(name, tries, code, **more):
    """Return an attack whose cell uses something up and that answers honestly afterwards."""
    text = f"{code}\n\n{ANSWERS['scale']}"
    return Attack(name, tries, {"scale": text}, **{"seconds": LIMIT, **more})


def many_cells(count, source):
    """Return a change that adds `count` cells of its own in front of the first test."""

    def change(notebook):
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        extra = [{**cell, "id": f"x{n}", "source": source} for n in range(count)]
        notebook["cells"][2:2] = extra

    return change


ATTACKS = family(
    "resources",
    uses("endless_loop", "runs for ever in Python", "while True:\n    pass", fault="timeout"),
    uses(
        "endless_loop_in_c",
        "runs for ever in C, where no interrupt is looked at",
        "return sum(itertools.repeat(0))",
        "import itertools",
        fault="timeout",
    ),
    uses("sleeps", "sleeps for an hour", "import time\ntime.sleep(3600)", fault="timeout"),
    uses(
        "large_power",
        "computes a number with a thousand million digits",
        "return len(str(7 ** (7 ** 11)))",
        fault="timeout",
    ),
    uses(
        "regular_expression",
        "matches a pattern that takes exponential time",
        "import re\nreturn re.match(r'(a|a)*$', 'a' * 60 + 'b')",
        fault="timeout",
    ),
    Attack(
        "slow_in_every_cell",
        "needs just less than the time limit in each of 60 extra cells",
        change=many_cells(60, "import time\ntime.sleep(1.5)"),
        may_lose=tuple(ANSWERS),
        fault="timeout",
        seconds=45,
    ),
    Attack(
        "cells_without_number",
        "adds 20,000 cells",
        change=many_cells(20_000, "1"),
        may_lose=tuple(ANSWERS),
        seconds=60,
    ),
    Attack(
        "flood_in_every_cell",
        "prints as much as allowed in each of 300 extra cells",
        change=many_cells(300, "print('x' * 250_000)"),
        seconds=30,
        fault="output",
    ),
    uses(
        "memory_bomb",
        "allocates without end",
        "hold = []\nwhile True:\n    hold.append(bytearray(10 ** 8))",
    ),
    uses(
        "memory_spike",
        "allocates 3 GB in one go and touches every page",
        "import mmap\nm = mmap.mmap(-1, 3 * 2 ** 30)\nfor i in range(0, len(m), 4096):\n    m[i] = 1\nprint('peak of 3 GB')",
    ),
    uses(
        "shared_memory",
        "fills shared memory and files in memory",
        "import os\nfor n in range(100):\n    fd = os.memfd_create(str(n))\n"
        "    for _ in range(40):\n        os.write(fd, bytes(10_000_000))",
        may_lose=(),
    ),
    uses(
        "memory_of_children",
        "starts ten processes that take 400 MB each",
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n"
        "        hold = bytearray(b'x' * 400_000_000)\n        time.sleep(30)\n        os._exit(0)\ntime.sleep(2)",
    ),
    uses(
        "numpy_memory",
        "asks NumPy for arrays of 1 GB until one fails",
        "import numpy as np\nhold = []\nwhile True:\n    hold.append(np.ones(2 ** 27))",
    ),
    wastes(
        "reserves_address_space",
        "reserves 100 GB of address space and touches nothing",
        "import mmap\ntry:\n    hold = mmap.mmap(-1, 100 * 2 ** 30)\nexcept (OSError, MemoryError) as error:\n    print(error)",
    ),
    uses(
        "fork_bomb",
        "forks without end",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        may_lose=(),
    ),
    uses(
        "thread_bomb",
        "starts threads without end",
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        may_lose=("save",),
    ),
    uses(
        "process_bomb_of_shells",
        "starts programs that start programs",
        "import os\nos.system('f() { f | f & }; f')\nimport time\ntime.sleep(60)",
        fault="timeout",
    ),
    wastes(
        "fills_the_disk",
        "writes to every folder until no space is left",
        "import os\nfor folder in ('.', '/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~'), '/run', '/'):\n"
        "    try:\n        with open(folder + '/poison-fill', 'wb', 0) as file:\n"
        "            for _ in range(60):\n                file.write(bytes(10_000_000))\n"
        "        print('wrote 600 MB to', folder)\n    except OSError as error:\n        print(folder, error.strerror)",
        seconds=30,
        may_lose=("save",),
    ),
    wastes(
        "fills_the_inodes",
        "makes files and folders without end",
        "import os\ntry:\n    for n in range(300_000):\n        os.mkdir(f'poison{n}')\nexcept OSError as error:\n    print(error.strerror)",
        seconds=30,
        may_lose=("scale", "save"),
    ),
    wastes(
        "sparse_file",
        "makes a file of 10 TB without contents",
        "try:\n    with open('poison-sparse', 'wb') as file:\n        file.truncate(10 ** 13)\nexcept OSError as error:\n    print(error.strerror)",
    ),
    wastes(
        "opens_everything",
        "opens files and sockets until no descriptor is left",
        "import os, socket\nhold = []\ntry:\n    while True:\n        hold += os.pipe()\nexcept OSError as error:\n    print(error.strerror)",
        may_lose=("save", "half"),
    ),
    wastes(
        "deep_folders",
        "makes folders inside folders and loops of links",
        "import os\nhere = os.getcwd()\ntry:\n    for n in range(3000):\n        os.mkdir('poison' * 30)\n        os.chdir('poison' * 30)\n"
        "        os.symlink('..', 'up')\nexcept OSError as error:\n    print(error.strerror)\nos.chdir(here)",
        may_lose=("save",),
    ),
    wastes(
        "pipes_and_terminals",
        "fills pipes, opens pseudo-terminals and locks files",
        "import os, pty\ntry:\n    for _ in range(1000):\n        pty.openpty()\nexcept OSError as error:\n    print(error.strerror)",
        may_lose=("save",),
    ),
    Attack(
        "source_of_10_mb",
        "writes an answer of 10 MB",
        {"scale": "# " + "x" * 10_000_000},
        reason="kB of text in its cells",
    ),
    Attack(
        "source_of_1_mb",
        "writes an answer of one megabyte",
        {"scale": "# " + "x" * 1_000_000 + "\n" + ANSWERS["scale"]},
        seconds=30,
    ),
    Attack(
        "expression_too_deep",
        "writes an expression nested so deep that parsers crash",
        {"scale": "x = " + "(" * 5000 + ")" * 5000},
        loses=("scale",),
        seconds=15,
    ),
    Attack(
        "sum_of_100000_terms",
        "writes a sum whose syntax tree is 100,000 levels deep",
        {"scale": "x = " + "+".join(["1"] * 100_000)},
        loses=("scale",),
        seconds=20,
    ),
    Attack(
        "minus_of_minus",
        "writes a hundred thousand signs in front of a number",
        {"scale": "x = " + "-" * 100_000 + "1"},
        loses=("scale",),
        seconds=20,
    ),
    Attack(
        "attribute_chain",
        "writes a chain of 100,000 attributes, calls and subscripts",
        {"scale": "x = a" + ".b()[0]" * 30_000},
        loses=("scale",),
        seconds=20,
    ),
    Attack(
        "attribute_chain_of_some_length",
        "writes a chain of attributes that a parser takes and a visitor does not",
        {"scale": "def unused():\n    return a" + ".b()[0]" * 300 + "\n" + ANSWERS["scale"]},
    ),
    Attack(
        "nested_functions",
        "nests 90 functions and classes, with lambdas in their defaults",
        {
            "scale": "".join(
                "    " * n + f"def f{n}(a=lambda b=lambda: 0: 1):\n" for n in range(19)
            )
            + "    " * 19
            + "pass\n"
            + ANSWERS["scale"]
        },
    ),
    Attack(
        "million_statements",
        "writes 200,000 short statements",
        {"scale": "a=1\n" * 200_000 + ANSWERS["scale"]},
        seconds=30,
        may_lose=tuple(ANSWERS),
    ),
    Attack(
        "indented_too_deep",
        "nests 90 blocks, and 200 functions in one line",
        {"scale": "".join(" " * n + "if True:\n" for n in range(99)) + " " * 99 + "pass"},
        loses=("scale",),
    ),
    Attack(
        "function_of_100000_lines",
        "writes functions with 100,000 lines and 3,000 arguments",
        {
            "scale": "def long():\n"
            + "    a = 1\n" * 100_000
            + "def wide("
            + ", ".join(f"a{n}" for n in range(3000))
            + "):\n    pass\n"
            + ANSWERS["scale"]
        },
        seconds=20,
        may_lose=("scale",),
    ),
    Attack(
        "default_argument_bomb",
        "hides heavy work in default arguments, decorators and annotations",
        {"scale": "def scale(x, factor, _=[0] * 10 ** 9 + [sum(range(10 ** 12))]):\n    return 0"},
        loses=("scale",),
        seconds=LIMIT,
    ),
    Attack(
        "constant_folding_bomb",
        "writes constants that a compiler computes beforehand",
        {
            "scale": "def scale(x, factor):\n    return (((((9 ** 9) ** 9) ** 9) ** 9), 'ab' * 4000 * 1000 * 1000, (1,) * 10 ** 9, 1 << 10 ** 10)"
        },
        loses=("scale",),
        seconds=LIMIT,
    ),
    Attack(
        "number_of_100000_digits",
        "writes a number that Python refuses to read",
        {"scale": "x = " + "9" * 100_000},
        loses=("scale",),
    ),
)
