"""Tensors and settings as JSON and bytes: what comes back, and what is refused."""

import json

import pytest
import torch

from grader.split.torch_errors import NotAcross
from grader.split.torch_plain import NotPlain, read_plain, write_plain
from grader.split.torch_values import DTYPES, read, refuse_unusual, write
from grader.split.wire import ProtocolError


def there_and_back(tensor):
    pieces = []

    def keep(data):
        pieces.append(data)
        return len(pieces) - 1

    node = json.loads(json.dumps(write(tensor, keep)))
    return read(node, pieces.__getitem__)


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_every_type_keeps_its_numbers(name):
    tensor = torch.tensor([[0, 1, 2], [3, 4, 5]]).to(DTYPES[name])
    back = there_and_back(tensor)
    assert back.dtype == tensor.dtype
    assert torch.equal(back, tensor)


@pytest.mark.parametrize("tensor", [
    torch.tensor(3.0), torch.zeros(0, 3), torch.tensor([float("nan"), float("inf"), -0.0]),
    torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1), torch.tensor([1 + 2j, 3 - 1j]).conj(),
])
def test_shapes_and_special_numbers(tensor):
    back = there_and_back(tensor)
    assert torch.equal(back.nan_to_num(7), tensor.nan_to_num(7))
    assert back.shape == tensor.shape
    assert back.stride() == tensor.stride() or tensor.numel() == 0


def test_a_view_brings_nothing_of_what_lies_between():
    table = torch.arange(12.0).reshape(3, 4)
    back = there_and_back(table[:, 1])
    assert back.untyped_storage().nbytes() == 3 * 4
    assert torch.equal(there_and_back(torch.ones(1).expand(5)), torch.ones(5))


def test_meta_has_a_shape_and_no_numbers():
    back = there_and_back(torch.empty(2, 3, dtype=torch.float64, device="meta"))
    assert (back.device.type, tuple(back.shape), back.dtype) == ("meta", (2, 3), torch.float64)


@pytest.mark.parametrize("node", [
    None, [], {}, {"d": "object", "s": [1], "b": 0}, {"d": "float32", "s": [2], "b": 0},
    {"d": "float32", "s": [-1], "b": 0}, {"d": "float32", "s": [1.0], "b": 0},
    {"d": "float32", "s": [True], "b": 0}, {"d": "float32", "s": "1", "b": 0},
    {"d": "float32", "s": [1] * 33, "b": 0}, {"d": "float32", "s": [1 << 41]},
    {"d": "float32", "s": [1 << 30, 1 << 30]}, {"d": "float32", "s": [1], "b": 0, "t": [1, 1]},
    {"d": "float32", "s": [1], "b": 0, "t": ["1"]}, {"d": "float32"},
])
def test_what_is_no_tensor_is_refused(node):
    with pytest.raises(ProtocolError):
        read(node, [b"\0\0\0\0"].__getitem__)


def test_strides_that_lie_do_not_reach_beyond_the_tensor():
    node = {"d": "uint8", "s": [2, 2], "b": 0, "t": [10**12, -5]}
    back = read(node, [b"\1\2\3\4"].__getitem__)
    assert back.tolist() == [[1, 2], [3, 4]]
    assert back.untyped_storage().nbytes() == 4


def test_any_byte_but_zero_is_true():
    back = read({"d": "bool", "s": [3], "b": 0}, [b"\0\7\1"].__getitem__)
    assert back.numpy().tobytes() == b"\0\1\1"


@pytest.mark.parametrize("tensor", [
    torch.eye(2).to_sparse(), torch.nn.LazyLinear(2).weight, torch.zeros(1).to(torch.float8_e5m2),
])
def test_unusual_tensors_are_refused_by_name(tensor):
    with pytest.raises(NotAcross, match=r"a tensor that is .* is not supported"):
        refuse_unusual(tensor)


@pytest.mark.parametrize("value", [
    None, True, 3, 0.1, "text", (1, (2.0, None)), [1, [2]], {"a": 1, 3: (4,)}, torch.float64,
    torch.device("meta"), torch.Size([2, 3]), torch.nn.functional.relu, torch.tanh,
])
def test_settings_come_back_as_they_were(value):
    back = read_plain(json.loads(json.dumps(write_plain(value))), trusted=True)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [object(), lambda: 0, 1 << 70, {(1,): 2}, torch.ones(1), print])
def test_what_is_no_setting(value):
    with pytest.raises(NotPlain):
        write_plain(value)


@pytest.mark.parametrize("node", [
    {}, [], ["q"], ["n", "torch", "load"], ["n", "os", "system"], ["T", 1], ["v", "cuda"],
    ["d", [[1], 2]],
])
def test_a_student_names_no_functions(node):
    with pytest.raises(ProtocolError):
        read_plain(node)
