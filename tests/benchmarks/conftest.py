import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark_script(monkeypatch):
    """Return a function that imports a script as `python benchmarks/<name>.py` does.

    Afterwards the modules of that folder are forgotten: other tests must not find them.
    """
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        path = getattr(sys.modules[name], "__file__", None)
        if path and Path(path).parent == FOLDER:
            del sys.modules[name]


@pytest.fixture
def readme(benchmark_script):
    return benchmark_script("readme")
