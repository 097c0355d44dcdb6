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
    Idiom(
        "== on a result",
        """\
def f(x):
    return [x, (x, {'a': {1, 2}})]""",
        """\
def f(x):
    return [x, [x, {'a': {1, 2}}]]""",
        "assert f(3) == [3, (3, {'a': {1, 2}})]",
    ),
    Idiom(
        "np.allclose",
        """\
import numpy as np
def f(x):
    return x / 3""",
        """\
def f(x):
    return x / 3.1""",
        """\
import numpy as np
assert np.allclose(f(np.arange(3.0)), np.arange(3) / 3)""",
    ),
    Idiom(
        "np.testing.assert_array_equal",
        """\
def f(x):
    return x[::-1].T""",
        """\
def f(x):
    return x.T""",
        """\
import numpy as np
x = np.arange(6).reshape(2, 3)
np.testing.assert_array_equal(f(x), x[::-1].T)""",
    ),
    Idiom(
        "isinstance of an array or a number",
        """\
import numpy as np
def f(x):
    return np.zeros(x), 1.5""",
        """\
def f(x):
    return [0.0] * x, 1""",
        """\
import numpy as np
a, b = f(3)
assert isinstance(a, np.ndarray) and isinstance(b, float)""",
    ),
    Idiom(
        "an exception that must be raised",
        """\
def f(x):
    if x < 0:
        raise ValueError('negative')
    return x""",
        """\
def f(x):
    return x""",
        """\
try:
    f(-1)
except ValueError:
    pass
else:
    raise AssertionError('no error')""",
    ),
    Idiom(
        "the message of an exception",
        """\
def f(x):
    raise KeyError(f'no {x}')""",
        """\
def f(x):
    raise KeyError('no')""",
        """\
try:
    f('key')
except KeyError as error:
    assert 'no key' in str(error)""",
    ),
    Idiom(
        "an argument changed in place",
        """\
def f(x, names):
    x[0] = 7
    names.append('b')""",
        """\
def f(x, names):
    x = x + 1
    names = names + ['b']""",
        """\
import numpy as np
x, names = np.zeros(3), ['a']
f(x, names)
assert x.tolist() == [7, 0, 0] and names == ['a', 'b']""",
    ),
    Idiom(
        "an argument that must not be changed",
        """\
def f(x):
    return x + 1""",
        """\
def f(x):
    x += 1
    return x""",
        """\
import numpy as np
x = np.zeros(3)
copy = x.copy()
f(x)
assert np.array_equal(x, copy)""",
    ),
    Idiom(
        "the result is, or is not, the argument",
        """\
def f(x, y):
    return x, y.copy(), x[1:]""",
        """\
def f(x, y):
    return x.copy(), y, x[1:].copy()""",
        """\
import numpy as np
x, y = np.zeros(3), np.zeros(3)
a, b, c = f(x, y)
assert a is x and b is not y and not np.shares_memory(b, y) and np.shares_memory(c, x)""",
    ),
    Idiom(
        "a generator passed on",
        """\
def f(rng):
    return rng.normal(size=3)""",
        """\
import numpy as np
def f(rng):
    return np.random.default_rng(0).normal(size=3)""",
        """\
import numpy as np
one, two = np.random.default_rng(5), np.random.default_rng(5)
for _ in range(3):
    assert np.array_equal(f(one), two.normal(size=3))
    assert one.integers(9) == two.integers(9)""",
    ),
    Idiom(
        "np.random.seed",
        """\
import numpy as np
def f():
    return np.random.rand(3)""",
        """\
import numpy as np
def f():
    return np.random.default_rng(0).random(3)""",
        """\
import numpy as np
np.random.seed(3)
got = f()
np.random.seed(3)
assert np.array_equal(got, np.random.rand(3))
import random
random.seed(1)
""",
    ),
    Idiom(
        "what a function prints",
        """\
def f(x):
    print('x is', x)""",
        """\
def f(x):
    print('x =', x)""",
        """\
import io, contextlib
out = io.StringIO()
with contextlib.redirect_stdout(out):
    f(3)
assert out.getvalue() == 'x is 3\\n'""",
    ),
    Idiom(
        "a function as argument",
        """\
def f(g, x):
    total = 0
    for k in range(3):
        x[0] = k
        total += g(x)
    return total""",
        """\
def f(g, x):
    return g(x)""",
        """\
import numpy as np
seen = []
def g(x):
    seen.append(x.copy())
    return x.sum()
assert f(g, np.ones(2)) == 6 and len(seen) == 3 and seen[2][0] == 2""",
    ),
    Idiom(
        "generator functions",
        """\
def f(n):
    k = 0
    while True:
        yield k
        k += n""",
        """\
def f(n):
    yield 0""",
        """\
import itertools
assert list(itertools.islice(f(3), 4)) == [0, 3, 6, 9]""",
    ),
    Idiom(
        "classes with state",
        """\
class Counter:
    def __init__(self, start=0):
        self.count = start
    def step(self, by=1):
        self.count += by
        return self
    def __len__(self):
        return self.count
    def __call__(self, x):
        return x * self.count
    def __add__(self, other):
        return Counter(self.count + other.count)""",
        """\
class Counter:
    def __init__(self, start=0):
        self.count = start
    def step(self, by=1):
        return self""",
        """\
c = Counter(2)
c.step().step(by=3)
assert c.count == 6 and len(c) == 6 and c(2) == 12
c.count = 1
assert (c + Counter(4)).count == 5 and isinstance(c, Counter)""",
    ),
    Idiom(
        "an object that keeps arrays of the test and changes them",
        """\
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr
    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= self.lr * g""",
        """\
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = [p.copy() for p in params], lr
    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= self.lr * g""",
        """\
import numpy as np
w, b = np.ones(2), np.ones(1)
opt = SGD([w, b], 0.5)
opt.step([np.ones(2), np.ones(1)])
assert w.tolist() == [0.5, 0.5] and b.tolist() == [0.5]
w[0] = 9
opt.step([np.ones(2), np.ones(1)])
assert w.tolist() == [8.5, 0.0]""",
    ),
    Idiom(
        "keyword arguments and defaults",
        """\
def f(a, *, scale=2, **more):
    return a * scale + sum(more.values())""",
        """\
def f(a, *, scale=3, **more):
    return a * scale""",
        "assert f(3) == 6 and f(a=3, scale=1, x=1, y=2) == 6",
    ),
    Idiom(
        "recursion and functions that call one another",
        """\
def odd(n):
    return n > 0 and not odd(n - 1)""",
        """\
def odd(n):
    return n > 0 and odd(n - 1)""",
        "assert odd(7) and not odd(30)",
    ),
    Idiom(
        "__name__, __doc__ and inspect.signature",
        """\
def f(x, y=2, *rest):
    '''Add.'''
    return x + y""",
        """\
def f(x, y=3):
    return x + y""",
        """\
import inspect
assert f.__name__ == 'f' and f.__doc__ == 'Add.'
assert str(inspect.signature(f)) == '(x, y=2, *rest)' and callable(f)""",
    ),
    Idiom(
        "inspect.getsource",
        """\
def f(x):
    total = 0
    for v in x:
        total += v
    return total""",
        """\
def f(x):
    return sum(x)""",
        """\
import inspect, ast
text = inspect.getsource(f)
assert any(isinstance(node, ast.For) for node in ast.walk(ast.parse(text)))
assert 'sum' not in text""",
    ),
    Idiom(
        "a limit on time",
        """\
def f(n):
    return n""",
        """\
import time
def f(n):
    time.sleep(0.3)
    return n""",
        """\
import time
began = time.perf_counter()
f(3)
assert time.perf_counter() - began < 0.2""",
    ),
    Idiom(
        "warnings",
        """\
import warnings
def f():
    warnings.warn('old', DeprecationWarning)
    return 1""",
        """\
def f():
    return 1""",
        """\
import warnings
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter('always')
    f()
assert len(seen) == 1 and seen[0].category is DeprecationWarning""",
    ),
    Idiom(
        "np.errstate",
        """\
import numpy as np
def f(x):
    return np.exp(-np.abs(x))""",
        """\
import numpy as np
def f(x):
    return 1 / np.exp(np.abs(x))""",
        """\
import numpy as np
with np.errstate(over='raise'):
    f(np.array([1e4]))""",
    ),
    Idiom(
        "a global of the answer set by the test",
        """\
RATE = 0.1
def f(x):
    return RATE * x""",
        """\
def f(x):
    return 0.1 * x""",
        """\
RATE = 2
assert f(3) == 6""",
    ),
    Idiom(
        "a function of the answer replaced by the test",
        """\
def inner(x):
    return x + 1
def outer(x):
    return inner(x) * 2""",
        """\
def inner(x):
    return x + 1
def outer(x):
    return (x + 1) * 2""",
        """\
from unittest import mock
with mock.patch.dict(outer.__globals__, {'inner': lambda x: 100}):
    assert outer(1) == 200
assert outer(1) == 4""",
    ),
    Idiom(
        "print or input replaced by the test",
        """\
def f():
    print('hello ' + input('name? '))""",
        """\
def f():
    print('hello')""",
        """\
from unittest import mock
with mock.patch('builtins.input', lambda prompt='': 'Ada'), mock.patch('builtins.print') as said:
    f()
said.assert_called_once_with('hello Ada')""",
    ),
    Idiom(
        "state kept between calls and cells",
        """\
calls = []
def f(x):
    calls.append(x)
    return len(calls)""",
        """\
def f(x):
    return 1""",
        "assert f(1) == 1 and f(2) == 2 and calls == [1, 2]",
    ),
    Idiom(
        "other objects as opaque values",
        """\
import datetime
class Box:
    def __init__(self, value):
        self.value = value
def pack(x):
    return Box(x)
def unpack(box):
    return box.value""",
        """\
def pack(x):
    return None
def unpack(box):
    return 1""",
        "assert unpack(pack(3)) == 3 and pack(4).value == 4",
    ),
    Idiom(
        "context managers and iterables of the answer",
        """\
class Batches:
    def __init__(self, n):
        self.n = n
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return False
    def __iter__(self):
        return iter(range(self.n))
    def __getitem__(self, i):
        return i * 10""",
        """\
class Batches:
    def __init__(self, n):
        self.n = n
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return False
    def __iter__(self):
        return iter([])""",
        """\
with Batches(3) as batches:
    assert list(batches) == [0, 1, 2] and batches[2] == 20""",
    ),
    Idiom(
        "files written and read",
        """\
def save(path, text):
    with open(path, 'w') as file:
        file.write(text)
def load(path):
    with open(path) as file:
        return file.read()""",
        """\
def save(path, text):
    pass
def load(path):
    return 'x'""",
        """\
import tempfile, pathlib
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'a.txt'
    save(path, 'hello')
    assert path.read_text() == 'hello'
    path.write_text('other')
    assert load(str(path)) == 'other'""",
    ),
    Idiom(
        "== on an object of the answer",
        """\
class Point:
    def __init__(self, x):
        self.x = x
    def __eq__(self, other):
        return self.x == other.x""",
        """\
class Point:
    def __init__(self, x):
        self.x = 0
    def __eq__(self, other):
        return self.x == other.x""",
        "assert Point(1) == Point(1) and Point(1).x == 1",
        works=False,
        remedy=(
            "compare plain data of the objects, such as their attributes: an "
            "answer's own == would decide about its points"
        ),
    ),
    Idiom(
        "except with an exception class of the answer",
        """\
class Bad(Exception):
    pass
def f():
    raise Bad('no')""",
        """\
class Bad(Exception):
    pass
def f():
    return 1""",
        """\
try:
    f()
except Bad:
    pass
else:
    raise AssertionError('no error')""",
        works=False,
        remedy=(
            "define the exception in a given cell, or catch Exception and compare "
            "type(error).__name__"
        ),
    ),
    Idiom(
        "a result changed by the test, and seen by the answer",
        """\
state = [0]
def get():
    return state
def first():
    return state[0]""",
        """\
def get():
    return [0]
def first():
    return 0""",
        """\
get()[0] = 5
assert first() == 5""",
        works=False,
        remedy=(
            "what an answer returns is a copy: pass it back as an argument, or call "
            "a method of the answer that changes it"
        ),
    ),
]
