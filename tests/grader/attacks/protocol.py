"""Attacks on the conversation with the judge, by a student who has read grader/split.

They take the serving object out of their own process and send what it never would.
"""

from tests.grader.attacks.attack import Attack, cheat, family
from tests.grader.attacks.course import ANSWERS

PEER = """\
import gc, os, socket, struct, sys, threading, time
import numpy as np
def serving():
    \"\"\"Return the object that answers the judge, or one that fails under another grader.\"\"\"
    found = [o for o in gc.get_objects() if type(o).__name__ == "StudentPeer"]
    return found[0]
try:
    peer = serving()
    sock = peer.wire.sock
except (IndexError, AttributeError):
    peer = sock = None
"""


def forged(name, tries, payload, cell="scale", **more):
    """Return an attack whose answer to `cell` goes over the wire as `payload`, an expression."""
    body = {
        "scale": "def scale(x, factor):\n    return MARK",
        "centre": "def centre(X):\n    return MARK",
        "half": "def half(x):\n    return MARK",
        "draw": "def draw(rng, n):\n    return MARK",
    }[cell]
    code = f"""{PEER}
class Mark:
    pass
MARK = Mark()
if peer is not None:
    honest = peer.encode
    def forge(value):
        if type(value) is not Mark:
            return honest(value)
        peer.put(bytes(1000))
        return {payload}
    peer.encode = forge
{body}"""
    return Attack(name, tries, {cell: code}, loses=(cell,), **more)


def sends(name, tries, code, **more):
    """Return an attack that does `code` when its function is called; all depends on that call."""
    lines = "".join(f"\n    {line}" for line in code.splitlines())
    text = f"{PEER}\ndef scale(x, factor):{lines}\n    return 0"
    return Attack(name, tries, {"scale": text}, loses=("scale",), **more)


RAW = """\
def raw(text, data=b""):
    sock.sendall(struct.pack("<II", len(text), len(data)) + text + data)
"""
MALFORMED = {"fault": "protocol"}

ATTACKS = family(
    "the protocol",
    sends(
        "answer_in_advance",
        "sends the right answer to the first question twice, so that all later answers move by one",
        RAW + "if x == 2:\n    raw(b'[\"r\",6,[],0,[]]')",
        may_lose=tuple(name for name in ANSWERS if name != "scale"),
        seconds=15,
    ),
    sends(
        "answers_unasked",
        "has a thread send answers all the time",
        RAW
        + "def work():\n    while True:\n        raw(b'[\"r\",6,[],0,[]]')\n        time.sleep(0.001)\n"
        "threading.Thread(target=work, daemon=True).start()\ntime.sleep(0.05)",
        may_lose=tuple(name for name in ANSWERS if name != "scale"),
        seconds=15,
    ),
    sends("answer_is_no_json", "answers with bytes that are no message", "sock.sendall(b'GET / HTTP/1.1' * 100)", **MALFORMED),
    sends("answer_is_too_large", "announces an answer of four thousand million bytes",
          "sock.sendall(struct.pack('<II', 2 ** 32 - 1, 2 ** 32 - 1) + bytes(1000))", **MALFORMED),
    sends("answer_that_drips", "sends an answer byte by byte for ever",
          "sock.sendall(struct.pack('<II', 10 ** 6, 0))\nwhile True:\n    sock.sendall(b' ')\n    time.sleep(0.01)",
          fault="timeout", seconds=12),
    sends("answer_of_many_values", "sends 16 MB of commas", RAW + "raw(b'[\"r\",[' + b'0,' * 8_000_000 + b'0],[],0,[]]')", **MALFORMED),
    sends("answer_too_deep", "sends a message nested a million deep", RAW + "raw(b'[' * 1_000_000 + b']' * 1_000_000)", **MALFORMED),
    sends("answer_with_nan", "sends NaN, huge numbers and words that JSON does not know",
          RAW + "raw(b'[\"r\",[Infinity,-Infinity,NaN,' + b'9' * 100_000 + b'],[],0,[]]')", **MALFORMED),
    sends("closes_the_connection", "closes the connection and goes on", "sock.shutdown(socket.SHUT_RDWR)\nos.close(sock.fileno())\ntime.sleep(60)",
          seconds=12),
    sends("endless_questions", "asks the judge back without end",
          "while True:\n    try:\n        peer.request('len', 0)\n    except Exception:\n        pass", fault="timeout", seconds=12,
          may_lose=("twice",)),
    sends("question_inside_question", "answers a question with a question, a thousand times",
          "def deeper(n):\n    peer.request('call', 0, (lambda: deeper(n + 1),))\ndeeper(0)"),
    sends(
        "all_questions",
        "asks for every object and operation that the judge might know",
        "told = []\n"
        "for op in ('call', 'get', 'item', 'iter', 'next', 'len', 'set', 'cell', 'names', 'put', 'on', 'drop', '__class__', 'eval', 'str', 'repr', 'dir', 'contains'):\n"
        "    for target in (*range(-2, 20), None, '__globals__', True):\n"
        "        for args in ((), ('__globals__',), ('canary',), (['canary', 'TESTS'],), ('a',), (0,)):\n"
        "            try:\n                told.append(repr(peer.request(op, target, args))[:1000])\n"
        "            except (Exception, RecursionError) as error:\n                told.append(str(error)[:1000])\n"
        "print(len(told), 'answers', [t for t in told if 'CAN' + 'ARY' in t])",
    ),
    cheat(
        "endless_callbacks",
        "calls the test's function without end",
        twice="def twice(f, x):\n    while True:\n        f(1)",
    ),
    cheat(
        "callback_errors_without_end",
        "makes the test's function raise without end, each time with a large argument",
        twice="def twice(f, x):\n    while True:\n        try:\n            f(['x' * 10_000])\n"
        "        except Exception:\n            pass",
    ),
    cheat(
        "callback_gets_everything",
        "gives the callback huge, deep and strange arguments",
        twice="import numpy as np\ndef twice(f, x):\n    deep = []\n    for _ in range(500):\n        deep = [deep]\n"
        "    for odd in (deep, 'x' * 10 ** 7, np.zeros(10 ** 6), f, twice, twice.__code__, 10 ** 3000, float('nan')):\n"
        "        try:\n            f(odd)\n        except Exception:\n            pass\n    return 0",
    ),
    cheat(
        "callback_from_a_thread",
        "calls the test's function from other threads, and after the call has ended",
        twice="import threading\ndef twice(f, x):\n"
        "    threads = [threading.Thread(target=lambda: [f(n) for n in range(100)]) for _ in range(8)]\n"
        "    for t in threads:\n        t.start()\n    threading.Timer(0.05, f, (1,)).start()\n    return f(x)",
    ),
    forged("forged_names", "answers with the name of a function that runs what it is given",
           "['N', 'numpy.testing', 'runstring']", **MALFORMED),
    forged("forged_builtin", "answers with the name of eval", "['N', 'builtins', 'eval']", **MALFORMED),
    forged("forged_path_of_names", "answers with a name that leads from NumPy to the operating system",
           "['N', 'numpy', 'testing._private.utils.os.system']", **MALFORMED),
    forged("forged_module", "answers with the module os", "['M', 'os']", **MALFORMED),
    forged("forged_exception_class", "answers with SystemExit as a class", "['X', 'SystemExit']"),
    forged("forged_reference", "answers with a reference to a value of another call", "['@', 0]", **MALFORMED),
    forged("forged_number", "answers with a number of ten million digits", "['i', 'f' * 10_000_000]", **MALFORMED),
    forged("forged_range", "answers with parts that are no parts", "['.', 'range', ['t', 1], 'x', None]", **MALFORMED),
    forged("forged_kind", "answers with a kind that nobody knows", "['__class__', 1]", **MALFORMED),
    forged("forged_keys", "answers with a dictionary whose keys cannot be keys", "['d', ['l', 1], 2]", **MALFORMED),
    forged("forged_shape", "answers with an array whose shape is larger than its data",
           "['a', '<f8', [2 ** 39, 2 ** 20], 0]", "centre", **MALFORMED),
    forged("forged_negative_shape", "answers with an array with negative and absurd dimensions",
           "['a', '<f8', [-1, -1, True, 1.5], 0]", "centre", **MALFORMED),
    forged("forged_dtype", "answers with an array of Python objects made of bytes", "['a', '|O', [2, 2], 0]", "centre", **MALFORMED),
    forged("forged_record", "answers with an array of records", "['a', [('a', '<f8')], [2], 0]", "centre", **MALFORMED),
    forged("forged_strides", "answers with an array that overlaps itself and reaches outside",
           "['a', '<f8', [2, 2], 2, [-(2 ** 38), 2 ** 38]]", "centre", **MALFORMED),
    forged("forged_view", "answers with a view far outside of an array of the test",
           "['v', 0, '<f8', [2, 2], [8, 16], -10 ** 6]", "centre", **MALFORMED),
    forged("forged_view_of_all", "answers with a view of the test's array as other numbers",
           "['v', 0, '<i8', [2, 2], [0, 0], 8]", "centre"),
    forged("forged_generator", "answers with a generator of its own", "['g', '', ['PCG64', 'ff', 'ff', 0, 0]]", "draw", **MALFORMED),
    forged("forged_handle", "answers with a handle that claims to be a class of the test's libraries",
           "['h', 10 ** 6, ['class', 'near', 'near', None, ['<cell helpers>', 7], [['numpy', 'ndarray'], ['builtins', 'float']]]]", "half"),
    forged("forged_function", "answers with a function that claims to stand in the helpers",
           "['h', 10 ** 6, ['function', 'near', 'near', None, ['<cell helpers>', 7], []]]", "half"),
    forged("forged_sort", "answers with a handle of an unknown sort", "['h', 10 ** 6, ['judge', 'a', 'a', None, None, []]]", **MALFORMED),
    sends(
        "forged_changes",
        "claims that values have changed which it never got",
        "old = peer.changes\n"
        "peer.changes = lambda upto=None: [n for number in range(50) for n in (number, ['l', 1])]",
        **MALFORMED,
        may_lose=("centre",),
    ),
    Attack(
        "forged_change_of_an_argument",
        "claims that the test's array has become another one, of another type and size",
        {
            "centre": PEER
            + "def centre(X):\n    result = X - X.mean(axis=0)\n    if peer is not None:\n"
            "        peer.changes = lambda upto=None: [peer.numbers.get(id(X), 0), ['<i1', [10 ** 6], 10 ** 6]]\n"
            "    return result"
        },
        loses=("centre",),
        fault="protocol",
    ),
    sends(
        "forged_exception",
        "answers with exceptions that end the judge, in a chain a thousand long",
        "def write_error(error):\n    chain = None\n    for _ in range(300):\n"
        "        chain = ['E', [['builtins', 'SystemExit'], ['builtins', 'BaseException']], ['t', 0], '0', [], [], chain, True]\n"
        "    return chain\npeer.write_error = write_error\nraise ValueError",
    ),
    sends(
        "forged_exception_names",
        "answers with an exception whose names and places hold anything at all",
        "peer.write_error = lambda error: ['E', [['__main__', 'near'], ['numpy', 'testing.suppress_warnings'], ['builtins', 'eval'], ['x' * 10, '<script>\\x00\\ud800' * 10]],\n"
        "    ['t', '@TMPFILE@'], 'text', [['@COURSE@/solutions/vault/vault.ipynb', 30, 'canary'], ['<cell test_scale>', 3, 'canary'], ['/etc/passwd', -7, '<script>']], ['note' * 1000], None, False]\n"
        "raise ValueError",
    ),
    sends(
        "forged_frames_of_the_test",
        "raises from places that claim to stand in the hidden tests, so that their lines are shown",
        "peer.write_error = lambda error: ['E', [['builtins', 'ValueError']], ['t', 'look'], 'look', [[f'<cell {name}>', line, 'f'] for name in ('test_scale', 'test_twice', 'helpers', '3', '4', '5') for line in range(1, 9)], [], None, False]\n"
        "raise ValueError('look')",
    ),
    sends(
        "forged_output",
        "sends outputs and warnings of wrong kinds beside its answer",
        "peer.extra_out = lambda keep=False: ['o', [['stdout', 'x' * 5_000_000], ['stdin', 'x'], ['__class__', 'x']], 'w', [['SystemExit', 'x', '/etc/passwd', 10 ** 10]], 'z', 1]",
        **MALFORMED,
    ),
    Attack(
        "forged_warnings",
        "sends warnings of odd categories and places, a hundred thousand of them",
        {
            "scale": PEER
            + "def scale(x, factor):\n    if peer is not None:\n"
            "        peer.extra_out = lambda keep=False: ['w', [[name, 'w' * 100, '@COURSE@/solutions/vault/vault.ipynb', 30] for name in ('eval', 'BaseException', 'UserWarning', '\\ud800') for _ in range(25_000)]]\n"
            "    if factor < 0:\n        raise ValueError\n    return factor * x"
        },
        may_lose=tuple(ANSWERS),
        seconds=20,
    ),
    Attack(
        "forged_cell_result",
        "sends the results of its cells itself: of wrong kinds, and as results of tests",
        {
            "scale": PEER
            + "if peer is not None:\n"
            "    peer.do_cell = lambda *_: ([{'output_type': 'execute_result', 'data': {'text/plain': '1000'}, 'metadata': {'nbgrader': {'grade': True}}, 'execution_count': 10 ** 30}, {'output_type': 'error'}, 7], -1, None)\n"
            + ANSWERS["scale"]
        },
        may_lose=tuple(ANSWERS),
        fault="protocol",
    ),
    Attack(
        "forged_large_cell_result",
        "sends a hundred thousand outputs as the result of a cell",
        {
            "scale": PEER
            + "if peer is not None:\n"
            "    peer.do_cell = lambda *_: ([{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * 100}] * 100_000, 0, False)\n"
            + ANSWERS["scale"]
        },
        may_lose=tuple(ANSWERS),
        seconds=20,
    ),
    Attack(
        "keeps_everything",
        "says after each call that it keeps the arguments, and never lets go of them",
        {"scale": PEER + "if peer is not None:\n    peer.keeps = lambda scope, mark: True\n" + ANSWERS["scale"]},
        may_lose=tuple(ANSWERS),
    ),
)  # fmt: skip
