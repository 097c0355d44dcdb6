"""What problem set 4 tells students is true."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from nnlib import Linear, Sequential, Sigmoid
from tests.chapters.book import headings
from tests.exercises.plants import functions, load
from tests.exercises.problem_set import ProblemSet, run_cell

SOURCE = ProblemSet("ps4_backprop")


def network(rng, N=5, n=3, n1=4, n2=2, K=3):
    shapes = (n1, n), (n1,), (n2, n1), (n2,), (K, n2), (K,)
    return rng.normal(size=(N, n)), rng.integers(K, size=N), [rng.normal(size=s) for s in shapes]


def mean_loss(X, y, W1, b1, W2, b2, W3, b3):
    Z = np.tanh(np.tanh(X @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
    return (np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]).mean()


def test_the_sections_that_the_statements_name_exist(statement):
    listed = re.compile(r'sections? ((?:"[^"]+"(?:, | and )?)+)')
    named = [s for told in statement.values() for part in listed.findall(told)
             for s in re.findall(r'"([^"]+)"', part)]
    assert len(named) == len(SOURCE.answers) + 3
    assert set(named) <= headings("07_backpropagation")


def test_the_worked_example_of_the_chain(statement, answers):
    n = answers["by_hand"](0.5, 1, 0.5, 0.1, 0.8, -0.2)
    told = statement["about_by_hand"]
    assert n["z1"] == pytest.approx(0.35)
    assert n["h"] == pytest.approx(0.35)
    assert "$z_1 = h = 0.35$, $z_2 = 0.08$" in told
    assert n["z2"] == pytest.approx(0.08)
    assert rf"$\hat y = {n['y_hat']:.6f}$, $\ell = {n['loss']:.6f}$" in told
    assert rf"\partial \hat y = {n['dy_hat']:.6f}$" in told
    assert rf"\partial z_2 = {n['dz2']:.6f}$" in told
    assert rf"\partial w_1 = {n['dw1']:.6f}$" in told
    assert rf"\partial b_1 = {n['db1']:.6f}$" in told


def test_the_worked_examples_of_the_layers(statement, answers):
    found = answers["linear_backward"](*map(np.array, ([[10.0]], [[3.0, 4.0]], [[2.0, -1.0]])))
    assert [v.tolist() for v in found] == [[[20.0, -10.0]], [[30.0, 40.0]], [10.0]]
    told = statement["about_linear_backward"]
    assert "`grad_X` is `[[20., -10.]]`, `grad_W` is `[[30., 40.]]`, `grad_b` is `[10.]`" in told
    told = statement["about_activation_backward"]
    found = answers["tanh_backward"](np.array([2.0, 2.0]), np.array([0.5, -0.5]))
    assert "`A = [0.5, -0.5]` gives `[1.5, 1.5]`" in told
    assert found.tolist() == [1.5, 1.5]
    found = answers["relu_backward"](np.array([2.0, -3.0]), np.array([-0.5, 4.0]))
    assert "`Z = [-0.5, 4.]` gives `[0., -3.]`" in told
    assert found.tolist() == [0.0, -3.0]


def test_with_zero_weights_all_six_gradients_are_zero(statement, answers):
    assert "all six gradients are zero" in statement["about_mlp_backward"]
    X = np.array([[1.0], [2.0]])
    shapes = (1, 1), (1,), (1, 1), (1,), (2, 1), (2,)
    found = answers["mlp_backward"](X, np.array([0, 1]), *map(np.zeros, shapes))
    assert not any(gradient.any() for gradient in found)
    found = answers["mlp_backward"](X, np.array([0, 0]), *map(np.zeros, shapes))
    assert found[5].any(), "with other classes the last bias would learn"


def test_the_backward_pass_is_pytorchs(answers):
    X, y, parameters = network(np.random.default_rng(1))
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters]
    W1, b1, W2, b2, W3, b3 = leaves
    hidden = torch.tanh(torch.tanh(torch.tensor(X) @ W1.T + b1) @ W2.T + b2)
    torch.nn.functional.cross_entropy(hidden @ W3.T + b3, torch.tensor(y)).backward()
    for ours, leaf in zip(answers["mlp_backward"](X, y, *parameters), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_the_error_tells_right_from_wrong(statement, answers):
    told = statement["about_numerical_gradient"]
    assert "below $10^{-7}$ means right and above $10^{-3}$ means a bug" in told
    X, y, parameters = network(np.random.default_rng(2))

    def errors(gradients):
        for k, gradient in enumerate(gradients):
            before, after = parameters[:k], parameters[k + 1:]
            numeric = answers["numerical_gradient"](
                lambda p, a=before, b=after: mean_loss(X, y, *a, p, *b), parameters[k])
            yield answers["relative_error"](gradient, numeric)

    assert max(errors(answers["mlp_backward"](X, y, *parameters))) < 1e-7
    same_shapes = ("the mean is forgotten", "no derivative of tanh in layer 1",
                   "the targets are forgotten", "the derivative of tanh from tanh of the output")
    wrong, _ = load("ps4_backprop")["mlp_backward"]
    planted = {plant.name: plant.code for plant in wrong}
    for name in same_shapes:
        namespace = dict(answers)
        assert run_cell(planted[name], name, namespace) == ""
        assert max(errors(namespace["mlp_backward"](X, y, *parameters))) > 1e-3, name


def test_the_examples_of_the_gradient_check(statement, answers):
    told = statement["about_numerical_gradient"]
    found = answers["numerical_gradient"](np.prod, np.array([2.0, 3.0, 4.0]))
    assert found == pytest.approx([12, 8, 6])
    assert "at $\\mathbf{x} = (2, 3, 4)$ the gradient is `[12., 8., 6.]`" in told
    assert answers["relative_error"](np.array([1.0, 4.0]), np.array([1.0, 5.0])) == 0.2
    assert "of `[1., 4.]` and `[1., 5.]` is $1/5 = 0.2$" in told


def test_clipping_is_pytorchs(statement, answers):
    assert "The $10^{-6}$ is PyTorch's" in statement["about_clip_by_global_norm"]
    rng = np.random.default_rng(3)
    cases = [([rng.normal(size=(3, 2)), rng.normal(size=4)], c) for c in (0.1, 1.0, 50.0)]
    cases += [([np.array([6.0, 8.0])], 10.0), ([np.array([6e-6, 8e-6])], 1e-5)]
    for grads, max_norm in cases:
        leaves = [torch.zeros(g.shape, dtype=torch.float64) for g in grads]
        for leaf, gradient in zip(leaves, grads, strict=True):
            leaf.grad = torch.tensor(gradient)
        theirs = torch.nn.utils.clip_grad_norm_(leaves, max_norm).item()
        ours, norm = answers["clip_by_global_norm"](grads, max_norm)
        assert norm == pytest.approx(theirs, rel=1e-12)
        for gradient, leaf in zip(ours, leaves, strict=True):
            np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12)


def test_the_example_of_clipping(statement, answers):
    grads = [np.array([3.0]), np.array([[0.0, 4.0]])]
    (first, second), norm = answers["clip_by_global_norm"](grads, 1)
    told = statement["about_clip_by_global_norm"]
    assert norm == 5
    assert f"$1/5.000001 = {1 / 5.000001:.8f}$" in told
    assert f"`[{first[0]:.8f}]` and `[[0., {second[0, 1]:.8f}]]`" in told


def test_what_clipping_does_with_nan(statement, answers):
    assert "with Python's `min(1.0, nan)`, nothing is clipped" in statement["explain_depth"]
    assert min(1.0, math.nan) == 1.0
    clipped, norm = answers["clip_by_global_norm"]([np.array([3.0, math.nan]), np.ones(2)], 1.0)
    assert math.isnan(norm)
    assert all(np.isnan(gradient).all() for gradient in clipped)


def test_the_chain_of_twelve_sigmoids(statement):
    told = statement["explain_depth"]
    measured = {}
    for w in (1.0, 4.0, 6.0):
        layers = []
        for _ in range(11):  # from z of layer 1 to z of layer 12
            linear = Linear(1, 1, rng=np.random.default_rng(0))
            linear.weight.data[:], linear.bias.data[:] = w, -w / 2
            layers += [Sigmoid(), linear]
        chain = Sequential(*layers)
        assert chain(np.zeros((1, 1))).item() == 0
        measured[w] = chain.backward(np.ones((1, 1))).item()
        assert measured[w] == pytest.approx((w / 4) ** 11)
    assert measured[4.0] == pytest.approx(1)
    assert f"{measured[1.0] * 1e7:.1f} \\cdot 10^{{-7}}$" in told
    assert f"For $w = 6$ it is {measured[6.0]:.1f}" in told


def test_the_cost_of_the_example_network(statement):
    sizes = (20, 50, 30, 5)
    products = [m * n for n, m in pairwise(sizes)]
    forward, backward = sum(products), 2 * sum(products) - products[0]
    parameters = forward + sum(sizes[1:])
    told = statement["explain_depth"]
    assert f"30 \\cdot 5 = {forward}$ multiplications" in told
    assert f"Together {backward}, that is {backward / forward:.2f} times the forward pass" in told
    assert f"$2650 + 85 = {parameters}$ parameters" in told
    assert f"central differences need {2 * parameters} forward passes" in told


@pytest.mark.slow
def test_every_likely_cause_is_that_of_a_planted_mistake():
    """A cause that no mistake brings up may be unreachable, or wrong."""
    causes = {}

    def check(name, _function, _section, examples):
        causes[name] = {cause for _, _, known in examples for cause in known}

    namespace = {"check": check, "np": np} | {name: None for _, name, _ in functions(SOURCE)}
    for cell in ProblemSet("ps4_backprop", "exercises").tests.values():
        exec(cell.source, namespace)
    told = {name: "" for name in causes}
    for name, (wrong, _) in load("ps4_backprop").items():
        for plant in wrong:
            told[name] += SOURCE.run({plant.answer: plant.code})[f"test_{plant.answer}"]
    unmet = [(name, c) for name, listed in causes.items() for c in listed if c not in told[name]]
    assert unmet == []
