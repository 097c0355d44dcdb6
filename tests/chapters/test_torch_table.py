"""The table nnlib <-> PyTorch has a row for everything both have, and names every difference."""

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import pytest
import torch

import nnlib
import nnlib.datasets

TOOLS = Path(__file__).parents[2] / "chapters" / "_tools"
SPACES = (torch.nn, torch.optim, torch.optim.lr_scheduler)


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(TOOLS))
    yield importlib.import_module("torch_rows")
    sys.path.remove(str(TOOLS))


@pytest.fixture(scope="module")
def rows(tool):
    return tool.rows()


def classes_of_both():
    """Names of the public classes of nnlib's modules that PyTorch has too, found by another way."""
    found = set()
    for info in pkgutil.iter_modules(nnlib.__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"nnlib.{info.name}")
            classes = dict(inspect.getmembers(module, inspect.isclass))
            found |= {n for n in classes if not n.startswith("_") and any(
                n in getattr(space, "__all__", dir(space)) for space in SPACES)}  # fmt: skip
    return found


def test_there_is_a_row_for_every_class_that_both_have(rows) -> None:
    both = classes_of_both()
    assert {"Linear", "BatchNorm1d", "CrossEntropyLoss", "AdamW", "StepLR", "PReLU"} <= both
    assert both <= {row.name for row in rows}


def test_functions_are_there_too(rows) -> None:
    names = {row.name for row in rows}
    assert {"kaiming_normal_", "clip_grad_norm_", "calculate_gain"} <= names
    assert "Tensor" not in names  # lr_scheduler merely imports it
    assert len(names) == len(rows)


def test_every_row_can_be_imported_as_written(rows) -> None:
    for row in rows:
        place, _, name = row.call.partition("(")[0].rpartition(".")
        assert hasattr(importlib.import_module(place), name)
        assert hasattr(importlib.import_module(row.namespace), row.name)


def test_known_rows(rows) -> None:
    known = {row.name: row for row in rows}
    linear = known["Linear"]
    assert (
        linear.call == "nnlib.Linear(in_features, out_features, bias=True, *, rng, dtype=float64)"
    )
    assert linear.namespace == "torch.nn"
    assert linear.differences == (
        "dtype is float64, PyTorch: None; by name only: dtype; only in nnlib: rng; "
        "only in PyTorch: device"
    )
    assert known["GELU"].differences == "none"
    assert known["SGD"].namespace == "torch.optim"
    assert known["StepLR"].namespace == "torch.optim.lr_scheduler"


def test_every_default_that_differs_is_named(rows) -> None:
    for row in rows:
        place, _, name = row.call.partition("(")[0].rpartition(".")
        here = inspect.signature(getattr(importlib.import_module(place), name)).parameters
        there = inspect.signature(getattr(importlib.import_module(row.namespace), name)).parameters
        for parameter in here.keys() & there.keys():
            same = here[parameter].default == there[parameter].default
            assert same != (f"{parameter} is " in row.differences), (row, parameter)


def one(a, b=1.0, *args, c=None): ...


def same(a, b=1, *layers, c=None): ...


def other(b, a=2, c="x", d=0, **kwargs): ...


def late(a, b=1.0, *, c): ...


@pytest.mark.parametrize(
    ("here", "there", "text"),
    [
        (one, same, "none"),
        (same, one, "none"),
        (one, other, "a is required, PyTorch: 2; b is 1.0, PyTorch requires it; c is None, "
         "PyTorch: 'x'; by name only: c; order: a, b; only in PyTorch: d"),
        (other, one, "b is required, PyTorch: 1.0; a is 2, PyTorch requires it; c is 'x', "
         "PyTorch: None; order: b, a; only in nnlib: d"),
        (late, one, "c is required, PyTorch: None"),
    ],
)  # fmt: skip
def test_planted_differences_are_named(tool, here, there, text) -> None:
    assert tool.differences(*map(tool.parameters_of, (here, there))) == text


def test_calls_are_written_as_one_would_call(tool) -> None:
    calls = [tool.call_of("f", tool.parameters_of(f)) for f in (one, late, other)]
    assert calls == ["f(a, b=1.0, *args, c=None)", "f(a, b=1.0, *, c)", "f(b, a=2, c='x', d=0)"]


def test_without_pytorch_it_says_so(tool, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.nn", None)
    with pytest.raises(tool.TorchTableError, match=r"needs nnlib and PyTorch .*; run bootstrap.py"):
        tool.rows()


def test_the_stored_rows_are_those_of_the_signatures(tool) -> None:
    assert tool.STORED.read_text(encoding="utf-8") == tool.stored_text(), "run `make execute`"


def test_the_nodes_hold_the_rows_of_their_namespace(tool, rows) -> None:
    directive = importlib.import_module("torch_table")
    text = directive.table(directive.load(), "torch.optim").astext()
    for row in rows:
        assert (row.call in text) == (row.namespace == "torch.optim")
    assert "torch.optim\n" in text
    assert all(row.namespace in tool.NAMESPACES for row in rows)
    assert {row.namespace for row in rows} == set(tool.NAMESPACES)  # no empty table


def test_a_thing_is_named_where_pytorch_users_look_for_it(tool, rows) -> None:
    calls = {row.name: row.call.partition("(")[0] for row in rows}
    assert calls["ReLU"] == "nnlib.ReLU"
    assert calls["StepLR"] == "nnlib.lr_scheduler.StepLR"
    assert tool.import_path(nnlib.datasets.digits, "torch.nn") == "nnlib.measured.digits"
