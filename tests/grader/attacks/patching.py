"""Attacks that change the tools of the test: names, modules, built-ins, the shell, the types."""

from dataclasses import replace

from tests.grader.attacks.attack import Attack, cheat, family
from tests.grader.attacks.course import TESTS

WRONG = {
    "scale": "def scale(x, factor):\n    return 0",
    "centre": "def centre(X):\n    return 0",
    "half": "def half(x):\n    return 0.0",
}


def tools(name, tries, code, **more):
    """Return an attack that answers three questions wrongly, after `code` has changed something."""
    return replace(cheat(name, tries, before=code, **WRONG), **more)


ATTACKS = family(
    "changing the tools",
    tools(
        "own_helpers",
        "defines the test's helpers near and passes again",
        "def near(*_):\n    return True\npasses = lambda claim: True\n"
        "global_names = globals()\nglobal_names.update(near=near, passes=passes)",
    ),
    tools(
        "own_builtins",
        "defines abs, float, isinstance, sum, len, round, str and the like",
        "class Same(float):\n    __eq__ = __lt__ = __gt__ = lambda *_: True\n"
        "abs = float = round = max = min = lambda *_: Same()\nisinstance = lambda *_: True\n"
        "sum = lambda *_: 20\nlen = lambda *_: 2\nprint = str = repr = lambda *_: ''\nbool = all = any = isinstance",
    ),
    tools(
        "patched_builtins",
        "changes the builtins module itself",
        "import builtins\nfor name in ('isinstance', 'all', 'any', 'bool', 'callable'):\n"
        "    setattr(builtins, name, lambda *_: True)\n"
        "builtins.abs = builtins.max = builtins.min = lambda *_: 0.0\nbuiltins.sum = lambda *_: 20\n"
        "builtins.AssertionError = type('AssertionError', (Warning,), {})",
    ),
    tools(
        "own_numpy",
        "puts an object in the place of np, math, os and tempfile",
        "class Fake:\n    float64 = float\n    ndarray = object\n    def __getattr__(self, name):\n"
        "        return Fake()\n    def __call__(self, *_, **__):\n        return Fake()\n"
        "    __eq__ = __lt__ = __gt__ = __le__ = __bool__ = lambda *_: True\n"
        "    __sub__ = __rsub__ = __abs__ = lambda *_: 0\n"
        "np = math = Fake()",
    ),
    tools(
        "patched_numpy",
        "changes the functions of numpy and numpy.testing in place",
        "import numpy as np\nfor name in ('assert_allclose', 'assert_array_equal', 'assert_equal'):\n"
        "    setattr(np.testing, name, lambda *_, **__: None)\n"
        "for name in ('allclose', 'isclose', 'array_equal', 'all', 'any'):\n"
        "    setattr(np, name, lambda *_, **__: np.True_)\nnp.abs = lambda *_: np.zeros(1)\n"
        "import math\nmath.isclose = lambda *_, **__: True",
    ),
    tools(
        "patched_helper_code",
        "changes the code of the locked helper functions in place",
        "near.__code__ = (lambda a, b, tolerance=0: True).__code__\n"
        "passes.__code__ = (lambda claim: True).__code__",
    ),
    tools(
        "replaced_modules",
        "puts its own modules into sys.modules and in front of the import system",
        "import sys, types\nfake = types.ModuleType('numpy.testing')\n"
        "fake.assert_allclose = fake.assert_array_equal = lambda *_, **__: None\n"
        "import numpy\nsys.modules['numpy.testing'] = numpy.testing = fake\n"
        "class Finder:\n    def find_spec(self, name, path=None, target=None):\n"
        "        print('asked for', name)\n        return None\nsys.meta_path.insert(0, Finder())",
    ),
    tools(
        "ast_transformer",
        "has the shell delete every assertion before it runs a cell",
        "import ast\nclass NoAsserts(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n        return ast.copy_location(ast.Pass(), node)\n"
        "    def visit_Expr(self, node):\n        if 'claims' in ast.dump(node):\n"
        "            node.value = ast.Constant(20)\n        return ast.fix_missing_locations(node)\n"
        "get_ipython().ast_transformers.append(NoAsserts())",
    ),
    tools(
        "input_transformer",
        "has the shell replace the text of every test cell",
        "def empty(lines):\n    text = ''.join(lines)\n"
        "    if 'claims' in text:\n        return ['20']\n"
        "    return ['pass'] if 'assert' in text else lines\n"
        "get_ipython().input_transformers_cleanup.append(empty)\n"
        "get_ipython().input_transformers_post.append(empty)",
    ),
    tools(
        "display_hook",
        "has the shell show 1000 as the value of every cell",
        "import sys\nshell = get_ipython()\n"
        "shell.events.register('pre_run_cell', lambda info: print('1000'))\n"
        "kind = type(shell.displayhook)\n"
        "kind.compute_format_data = lambda self, result: ({'text/plain': '1000'}, {})\n"
        "shell.events.register('post_run_cell', lambda result: shell.displayhook(1000))",
    ),
    tools(
        "patched_shell",
        "replaces run_cell, do_execute and the printing of tracebacks",
        "shell = get_ipython()\n"
        "def silent(*_, **__):\n    pass\n"
        "for name in ('showtraceback', '_showtraceback', 'showsyntaxerror'):\n"
        "    setattr(type(shell), name, silent)\n    setattr(shell, name, silent)\n"
        "shell.set_custom_exc((BaseException,), lambda *_, **__: None)\n"
        "kernel = getattr(shell, 'kernel', None)\n"
        "if kernel is not None:\n"
        "    async def do_execute(*_, **__):\n"
        "        return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}\n"
        "    kernel.do_execute = do_execute",
    ),
    tools(
        "patched_compile",
        "replaces compile, exec and the compiler of the shell by ones that drop assertions",
        "import builtins\nold = builtins.compile\n"
        "def tame(source, *rest, **more):\n"
        "    if isinstance(source, str):\n        source = source.replace('assert ', '0 and ')\n"
        "    return old(source, *rest, **{**more, 'optimize': 2})\nbuiltins.compile = tame\n"
        "shell = get_ipython()\ncompiler = type(shell.compile)\n"
        "ask = compiler.__call__\n"
        "compiler.__call__ = lambda self, tree, name, symbol: old(tree, name, symbol, 0, True, 2)",
    ),
    tools(
        "patched_float",
        "overwrites the comparison of float in the interpreter's memory",
        "import ctypes\n"
        "class Type(ctypes.Structure):\n"
        "    _fields_ = [('head', ctypes.c_ssize_t * 25), ('compare', ctypes.c_void_p)]\n"
        "Compare = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)\n"
        "always = Compare(lambda a, b, how: True)\n"
        "Type.from_address(id(float)).compare = ctypes.cast(always, ctypes.c_void_p).value\n"
        "print('patched', 1.0 == 2.0)",
    ),
    tools(
        "patched_small_ints",
        "overwrites small integers in the interpreter's memory, so that 6 and -35 are 0",
        "import ctypes\n"
        "for value in (6, -35):\n    if -6 < value < 257:\n"
        "        ctypes.c_ssize_t.from_address(id(value) + 16).value = 0\n"
        "        ctypes.c_int32.from_address(id(value) + 24).value = 0",
        # Hardly anything in its own process works after that.
        may_lose=tuple(TESTS),
        seconds=40,
    ),
    tools(
        "namespace_that_lies",
        "replaces the namespace of the notebook by a dictionary that hides the tests' names",
        "class Lies(dict):\n    def __getitem__(self, key):\n"
        "        return 20 if key in ('claims', 'sum') else dict.__getitem__(self, key)\n"
        "shell = get_ipython()\n"
        "try:\n    shell.user_ns = shell.user_global_ns = Lies(shell.user_ns)\n"
        "except Exception as error:\n    print(type(error).__name__)",
    ),
    tools(
        "debugging_off",
        "switches assertions off for code that is compiled later",
        "import ctypes, sys\ntry:\n"
        "    ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag').value = 2\n"
        "except ValueError as error:\n    print(error)\nsys.dont_write_bytecode = True",
    ),
    tools(
        "numpy_error_state",
        "switches NumPy's warnings, printing and global settings, to change the tests' own numbers",
        "import numpy as np, decimal, locale\nnp.seterr(all='raise')\n"
        "np.set_printoptions(formatter={'all': lambda x: '0'})\ndecimal.getcontext().prec = 1\n"
        "np.random.normal = np.random.uniform = lambda *_, **__: 0.0",
    ),
    Attack(
        "random_numbers_of_zero",
        "replaces the random numbers from which a test makes its question",
        {
            "half": "import numpy as np\nnp.random.uniform = lambda *_: 0.0\n"
            "np.random.seed = lambda *_: None\ndef half(x):\n    return 0.0"
        },
        loses=("half",),
    ),
    Attack(
        "generator_set_back",
        "sets the state of the generator that it is given, so that later draws are known",
        {
            "draw": "import numpy as np\ndef draw(rng, n):\n"
            "    rng.bit_generator.state = np.random.default_rng(0).bit_generator.state\n"
            "    return 2 * np.random.default_rng(3).normal(size=n)"
        },
        loses=("draw",),
    ),
    Attack(
        "generator_of_zeros",
        "changes class, methods and bits of the generator that it is given",
        {
            "draw": "import numpy as np\ndef draw(rng, n):\n"
            "    for change in (lambda: setattr(rng, 'random', lambda *_: 0),\n"
            "                   lambda: setattr(type(rng), 'normal', lambda *_, **__: np.zeros(n)),\n"
            "                   lambda: setattr(rng, '__class__', dict),\n"
            "                   lambda: rng.bit_generator.advance(2 ** 127),\n"
            "                   lambda: rng.__setstate__(np.random.default_rng(1).__getstate__())):\n"
            "        try:\n            change()\n        except Exception:\n            pass\n"
            "    return np.zeros(n)"
        },
        loses=("draw",),
    ),
    Attack(
        "generator_out_of_reach",
        "advances the generator by an amount that nobody can find out",
        {
            "draw": "def draw(rng, n):\n    twice = 2 * rng.normal(size=n)\n"
            "    rng.bit_generator.advance(2 ** 90 + 12345)\n    return twice"
        },
        loses=("draw",),
    ),
    Attack(
        "visible_checks_by_heart",
        "returns the answers of the visible checks, and the callers' numbers as counted calls",
        {
            "scale": "calls = 0\ndef scale(x, factor):\n    global calls\n    calls += 1\n"
            "    return {1: 6, 2: -34}.get(calls, 0)",
            "momentum": "class Momentum:\n    answers = iter([0.8, 0.6])\n"
            "    def __init__(self, *_):\n        self.velocity = 0\n"
            "    def step(self, *_):\n        return next(self.answers)",
        },
        loses=("scale", "momentum"),
    ),
)
