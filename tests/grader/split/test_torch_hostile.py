"""A student's process that sends nonsense about objects of PyTorch: its fault, never the judge's."""

import pytest
import torch
from torch import nn

from grader.split.torch_front import Front
from grader.split.wire import ProtocolError
from tests.grader.split.torch_pair import Pair

SOURCE = """
import gc
from grader.split.torch_front import Front
from grader.split.torch_shared import Table

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
ONE = "[b'\\0' * 4]"
STATE = "[True, [], [], [], [], []]"
# What it does to the six parts of a message: changed tensors, new objects, other changes, records,
# gradients, ended twins. T, M and O are the numbers of a tensor, a module and an optimizer of the test's.
LIES = {
    "no parts": "return [], []",
    "no list": "return 7, []",
    "a number of its own twice": f"m[1] += [[1, 'tensor', {TENSOR}]] * 2; p += {ONE}",
    "a number of the judge's": f"m[1] += [[T + 2000, 'tensor', {TENSOR}]]; p += {ONE}",
    "a number that is none": f"m[1] += [['1', 'tensor', {TENSOR}]]; p += {ONE}",
    "a negative piece": "m[1] += [[10001, 'tensor', {'d': 'float32', 's': [1], 'b': -1}]]",
    "a kind that is none": "m[1] += [[10001, 'nothing', 0]]",
    "an optimizer": "m[1] += [[10001, 'optimizer', ['SGD', ['d'], [[], []]]]]",
    "a generator": "m[1] += [[10001, 'generator', ['s', 0]]]; p += [b'x' * 5056]",
    "a tensor that is too short": "m[0] += [[T, {'v': {'d': 'float32', 's': [9], 'b': 0}}]]; "
                                  f"p += {ONE}",
    "whole numbers for a parameter": "m[0] += [[W, {'v': {'d': 'int64', 's': [1], 'b': 0}}]]; "
                                     "p += [b'0' * 8]",
    "a record of whole numbers": "m[3] += [[10001, {'d': 'int64', 's': [], 'b': 0}, [], True]]; "
                                 "p += [b'0' * 8]",
    "a record of an unknown tensor": f"m[3] += [[10001, {TENSOR}, [999], False]]; p += {ONE}",
    "a record of a module": f"m[3] += [[10001, {TENSOR}, [M], False]]; p += {ONE}",
    "a gradient of another shape": f"m[1] += [[10001, 'tensor', {TENSOR}]]; p += {ONE}; "
                                   "m[4] += [[T, 10001]]",
    "a gradient that is a module": "m[4] += [[T, M]]",
    "a gradient of a module": "m[4] += [[M, T]]",
    "a change of a module as a tensor": "m[0] += [[M, {}]]",
    "a change of a tensor as a module": "m[2] += [[T, []]]",
    "a module without parts": "m[2] += [[M, [True]]]",
    "a part without a name": "m[2] += [[M, [True, [['', T]], [], [], [], []]]]",
    "two parts of one name": "m[2] += [[M, [True, [['a', T], ['a', T]], [], [], [], []]]]",
    "a dotted name": "m[2] += [[M, [True, [['a.b', T]], [], [], [], []]]]",
    "a module as a parameter": "m[2] += [[M, [True, [['a', M]], [], [], [], []]]]",
    "a module that contains itself": "m[2] += [[M, [True, [], [], [['a', M]], [], []]]]",
    "ten thousand parts": "m[2] += [[M, [True, [[str(k), T] for k in range(10001)], [], [], [], []]]]",
    "a module of a strange class": f"m[1] += [[10001, 'module', ['a b', None, True, {STATE}, None]]]",
    "a setting that runs something":
        "m[2] += [[M, [True, [], [], [], [], [['p', ['n', 'torch', 'load']]]]]]; what.shown = True",
    "an optimizer without groups": "m[2] += [[O, [[], []]]]",
    "an optimizer of modules": "m[2] += [[O, [[[[M], []]], []]]]",
    "an optimizer with a function": "m[2] += [[O, [[[[W], [['lr', ['n', 'torch', 'load']]]]], []]]]",
    "the end of what is not there": "m[5] += [77]",
    "the end of its own object": f"m[1] += [[10001, 'tensor', {TENSOR}]]; p += {ONE}; m[5] += [10001]",
    "fifty thousand objects":
        "m[1] += [[10001 + 2 * k, 'tensor', {'d': 'uint8', 's': [0], 'b': 0}] for k in range(50000)];"
        " p += [b'']",
}


@pytest.fixture
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


@pytest.mark.parametrize("what", LIES)
def test_a_lie_about_objects(pair, what):
    tensor, module = torch.zeros(3), nn.Linear(1, 1, bias=False)
    weight = module.weight
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    pair.run("kept = []\ndef keep(*args): kept.append(args)")
    pair.keep(tensor, module, optimizer)
    numbers = {name: pair.table.by_object[id(value)].number for name, value in
               [("T", tensor), ("M", module), ("W", module.weight), ("O", optimizer)]}
    text = "; ".join(f"{name} = {number}" for name, number in numbers.items())
    pair.run(f"{text}\ndef what(m, p, table):\n    {LIES[what]}\ndef go(): lie(what)")
    shown = what == "a setting that runs something"  # a setting that the judge does not take over
    if shown:
        pair.go()
        assert "p" not in vars(module)
    else:
        with pytest.raises(ProtocolError):
            pair.go()
    assert weight.dtype == torch.float32
    assert len([*module.modules()]) == 1
    assert torch.equal(tensor, torch.zeros(3))


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
    with pytest.raises(ProtocolError):
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
    with pytest.raises(ProtocolError):
        pair.ask(torch.zeros(3))


def test_private_attributes_are_not_told(pair):
    class Secret(nn.Module):
        _answer = 42

    pair.run("""
def ask(model):
    return vars(model)["_remote"].ask("torch.attribute", vars(model)["_remote"].number, ("_answer",))
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

    with pytest.raises(ProtocolError, match="tensors of more than 8 MiB together"):
        fill()
    assert len([*model.parameters()]) < 12


def test_the_front_of_an_honest_process_is_no_lie(pair):
    pair.run("def go():\n    lie(lambda m, p, table: None)\n    return 3")
    assert pair.go() == 3
    assert isinstance(pair.peer.front, Front)
