"""Modules on both sides: state in step, forward passes where they belong, gradients."""

import copy

import pytest
import torch
from torch import nn

from tests.grader.split.torch_pair import Pair

SOURCE = """
class MLP(nn.Module):
    def __init__(self, n, m, p=0.5):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(n, m), nn.ReLU(), nn.Dropout(p))
        self.register_buffer("calls", torch.zeros(()))
        self.note = [n, m]
        self.scale = 1.0

    def forward(self, x):
        self.calls += 1
        return self.inner(x) * self.scale

    def sizes(self, add):
        return [n + add for n in self.note]

class Stack(nn.Sequential):
    pass

def shared():
    layer = nn.Linear(2, 2)
    return nn.ModuleList([layer, layer])

def recurrent():
    return nn.LSTM(2, 3)

def use(model, x):
    return model(x)

def kinds(model):
    return [type(m).__name__ for m in model.modules()], isinstance(model, nn.Module)

def train(model):
    model.train()
    model[0].bias.requires_grad_(False)
    model[1].running_mean.fill_(3)
    model.double()

def put(model, head):
    model[-1] = head

def append(model):
    model.append(nn.Linear(2, 2))

def setting(model):
    model[0].p = 0.25

def learn(model, x, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr)
    loss = model(x).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

def best_of(model, x):
    best = copy.deepcopy(model)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    return best(x), model(x)

def ask(model):
    return model.tell(3), model.name

def saved(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    return {k: v for k, v in torch.load(file, weights_only=True).items()}
"""


@pytest.fixture(scope="module")
def pair():
    made = Pair("import copy\n" + SOURCE)
    yield made
    made.close()


class Watched(nn.Module):
    """Notes in which mode it is called."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.seen, self.name = inner, [], "watched"

    def forward(self, x):
        self.seen.append((self.training, torch.is_grad_enabled()))
        return self.inner(x)

    def tell(self, n):
        return n + len(self.seen)


def test_a_students_module_is_a_module(pair):
    MLP = pair.MLP
    model = MLP(2, 3)
    assert isinstance(model, nn.Module)
    assert isinstance(model, MLP)
    assert type(model).__name__ == "MLP"
    assert isinstance(model.inner, nn.Sequential)
    assert isinstance(model.inner[0], nn.Linear)
    assert not isinstance(nn.Linear(1, 1), MLP)
    assert not isinstance(pair.Stack(), MLP)
    assert isinstance(pair.Stack(nn.ReLU()), nn.Sequential)
    assert [name for name, _ in model.named_parameters()] == ["inner.0.weight", "inner.0.bias"]
    assert [name for name, _ in model.named_buffers()] == ["calls"]
    assert (model.inner[0].in_features, model.inner[2].p) == (2, 0.5)
    assert (model.note, model.sizes(1)) == ([2, 3], [3, 4])
    assert repr(model) == repr(MLP(2, 3))
    assert not hasattr(model, "no such thing")


def test_its_state_is_in_step(pair):
    model = pair.MLP(2, 3, 0.0)
    x = torch.tensor([[1.0, -2.0]])
    with torch.no_grad():
        model.inner[0].weight.copy_(torch.tensor([[1.0, 0], [0, 1], [0, -1]]))
        model.inner[0].bias.zero_()
    assert model(x).tolist() == [[1, 0, 2]]
    assert model.calls.item() == 1
    again = pair.MLP(2, 3, 0.0).double()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(x.double()), model(x).double())
    model.inner[2].p = 0.999999
    assert model(x).tolist() == [[0, 0, 0]]
    model.eval()
    assert model(x).tolist() == [[1, 0, 2]]
    model.scale = 2.0
    assert model(x).tolist() == [[2, 0, 4]]


def test_it_is_trained_from_outside(pair):
    model = pair.MLP(2, 3, 0.0)
    with torch.no_grad():
        model.inner[0].bias.fill_(2)  # no unit is dead
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    x = torch.ones(4, 2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (model(x) - 3).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_copies_and_shared_layers(pair):
    model = pair.MLP(2, 3, 0.0).eval()
    twin = copy.deepcopy(dict(model=model, optimizer=torch.optim.SGD(model.parameters(), 0.1)))
    assert [*twin["model"].parameters()] == twin["optimizer"].param_groups[0]["params"]
    x = torch.ones(1, 2)
    assert torch.equal(twin["model"](x), model(x))
    with torch.no_grad():
        twin["model"].inner[0].weight.zero_()
    assert model.inner[0].weight.abs().sum() > 0
    assert len([*pair.shared().parameters()]) == 2


def test_recurrent_layers(pair):
    layer = pair.recurrent().double()
    out, _ = layer(torch.ones(4, 1, 2, dtype=torch.float64))
    assert (out.dtype, tuple(out.shape)) == (torch.float64, (4, 1, 3))
    out.sum().backward()
    assert all(p.grad is not None for p in layer.parameters())
    own = nn.LSTM(2, 3)
    x = torch.ones(4, 1, 2)
    assert torch.equal(pair.use(own, x)[0], own(x)[0])


def test_a_layer_of_torch_computes_at_the_students(pair):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5)).eval()
    assert pair.kinds(model) == (["Sequential", "Linear", "BatchNorm1d", "Dropout"], True)
    weight = model[0].weight
    pair.train(model)
    assert model.training
    assert model[2].training
    assert (model[0].bias.requires_grad, model[0].weight is weight) == (False, True)
    assert weight.dtype == model[1].running_mean.dtype == torch.float64
    assert model[1].running_mean.tolist() == [3, 3]
    kept = pair.saved(model)
    assert kept.keys() == model.state_dict().keys()


def test_running_statistics_and_gradients_come_back(pair):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    other = copy.deepcopy(model)
    x = torch.randn(5, 2)
    pair.learn(model, x, 0.1)
    loss = other(x).square().sum()
    loss.backward()
    torch.optim.SGD(other.parameters(), 0.1).step()
    for (name, mine), theirs in zip(model.state_dict().items(), other.state_dict().values(),
                                    strict=True):
        assert torch.allclose(mine, theirs), name
    assert torch.allclose(model[0].weight.grad, other[0].weight.grad)


def test_a_part_may_be_replaced_or_added(pair):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    head = nn.Linear(2, 1)
    pair.put(model, head)
    assert model[1] is head
    pair.append(model)
    assert len(model) == 3
    assert isinstance(model[2], nn.Linear)
    assert pair.use(model[:2], torch.ones(1, 2)).shape == (1, 1)
    assert model[2](torch.ones(1, 2)).shape == (1, 2)
    dropping = nn.Sequential(nn.Dropout(0.5))
    pair.setting(dropping)
    assert dropping[0].p == 0.25


def test_a_class_of_the_test_stays_with_the_test(pair):
    inner = nn.Linear(2, 1)
    model = Watched(inner).eval()
    before = inner.weight.clone()
    x = torch.ones(3, 2)
    loss = pair.learn(model, x, 0.1)
    assert np_close(loss, 3 * (before.sum() + inner.bias.detach()).square().item(), 10)
    assert model.seen == [(False, True)]
    assert not torch.equal(inner.weight, before)
    assert torch.allclose(before - 0.1 * inner.weight.grad, inner.weight)
    with torch.no_grad():
        pair.use(model.train(), x)
    assert model.seen[-1] == (True, False)
    assert pair.ask(model) == (5, "watched")
    assert pair.kinds(model)[0] == ["Watched", "Linear"]


def np_close(a, b, rel):
    """Say whether two numbers are of one size: the bias has moved meanwhile."""
    return 1 / rel < (a + 1) / (b + 1) < rel


def test_the_student_may_copy_it(pair):
    model = Watched(nn.Linear(2, 1))
    x = torch.ones(1, 2)
    wanted = model.inner(x)
    best, zero = pair.best_of(model, x)
    assert torch.allclose(best, wanted)
    assert zero.item() == 0


def test_hooks_run_where_the_module_is(pair):
    layer, seen = nn.Linear(2, 2), []
    layer.register_forward_hook(lambda module, args, out: seen.append(out.shape))
    pair.use(nn.Sequential(layer, nn.ReLU()), torch.ones(1, 2))
    assert seen == [(1, 2)]


def test_hooks_that_would_not_run_are_refused_by_name(pair):
    model = pair.MLP(2, 3)
    model.inner[0].register_forward_hook(print)
    with pytest.raises(TypeError, match=r"a hook on a part of a module .* is not supported"):
        model(torch.ones(1, 2))
    with pytest.raises(TypeError, match="pickling a module of the other process"):
        torch.save(model, "nowhere")
    pair.run("kept = []\ndef keep(model): kept.append(model)")
    layer = nn.Linear(2, 2)
    pair.keep(layer)
    handle = layer.register_forward_hook(print)
    with pytest.raises(TypeError, match="a hook on a layer that the student's code has"):
        pair.keep(1)
    handle.remove()
    pair.keep(1)


def test_a_lazy_module_is_refused_by_name(pair):
    with pytest.raises(TypeError, match=r"a tensor that is lazy .* is not supported"):
        pair.use(nn.LazyLinear(2), torch.ones(1, 2))
