"""A student's process that sends nonsense about objects of PyTorch: that is its own fault."""

import contextlib

import pytest
import torch
from torch import nn

from grader.split.stops import Unusable
from grader.split.torch_front import Front
from grader.split.wire import ProtocolError
from tests.grader.split.torch_pair import Pair

SOURCE = """
import gc
from grader.split.torch_front import Front
from grader.split.torch_table import Table

(front,) = [thing for thing in gc.get_objects() if type(thing) is Front]
honest = Table.compose

def lie(what):
    def compose(self, finish):
        Table.compose = honest
        message, pieces = honest(self, finish)
        return what(message, pieces, self) or (message, pieces)
    Table.compose = compose
"""

TENSOR = '{"d": "float32", "s": [1], "b": 0}'
NEW = f"m[1] += [[N, 'tensor', {TENSOR}]]; p += [b'0000']"


pytestmark = pytest.mark.slow  # a process for each lie


def part(state):
    """Return the lie that a module of the test's is in this state."""
    return f"m[2] += [[M, {state}]]"


# What it does to the six parts of a message: changed tensors, new objects, other changes, records,
# gradients, ended twins. T, W, M and O are the numbers of a tensor, a parameter, a module and an
# optimizer of the test's, N is a new number.
LIES = {
    "no parts": "return [], []",
    "no list": "return 7, []",
    "a number of its own twice": f"{NEW}; {NEW}",
    "a number of the judge's": NEW.replace("N", "T + 2000"),
    "a number that is none": NEW.replace("N", "'1'"),
    "a negative piece": "m[1] += [[N, 'tensor', {'d': 'float32', 's': [1], 'b': -1}]]",
    "a kind that is none": "m[1] += [[N, 'nothing', 0]]",
    "an optimizer": "m[1] += [[N, 'optimizer', ['SGD', ['d'], [[], []]]]]",
    "a generator": "m[1] += [[N, 'generator', ['s', 0]]]; p += [b'x' * 5056]",
    "a tensor that is too short":
        "m[0] += [[T, {'v': {'d': 'float32', 's': [9], 'b': 0}}]]; p += [b'0000']",
    "whole numbers for a parameter":
        "m[0] += [[W, {'v': {'d': 'int64', 's': [1], 'b': 0}}]]; p += [b'0' * 8]",
    "a record of whole numbers":
        "m[3] += [[N, {'d': 'int64', 's': [], 'b': 0}, [], True]]; p += [b'0' * 8]",
    "a record of an unknown tensor": f"m[3] += [[N, {TENSOR}, [999], False]]; p += [b'0000']",
    "a record of a module": f"m[3] += [[N, {TENSOR}, [M], False]]; p += [b'0000']",
    "a gradient of another shape": f"{NEW}; m[4] += [[T, N]]",
    "a gradient that is a module": "m[4] += [[T, M]]",
    "a gradient of a module": "m[4] += [[M, T]]",
    "a change of a module as a tensor": "m[0] += [[M, {}]]",
    "a change of a tensor as a module": "m[2] += [[T, []]]",
    "a module without parts": part("[True]"),
    "a part without a name": part("[True, [['', T]], [], [], [], []]"),
    "two parts of one name": part("[True, [['a', T], ['a', T]], [], [], [], []]"),
    "a dotted name": part("[True, [['a.b', T]], [], [], [], []]"),
    "a module as a parameter": part("[True, [['a', M]], [], [], [], []]"),
    "a module that contains itself": part("[True, [], [], [['a', M]], [], []]"),
    "ten thousand parts": part("[True, [[str(k), T] for k in range(10001)], [], [], [], []]"),
    "a module of a strange class":
        "m[1] += [[N, 'module', ['a b', None, True, [True, [], [], [], [], []], None]]]",
    "an optimizer without groups": "m[2] += [[O, [[], []]]]",
    "an optimizer of modules": "m[2] += [[O, [[[[M], []]], []]]]",
    "an optimizer with a function":
        "m[2] += [[O, [[[[W], [['lr', ['n', 'torch', 'load']]]]], []]]]",
    "the end of what is not there": "m[5] += [77]",
    "the end of its own object": f"{NEW}; m[5] += [N]",
    "fifty thousand objects":
        "m[1] += [[N + 2 * k, 'tensor', {'d': 'uint8', 's': [0], 'b': 0}] for k in range(50000)];"
        " p += [b'']",
}


@pytest.fixture
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


@contextlib.contextmanager
def refused(match=""):
    """Expect that the judge gives the student's process up, because of what it sends."""
    with pytest.raises(Unusable) as caught:
        yield
    assert isinstance(caught.value.cause, ProtocolError)
    assert match in str(caught.value.cause)


def prepare(pair, lie):
    """Have the student's process tell a lie in its next answer; return what the lie is about."""
    tensor, module = torch.zeros(3), nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    pair.run("kept = []\ndef keep(*args): kept.append(args)")
    pair.keep(tensor, module, optimizer)
    numbers = {name: pair.table.by_object[id(value)].number for name, value in
               [("T", tensor), ("M", module), ("W", module.weight), ("O", optimizer)]}
    text = "; ".join(f"{name} = {number}" for name, number in numbers.items())
    pair.run(f"{text}; N = 10001\ndef what(m, p, table):\n    {lie}\ndef go(): lie(what)")
    return tensor, module, module.weight


@pytest.mark.parametrize("what", LIES)
def test_a_lie_about_objects(pair, what):
    tensor, module, weight = prepare(pair, LIES[what])
    with refused():
        pair.go()
    assert weight.dtype == torch.float32
    assert len([*module.modules()]) == 1
    assert torch.equal(tensor, torch.zeros(3))


@pytest.mark.parametrize("setting", [
    "['p', ['n', 'torch', 'load']]", "['forward', 1]", "['_remote', 1]", "['training', 0]",
    "['__class__', 1]",
])
def test_a_setting_that_the_judge_does_not_take_over(pair, setting):
    _, module, _ = prepare(pair, part(f"[True, [['weight', W]], [], [], [], [{setting}]]"))
    before = dict(vars(module))
    pair.go()
    assert vars(module) == before


@pytest.mark.parametrize("answer", [
    "None", "[]", "Numbers([])", "Numbers([None, None])", "Numbers([torch.zeros(2)])",
    "Numbers([torch.zeros(3, dtype=torch.float64)])",
])
def test_a_lie_about_gradients(pair, answer):
    pair.run(f"""
from grader.split.torch_inline import Numbers
def twice(x):
    return x * 2
peer = front.peer
real = peer.perform
def perform(op, *args):
    return {answer} if op == "torch.products" else real(op, *args)
peer.perform = perform
""")
    x = torch.ones(3, requires_grad=True)
    with refused():
        pair.twice(x).sum().backward()


@pytest.mark.parametrize(("op", "number", "args"), [
    ("torch.products", 0, "[Numbers([torch.ones(())])]"), ("torch.products", 0, "[1]"),
    ("torch.products", "'x'", "[Numbers([])]"), ("torch.accumulate", 12, "[Numbers([None])]"),
    ("torch.forward", 0, "[]"), ("torch.forward", 99, "[]"), ("torch.deepcopy", "None", "[]"),
    ("torch.nothing", 0, "[]"), ("torch.attribute", 1, "['weight']"),
])
def test_questions_that_an_honest_process_does_not_ask(pair, op, number, args):
    pair.run(f"""
from grader.split.torch_inline import Numbers
def ask(x):
    return front.peer.request("{op}", {number}, {args})
""")
    with refused():
        pair.ask(torch.zeros(3))


def test_private_attributes_are_not_told(pair):
    class Secret(nn.Module):
        _answer = 42

    pair.run("""
def ask(model):
    remote = vars(model)["_remote"]
    return remote.ask("torch.attribute", remote.number, ("_answer",))
def look(model):
    return model._answer
""")
    for name in ("ask", "look"):
        with pytest.raises(AttributeError):
            getattr(pair, name)(Secret())


def test_memory_of_the_judge_is_bounded(pair, monkeypatch):
    monkeypatch.setattr(pair.table, "limit", 1 << 20)
    pair.run("""
def grow(model, k):
    model.register_parameter(f"w{k}", nn.Parameter(torch.zeros(1 << 18)))
""")
    model = nn.Linear(1, 1)

    def fill():
        for k in range(20):
            pair.grow(model, k)

    with refused("tensors of more than 8 MiB together"):
        fill()
    assert len([*model.parameters()]) < 12


def test_the_front_of_an_honest_process_is_no_lie(pair):
    pair.run("def go():\n    lie(lambda m, p, table: None)\n    return 3")
    assert pair.go() == 3
    assert isinstance(pair.peer.front, Front)
