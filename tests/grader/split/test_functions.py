# ruff: noqa: E501 - tables
"""What the judge says of a student's functions comes from the text of their cells."""

import dis
import inspect
import traceback
import types

import pytest

from grader.split.function_handles import ClassHandle, FunctionHandle
from grader.split.functions import Described, Dotted, Imported, Texts, traceback_from
from grader.split.notebook_globals import Globals
from tests.grader.split.crossing import Both

CELL = '''
import scipy.special as sp
from numpy import tanh as th, nothing
import os.path

def f(x, /, y=2, *rest, z: int = -1, w=print, **more) -> float:
    """Add."""
    return x + inner(y)

def inner(y):
    g = lambda v: v + 1
    return g(y)

@staticmethod
def decorated():
    pass

class Net:
    """A net."""

    size = 3

    def forward(self, x):
        return sp.erf(x)

alias, h = f, lambda t: t
act = sp.expit
same = f
for k in range(3):
    pass
'''


@pytest.fixture
def texts():
    found = Texts()
    found.add("<cell 1>", CELL)
    found.add("<cell 2>", "def f(:")
    return found


def test_names_are_bound_to_what_the_last_statement_gave_them(texts):
    assert texts.named["f"] is texts.named["same"]
    assert texts.named["f"].qualname == "f"
    assert texts.named["sp"] == Imported("scipy.special", None)
    assert texts.named["th"] == Imported("numpy", "tanh")
    assert texts.named["os"] == Imported("os", None)
    assert texts.named["act"] == Dotted("sp", ("expit",))
    assert isinstance(texts.named["Net"], Described)
    assert texts.named["decorated"].code.co_name == "decorated"
    texts.add("<cell 3>", "f = 3\nNet = make()")
    assert texts.named["f"] is None


def test_a_function_is_found_by_its_place_and_its_name(texts):
    found = texts.find(["<cell 1>", 6], "f", "f")
    assert found.doc == "Add."
    assert str(found.signature) == (
        "(x, /, y=2, *rest, z: 'int' = -1, w=Ellipsis, **more) -> 'float'")
    assert texts.find(["<cell 1>", 11], "<lambda>", "inner.<locals>.<lambda>").code.co_firstlineno == 11
    assert texts.find(["<cell 1>", 18 + 5], "forward", "Net.forward") is not None
    for lie in (["<cell 9>", 6], ["<cell 1>", 999], ["/etc/passwd", 1], [1, 2], "x", None, [[], 6]):
        assert texts.find(lie, "nobody", "nobody") is None


@pytest.fixture
def handle(texts):
    both = Both()
    both.judge.texts = texts
    yield lambda name: both.judge.by_text(texts.named[name])
    both.close()


def test_a_handle_looks_like_the_function(handle):
    f = handle("f")
    assert isinstance(f, types.FunctionType)
    assert type(f) is FunctionHandle
    assert callable(f)
    assert (f.__name__, f.__qualname__, f.__module__, f.__doc__) == ("f", "f", "__main__", "Add.")
    assert vars(f) == {}
    assert f.__defaults__ == (2,)
    assert f.__kwdefaults__ == {"z": -1, "w": ...}
    assert "inner" in f.__code__.co_names
    assert [step.argval for step in dis.get_instructions(f.__code__)
            if step.opname == "LOAD_GLOBAL"] == ["inner"]
    assert inspect.signature(f).parameters["y"].default == 2
    assert inspect.getsource(f).startswith("def f(x")
    assert inspect.getdoc(f) == "Add."
    assert isinstance(f.__globals__, Globals)
    assert f.__globals__ is f.__globals__.get("inner").__globals__
    assert f.__globals__["sp"].__name__ == "scipy.special"
    assert f.__globals__["nothing"].__module__ == "numpy"
    assert "print" not in f.__globals__


def test_a_handle_looks_like_the_class(handle):
    net = handle("Net")
    assert isinstance(net, type)
    assert type(net) is ClassHandle
    assert (net.__name__, net.__doc__) == ("Net", "A net.")
    assert list(vars(net)) == ["forward"]
    assert isinstance(vars(net)["forward"], types.FunctionType)
    assert issubclass(net, object)


def test_a_traceback_has_the_lines_of_the_cells(texts):
    found = traceback_from([["<cell 1>", 8, "f"], ["<cell 1>", 12, "inner"], ["<cell 1>", 10**9, "x"],
                            ["<cell 1>", -5, "a b"]], texts)
    places = traceback.extract_tb(found)
    assert [(place.name, place.line) for place in places[:2]] == [
        ("f", "return x + inner(y)"), ("inner", "return g(y)")]
    assert places[2].lineno == len(CELL.splitlines())
    assert (places[3].lineno, places[3].name) == (1, "<unknown>")
