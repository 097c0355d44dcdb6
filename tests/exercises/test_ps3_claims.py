"""What problem set 3 tells students is true."""

import ast
import math
import re

import numpy as np
import pytest
import torch

from tests.chapters.book import headings
from tests.exercises.plants import load
from tests.exercises.problem_set import ProblemSet, run_cell

SOURCE = ProblemSet("ps3_forward_and_losses")
Z3 = np.array([[2.0, 1.0, 0.1]])


def test_the_sections_that_the_statements_name_exist(statement):
    listed = re.compile(r'chapters/(\S+)\), sections? ((?:"[^"]+"(?:, | and )?)+)')
    named = [(file, section) for told in statement.values() for file, part in listed.findall(told)
             for section in re.findall(r'"([^"]+)"', part)]
    assert len(named) == 17
    wrong = [(file, section) for file, section in named
             if section not in headings(file.removesuffix(".ipynb"))]
    assert wrong == []


def test_the_worked_layer_and_forward_pass(statement, answers):
    X, W = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0, -1.0], [0.5, -1.0, 1.0]])
    assert "`Z` is `[[8., 1.5]]`" in statement["about_linear"]
    assert answers["linear"](X, W, np.array([10.0, 0.0])).tolist() == [[8.0, 1.5]]
    top = np.array([[4.0, -2.0]]), np.array([1.0])
    found = answers["mlp_forward"](X, [(W, np.zeros(2)), top])
    assert [A.tolist() for A in found] == [[[1.0, 2.0, 3.0]], [[0.0, 1.5]], [[-2.0]]]
    assert "`[[[1., 2., 3.]], [[0., 1.5]], [[-2.]]]`" in statement["about_mlp_forward"]
    assert (X @ W.T)[0, 0] == -2, "the silent unit is at -2 before ReLU"


def test_the_example_of_xor_computes_or(statement, answers):
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert answers["xor_answers"](corners).tolist() == [0, 1, 1, 0]
    told = statement["about_xor_network"]
    example = re.search(r"\*\*Example\.\*\* (.+?) has the right form", told)
    values = eval("dict(" + ", ".join(re.findall(r"`(.+?)`", example[1])) + ")", {"np": np})
    answers["xor_network"] = lambda: tuple(values.values())
    assert answers["xor_answers"](corners).tolist() == [0, 1, 1, 1]
    assert values["w2"] @ np.maximum(values["W1"] @ [1, 1] + values["b1"], 0) + values["b2"] == 3


def test_a_network_for_exercise_2_is_told_about_its_shapes():
    wrong, _ = load(SOURCE.name)["xor_network"]
    plant = next(p for p in wrong if p.name == "shapes for the forward pass of exercise 2")
    told = SOURCE.run({plant.answer: plant.code})["test_xor_network"]
    assert "W1, b1, w2, b2 have the shapes (2, 2), (2,), (2,), ()" in told
    assert "Repair first" not in told, "the check runs the student's network through a given cell"


def test_the_example_of_counting(statement, answers):
    assert answers["count_parameters"]([3, 4, 2]) == [16, 10]
    layer, share = answers["largest_layer"]([3, 4, 2])
    told = statement["about_count_parameters"]
    assert "3-4-2 give `[16, 10]`" in told
    assert f"layer {layer}, with a share of $16/26 = {share:.6f}$" in told


def test_the_examples_of_the_losses_for_numbers(statement, answers):
    told = statement["about_mse_and_mae"]
    arguments = np.array([4.0, 0.0]), np.array([1.0, 2.0])
    for name, loss, gradient in (("mse", 6.5, "[3., -2.]"), ("mae", 2.5, "[0.5, -0.5]")):
        found = answers[name](*arguments)
        assert found[0] == loss
        assert found[1].tolist() == ast.literal_eval(gradient)
        assert f"`({loss}, {gradient})`" in told
    assert answers["best_constants"](np.array([0.0, 0.0, 9.0])) == (3.0, 0.0)
    assert "`[0., 0., 9.]` the best constants are `(3.0, 0.0)`" in told


def test_the_examples_of_binary_cross_entropy(statement, answers):
    told, bce = statement["about_bce_with_logits"], answers["bce_with_logits"]
    assert f"$\\log 2 = {math.log(2):.6f}$" in told
    assert bce(np.zeros(1), np.zeros(1)) == bce(np.zeros(1), np.ones(1)) == math.log(2)
    first, second = bce(np.array([2.0]), np.array([0])), bce(np.array([-1.0]), np.array([1]))
    assert f"losses are {first:.6f} and {second:.6f}" in told
    assert f"their mean is {bce(np.array([2.0, -1.0]), np.array([0, 1])):.6f}" in told
    thousand = np.array([1000.0])
    assert (bce(thousand, np.array([0])), bce(thousand, np.array([1]))) == (1000, 0)


def test_the_examples_of_cross_entropy(statement, answers):
    told, total = statement["about_cross_entropy"], np.exp(Z3).sum()
    assert f"$e^2 + e^1 + e^{{0.1}} = {total:.6f}$, its logarithm is {math.log(total):.6f}" in told
    assert f"the loss is {answers['cross_entropy'](Z3, np.array([0])):.6f}" in told
    assert f"class is 2, it is {answers['cross_entropy'](Z3, np.array([2])):.6f}" in told
    told = statement["about_cross_entropy_grad"]
    p = ", ".join(f"{v:.6f}" for v in (np.exp(Z3) / total)[0])
    gradient = answers["cross_entropy_grad"](Z3, np.array([0]))[0]
    assert f"$\\mathbf{{p}} = ({p})$" in told
    assert "`[[" + ", ".join(f"{v:.6f}" for v in gradient) + "]]`" in told
    found = answers["softmax_regression_grad"](
        np.array([[2.0, -1.0]]), np.array([1]), np.zeros((2, 2)), np.zeros(2))
    assert [v.tolist() for v in found] == [[[1.0, -0.5], [-1.0, 0.5]], [0.5, -0.5]]
    assert "`grad_W` is `[[1., -0.5], [-1., 0.5]]` and `grad_b` is `[0.5, -0.5]`" in told


def test_the_losses_and_gradients_are_pytorchs(answers):
    rng = np.random.default_rng(3)
    Z, y, t = rng.normal(size=(6, 4)), rng.integers(4, size=6), rng.normal(size=6)
    for name, criterion in (("mse", torch.nn.MSELoss()), ("mae", torch.nn.L1Loss())):
        leaf = torch.tensor(Z[:, 0].copy(), requires_grad=True)
        theirs = criterion(leaf, torch.tensor(t))
        theirs.backward()
        loss, gradient = answers[name](Z[:, 0], t)
        assert loss == pytest.approx(theirs.item(), rel=1e-12)
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12)
    theirs = torch.nn.BCEWithLogitsLoss()(torch.tensor(1e3 * Z[:, 1]), torch.tensor(y % 2.0))
    assert answers["bce_with_logits"](1e3 * Z[:, 1], y % 2) == pytest.approx(theirs.item())
    leaf = torch.tensor(Z, requires_grad=True)
    theirs = torch.nn.CrossEntropyLoss()(leaf, torch.tensor(y))
    theirs.backward()
    assert answers["cross_entropy"](Z, y) == pytest.approx(theirs.item(), rel=1e-12)
    np.testing.assert_allclose(
        answers["cross_entropy_grad"](Z, y), leaf.grad.numpy(), rtol=1e-9, atol=1e-15)


def test_no_memory_holds_the_one_hot_matrix():
    """Its bytes exceed the addresses that a process has (2^47), so every machine refuses it."""
    assert 4_200_000**2 * 8 > 2**47
    assert "4_200_000" in SOURCE.tests["test_cross_entropy"].source


def test_the_parabola_and_the_chords_of_the_written_answer(statement):
    told = statement["explain_universal"]
    alternating = np.array([-np.pi / 2, -np.pi / 6, np.pi / 6, np.pi / 2])
    assert np.sin(3 * alternating) == pytest.approx([1, -1, 1, -1])
    points = np.array([0, 0.5, 1, 1.5, 2])
    slopes = np.diff(points**2) / np.diff(points)
    assert f"slopes of the chords are ${', '.join(map(str, slopes))}$" in told
    weights = np.diff(slopes, prepend=0.0)
    assert f"$({', '.join(f'{w:g}' for w in weights)})$" in told
    value = weights @ np.maximum(1.25 - points[:-1], 0)
    assert f"= {value:g}$, where $f$ is ${1.25**2:g}$: an error of ${value - 1.25**2:g}$" in told


def test_the_sizes_of_the_written_designs(statement, answers):
    told = statement["design_network"]
    for sizes in ((12, 64, 64, 1), (64, 64, 8), (200, 128, 64, 25)):
        counts = answers["count_parameters"](sizes)
        shown = f"${' + '.join(map(str, counts))} = {sum(counts)}$ parameters"
        assert f"{'-'.join(map(str, sizes))}, $D = {len(sizes) - 1}$, with {shown}" in told
    deeper = sum(answers["count_parameters"]((64, 64, 48, 8)))
    assert f"64-64-48-8 ({deeper} parameters)" in told
    assert f"softmax regression ({answers['count_parameters']((64, 8))[0]} parameters)" in told
    assert max(deeper, 4680) <= 10_000


@pytest.mark.slow
def test_every_likely_cause_is_that_of_a_planted_mistake():
    """A cause that no mistake brings up may be unreachable, or wrong."""
    causes, told = {}, {}

    def check(name, _function, _section, examples):
        causes[name] = {cause for _, _, known in examples for cause in known}

    release, namespace = ProblemSet(SOURCE.name, "exercises"), {"__name__": "__main__"}
    for cell in (*release.given.values(), *release.answers.values()):
        assert run_cell(cell.source, cell.id, namespace) == ""
    for cell in release.tests.values():
        exec(cell.source, namespace | {"check": check})
    for name, (wrong, _) in load(SOURCE.name).items():
        told[name] = "".join(
            SOURCE.run({plant.answer: plant.code})[f"test_{plant.answer}"] for plant in wrong)
    unmet = [(name, c) for name, listed in causes.items() for c in listed if c not in told[name]]
    assert unmet == []
