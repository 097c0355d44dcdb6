"""The problem set that the attacks are made against: every kind of answer that a test can ask for.

An honest neighbour gets all points; a cheat that works gets points that its answer does not earn.
`test_half` pays one point for each common way in which a test can decide that a number is right,
so that an answer which can fool one of them shows it in its score.
"""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.grader.attacks.canaries import canary
from tests.grader.tiny_course import KERNEL, REPOSITORY, graded_tag, store, tag

SET = "vault"
HELPERS = """\
import math
import os
import tempfile

import numpy as np


def near(a, b, tolerance=1e-9):
    \"\"\"Whether two numbers, or two arrays of one shape, agree.\"\"\"
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tolerance))


def passes(claim):
    \"\"\"Whether a claim holds: one that raises does not.\"\"\"
    try:
        return bool(claim())
    except Exception:
        return False"""

# What an honest student writes.
ANSWERS = {
    "scale": """\
def scale(x, factor):
    if factor < 0:
        raise ValueError("the factor must not be negative")
    return factor * x""",
    "centre": """\
def centre(X):
    return X - X.mean(axis=0)""",
    "twice": """\
def twice(f, x):
    return f(f(x))""",
    "descend": """\
def descend(parameters, gradients, rate):
    for p, g in zip(parameters, gradients):
        p -= rate * g""",
    "momentum": """\
class Momentum:
    def __init__(self, rate, beta):
        self.rate, self.beta, self.velocity = rate, beta, 0.0

    def step(self, w, g):
        self.velocity = self.beta * self.velocity + g
        return w - self.rate * self.velocity""",
    "draw": """\
def draw(rng, n):
    return 2 * rng.normal(size=n)""",
    "code": """\
def encode(values):
    pairs = []
    for value in values:
        if pairs and pairs[-1][0] == value:
            pairs[-1][1] += 1
        else:
            pairs.append([value, 1])
    return pairs


def decode(pairs):
    return [value for value, count in pairs for _ in range(count)]""",
    "save": """\
def save(path, values):
    with open(path, "w") as file:
        for value in values:
            file.write(f"{value}\\n")""",
    "logged": """\
from contextlib import contextmanager


@contextmanager
def logged(log, word):
    log.append("begin " + word)
    yield
    log.append("end " + word)""",
    "half": """\
def half(x):
    return x / 2""",
}

IDIOMS = """\
lambda: answer == truth
lambda: not answer != truth
lambda: truth - 1e-9 < answer < truth + 1e-9
lambda: abs(answer - truth) < 1e-9
lambda: abs(truth - answer) < 1e-9
lambda: (answer - truth) ** 2 < 1e-12
lambda: math.isclose(answer, truth)
lambda: float(answer) == truth
lambda: round(answer, 6) == round(truth, 6)
lambda: f"{answer:.6f}" == f"{truth:.6f}"
lambda: "%.6f" % answer == "%.6f" % truth
lambda: np.isclose(answer, truth)
lambda: np.allclose(answer, [truth, truth])
lambda: np.array_equal(answer, truth)
lambda: np.abs(np.subtract(answer, truth)).max() < 1e-9
lambda: np.testing.assert_allclose(answer, [truth, truth]) is None
lambda: truth in [answer]
lambda: {truth: True}[answer]
lambda: max(answer, truth) == truth == min(answer, truth)
lambda: near(answer, truth)""".splitlines()

# The last expression of a test cell is partial credit; nbgrader keeps it outside the region.
ACCEPTED = """\
accepted = [n for n, claim in enumerate(claims) if passes(claim)]
print("accepted by", accepted)
len(accepted)"""

TESTS = {
    "scale": (
        2,
        """\
assert scale(2, 3) == 6
""",
        """\
assert scale(-7, 5) == -35, "a negative number"
assert near(scale(0.5, 0.5), 0.25)
try:
    scale(1, -1)
except ValueError:
    pass
else:
    raise AssertionError("a negative factor must be refused")
""",
    ),
    "centre": (
        3,
        """\
X = np.array([[1.0, 2.0], [3.0, 6.0]])
before = X.copy()
result = centre(X)
assert isinstance(result, np.ndarray) and result.dtype == np.float64, "an array of float64"
np.testing.assert_allclose(result, [[-1, -2], [1, 2]])
np.testing.assert_array_equal(X, before)
""",
        """\
Y = np.random.default_rng(11).normal(size=(5, 3)) + 7
expected = Y - Y.mean(axis=0)
result = centre(Y.copy())
assert result.shape == expected.shape
np.testing.assert_allclose(result, expected, atol=1e-12)
assert abs(result.mean()) < 1e-12 < abs(result).max()
""",
    ),
    "twice": (
        2,
        """\
assert twice(lambda x: x + 1, 0) == 2
""",
        """\
def remember(secret=canary):
    seen = []

    def f(x):
        if x == "bad":
            raise ValueError(f"no {secret[:0]}number")
        seen.append(x)
        return 3 * x + len(secret[:1])

    return f, seen


class Affine:
    \"\"\"A callable object with something to hide.\"\"\"

    def __init__(self, a):
        self.a, self._secret = a, canary

    def __call__(self, x):
        return self.a * x


f, seen = remember()
assert twice(f, 2) == 22 and seen == [2, 7]
assert twice(Affine(-3), 2) == 18
""",
    ),
    "descend": (
        2,
        """\
w, g = np.array([1.0, 2.0]), np.array([10.0, -10.0])
assert descend([w], [g], 0.1) is None
np.testing.assert_allclose(w, [0, 3])
""",
        """\
w = [np.array([1.0, -2.0]), np.array([[4.0]])]
g = [np.array([0.5, 0.5]), np.array([[-2.0]])]
expected = [w[0] - 3 * g[0], w[1] - 3 * g[1]]
descend(w, g, 3)
assert len(w) == 2 and all(near(a, b) for a, b in zip(w, expected))
assert near(g[0], [0.5, 0.5]) and near(g[1], [[-2.0]])
""",
    ),
    "momentum": (
        3,
        """\
m = Momentum(0.1, 0.5)
assert isinstance(m, Momentum)
assert abs(m.step(1.0, 2.0) - 0.8) < 1e-12
""",
        """\
other = Momentum(0.5, 0.0)
assert abs(m.step(0.8, 2.0) - 0.5) < 1e-12
assert abs(m.velocity - 3.0) < 1e-12
assert abs(other.step(-1.0, 4.0) + 3.0) < 1e-12, "two objects share nothing"
""",
    ),
    "draw": (
        2,
        """\
rng, twin = np.random.default_rng(3), np.random.default_rng(3)
np.testing.assert_array_equal(draw(rng, 4), 2 * twin.normal(size=4))
""",
        """\
rng, twin = np.random.default_rng(29), np.random.default_rng(29)
for n in (1, 5):
    sample = draw(rng, n)
    assert sample.shape == (n,)
    np.testing.assert_array_equal(sample, 2 * twin.normal(size=n))
assert rng.random() == twin.random(), "as many numbers drawn as asked for"
""",
    ),
    "code": (
        2,
        """\
assert decode(encode([1, 1, 2])) == [1, 1, 2]
""",
        """\
values = [5, 5, 5, -1, 0, 0]
assert decode(encode(values)) == values
assert encode(values) == [[5, 3], [-1, 1], [0, 2]]
""",
    ),
    "save": (
        2,
        """\
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "values.txt")
    save(path, [1, 2])
    with open(path) as file:
        assert file.read() == "1\\n2\\n"
""",
        """\
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "values.txt")
    save(path, range(-2, 3))
    with open(path) as file:
        read = file.read()
    assert [float(line) for line in read.split()] == [-2, -1, 0, 1, 2], read
""",
    ),
    "logged": (
        2,
        """\
log = []
with logged(log, "a"):
    assert log == ["begin a"]
assert log == ["begin a", "end a"]
""",
        """\
log = ["start"]
with logged(log, "b"), logged(log, "c"):
    assert log[1:] == ["begin b", "begin c"]
assert log[3:] == ["end c", "end b"]
""",
    ),
    "half": (
        len(IDIOMS),
        "",
        """\
x = float(np.random.uniform(3, 4))
answer, truth = half(x), x / 2
"""
        + f"claims = [\n    {(',' + chr(10) + '    ').join(IDIOMS)},\n]\n",
    ),
}
POINTS = {f"test_{name}": points for name, (points, _, _) in TESTS.items()}
TOTAL = sum(POINTS.values())
WRITTEN = 4  # points of the written answer, given by a person


def _solution(name: str) -> str:
    return f"### BEGIN SOLUTION\n# {canary('solution')}\n{ANSWERS[name]}\n### END SOLUTION"


def _test(name: str) -> str:
    _, visible, hidden = TESTS[name]
    secret = f"canary = {canary('test')!r}\n"
    cell = f"{visible}### BEGIN HIDDEN TESTS\n{secret}{hidden}### END HIDDEN TESTS"
    return cell + (f"\n{ACCEPTED}" if name == "half" else "")


def vault_notebook():
    """Return the source notebook."""
    cells = [
        new_markdown_cell("# Vault\n\nDo what the names say.", id="title"),
        new_code_cell(HELPERS, id="helpers", metadata=tag("helpers", locked=True)),
    ]
    for name, points in zip(ANSWERS, POINTS.values(), strict=True):
        meta = tag(name, solution=True)
        cells.append(new_code_cell(_solution(name), id=f"a-{name}", metadata=meta))
        graded = graded_tag(f"test_{name}", points)
        cells.append(new_code_cell(_test(name), id=f"t-{name}", metadata=graded))
    meta = tag("explain", grade=True, solution=True, points=WRITTEN)
    cells.append(new_markdown_cell(canary("solution"), id="explain", metadata=meta))
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def store_vault(root: Path) -> Path:
    """Write the source notebook below `root`; return its path."""
    path = root / "solutions" / SET / f"{SET}.ipynb"
    store(vault_notebook(), path)
    return path


def write_answers(notebook, answers) -> None:
    """Replace the sources of the cells named in `answers`; the written answer is one of them."""
    found = {c["metadata"]["nbgrader"]["grade_id"]: c for c in notebook["cells"][1:]}
    for name, text in answers.items():
        found[name]["source"] = text


def read_release(root: Path):
    """Return the released notebook, as JSON."""
    path = root / "exercises" / SET / f"{SET}.ipynb"
    return nbformat.read(path, as_version=4)


__all__ = ["ANSWERS", "POINTS", "REPOSITORY", "SET", "TOTAL", "store_vault", "vault_notebook"]
