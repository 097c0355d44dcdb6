"""A test of the tests: wrong versions of nnlib, each of which a core check must refuse.

Each mutant is a copy of the package with one piece of text replaced; the checks run on it as they
run on the real package.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nnlib
from tests.nnlib import core_checks

PACKAGE = Path(nnlib.__file__).parent
AND = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
XOR = AND[0], np.array([0, 1, 1, 0])


def check_activations(nn: ModuleType) -> None:
    assert nn.step([-1.0, 0.0, 1.0]).tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="NaN"):
        nn.step(math.nan)
    with np.errstate(all="raise", under="ignore"):
        assert np.allclose(nn.sigmoid([-1e4, 0.0, math.log(3), 1e4]), [0, 0.5, 0.75, 1])
    assert nn.sigmoid(np.float32(1)).dtype == np.float32
    assert math.isclose(nn.sigmoid(-50.0), math.exp(-50), rel_tol=1e-12)


def check_update(nn: ModuleType) -> None:
    neuron = nn.Perceptron(2, lr=0.5)
    assert neuron.update([1.0, 2.0], 1) is True
    assert (neuron.weight.tolist(), neuron.bias) == ([0.5, 1.0], 0.5)
    assert neuron.update([2.0, -1.0], 0) is True
    assert (neuron.weight.tolist(), neuron.bias) == ([-0.5, 1.5], 0.0)
    assert neuron.update([2.0, -1.0], 0) is False
    assert neuron.weighted_sum([1.0, 1.0]) == 1.0
    assert neuron.n_updates == 2


def check_gates(nn: ModuleType) -> None:
    neuron = nn.Perceptron(2)
    assert neuron.fit(*AND) == [1, 3, 3, 2, 1, 0]
    assert neuron.converged
    assert neuron.predict(AND[0]).tolist() == AND[1].tolist()
    neuron.update([1.0, 1.0], 0)
    assert not neuron.converged
    assert len(nn.Perceptron(2).fit(*XOR, max_epochs=30)) == 30
    continued = nn.Perceptron(2)
    assert [continued.fit(*AND, max_epochs=1)[0] for _ in range(3)] == [1, 3, 3]


def check_order(nn: ModuleType) -> None:
    data = np.random.default_rng(1)
    X, y = data.normal(size=(12, 3)), np.array([0, 1] * 6)  # labels at random: order matters
    neuron, expected, rng = nn.Perceptron(3), nn.Perceptron(3), np.random.default_rng(3)
    neuron.fit(X, y, max_epochs=2, rng=np.random.default_rng(3))
    for _ in range(2):
        for i in rng.permutation(12):
            expected.update(X[i], y[i])
    assert np.allclose(neuron.weight, expected.weight)
    assert neuron.bias == expected.bias


def check_loss_and_gradient(nn: ModuleType) -> None:
    neuron = nn.LogisticNeuron(1)
    neuron.weight = [1.0]
    X, y = [[math.log(3)], [-math.log(3)]], [1, 1]
    assert math.isclose(neuron.loss(X, y), (math.log(4 / 3) + math.log(4)) / 2)
    grad_weight, grad_bias = neuron.gradient(X, y)
    assert np.allclose(grad_weight, [math.log(3) / 4])
    assert math.isclose(grad_bias, -0.5)
    with np.errstate(all="raise", under="ignore"):
        assert neuron.loss([[1e4]], [0]) == 1e4
    assert neuron.predict([[1.0]], threshold=0.9).tolist() == [0]


def check_descent(nn: ModuleType) -> None:
    neuron = nn.LogisticNeuron(2, lr=2.0)
    assert np.allclose(neuron.fit(*AND, max_epochs=1), [math.log(2)])
    assert (neuron.weight.tolist(), neuron.bias) == ([0, 0], -0.5)
    neuron.fit(*AND, max_epochs=1)
    p = 1 / (1 + math.exp(0.5))
    assert np.allclose(neuron.weight, (1 - 2 * p) / 2)  # -2 * (p + p - 1) / 4 for each input
    assert len(neuron.fit(*AND, max_epochs=3)) == 3


def check_bad_input(nn: ModuleType) -> None:
    for X, y, message in [
        ([[0.0], [1.0]], [0, 2], "found 2 at row 1"),
        ([[0.0], [1.0]], [[0], [1]], "y.ravel"),
        ([[0.0], [1.0]], [0, 1, 1], "3 labels"),
        ([[0.0], [math.nan]], [0, 1], "must be finite"),
        (np.empty((0, 1)), [], "at least one example"),
        ([[0.0, 0.0], [1.0, 1.0]], [0, 1], "expected X of shape"),
    ]:
        for neuron in (nn.Perceptron(1), nn.LogisticNeuron(1)):
            with pytest.raises(ValueError, match=message):
                neuron.fit(X, y)
    for options in ({"in_features": 0}, {"in_features": 1, "lr": 0.0}):
        with pytest.raises(ValueError, match="Perceptron: "):
            nn.Perceptron(**options)


CHECKS: list[Callable[[ModuleType], None]] = [
    check_activations,
    check_update,
    check_gates,
    check_order,
    check_loss_and_gradient,
    check_descent,
    check_bad_input,
    *core_checks.CHECKS,
]

MUTANTS: dict[str, dict[str, str]] = {}
for source in ("mutants.toml", "mutants_core.toml"):
    more = tomllib.loads(Path(__file__).with_name(source).read_text(encoding="utf-8"))
    assert not MUTANTS.keys() & more.keys()
    MUTANTS |= more


def write_mutant(folder: Path, file: str, old: str, new: str) -> None:
    """Copy the package to `folder` with `old` replaced in `file`; refuse if nothing changes."""
    shutil.copytree(PACKAGE, folder)  # with the compiled files, which saves most of the time
    for compiled in (folder / "__pycache__").glob(f"{Path(file).stem}.*"):
        compiled.unlink()
    source = (folder / file).read_text(encoding="utf-8")
    if old not in source or old == new:
        raise LookupError(f"{file} does not hold the text to replace: {old!r}; update mutants.toml")
    (folder / file).write_text(source.replace(old, new), encoding="utf-8")


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Import a mutant as a package of its own, beside the real one."""
    name = "nnlib_mutant"

    def loader(file: str, old: str, new: str) -> ModuleType:
        write_mutant(tmp_path / name, file, old, new)
        spec = importlib.util.spec_from_file_location(name, tmp_path / name / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield loader
    for key in [key for key in sys.modules if key.split(".")[0] == name]:
        del sys.modules[key]


def refusals(nn: ModuleType) -> list[str]:
    """Name the first check that refuses `nn`, or at whose input `nn` itself raises an error.

    Any other crash (a NameError, say) means that the mutant is not what it should be.
    """
    for check in CHECKS:
        try:
            check(nn)
        except (AssertionError, ArithmeticError, ValueError, pytest.fail.Exception):
            return [check.__name__]
    return []


def test_the_real_package_passes_every_check() -> None:
    assert refusals(nnlib) == []


def test_an_unchanged_copy_passes_every_check(load) -> None:
    copy = load("functional.py", "as plain functions", "as  plain functions")  # in a docstring
    assert copy.Perceptron is not nnlib.Perceptron
    assert refusals(copy) == []


@pytest.mark.slow  # a test of the tests
@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_refused(name: str, load) -> None:
    assert refusals(load(**MUTANTS[name]))


def test_text_that_is_not_found_is_an_error(load) -> None:
    with pytest.raises(LookupError, match="does not hold the text to replace: 'xyz'"):
        load("perceptron.py", "xyz", "")
