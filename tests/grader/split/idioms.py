"""The common idioms of tests in notebooks: a right answer, a wrong one, and a test of each.

`works` says whether the idiom works when test and answer run in two processes: the right answer
must pass and the wrong one must fail. For the others `remedy` says what to write instead.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Idiom:
    name: str
    answer: str
    wrong: str
    test: str
    works: bool = True
    remedy: str = ""

    def __str__(self):
        return self.name


IDIOMS = [
    Idiom("== on a result", "def f(x):\n    return [x, (x, {'a': {1, 2}})]",
          "def f(x):\n    return [x, [x, {'a': {1, 2}}]]",
          "assert f(3) == [3, (3, {'a': {1, 2}})]"),
    Idiom("np.allclose", "import numpy as np\ndef f(x):\n    return x / 3",
          "def f(x):\n    return x / 3.1",
          "import numpy as np\nassert np.allclose(f(np.arange(3.0)), np.arange(3) / 3)"),
    Idiom("np.testing.assert_array_equal", "def f(x):\n    return x[::-1].T",
          "def f(x):\n    return x.T",
          "import numpy as np\nx = np.arange(6).reshape(2, 3)\n"
          "np.testing.assert_array_equal(f(x), x[::-1].T)"),
    Idiom("isinstance of an array or a number", "import numpy as np\ndef f(x):\n    return np.zeros(x), 1.5",
          "def f(x):\n    return [0.0] * x, 1",
          "import numpy as np\na, b = f(3)\nassert isinstance(a, np.ndarray) and isinstance(b, float)"),
    Idiom("an exception that must be raised",
          "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x",
          "def f(x):\n    return x",
          "try:\n    f(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no error')"),
    Idiom("the message of an exception", "def f(x):\n    raise KeyError(f'no {x}')",
          "def f(x):\n    raise KeyError('no')",
          "try:\n    f('key')\nexcept KeyError as error:\n    assert 'no key' in str(error)"),
    Idiom("an argument changed in place", "def f(x, names):\n    x[0] = 7\n    names.append('b')",
          "def f(x, names):\n    x = x + 1\n    names = names + ['b']",
          "import numpy as np\nx, names = np.zeros(3), ['a']\nf(x, names)\n"
          "assert x.tolist() == [7, 0, 0] and names == ['a', 'b']"),
    Idiom("an argument that must not be changed", "def f(x):\n    return x + 1",
          "def f(x):\n    x += 1\n    return x",
          "import numpy as np\nx = np.zeros(3)\ncopy = x.copy()\nf(x)\nassert np.array_equal(x, copy)"),
    Idiom("the result is, or is not, the argument", "def f(x, y):\n    return x, y.copy(), x[1:]",
          "def f(x, y):\n    return x.copy(), y, x[1:].copy()",
          "import numpy as np\nx, y = np.zeros(3), np.zeros(3)\na, b, c = f(x, y)\n"
          "assert a is x and b is not y and not np.shares_memory(b, y) and np.shares_memory(c, x)"),
    Idiom("a generator passed on", "def f(rng):\n    return rng.normal(size=3)",
          "import numpy as np\ndef f(rng):\n    return np.random.default_rng(0).normal(size=3)",
          "import numpy as np\none, two = np.random.default_rng(5), np.random.default_rng(5)\n"
          "for _ in range(3):\n    assert np.array_equal(f(one), two.normal(size=3))\n"
          "    assert one.integers(9) == two.integers(9)"),
    Idiom("np.random.seed", "import numpy as np\ndef f():\n    return np.random.rand(3)",
          "import numpy as np\ndef f():\n    return np.random.default_rng(0).random(3)",
          "import numpy as np\nnp.random.seed(3)\ngot = f()\nnp.random.seed(3)\n"
          "assert np.array_equal(got, np.random.rand(3))\n"
          "import random\nrandom.seed(1)\n"),
    Idiom("what a function prints", "def f(x):\n    print('x is', x)", "def f(x):\n    print('x =', x)",
          "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    f(3)\n"
          "assert out.getvalue() == 'x is 3\\n'"),
    Idiom("a function as argument",
          "def f(g, x):\n    total = 0\n    for k in range(3):\n        x[0] = k\n        total += g(x)\n    return total",
          "def f(g, x):\n    return g(x)",
          "import numpy as np\nseen = []\ndef g(x):\n    seen.append(x.copy())\n    return x.sum()\n"
          "assert f(g, np.ones(2)) == 6 and len(seen) == 3 and seen[2][0] == 2"),
    Idiom("generator functions", "def f(n):\n    k = 0\n    while True:\n        yield k\n        k += n",
          "def f(n):\n    yield 0",
          "import itertools\nassert list(itertools.islice(f(3), 4)) == [0, 3, 6, 9]"),
    Idiom("classes with state",
          "class Counter:\n    def __init__(self, start=0):\n        self.count = start\n"
          "    def step(self, by=1):\n        self.count += by\n        return self\n"
          "    def __len__(self):\n        return self.count\n    def __call__(self, x):\n        return x * self.count\n"
          "    def __add__(self, other):\n        return Counter(self.count + other.count)",
          "class Counter:\n    def __init__(self, start=0):\n        self.count = start\n"
          "    def step(self, by=1):\n        return self",
          "c = Counter(2)\nc.step().step(by=3)\nassert c.count == 6 and len(c) == 6 and c(2) == 12\n"
          "c.count = 1\nassert (c + Counter(4)).count == 5 and isinstance(c, Counter)"),
    Idiom("an object that keeps arrays of the test and changes them",
          "class SGD:\n    def __init__(self, params, lr):\n        self.params, self.lr = params, lr\n"
          "    def step(self, grads):\n        for p, g in zip(self.params, grads):\n            p -= self.lr * g",
          "class SGD:\n    def __init__(self, params, lr):\n        self.params, self.lr = [p.copy() for p in params], lr\n"
          "    def step(self, grads):\n        for p, g in zip(self.params, grads):\n            p -= self.lr * g",
          "import numpy as np\nw, b = np.ones(2), np.ones(1)\nopt = SGD([w, b], 0.5)\nopt.step([np.ones(2), np.ones(1)])\n"
          "assert w.tolist() == [0.5, 0.5] and b.tolist() == [0.5]\nw[0] = 9\nopt.step([np.ones(2), np.ones(1)])\n"
          "assert w.tolist() == [8.5, 0.0]"),
    Idiom("keyword arguments and defaults", "def f(a, *, scale=2, **more):\n    return a * scale + sum(more.values())",
          "def f(a, *, scale=3, **more):\n    return a * scale",
          "assert f(3) == 6 and f(a=3, scale=1, x=1, y=2) == 6"),
    Idiom("recursion and functions that call one another", "def odd(n):\n    return n > 0 and not odd(n - 1)",
          "def odd(n):\n    return n > 0 and odd(n - 1)", "assert odd(7) and not odd(30)"),
    Idiom("__name__, __doc__ and inspect.signature",
          "def f(x, y=2, *rest):\n    '''Add.'''\n    return x + y", "def f(x, y=3):\n    return x + y",
          "import inspect\nassert f.__name__ == 'f' and f.__doc__ == 'Add.'\n"
          "assert str(inspect.signature(f)) == '(x, y=2, *rest)' and callable(f)"),
    Idiom("inspect.getsource", "def f(x):\n    total = 0\n    for v in x:\n        total += v\n    return total",
          "def f(x):\n    return sum(x)",
          "import inspect, ast\ntext = inspect.getsource(f)\n"
          "assert any(isinstance(node, ast.For) for node in ast.walk(ast.parse(text)))\nassert 'sum' not in text"),
    Idiom("a limit on time", "def f(n):\n    return n", "import time\ndef f(n):\n    time.sleep(0.3)\n    return n",
          "import time\nbegan = time.perf_counter()\nf(3)\nassert time.perf_counter() - began < 0.2"),
    Idiom("warnings", "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning)\n    return 1",
          "def f():\n    return 1",
          "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n    f()\n"
          "assert len(seen) == 1 and seen[0].category is DeprecationWarning"),
    Idiom("np.errstate", "import numpy as np\ndef f(x):\n    return np.exp(-np.abs(x))",
          "import numpy as np\ndef f(x):\n    return 1 / np.exp(np.abs(x))",
          "import numpy as np\nwith np.errstate(over='raise'):\n    f(np.array([1e4]))"),
    Idiom("a global of the answer set by the test", "RATE = 0.1\ndef f(x):\n    return RATE * x",
          "def f(x):\n    return 0.1 * x", "RATE = 2\nassert f(3) == 6"),
    Idiom("a function of the answer replaced by the test",
          "def inner(x):\n    return x + 1\ndef outer(x):\n    return inner(x) * 2",
          "def inner(x):\n    return x + 1\ndef outer(x):\n    return (x + 1) * 2",
          "from unittest import mock\nwith mock.patch.dict(outer.__globals__, {'inner': lambda x: 100}):\n"
          "    assert outer(1) == 200\nassert outer(1) == 4"),
    Idiom("print or input replaced by the test", "def f():\n    print('hello ' + input('name? '))",
          "def f():\n    print('hello')",
          "from unittest import mock\nwith mock.patch('builtins.input', lambda prompt='': 'Ada'), "
          "mock.patch('builtins.print') as said:\n    f()\nsaid.assert_called_once_with('hello Ada')"),
    Idiom("state kept between calls and cells", "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)",
          "def f(x):\n    return 1", "assert f(1) == 1 and f(2) == 2 and calls == [1, 2]"),
    Idiom("other objects as opaque values",
          "import datetime\nclass Box:\n    def __init__(self, value):\n        self.value = value\n"
          "def pack(x):\n    return Box(x)\ndef unpack(box):\n    return box.value",
          "def pack(x):\n    return None\ndef unpack(box):\n    return 1",
          "assert unpack(pack(3)) == 3 and pack(4).value == 4"),
    Idiom("context managers and iterables of the answer",
          "class Batches:\n    def __init__(self, n):\n        self.n = n\n    def __enter__(self):\n        return self\n"
          "    def __exit__(self, *error):\n        return False\n    def __iter__(self):\n        return iter(range(self.n))\n"
          "    def __getitem__(self, i):\n        return i * 10",
          "class Batches:\n    def __init__(self, n):\n        self.n = n\n    def __enter__(self):\n        return self\n"
          "    def __exit__(self, *error):\n        return False\n    def __iter__(self):\n        return iter([])",
          "with Batches(3) as batches:\n    assert list(batches) == [0, 1, 2] and batches[2] == 20"),
    Idiom("files written and read", "def save(path, text):\n    with open(path, 'w') as file:\n        file.write(text)\n"
          "def load(path):\n    with open(path) as file:\n        return file.read()",
          "def save(path, text):\n    pass\ndef load(path):\n    return 'x'",
          "import tempfile, pathlib\nwith tempfile.TemporaryDirectory() as folder:\n"
          "    path = pathlib.Path(folder) / 'a.txt'\n    save(path, 'hello')\n    assert path.read_text() == 'hello'\n"
          "    path.write_text('other')\n    assert load(str(path)) == 'other'"),
    Idiom("== on an object of the answer",
          "class Point:\n    def __init__(self, x):\n        self.x = x\n    def __eq__(self, other):\n        return self.x == other.x",
          "class Point:\n    def __init__(self, x):\n        self.x = 0\n    def __eq__(self, other):\n        return self.x == other.x",
          "assert Point(1) == Point(1) and Point(1).x == 1", works=False,
          remedy="compare plain data of the objects, such as their attributes: an answer's own == "
                 "would decide about its points"),
    Idiom("except with an exception class of the answer",
          "class Bad(Exception):\n    pass\ndef f():\n    raise Bad('no')",
          "class Bad(Exception):\n    pass\ndef f():\n    return 1",
          "try:\n    f()\nexcept Bad:\n    pass\nelse:\n    raise AssertionError('no error')", works=False,
          remedy="define the exception in a given cell, or catch Exception and compare "
                 "type(error).__name__"),
    Idiom("a result changed by the test, and seen by the answer",
          "state = [0]\ndef get():\n    return state\ndef first():\n    return state[0]",
          "def get():\n    return [0]\ndef first():\n    return 0",
          "get()[0] = 5\nassert first() == 5", works=False,
          remedy="what an answer returns is a copy: pass it back as an argument, or call a method "
                 "of the answer that changes it"),
]
