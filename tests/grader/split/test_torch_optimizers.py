"""Optimizers and schedules of a test: the student's steps are the test's own steps."""

import copy

import pytest
import torch
from torch import nn

from tests.grader.split.torch_pair import Pair

SOURCE = """
def step(optimizer, value):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.full_like(p, value)
    optimizer.step()

def clear(optimizer):
    optimizer.state.clear()

def slower(optimizer):
    optimizer.param_groups[0]["lr"] /= 10

def more(optimizer, p):
    optimizer.add_param_group({"params": [p], "lr": 0.5})

def load(optimizer, state):
    optimizer.load_state_dict(state)

def same(optimizer, model):
    return optimizer.param_groups[0]["params"][0] is next(model.parameters())

def made(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)

def epoch(schedule, optimizer):
    optimizer.step()
    schedule.step()
    return schedule.get_last_lr()
"""


@pytest.fixture(scope="module")
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


@pytest.mark.parametrize(("kind", "options"), [
    (torch.optim.SGD, {"momentum": 0.9}), (torch.optim.Adam, {}), (torch.optim.AdamW, {}),
    (torch.optim.RMSprop, {"centered": True}), (torch.optim.Adagrad, {}), (torch.optim.NAdam, {}),
])
def test_steps_there_are_steps_here(pair, kind, options):
    model = nn.Linear(2, 2)
    optimizer = kind(model.parameters(), lr=0.1, **options)
    other, twin = copy.deepcopy((model, optimizer))
    weight = model.weight
    for value in (1.0, 2.0, 3.0):
        pair.step(optimizer, value)
        for p in other.parameters():
            p.grad = torch.full_like(p, value)
        twin.step()
    assert optimizer.param_groups[0]["params"][0] is model.weight is weight
    assert torch.equal(model.weight, other.weight)
    mine, theirs = optimizer.state[weight], twin.state[other.weight]
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(torch.as_tensor(mine[key]), torch.as_tensor(theirs[key]))
               for key in mine)


def test_groups_and_state_come_back(pair):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    assert pair.same(optimizer, model)
    pair.step(optimizer, 1.0)
    momenta = optimizer.state[model.weight]["momentum_buffer"]
    pair.step(optimizer, 1.0)
    assert momenta is optimizer.state[model.weight]["momentum_buffer"]
    assert torch.allclose(momenta, torch.tensor([[1.9, 1.9]]))
    state = copy.deepcopy(optimizer.state_dict())
    pair.slower(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.1
    pair.clear(optimizer)
    assert not optimizer.state
    extra = torch.zeros(1, requires_grad=True)
    pair.more(optimizer, extra)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert optimizer.param_groups[1]["params"][0] is extra
    other = torch.optim.SGD(model.parameters(), lr=7.0, momentum=0.1)
    pair.load(other, state)
    assert (other.param_groups[0]["lr"], other.param_groups[0]["momentum"]) == (1.0, 0.9)
    assert torch.equal(other.state[model.weight]["momentum_buffer"], momenta)


def test_an_optimizer_of_the_students(pair):
    model = nn.Linear(2, 1)
    before = model.weight.clone()
    optimizer = pair.made(model)
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert isinstance(optimizer, torch.optim.SGD)
    assert not isinstance(optimizer, torch.optim.Adam)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert torch.allclose(model.weight, before - 0.1)
    optimizer.zero_grad()
    assert model.weight.grad is None


def test_schedules(pair):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.1)
    rates = [pair.epoch(schedule, optimizer)[0] for _ in range(4)]
    assert rates == pytest.approx([1, 0.1, 0.1, 0.01])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    assert schedule.last_epoch == 4


def test_what_does_not_work_is_refused_by_name(pair):
    class Own(torch.optim.SGD):
        pass

    p = torch.zeros(1, requires_grad=True)
    with pytest.raises(TypeError, match="an optimizer of the class Own is not supported"):
        pair.clear(Own([p], lr=0.1))
    optimizer = torch.optim.SGD([p], lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    with pytest.raises(TypeError, match=r"a LambdaLR .* is not supported"):
        pair.epoch(schedule, optimizer)
    optimizer.register_step_pre_hook(print)
    with pytest.raises(TypeError, match="an optimizer with hooks is not supported"):
        pair.clear(optimizer)
