"""Derivatives through a call into the other process, in both directions."""

import pytest
import torch
from torch import nn

from tests.grader.split.torch_pair import Pair

SOURCE = """
def attention(Q, K, V):
    A = (Q @ K.mT / Q.shape[-1] ** 0.5).softmax(-1)
    return A @ V, A

def first_only(x, y):
    return x * 2

def twice(x):
    return x.exp(), x * x

def gradient(f, x):
    y = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(y), y)[0]

def by_func(f, x):
    return torch.func.grad(f)(x)

def by_vjp(f, x):
    value, back = torch.func.vjp(f, x)
    return value, back(torch.ones(()))[0]

def by_backward(f, x, **options):
    y = x.detach().clone().requires_grad_()
    f(y).backward(**({"inputs": [y]} if options else {}))
    return y.grad

def second(f, x):
    y = x.detach().clone().requires_grad_()
    (first,) = torch.autograd.grad(f(y), y, create_graph=True)
    return first.requires_grad, torch.autograd.grad(first.sum(), y)[0]

def with_graph(f, x):
    y = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(y), y, create_graph=True)[0].detach()

hidden = [nn.Linear(2, 1)]

def with_own_weights(x):
    return hidden[0](x).sum()

def own_grad():
    return hidden[0].weight.grad

def back_twice(f, x):
    y = f(x.detach().requires_grad_())
    y.backward()
    y.backward()

def through(f, x):
    return f(x * 3) * 5

def step_of(loss):
    loss.backward()
"""


@pytest.fixture(scope="module")
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


def attention(Q, K, V):
    A = (Q @ K.mT / Q.shape[-1] ** 0.5).softmax(-1)
    return A @ V, A


def test_gradients_of_two_results_with_one_argument_used_by_both(pair):
    parts = [torch.randn(*shape, dtype=torch.float64, requires_grad=True)
             for shape in ((3, 4), (5, 4), (5, 2))]
    losses = [sum((value * value).sum() for value in f(*parts))
              for f in (pair.attention, attention)]
    got, wanted = (torch.autograd.grad(loss, parts) for loss in losses)
    for one, other in zip(got, wanted, strict=True):
        assert torch.allclose(one, other, rtol=1e-12)


def test_an_argument_that_is_not_used_has_no_gradient(pair):
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert torch.autograd.grad(pair.first_only(x, y).sum(), (x, y), allow_unused=True)[1] is None
    pair.first_only(x, y).sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert y.grad is None
    assert not pair.first_only(x.detach(), y).requires_grad
    with torch.no_grad():
        assert not pair.first_only(x, y).requires_grad


def test_results_that_are_not_leaves_are_reached(pair):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    e, s = pair.twice(h)
    (by_h,) = torch.autograd.grad(s.sum(), h, retain_graph=True)
    assert by_h.tolist() == [6, 12]
    h.retain_grad()
    (e.detach() * s).sum().backward()
    assert torch.allclose(x.grad, 3 * h.grad)


@pytest.mark.parametrize("name", ["gradient", "by_func", "by_backward", "with_graph"])
def test_a_function_of_the_test_is_differentiated_by_the_student(pair, name):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    found = getattr(pair, name)(lambda t: (t**3).sum(), x)
    assert found.tolist() == [3, 12]
    assert not found.requires_grad


def test_torch_func_vjp(pair):
    value, back = pair.by_vjp(lambda t: (t**3).sum(), torch.tensor([1.0, 2.0]))
    assert value.item() == 9
    assert back.tolist() == [3, 12]


def test_weights_inside_of_a_test_are_filled_by_backward_alone(pair):
    net = nn.Linear(2, 1)
    x = torch.tensor([1.0, 2.0])
    pair.gradient(lambda t: net(t).sum(), x)
    pair.by_func(lambda t: net(t).sum(), x)
    pair.by_backward(lambda t: net(t).sum(), x, inputs=True)
    assert net.weight.grad is None
    net.bias.grad = torch.tensor([10.0])
    assert pair.by_backward(lambda t: net(t).sum(), x).tolist() == net.weight[0].tolist()
    assert net.weight.grad.tolist() == [[1, 2]]
    assert net.bias.grad.tolist() == [11]


def test_weights_that_the_student_hides_are_filled_where_they_are(pair):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    pair.with_own_weights(x).backward()
    assert pair.own_grad().tolist() == [[1, 2]]
    assert x.grad is not None


def test_a_loss_of_the_test_is_sent_back_by_the_student(pair):
    net = nn.Linear(2, 1)
    pair.step_of(net(torch.ones(1, 2)).sum())
    assert net.weight.grad.tolist() == [[1, 1]]


def test_from_one_process_to_the_other_and_back(pair):
    w, x = torch.tensor(2.0, requires_grad=True), torch.tensor(7.0, requires_grad=True)
    y = pair.through(lambda t: w * t * t, x)
    assert y.item() == 5 * 2 * 21**2
    y.backward()
    assert x.grad.item() == 5 * 2 * 2 * 9 * 7
    assert w.grad.item() == 5 * 21**2


def test_a_second_derivative_is_refused_by_name(pair):
    with pytest.raises(TypeError, match=r"a second derivative .* is not supported"):
        pair.second(lambda t: (t**3).sum(), torch.ones(2))
    x = torch.ones(2, requires_grad=True)
    (first,) = torch.autograd.grad(pair.twice(x)[0].sum(), x, create_graph=True)
    with pytest.raises(TypeError, match="a second derivative"):
        first.sum().backward()


def test_a_second_pass_through_one_record_is_an_error_as_ever(pair):
    with pytest.raises(RuntimeError, match="a second time"):
        pair.back_twice(lambda t: (t * t).sum(), torch.ones(2))
    x = torch.ones(2, requires_grad=True)
    y = pair.twice(x)[0].sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_records_that_nobody_needs_are_given_up(pair):
    x = torch.ones(2, requires_grad=True)
    sizes = []
    for _ in range(8):
        pair.twice(x)[0].sum().backward()
        pair.gradient(lambda t: (t * t).sum(), x)
        pair.first_only(x, x)
        sizes.append((len(pair.peer.front.graph.kept), len(pair.table.entries)))
    assert sizes[2] == sizes[-1]
