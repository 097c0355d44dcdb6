"""Parameters, nesting, modes, state_dict and files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlib
from tests.nnlib import zoo


def network(seed: int = 0) -> nnlib.Sequential:
    rng = np.random.default_rng(seed)
    block = nnlib.Sequential(nnlib.Linear(3, 3, rng=rng), nnlib.PReLU())
    return nnlib.Sequential(
        nnlib.Linear(2, 3, bias=False, rng=rng),
        nnlib.BatchNorm1d(3),
        nnlib.Residual(block),
        nnlib.Dropout(0.5, rng=rng),
        nnlib.Linear(3, 1, rng=rng),
    )


NAMES = ["0.weight", "1.weight", "1.bias", "2.body.0.weight", "2.body.0.bias"]
NAMES += ["2.body.1.weight", "4.weight", "4.bias"]


def test_names_are_pytorchs() -> None:
    model = network()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [p.data.shape for p in model.parameters()][:3] == [(3, 2), (3,), (3,)]
    buffers = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert set(model.state_dict()) == set(NAMES) | buffers
    names = [name for name, _ in model.named_modules()]
    assert names == ["", "0", "1", "2", "2.body", "2.body.0", "2.body.1", "3", "4"]
    assert len(model) == 5
    assert model[-1] is list(model)[4]


def test_a_shared_parameter_is_listed_once() -> None:
    rng = np.random.default_rng(0)
    first, second = nnlib.Linear(2, 2, rng=rng), nnlib.Linear(2, 2, rng=rng)
    second.weight = first.weight
    model = nnlib.Sequential(first, second)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert "1.weight" in model.state_dict()


def test_modes_reach_all_modules() -> None:
    model = network()
    assert all(m.training for _, m in model.named_modules())
    assert model.eval() is model
    assert not any(m.training for _, m in model.named_modules())
    x = np.random.default_rng(0).normal(size=(4, 2))
    assert np.array_equal(model(x), model(x))
    assert model.train() is model
    assert all(m.training for _, m in model.named_modules())
    assert not np.array_equal(model(x), model(x))


def test_the_state_is_a_copy_and_comes_back() -> None:
    model, other = network(0), network(1)
    x = np.random.default_rng(0).normal(size=(4, 2))
    model(x)
    state = model.state_dict()
    kept = {name: array.copy() for name, array in state.items()}
    optimizer = nnlib.SGD(model.parameters(), lr=0.5)
    model.backward(np.ones((4, 1)))
    optimizer.step()
    model(x)
    assert all(np.array_equal(state[name], kept[name]) for name in kept)
    other.load_state_dict(state)
    model.load_state_dict(state)
    assert np.array_equal(model.eval()(x), other.eval()(x))
    state["0.weight"][:] = 7
    assert not (model[0].weight.data == 7).any()


def test_loading_keeps_the_arrays_that_an_optimizer_knows() -> None:
    model = network()
    array = model[0].weight.data
    model.load_state_dict(network(1).state_dict())
    assert model[0].weight.data is array
    narrow = nnlib.Linear(2, 3, rng=np.random.default_rng(0), dtype=np.float32)
    narrow.load_state_dict({"weight": np.ones((3, 2)), "bias": [1.0, 2.0, 3.0]})
    assert narrow.weight.data.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("0.weight"), r"missing keys \['0.weight'\], unexpected keys \[\]"),
        (lambda s: s.update(new=1.0), r"missing keys \[\], unexpected keys \['new'\]"),
        (
            lambda s: s.update({"0.weight": np.ones((2, 3))}),
            r"0.weight has shape \(3, 2\), got \(2, 3\)",
        ),
        (
            lambda s: s.update({"1.num_batches_tracked": 1.5}),
            "1.num_batches_tracked cannot take float64, it is int64",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message) -> None:
    model, state = network(), network(1).state_dict()
    before = model.state_dict()
    change(state)
    with pytest.raises(ValueError, match=f"load_state_dict: {message}"):
        model.load_state_dict(state)
    assert all(np.array_equal(a, before[name]) for name, a in model.state_dict().items())


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.sampled_from(list(zoo.LAYERS)), st.sampled_from([np.float32, np.float64]), st.data())
def test_files_keep_every_bit(tmp_path_factory, name, dtype, data) -> None:
    layer, file = zoo.LAYERS[name](dtype), tmp_path_factory.mktemp("net") / "net.weights"
    for array in layer._state().values():
        array[...] = data.draw(st.floats(-1e6, 1e6, width=32)) if array.dtype.kind == "f" else 3
    nnlib.save(layer.state_dict(), file)
    loaded = nnlib.load(file)
    assert loaded.keys() == layer.state_dict().keys()
    for key, array in layer.state_dict().items():
        assert loaded[key].dtype == array.dtype
        assert np.array_equal(loaded[key], array)
    zoo.LAYERS[name](dtype).load_state_dict(loaded)


def test_a_file_with_code_is_refused(tmp_path) -> None:
    np.savez(tmp_path / "bad.npz", w=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        nnlib.load(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match="save: w holds Python objects"):
        nnlib.save({"w": np.array([{}], dtype=object)}, tmp_path / "bad2.npz")


def test_parameter_data_is_contiguous_and_its_own() -> None:
    source = np.arange(6.0).reshape(2, 3)
    parameter = nnlib.Parameter(source.T)
    assert parameter.data.flags.c_contiguous
    source[:] = 9
    assert parameter.data[0].tolist() == [0, 3]
    array = parameter.data
    parameter.data -= 1
    assert parameter.data is array
    parameter.data = source.T
    assert parameter.data.flags.c_contiguous
    assert repr(parameter) == "Parameter(shape=(3, 2), dtype=float64)"
    assert nnlib.Parameter(2.5).data.shape == ()


def test_gradients_are_added_without_changing_what_was_given() -> None:
    parameter, grad = nnlib.Parameter(np.zeros(2)), np.ones(2)
    parameter.add_grad(grad)
    parameter.add_grad(grad)
    assert parameter.grad.tolist() == [2, 2]
    assert grad.tolist() == [1, 1]


def test_modules_describe_themselves() -> None:
    assert repr(network()) == (
        "Sequential(Linear(2, 3, bias=False), BatchNorm1d(3), Residual(Sequential(Linear(3, 3), "
        "PReLU())), Dropout(p=0.5), Linear(3, 1))"
    )
    assert repr(nnlib.LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"


def test_xor_is_learned() -> None:
    rng = np.random.default_rng(0)
    model = nnlib.Sequential(nnlib.Linear(2, 8, rng=rng), nnlib.Tanh(), nnlib.Linear(8, 1, rng=rng))
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    optimizer, criterion = nnlib.Adam(model.parameters(), lr=0.05), nnlib.BCEWithLogitsLoss()
    losses = []
    for _ in range(300):
        optimizer.zero_grad()
        losses.append(criterion(model(X), y))
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
    assert losses[0] > 0.6
    assert losses[-1] < 0.01
