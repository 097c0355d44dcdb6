"""`import nnlib` needs NumPy only; the heavy libraries come in with their own modules."""

import subprocess
import sys
from pathlib import Path

import pytest

import nnlib
import nnlib.neuron

HEAVY = ("matplotlib", "sklearn", "scipy", "IPython", "torch")


def loaded_by(statement: str) -> list[str]:
    """Heavy packages that a fresh interpreter has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*[p for p in {HEAVY!r} if p in sys.modules])"
    root = Path(nnlib.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("statement", ["import nnlib", "import nnlib.neuron, nnlib.datasets"])
def test_nothing_heavy_is_imported(statement) -> None:
    assert loaded_by(statement) == []


def test_gates_need_no_scikit_learn() -> None:
    assert loaded_by("from nnlib.datasets import xor; xor()") == []


def test_the_check_would_see_a_heavy_import() -> None:
    assert loaded_by("import nnlib.plots") == ["matplotlib"]


def test_names_and_version() -> None:
    neuron = ("Perceptron", "LogisticNeuron", "sigmoid", "step")
    assert all(getattr(nnlib, name) is getattr(nnlib.neuron, name) for name in neuron)
    assert {"Linear", "Sequential", "Adam", "init", "lr_scheduler", *neuron} <= set(nnlib.__all__)
    assert all(hasattr(nnlib, name) for name in nnlib.__all__)
    assert nnlib.__version__ == "0.1.0"
    assert (Path(nnlib.__file__).parent / "py.typed").is_file()


def test_gathering_modules_offer_the_same_objects() -> None:
    for module in (nnlib.losses, nnlib.optim):
        for name in set(module.__all__) & set(nnlib.__all__):
            assert getattr(module, name) is getattr(nnlib, name)


def test_only_gelu_needs_scipy() -> None:
    call = "import numpy, nnlib; nnlib.{}()(numpy.ones(2))"
    assert loaded_by(call.format("SiLU")) == []
    assert loaded_by(call.format("GELU")) == ["scipy"]
