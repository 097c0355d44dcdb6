"""Attacks that look at whoever calls them: frames, hooks, handles on the test's own functions."""

from tests.grader.attacks.attack import TELL, Attack, cheat, family, spy
from tests.grader.attacks.course import ANSWERS

LOOK = (
    TELL
    + '''
def look(thing, where, depth=3, seen=None):
    """Print every secret word that can be reached from `thing` by attributes and items."""
    seen = set() if seen is None else seen
    if id(thing) in seen or depth < 0 or len(seen) > 4000:
        return
    seen.add(id(thing))
    if isinstance(thing, (str, bytes)):
        return tell(where, thing)
    names = []
    for ask in (dir, vars):
        try:
            names += list(ask(thing))
        except BaseException:
            pass
    for name in {*map(str, names), "__globals__", "__closure__", "__code__", "__defaults__", "__self__",
                 "__dict__", "__func__", "__wrapped__", "_secret", "__init__", "__call__", "__class__"}:
        try:
            look(getattr(thing, name), f"{where}.{name}", depth - 1, seen)
        except BaseException:
            continue
    if isinstance(thing, dict):
        for key, value in list(thing.items())[:500]:
            look(value, f"{where}[{key!r:.40}]", depth - 1, seen)
    if isinstance(thing, (list, tuple)):
        for value in thing[:500]:
            look(value, f"{where}[]", depth - 1, seen)
    if hasattr(thing, "cell_contents"):
        look(thing.cell_contents, where, depth - 1, seen)
    if hasattr(thing, "co_consts"):
        look(thing.co_consts, where, depth, seen)
'''
)
TWICE = """
def twice(f, x):
    for attempt in (lambda: look(f, "the callback"), {more}):
        try:
            attempt()
        except Exception:
            pass
    print("looked around")
    return f(f(x))"""


def caller(name, tries, more, cell="scale", **extra):
    """Return an attack that looks around inside one of its functions, then answers honestly."""
    lines = ANSWERS[cell].splitlines()
    head = lines.index(next(line for line in lines if line.startswith("def ")))
    body = [
        *("    try:", *(f"        {line}" for line in more.strip().splitlines())),
        *("    except Exception as error:", "        print(type(error).__name__)"),
        "    print('looked around')",
    ]
    text = "\n".join([LOOK, *lines[: head + 1], *body, *lines[head + 1 :]])
    return Attack(name, tries, {cell: text}, shows="looked around", **extra)


ATTACKS = family(
    "looking at the tests",
    caller(
        "frames_of_the_caller",
        "walks up the call stack and reads the local names of the test",
        """
frame = sys._getframe()
while frame is not None:
    for space in (frame.f_locals, frame.f_globals):
        for key, value in list(space.items()):
            if isinstance(value, (str, bytes, list, tuple, dict)):
                tell(f"{frame.f_code.co_name}.{key}", repr(value)[:100_000])
    tell("code", repr(frame.f_code.co_consts))
    frame = frame.f_back
""",
    ),
    caller(
        "frames_of_all_threads",
        "reads the frames of every thread of its process",
        """
for number, frame in sys._current_frames().items():
    while frame is not None:
        tell("thread", repr(frame.f_code.co_consts) + repr(frame.f_locals)[:100_000])
        frame = frame.f_back
""",
    ),
    caller(
        "source_of_the_caller",
        "asks inspect and linecache for the source of its callers",
        """
import inspect, linecache
for entry in inspect.stack(context=1000):
    tell("stack", "".join(entry.code_context or ()))
for name, entry in list(linecache.cache.items()):
    tell("linecache", repr(entry))
""",
    ),
    spy(
        "audit_hook",
        "prints what Python's audit hook shows of every piece of code that is compiled",
        """
def listen(event, arguments):
    if event in ("compile", "exec", "open"):
        for argument in arguments:
            if isinstance(argument, (str, bytes)):
                tell(event, argument)
            elif hasattr(argument, "co_consts"):
                tell(event, repr(argument.co_consts))
sys.addaudithook(listen)
""",
    ),
    spy(
        "trace_function",
        "traces every line that runs after it, and the constants of the code",
        """
import threading
def trace(frame, event, argument):
    tell("trace", repr(frame.f_code.co_consts))
    return trace
sys.settrace(trace)
threading.settrace(trace)
sys.setprofile(trace)
frame = sys._getframe()
while frame is not None:
    frame.f_trace = trace
    frame = frame.f_back
""",
    ),
    spy(
        "shell_events",
        "registers for the shell's events and prints the cells that run after it",
        """
def show(info):
    tell("pre_run_cell", info.raw_cell)
def show_result(result):
    tell("post_run_cell", result.info.raw_cell)
get_ipython().events.register("pre_run_cell", show)
get_ipython().events.register("post_run_cell", show_result)
""",
    ),
    Attack(
        "history_afterwards",
        "prints the inputs of all earlier cells from an extra cell at the end",
        change=lambda notebook: notebook["cells"].append(
            {
                **{"cell_type": "code", "id": "extra", "metadata": {}, "outputs": []},
                "execution_count": None,
                "source": LOOK
                + "for name in ('In', '_ih', 'Out', 'canary', 'remember', 'f'):\n"
                + "    look(globals().get(name), name)\n"
                + "%history\nprint('looked around')",
            }
        ),
        shows="looked around",
    ),
    Attack(
        "callback_attributes",
        "searches the function that the test passes for globals, closure, defaults and code",
        {"twice": LOOK + TWICE.format(more="lambda: look(f.__globals__, 'globals', 5)")},
    ),
    Attack(
        "callback_class",
        "walks from the callback to its class, its bases, their subclasses and their modules",
        {
            "twice": LOOK
            + TWICE.format(
                more="""
        lambda: look(type(f).__mro__, 'mro', 2), lambda: look(f.__class__.__init__.__globals__, 'class', 5),
        lambda: [look(c, c.__name__, 0) for c in object.__subclasses__()],
        lambda: look(f.__reduce_ex__(4), 'reduce', 5), lambda: look(f.__func__.__globals__, 'func', 5),
        lambda: look(sys.modules[f.__module__], 'module', 1), lambda: print(f._secret, f.__dict__)"""
            )
        },
    ),
    Attack(
        "callback_error",
        "makes the callback fail and walks through the frames of the exception",
        {
            "twice": LOOK
            + """
def twice(f, x):
    for bad in ("bad", None, [], object()):
        try:
            f(bad)
        except Exception as error:
            look(error, "error", 4)
            while error is not None:
                trace = error.__traceback__
                while trace is not None:
                    look(trace.tb_frame.f_locals, "locals", 3)
                    look(trace.tb_frame.f_globals, "globals", 3)
                    trace = trace.tb_next
                error = error.__cause__ or error.__context__
    print("looked around")
    return f(f(x))"""
        },
        loses=("twice",),  # the test counts the calls that it gets
    ),
    Attack(
        "callback_codes",
        "gives the callback objects that run code when they are compared, hashed or printed",
        {
            "twice": LOOK
            + """
class Probe:
    def _spy(self, *rest):
        frame = sys._getframe(1)
        while frame is not None:
            tell("probe", repr(frame.f_code.co_consts) + repr(list(frame.f_locals))[:10_000])
            frame = frame.f_back
        return 1
    __eq__ = __add__ = __radd__ = __mul__ = __rmul__ = __hash__ = __bool__ = __len__ = _spy
    def __repr__(self):
        self._spy()
        return "1"

def twice(f, x):
    try:
        f(Probe())
    except Exception:
        pass
    print("looked around")
    return f(f(x))"""
        },
    ),
    cheat(
        "error_names_a_file",
        "raises a SyntaxError that names a line of the source notebook, which tracebacks print",
        "scale",
        scale="""
def scale(x, factor):
    for line in range(1, 400):
        try:
            raise SyntaxError("look", ("@COURSE@/solutions/vault/vault.ipynb", line, 1, None))
        except SyntaxError as error:
            if line == 30 + abs(int(x)) % 300:
                raise""",
    ),
    cheat(
        "frames_name_a_file",
        "raises from code compiled as if it stood in the source notebook, whose lines are shown",
        "scale",
        scale="""
def scale(x, factor):
    code = chr(10) * 39 + "raise ValueError('look at the lines')"
    exec(compile(code, "@COURSE@/solutions/vault/vault.ipynb", "exec"))""",
    ),
    cheat(
        "error_names_the_test",
        "raises a NameError and an AttributeError that make Python suggest names of the test",
        "scale",
        scale="""
def scale(x, factor):
    if x == 2:
        return 6
    raise NameError("name 'canarx' is not defined", name="canarx")""",
    ),
    Attack(
        "prints_its_arguments",
        "prints every argument that the hidden tests pass to it (not defended: see the threat model)",
        {"scale": ANSWERS["scale"].replace("\n", "\n    print('got', x, factor)\n", 1)},
    ),
)
