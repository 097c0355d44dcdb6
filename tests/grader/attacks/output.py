"""Attacks by what a cell shows: floods, active pages, terminal commands, forged results."""

from tests.grader.attacks.attack import Attack, cheat, family
from tests.grader.attacks.course import ANSWERS

WRONG = "def scale(x, factor):\n    return 0"


def shows(name, tries, code, **more):
    """Return an attack that shows something and answers honestly."""
    return Attack(name, tries, {"scale": f"{code}\n\n{ANSWERS['scale']}"}, **more)


PAGE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg>"
    "<iframe src='https://example.org'></iframe><a href='javascript:alert(1)'>x</a>"
)

ATTACKS = family(
    "output",
    shows(
        "flood_of_stdout",
        "prints 200 MB",
        "for _ in range(2000):\n    print('x' * 100_000)",
        fault="output",
        seconds=15,
    ),
    shows(
        "flood_of_lines",
        "prints 60,000 short lines",
        "for n in range(60_000):\n    print(n)",
        fault="output",
        seconds=30,
    ),
    shows(
        "flood_of_stderr",
        "writes 100 MB to stderr",
        "import sys\nfor _ in range(1000):\n    sys.stderr.write('x' * 100_000)",
        fault="output",
        seconds=15,
    ),
    shows(
        "flood_of_displays",
        "displays 3,000 objects",
        "from IPython.display import HTML, display\nfor n in range(3000):\n    display(HTML(f'<b>{n}</b>'))",
        fault="output",
        seconds=30,
    ),
    shows(
        "one_huge_display",
        "displays one page of 100 MB",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 100_000_000))",
        fault="output",
        seconds=15,
    ),
    Attack(
        "endless_output",
        "prints in an endless loop, from a function that a test calls",
        {"scale": "def scale(x, factor):\n    while True:\n        print('x' * 1000)"},
        loses=("scale",),
        fault="timeout",
        seconds=15,
    ),
    shows(
        "raw_descriptors",
        "writes 50 MB to descriptors 1 and 2 past Python",
        "import os\nfor _ in range(500):\n    os.write(1, b'raw\\x1b[2J' * 10_000)\n    os.write(2, b'raw' * 30_000)",
        seconds=15,
    ),
    shows(
        "active_page",
        "displays HTML with scripts, frames and handlers",
        f"from IPython.display import HTML, Javascript, display\ndisplay(HTML({PAGE!r}))\n"
        "display(Javascript('alert(1)'))",
    ),
    shows(
        "active_pictures",
        "displays pictures whose data and sizes break out of the page's tags",
        "from IPython.display import display\n"
        "bad = 'x\" onerror=\"alert(1)'\n"
        "for kind in ('image/png', 'image/jpeg', 'image/gif', 'application/pdf'):\n"
        "    display({kind: bad}, raw=True)\n"
        "    display({kind: 'aGk='}, metadata={kind: {'width': bad, 'height': bad, 'alt': bad, 'class': bad}}, raw=True)\n"
        "display({'image/svg+xml': '<svg onload=\"alert(1)\"><script>alert(1)</script></svg>'}, raw=True)",
    ),
    shows(
        "active_formats",
        "displays markdown, LaTeX, widgets and JSON that become pages",
        "from IPython.display import display\n"
        f"page = {PAGE!r}\n"
        "for kind in ('text/markdown', 'text/latex', 'text/plain', 'application/json', 'application/javascript',\n"
        "             'application/vnd.jupyter.widget-view+json', 'application/vnd.plotly.v1+json', 'text/x-unknown'):\n"
        "    display({kind: page}, raw=True)\n"
        "display({'text/latex': r'$\\href{javascript:alert(1)}{x}$'}, raw=True)",
    ),
    shows(
        "malformed_displays",
        "displays what is no notebook output: wrong types, NaN, surrogates",
        "from IPython.display import display\n"
        "for data in ({'text/plain': 7}, {7: 'x'}, {'text/html': None}, {'text/plain': [1, {}]},\n"
        "             {'application/json': float('nan')}, {'text/plain': '\\ud800'}, {'': ''}, {'x' * 100_000: ''}):\n"
        "    try:\n        display(data, raw=True, metadata={'x': {1, 2}} if 7 in data else {'x': []})\n"
        "    except Exception as error:\n        print(type(error).__name__)\nprint('shown')",
        shows="shown",
    ),
    shows(
        "terminal_commands",
        "prints commands for the terminal of whoever reads the output",
        "print('\\x1b]0;owned\\x07\\x1b[2J\\x1b[H\\x1bP$q\\x1b\\\\ all\\rfull points\\x08\\x08\\x7f')",
    ),
    shows(
        "unprintable_text",
        "prints null characters, surrogates and writing from right to left",
        "print('\\x00\\ud800\\udfff\\u202e\\u2066\\uffff' * 10)",
    ),
    shows(
        "writes_to_the_terminal",
        "writes to the terminal from which grading was started",
        "import fcntl, os, termios\nfor name in ('/dev/tty', '/dev/console', '/dev/tty1', '/dev/pts/0', '/dev/pts/1'):\n"
        "    try:\n        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)\n"
        "        os.write(fd, b'poison')\n        print('wrote to', name)\n"
        "        fcntl.ioctl(fd, termios.TIOCSTI, b'p')\n    except OSError:\n        pass\n"
        "for fd in (0, 1, 2):\n    try:\n        fcntl.ioctl(fd, termios.TIOCSTI, b'p')\n        print('typed')\n"
        "    except OSError:\n        pass",
    ),
    cheat(
        "prints_points",
        "prints what a successful test could print",
        "scale",
        scale="def scale(x, factor):\n    print('2')\n    print('All tests passed. 38/38')\n    return 0",
    ),
    cheat(
        "value_of_its_cell",
        "makes 1000 the value of its own cell and of every call",
        "scale",
        scale=WRONG + "\nfrom IPython.display import display\ndisplay(1000)\n1000",
    ),
    cheat(
        "displays_points_in_the_test",
        "displays 1000 as a result while a test runs",
        "scale",
        scale="from IPython.display import display\n"
        "def scale(x, factor):\n    display(1000)\n    get_ipython().displayhook(1000)\n    return 0",
    ),
    cheat(
        "clears_the_output",
        "clears and replaces the outputs of the test that calls it",
        "scale",
        scale="from IPython.display import clear_output, display, update_display\n"
        "handle = display('x', display_id='one')\n"
        "def scale(x, factor):\n    clear_output()\n    update_display(1000, display_id='one')\n    return 0",
    ),
    shows(
        "warnings_of_all_kinds",
        "warns and logs on stderr while it answers rightly: full points",
        "import logging, sys, warnings\n"
        "class Noisy(float):\n    pass\n"
        "def noise():\n    warnings.warn('careful')\n    logging.error('careful')\n    sys.stderr.write('careful\\n')\n"
        "noise()",
    ),
    Attack(
        "noise_in_every_call",
        "writes to stderr in each call that a test makes: full points",
        {
            "scale": "import sys, warnings\n"
            + ANSWERS["scale"].replace(
                "\n", "\n    warnings.warn('careful')\n    sys.stderr.write('careful')\n", 1
            )
        },
    ),
)
