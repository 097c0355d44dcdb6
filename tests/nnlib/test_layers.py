"""What every layer and every loss has to do: right derivatives, kept dtypes, honest caches."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nnlib
from nnlib.gradcheck import gradcheck
from tests.nnlib import zoo

SETTINGS = settings(derandomize=True, deadline=None, max_examples=60)
MODERATE = st.floats(-30, 30, allow_subnormal=False)
BATCHES = hnp.arrays(np.float64, st.tuples(st.integers(2, 6), st.just(4)), elements=MODERATE)
DTYPES = [np.float16, np.float32, np.float64, np.longdouble]


@pytest.fixture(params=zoo.LAYERS)
def layer(request) -> nnlib.Module:
    return zoo.LAYERS[request.param](np.float64)


def passes(layer: nnlib.Module, x: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """Return y, dL/dx and the parameters' gradients of a fresh copy."""
    own = copy.deepcopy(layer)
    y = own(x)
    return [y, own.backward(g[:, : y.shape[1]]), *(p.grad for p in own.parameters())]


def test_gradient_agrees_with_differences(layer) -> None:
    rng = np.random.default_rng(0)
    for parameter in layer.parameters():
        parameter.data += rng.normal(0, 0.2, parameter.data.shape)
    assert gradcheck(layer, zoo.x_away_from_kinks(), rng=rng) <= 1e-6


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", zoo.LOSSES)
def test_gradient_of_loss_agrees_with_differences(name, reduction) -> None:
    criterion, rng = zoo.LOSSES[name](reduction=reduction), np.random.default_rng(0)
    x, target = zoo.loss_inputs(name)
    assert gradcheck(criterion, x, target, rng=rng) <= 1e-6
    if name.startswith("CrossEntropy"):
        rows = rng.dirichlet(np.ones(4), size=5)
        assert gradcheck(criterion, x, rows, rng=rng) <= 1e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", zoo.LAYERS)
def test_layer_keeps_the_dtype(name, dtype) -> None:
    if name.startswith("GELU") and dtype is np.longdouble:
        dtype = np.float64  # SciPy's erf knows no longer type
    layer, x = zoo.LAYERS[name](dtype), zoo.x_away_from_kinks(dtype=dtype)
    y = layer(x)
    assert {y.dtype, layer.backward(y).dtype} == {np.dtype(dtype)}
    assert {p.grad.dtype for p in layer.parameters()} <= {np.dtype(dtype)}
    assert layer.eval()(x).dtype == dtype
    floats = [v for v in layer.state_dict().values() if v.dtype.kind == "f"]
    assert {v.dtype for v in floats} <= {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", zoo.LOSSES)
def test_loss_keeps_the_dtype(name, reduction, dtype) -> None:
    criterion = zoo.LOSSES[name](reduction=reduction)
    x, target = zoo.loss_inputs(name, dtype)
    assert criterion(x, target).dtype == dtype
    assert criterion.backward().dtype == dtype
    if name.startswith("CrossEntropy"):
        rows = np.eye(4, dtype=dtype)[target]
        assert criterion(x, rows).dtype == dtype
        assert criterion.backward(np.float64(2.0)).dtype == dtype


def test_arguments_are_not_changed(layer) -> None:
    x, g = zoo.x_away_from_kinks(), np.random.default_rng(1).normal(size=(5, 5))
    kept = x.copy(), g.copy()
    passes(layer, x, g)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(g, kept[1])


@pytest.mark.parametrize("name", zoo.LOSSES)
def test_arguments_of_losses_are_not_changed(name) -> None:
    criterion, (x, target) = zoo.LOSSES[name](), zoo.loss_inputs(name)
    kept = x.copy(), target.copy()
    criterion(x, target)
    criterion.backward()[...] = 7.0
    assert np.array_equal(x, kept[0])
    assert np.array_equal(target, kept[1])


@SETTINGS
@given(st.sampled_from(list(zoo.LAYERS)), BATCHES, st.floats(-3, 3), st.integers(0, 99))
def test_backward_is_linear(name, x, factor, seed) -> None:
    layer, rng = zoo.LAYERS[name](np.float64), np.random.default_rng(seed)
    g, h = rng.normal(size=(2, len(x), 5))
    with np.errstate(under="ignore"):
        one, two = passes(layer, x, g)[1:], passes(layer, x, h)[1:]
        both = passes(layer, x, g + factor * h)[1:]
    for a, b, c in zip(one, two, both, strict=True):
        scale = 1 + np.abs(a).max() + 3 * np.abs(b).max()
        np.testing.assert_allclose(c, a + factor * b, rtol=0, atol=1e-11 * scale)


def test_gradients_add_up(layer) -> None:
    x, g = zoo.x_away_from_kinks(), np.random.default_rng(1).normal(size=(5, 5))
    rngs = [m for _, m in layer.named_modules() if isinstance(m, nnlib.Dropout)]
    for dropout in rngs:
        dropout.p = 0.0
    for _ in range(2):
        y = layer(x)
        layer.backward(g[:, : y.shape[1]])
    for twice, once in zip(layer.parameters(), passes_of_new(layer, x, g), strict=True):
        np.testing.assert_allclose(twice.grad, 2 * once)
    layer.zero_grad()
    assert all(p.grad is None for p in layer.parameters())


def passes_of_new(layer: nnlib.Module, x: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    new = copy.deepcopy(layer)
    new.zero_grad()
    return passes(new, x, g)[2:]


def test_input_grad_can_be_left_out(layer) -> None:
    x, g = zoo.x_away_from_kinks(), np.random.default_rng(1).normal(size=(5, 5))
    expected = passes(layer, x, g)[2:]
    y = layer(x)
    layer.backward(g[:, : y.shape[1]], input_grad=False)
    for parameter, grad in zip(layer.parameters(), expected, strict=True):
        assert np.array_equal(parameter.grad, grad)


def test_the_first_layer_makes_no_input_gradient() -> None:
    rng = np.random.default_rng(0)
    model = nnlib.Sequential(nnlib.Sequential(nnlib.Linear(4, 3, rng=rng), nnlib.Tanh()))
    first = model[0][0]
    first._backward = None  # never called
    model(zoo.x_away_from_kinks())
    model.backward(np.ones((5, 3)), input_grad=False)
    assert first.weight.grad.shape == (3, 4)


def test_a_forward_pass_serves_one_backward_pass(layer) -> None:
    x = zoo.x_away_from_kinks()
    message = "backward needs a forward pass in training mode"
    with pytest.raises(RuntimeError, match=message):
        layer.backward(x)
    y = layer(x)
    layer.backward(y)
    with pytest.raises(RuntimeError, match=message):
        layer.backward(y)
    layer(x)
    layer.eval()
    with pytest.raises(RuntimeError, match=message):
        layer.backward(y)
    layer(x)
    with pytest.raises(RuntimeError, match=message):
        layer.backward(y)


@pytest.mark.parametrize("name", zoo.LOSSES)
def test_a_loss_serves_one_backward_pass(name) -> None:
    criterion = zoo.LOSSES[name]()
    with pytest.raises(RuntimeError, match=f"{name.split(',')[0]}: backward needs a forward pass"):
        criterion.backward()
    criterion(*zoo.loss_inputs(name))
    criterion.backward()
    with pytest.raises(RuntimeError, match="backward needs a forward pass"):
        criterion.backward()


def test_backward_wants_the_shape_and_dtype_of_the_output(layer) -> None:
    y = layer(zoo.x_away_from_kinks())
    for wrong in (y[:, :1], y[0], y.astype(np.float32), y.tolist()):
        with pytest.raises(ValueError, match=r"expected grad as float64 of shape \(5, \d\), got"):
            layer.backward(wrong)
    assert layer.backward(y).shape == (5, 4)  # a refused gradient costs nothing


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1.0] * 4], "x must be a NumPy array, got list"),
        (np.ones((2, 4), int), r"x must hold floats, got int64; use x.astype\(np.float64\)"),
        (np.ones((0, 4)), r"expected at least one example, got x of shape \(0, 4\)"),
        (np.ones((2, 4), complex), "x must hold floats, got complex128"),
    ],
)
def test_layers_refuse_what_is_no_batch(layer, x, message) -> None:
    with pytest.raises(ValueError, match=message):
        layer(x)


@SETTINGS
@given(BATCHES, st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_ignores_a_shift(x, shift) -> None:
    y = nnlib.Softmax(dim=1)(x)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(nnlib.Softmax(dim=1)(x + shift), y, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(nnlib.LogSoftmax(dim=1)(x), np.log(y), rtol=1e-9, atol=1e-13)


@SETTINGS
@given(st.sampled_from(list(zoo.LOSSES)), st.integers(0, 10**6))
def test_losses_are_not_negative(name, seed) -> None:
    x, target = zoo.loss_inputs(name)
    x = np.random.default_rng(seed).permuted(x, axis=0)
    losses = zoo.LOSSES[name](reduction="none")(x, target)
    assert (losses >= 0).all()
    assert zoo.LOSSES[name]()(x, target) == pytest.approx(losses.mean())
    assert zoo.LOSSES[name](reduction="sum")(x, target) == pytest.approx(losses.sum())


@SETTINGS
@given(hnp.arrays(np.float64, (6, 4), elements=st.floats(-1e3, 1e3), unique=True))
def test_normalised_outputs_have_mean_0_and_variance_1(x) -> None:
    x *= 1 + 1 / (1e-9 + x.std(axis=0))  # a spread beside which eps vanishes
    y = nnlib.BatchNorm1d(4, eps=1e-12)(x)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(nnlib.LayerNorm(6, eps=1e-12)(x.T).var(axis=1), 1, rtol=1e-6)


def test_a_constant_feature_is_normalised_to_zero() -> None:
    assert not nnlib.BatchNorm1d(1)(np.full((4, 1), 3.0)).any()
    assert not nnlib.LayerNorm(3)(np.full((2, 3), 3.0)).any()


def test_dropout_keeps_the_mean_and_draws_from_its_generator() -> None:
    x = np.ones((200, 300))
    y = nnlib.Dropout(0.2, rng=np.random.default_rng(1))(x)
    assert np.unique(y).tolist() == [0.0, 1.25]
    assert abs(y.mean() - 1) < 0.01
    assert np.array_equal(y, nnlib.Dropout(0.2, rng=np.random.default_rng(1))(x))
    assert not np.array_equal(y, nnlib.Dropout(0.2, rng=np.random.default_rng(2))(x))
    rng = np.random.default_rng(1)
    nnlib.Dropout(0.0, rng=rng)(x)
    nnlib.Dropout(0.5, rng=rng).eval()(x)
    assert rng.random() == np.random.default_rng(1).random()
