"""What problem set 7 tells students is true."""

import re
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.chapters.book import headings
from tests.exercises.plants import functions, load
from tests.exercises.problem_set import ProblemSet, run_cell

SOURCE = ProblemSet("ps7_pytorch")


def table(rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_the_sections_that_the_statements_name_exist(statement):
    listed = re.compile(r'sections? ((?:"[^"]+"(?:, | and )?)+)')
    named = [s for told in statement.values() for part in listed.findall(told)
             for s in re.findall(r'"([^"]+)"', part)]
    assert len(named) == 21
    assert set(named) <= headings("11_patterns") | headings("12_pytorch")


@pytest.mark.parametrize("use", [
    "import nnlib\n\n\ndef evaluate(*arguments):\n    return nnlib.Linear(1, 1)\n",
    "def evaluate(*arguments):\n    from nnlib.train import Trainer\n    return Trainer\n",
    "def evaluate(*arguments):\n    return (lambda: __import__('nnlib').ReLU())()(np.ones(1))\n",
])
def test_nnlib_is_noticed(use, answers):
    told = SOURCE.run({"evaluation": use})["test_evaluation"]
    assert "not allow" in told
    assert "nnlib" in told


def test_nnlib_in_a_method_is_noticed():
    use = ("class MLP(nn.Module):\n    def __init__(self, sizes, dropout):\n"
           "        super().__init__()\n        from nnlib import Sequential\n"
           "        self.layers = Sequential()\n")
    assert "MLP: not allowed. It uses the package nnlib" in SOURCE.run({"mlp": use})["test_mlp"]


def test_the_worked_example_of_the_residual_block(statement, answers):
    told = statement["about_residual_block"]
    assert "`y = [[-1, 1.5]]`, `identity = [[1, 1]]` and `branch = [[0, -1.25]]`" in told
    zero = table([0, 0])
    found = answers["residual_block"](
        table([[1, 2]]), table([[1, -1], [0, 1]]), zero, table([[0.5, -1], [1, -0.25]]), zero,
        table([[1, 1]]))
    assert [part.tolist() for part in found] == [[[-1, 1.5]], [[1, 1]], [[0, -1.25]]]


def test_the_worked_example_of_attention(statement, answers):
    told = statement["about_attention"]
    K = table([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]])
    V = table([[10, 0], [0, 10], [5, 5]])
    out, A = answers["attention"](table([[2, 0, 2, 0], [0, 2, 0, 0]]), K, V)
    assert "{:.4f}, {:.4f} and {:.4f}".format(*A[0].tolist()) in told
    assert "({:.3f}, {:.3f})".format(*out[0].tolist()) in told


def test_the_example_of_the_gradient_and_its_pitfalls(statement, answers):
    assert "is the `float64` tensor `[2, 4, 6]`" in statement["about_tensors"]
    found = answers["gradient"](lambda x: (x * x).sum(), [1, 2, 3], torch.float64, "cpu")
    assert (found.tolist(), found.dtype) == ([2, 4, 6], torch.float64)
    x = torch.ones(2)
    assert x.to(torch.float32) is x
    assert torch.as_tensor(x) is x
    with pytest.raises(RuntimeError, match="floating point"):
        torch.tensor([1, 2]).requires_grad_()


def test_the_numbers_of_the_network(statement, answers):
    told = statement["about_mlp"]
    sizes = [20, 50, 30, 5]
    count = sum((n + 1) * m for n, m in pairwise(sizes))
    assert f"$21 \\cdot 50 + 51 \\cdot 30 + 31 \\cdot 5 = {count}$ parameters" in told
    assert answers["count_parameters"](answers["MLP"](sizes, 0.2)) == (count, count)


def test_the_worked_example_of_training(statement, answers):
    told = statement["about_training"]
    assert "$w = 1.6$ and $b = -0.2$" in told
    assert "$w = 1.2$ and $b = -0.6$. The mean loss is $(2 \\cdot 1 + 1 \\cdot 4)/3 = 2$" in told
    assert "The mean of the batch means would be 2.5" in told
    w, b, losses = 2.0, 0.0, []
    for x, t in ((np.array([1.0, 3.0]), np.array([1.0, 5.0])), (np.array([1.0]), np.array([-0.6]))):
        error = w * x + b - t
        losses.append((error**2).mean())
        w, b = w - 0.2 * (error * x).mean(), b - 0.2 * error.mean()
    assert losses == pytest.approx([1, 4])
    assert (w, b) == pytest.approx((1.2, -0.6))


def test_the_worked_example_of_evaluating(statement):
    told = statement["about_evaluation"]
    low, high = np.log(4 / 3), np.log(4)
    assert f"$\\ln \\frac43 = {low:.6f}$" in told
    assert f"$\\ln 4 = {high:.6f}$" in told
    assert f"The mean loss is {(3 * low + high) / 4:.6f} and the accuracy 0.75" in told
    assert f"would be {(low + high) / 2:.6f} and 0.5" in told


def test_the_worked_examples_of_the_loops(statement, answers):
    told = statement["about_repair"]
    X, y = table([[1], [3]]), table([1, 5])

    def run(name, target):
        model = answers["layer"]([[2.0]], [0.0])
        losses = answers[name](model, X, target, 0.1, 2)
        return losses, [model.weight.item(), model.bias.item()]

    assert "the losses are `[1.0, 0.16]`, and afterwards $w = 1.68$, $b = -0.2$" in told
    for losses, after in (run("repair_1", y[:, None]), run("repair_4", y)):
        assert losses == pytest.approx([1, 0.16])
        assert after == pytest.approx([1.68, -0.2])
    assert "Loop 1 ends at $w = 1.28$, $b = -0.4$; the first loss of loop 4 is 9" in told
    assert run("broken_1", y[:, None])[1] == pytest.approx([1.28, -0.4])
    assert run("broken_4", y)[0][0] == pytest.approx(9)


def test_the_symptoms_of_the_loops(answers):
    """Loop 1 is faster at first, 2 is slow and ends high, 3 leaves the head, 4 predicts a mean."""
    for seed in range(5):
        torch.manual_seed(seed)
        X = torch.randn(60, 3)
        targets = X @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1 * torch.randn(60, 1)
        start = nn.Linear(3, 1)

        def losses(name, y, lr, steps, start=start, X=X):
            model = nn.Linear(3, 1)
            model.load_state_dict(start.state_dict())
            return answers[name](model, X, y, lr, steps), model

        slow, fast = (losses(f"{kind}_1", targets, 0.01, 10)[0] for kind in ("repair", "broken"))
        assert fast[-1] < slow[-1]
        right, wrong = (losses(f"{kind}_1", targets, 0.3, 60)[0] for kind in ("repair", "broken"))
        assert max(np.diff(right)) < 1e-6
        assert max(np.diff(wrong)) > 0.1
        _, model = losses("broken_4", targets[:, 0], 0.1, 300)
        assert model(X).std().item() < 0.1 * targets.std().item()
        assert model(X).mean().item() == pytest.approx(targets.mean().item(), abs=0.05)

        labels = (X[:, 0] > 0).long()
        first, head = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), nn.Linear(4, 2)
        before = head.weight.detach().clone()
        fell = answers["broken_3"](first, head, X, labels, 0.5, 50)
        assert fell[-1] < fell[0]
        assert torch.equal(head.weight, before)
        classifier = [nn.Linear(3, 2) for _ in range(2)]
        classifier[1].load_state_dict(classifier[0].state_dict())
        ends = [answers[name](model, X, labels, 1.0, 300)[-1]
                for name, model in zip(("repair_2", "broken_2"), classifier, strict=True)]
        assert ends[0] < ends[1]
        assert ends[1] > np.log1p(np.exp(-1)), "even a perfect answer costs 0.313"


def test_the_weights_of_a_dense_block(statement):
    told = statement["explain_patterns"]
    counts = {}
    for layers in (6, 12):
        counts[layers] = sum((16 + 8 * before) * 8 for before in range(layers))
        assert f"= {counts[layers]}$" in told
        assert f"$16 + {layers} \\cdot 8 = {16 + 8 * layers}$" in told
    assert f"that is {counts[12] / counts[6]:.2f} times as many" in told
    assert "$16 + 6 \\cdot 8 = 64$ or $16 + 12 \\cdot 8 = 112$ features" in told


def test_what_the_three_switches_do():
    torch.manual_seed(0)
    norm, dropout, x = nn.BatchNorm1d(3), nn.Dropout(0.5), torch.randn(8, 3) + 5
    norm.eval()
    assert norm(x).requires_grad, "eval mode records"
    before = norm.running_mean.clone()
    norm.train()
    with torch.no_grad():
        assert not torch.equal(dropout(x), dropout(x)), "no_grad does not stop dropout"
        norm(x)
    assert not torch.equal(norm.running_mean, before), "no_grad does not stop running statistics"
    assert "running_mean" not in dict(norm.named_parameters())


def test_cross_entropy_has_a_softmax():
    logits, labels = torch.tensor([[2.0, -1.0, 0.5]]), torch.tensor([0])
    assert F.cross_entropy(logits, labels).item() == pytest.approx(
        -logits.softmax(1)[0, 0].log().item())


@pytest.mark.slow
def test_every_likely_cause_is_that_of_a_planted_mistake(answers):
    """A cause that no mistake brings up may be unreachable, or wrong."""
    causes = {}

    def check(name, _function, _section, examples):
        causes[name] = {cause for _, _, known in examples for cause in known}

    release = ProblemSet("ps7_pytorch", "exercises")
    namespace = {"__name__": "__main__"}
    for cell in release.given.values():
        assert run_cell(cell.source, cell.id, namespace) == ""
    namespace |= {"check": check} | {name: None for _, name, _ in functions(SOURCE)}
    for cell in release.tests.values():
        exec(cell.source, namespace)
    told = {name: "" for name in causes}
    for name, (wrong, _) in load("ps7_pytorch").items():
        for plant in wrong:
            source, test = SOURCE.answers[plant.answer].source, f"test_{plant.answer}"
            assert run_cell(f"{source}\n\n\n{plant.code}", plant.answer, answers) == ""
            told[name] += run_cell(SOURCE.tests[test].source, test, answers)
            assert run_cell(source, plant.answer, answers) == ""
    unmet = [(name, c) for name, listed in causes.items() for c in listed if c not in told[name]]
    assert unmet == []
