"""Looking into a model: outputs by layer, the table, and where NaN begins."""

import re

import numpy as np
import pytest

import nnlib as nn
from nnlib.summary import first_not_finite, layer_outputs, summary


def rng(seed=0):
    return np.random.default_rng(seed)


def network() -> nn.Sequential:
    body = nn.Sequential(nn.Linear(4, 4, rng=rng(1)), nn.BatchNorm1d(4), nn.Tanh())
    return nn.Sequential(
        nn.Linear(3, 4, rng=rng(2)), nn.Residual(body), nn.Dropout(rng=rng(3)),
        nn.Linear(4, 2, bias=False, rng=rng(4)),
    )  # fmt: skip


X = rng(9).normal(size=(5, 3))


def test_outputs_are_those_of_each_layer_in_order() -> None:
    model = network().eval()
    outputs = layer_outputs(model, X)
    assert list(outputs) == ["0", "1.body.0", "1.body.1", "1.body.2", "2", "3"]
    assert np.array_equal(outputs["0"], model[0](X))
    assert np.array_equal(outputs["2"], outputs["0"] + outputs["1.body.2"])
    assert np.array_equal(outputs["3"], model(X))
    assert list(layer_outputs(nn.Tanh(), X)) == [""]


def test_looking_changes_nothing() -> None:
    model, untouched = network(), network()
    y = model(X)
    layer_outputs(model, 100 * X)
    summary(model, 3)
    first_not_finite(model, X)
    model.backward(np.ones_like(y))  # the pending pass is still there
    assert np.array_equal(y, untouched(X))
    assert np.array_equal(model(X), untouched(X))  # same masks, same running statistics
    for name, array in untouched.state_dict().items():
        assert np.array_equal(model.state_dict()[name], array)
    assert "forward" not in vars(model[0])


def test_the_mode_of_the_model_is_used() -> None:
    model = nn.Sequential(nn.Dropout(0.5, rng=rng()))
    assert (layer_outputs(model, X)["0"] == 0).any()
    assert np.array_equal(layer_outputs(model.eval(), X)["0"], X)


def test_summary_counts_every_parameter() -> None:
    model = network()
    lines = summary(model, 3).splitlines()
    assert re.split(r" {2,}", lines[0]) == ["name", "layer", "output", "parameters"]
    table = [re.split(r" {2,}", line) for line in lines[1:-1]]
    assert [row[0] for row in table] == ["0", "1.body.0", "1.body.1", "1.body.2", "2", "3"]
    assert [row[1] for row in table][-1] == "Linear(4, 2, bias=False)"
    assert [row[2] for row in table] == ["(N, 4)"] * 5 + ["(N, 2)"]
    assert [int(row[3]) for row in table] == [16, 20, 8, 0, 0, 8]
    assert lines[-1].split() == ["total", "52"]
    assert len({len(line) for line in lines}) == 1  # the numbers end in one column


def test_summary_works_in_float32_without_parameters_and_with_large_counts() -> None:
    model = nn.Linear(1000, 1000, rng=rng(), dtype=np.float32)
    assert summary(model, 1000).splitlines()[-1].split() == ["total", "1,001,000"]
    assert summary(nn.Tanh(), 2).splitlines()[-1].split() == ["total", "0"]


@pytest.mark.parametrize("size", [0, 2.0, True])
def test_summary_refuses_sizes(size) -> None:
    with pytest.raises(ValueError, match=r"^summary: in_features must be an integer >= 1, got "):
        summary(network(), size)


def test_summary_refuses_a_size_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"Linear\(3, 4\): expected x of shape \(N, 3\)"):
        summary(network(), 5)


def planted(name: str, value: float) -> nn.Sequential:
    model = network()
    dict(model.named_parameters())[name].data.flat[0] = value
    return model


@pytest.mark.parametrize(
    ("model", "x", "says"),
    [
        (network(), X * np.nan, "the input x already holds values that are not finite"),
        (planted("1.body.0.weight", np.nan), X, "in the weight of layer '1.body.0', Linear(4, 4)"),
        (planted("1.body.1.bias", np.inf), X, "in the bias of layer '1.body.1', BatchNorm1d(4)"),
        (planted("3.weight", -np.inf), X, "in the weight of layer '3', Linear(4, 2, bias=False)"),
        (planted("0.weight", 1e200), X * 1e200, "in the output of layer '0', Linear(3, 4)"),
    ],
)
def test_where_nan_begins(model, x, says) -> None:
    message = first_not_finite(model, x)
    assert message.endswith(says)
    assert message == says or message.startswith("the first value that is not finite is in the ")


def test_nan_from_the_loss_is_told_from_nan_in_a_layer() -> None:
    model = nn.Sequential(nn.ReLU())
    assert first_not_finite(model, np.array([[-3e9, 2e7]])) == (
        "every layer's output is finite, up to 2e+07, so it arose in the loss itself"
    )
