"""Tensors as arguments and results: what a call does to them is seen on the other side."""

import pytest
import torch

from tests.grader.split.forked import Server, errors_of, notebook
from tests.grader.split.torch_pair import Pair

pytestmark = pytest.mark.slow

SOURCE = """
kept = []

def in_place(x):
    x += 1
    return x, x[0] * 2

def same(x, y):
    return x is y, x.is_leaf and x.grad is not None, x.requires_grad, x.is_leaf, type(x).__name__

def switch(x, on):
    x.requires_grad_(on)

def new_grad(x, value):
    x.grad = None if value is None else torch.full_like(x, value)

def add_to_grad(x):
    x.grad += 1

def keep(x):
    kept.append(x)

def of_kept():
    return kept[-1].tolist()

def to_double(x):
    x.data = x.data.double()

def call(f, x):
    x.mul_(2)
    f()
    return x.sum().item()

def off():
    torch.set_grad_enabled(False)

def type_of_ones():
    return torch.ones(1).dtype
"""


@pytest.fixture(scope="module")
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


def test_an_argument_that_comes_back_is_the_same_object(pair):
    x = torch.arange(3.0)
    back, doubled = pair.in_place(x)
    assert back is x
    assert x.tolist() == [1, 2, 3]
    assert (doubled.item(), doubled.shape) == (2, ())


def test_an_in_place_change_is_noticed_by_the_record(pair):
    x = torch.ones(2)
    w = torch.ones(2, requires_grad=True)
    y = (w * x).sum()
    pair.in_place(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_one_object_stays_one_object_and_parameters_stay_parameters(pair):
    x = torch.ones(2, requires_grad=True)
    assert pair.same(x, x) == (True, False, True, True, "Tensor")
    assert pair.same(x, x.clone()) == (False, False, True, True, "Tensor")
    p = torch.nn.Parameter(torch.ones(2))
    p.grad = torch.ones(2)
    assert pair.same(p, 1) == (False, True, True, True, "Parameter")
    assert pair.same(x * 2, 1) == (False, False, True, False, "Tensor")


def test_requires_grad_and_grad_come_back(pair):
    x = torch.ones(2)
    pair.switch(x, True)
    assert x.requires_grad
    pair.new_grad(x, 5.0)
    grad = x.grad
    assert grad.tolist() == [5, 5]
    pair.add_to_grad(x)
    assert x.grad is grad
    assert grad.tolist() == [6, 6]
    pair.new_grad(x, None)
    assert x.grad is None
    pair.switch(x, False)
    assert not x.requires_grad


def test_the_type_of_a_tensor_may_change(pair):
    x = torch.ones(2)
    pair.to_double(x)
    assert x.dtype == torch.float64


def test_what_the_student_keeps_follows_the_test(pair):
    x = torch.ones(2)
    pair.keep(x)
    x.fill_(9)
    assert pair.of_kept() == [9, 9]


def test_both_sides_see_each_others_changes_in_the_middle_of_a_call(pair):
    x = torch.ones(2)
    seen = []

    def f():
        seen.extend(x.tolist())
        x.add_(1)

    assert pair.call(f, x) == 6
    assert seen == [2, 2]


def test_a_process_that_has_not_loaded_torch_does_so_when_it_is_needed():
    pair = Pair(SOURCE, late=True)
    x = torch.ones(2)
    assert pair.in_place(x)[0] is x
    assert x.tolist() == [2, 2]
    pair.close()


def test_what_nobody_uses_is_forgotten_on_both_sides(pair):
    for _ in range(20):
        pair.in_place(torch.ones(3))
    assert len(pair.table.entries) <= 4


def test_shared_memory_of_a_view_stays_the_tests_own(pair):
    table = torch.zeros(2, 3)
    pair.in_place(table[:, 1])
    assert table.tolist() == [[0, 1, 0], [0, 1, 0]]


def test_meta_tensors_and_types_cross(pair):
    pair.run("def meta(d): return torch.ones(2, 3, device=d), d, torch.float64, torch.Size([4])")
    made, device, dtype, shape = pair.meta(torch.device("meta"))
    assert (made.device, device, dtype, shape) == (
        torch.device("meta"), torch.device("meta"), torch.float64, (4,))
    assert type(shape) is torch.Size


def test_modes_go_along(pair):
    pair.run("def mode(): return torch.is_grad_enabled()")
    with torch.no_grad():
        assert pair.mode() is False
    assert pair.mode() is True
    pair.off()
    assert torch.is_grad_enabled() is False
    torch.set_grad_enabled(True)
    assert pair.mode() is True
    torch.set_default_dtype(torch.float64)
    try:
        assert pair.type_of_ones() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert pair.type_of_ones() == torch.float32


def test_hooks_are_refused_by_name(pair):
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g)
    with pytest.raises(TypeError, match=r"a hook on a tensor .* is not supported"):
        pair.same(x, x)
    assert pair.in_place(torch.ones(1))[0].tolist() == [2]  # and the next call is as before


def test_too_much_at_once_is_an_error_and_the_next_call_is_as_before(pair):
    x = torch.zeros(40 << 18)  # 40 MiB
    with pytest.raises(ValueError, match="64 MiB"):
        pair.same(x, x.clone())
    assert pair.same(torch.ones(1), 2)[0] is False
    pair.run("def much(x):\n    x += 1\n    return torch.zeros(40 << 18), torch.zeros(40 << 18)")
    y = torch.zeros(1)
    with pytest.raises(ValueError, match="64 MiB"):
        pair.much(y)
    assert pair.in_place(y)[0].item() == 2


def test_what_cannot_come_up_stays_with_the_student(pair):
    pair.run("""
def strange(x):
    x.data = x.data.to(torch.float8_e5m2)
    return 3

def sparse(weight):
    loss = F.embedding(torch.tensor([1]), weight, sparse=True).sum()
    loss.backward()
    return weight.grad.is_sparse
""")
    x, weight = torch.ones(2), torch.ones(3, 2, requires_grad=True)
    assert pair.strange(x) == 3
    assert (x.dtype, x.tolist()) == (torch.float32, [1, 1])
    assert pair.sparse(weight) is True
    assert weight.grad is None
    weight.grad = torch.ones(3, 2).to_sparse()
    with pytest.raises(TypeError, match="a tensor that is sparse is not supported"):
        pair.same(weight, 1)
    weight.grad = None
    assert pair.same(weight, 1)[0] is False


def test_a_global_that_a_function_sets_anew_is_announced_before_it_is_read():
    cells = notebook(
        ("given", "g", "import torch"),
        ("answer", "a", "count = torch.zeros(1)\n"
         "def f():\n    global count\n    count = torch.ones(1)"),
        ("test", "t", "assert float(count) == 0\nf()\nassert float(count) == 1"),
        ("test", "u", "count = torch.full((1,), 2.0)\nf()\nassert float(count) == 1"),
    )
    server = Server(cells)
    try:
        played = server.play(cells)
    finally:
        server.close()
    assert errors_of(cells, played) == {"t": "", "u": ""}
    assert played["faults"] == []
