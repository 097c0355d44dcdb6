"""What problem set 5 tells students is true."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats

from nnlib import SGD, CrossEntropyLoss, Linear, ReLU, Sequential, datasets, init
from tests.exercises.plants import functions, load
from tests.exercises.problem_set import ProblemSet, run_cell

SOURCE = ProblemSet("ps5_init_and_optimizers")
GIVEN = ("helper", "rules", "random_results")
# The headings that chapters 8 and 9 promise to problem sets.
HEADINGS = {
    "Gradients in depth", "Variance through a layer", "Xavier: both directions at once",
    "He: correcting for ReLU", "LeCun, and what the names mean", "PyTorch's default",
    "Why not zero: symmetry", "When gradients still explode: clipping",
    "Batch, stochastic, mini-batch", "Momentum, in two conventions", "Nesterov: look ahead",
    "RMSprop: a scale for each parameter", "Adam", "AdamW is not Adam with L2",
    "The learning rate", "A range test", "Schedules and warm-up", "A fair comparison",
}


@pytest.fixture(scope="module")
def answers():
    """Return the reference solution's functions by name."""
    return SOURCE.reference()


def given(problem_set, cell_id):
    return next(c.source for c in problem_set.notebook.cells if c.id == cell_id)


def test_the_sections_that_the_statements_name_are_promised(statement):
    listed = re.compile(r'sections? ((?:"[^"]+"(?:, | and )?)+)')
    named = [s for told in statement.values() for part in listed.findall(told)
             for s in re.findall(r'"([^"]+)"', part)]
    assert set(named) == HEADINGS
    checks = "".join(c.source for c in SOURCE.tests.values())
    read = re.findall(r"'chapter [89], \"([^\"]+)\"'", checks)
    assert len(read) == 9
    assert set(read) <= HEADINGS


def test_the_example_of_the_variances(statement, answers):
    told = answers["variance_through_layers"]([3, 5, 2], [0.6, 0.2], "relu", 2, 1)
    assert np.allclose(told[0], [3.6, 1.8])
    assert np.allclose(told[1], [0.2, 1.0])
    assert "`([3.6, 1.8], [0.2, 1.0])`" in statement["about_variance_through_layers"]


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_the_predicted_variances_are_measured(answers, activation):
    """Over many random networks, with random gradients at the top."""
    rng, sizes, u = np.random.default_rng(0), [30, 40, 50, 60], [0.04, 0.06, 0.05]
    x, forward, backward = rng.normal(size=30), np.zeros(3), np.zeros(3)
    runs = 3000
    for _ in range(runs):
        W = [np.sqrt(v) * rng.normal(size=(m, n))
             for v, (n, m) in zip(u, pairwise(sizes), strict=True)]
        z, a = [], x
        for weights in W:
            z.append(weights @ a)
            a = np.maximum(z[-1], 0) if activation == "relu" else z[-1]
        delta = [rng.normal(size=60)]
        for weights, below in zip(W[:0:-1], z[-2::-1], strict=True):
            passes = below > 0 if activation == "relu" else 1
            delta.insert(0, (weights.T @ delta[0]) * passes)
        forward += [np.mean(v**2) / runs for v in z]
        backward += [np.mean(d**2) / runs for d in delta]
    found = answers["variance_through_layers"](sizes, u, activation, float(np.mean(x**2)), 1.0)
    assert forward == pytest.approx(found[0], rel=0.03)
    assert backward == pytest.approx(found[1], rel=0.03)


def test_the_example_of_the_initialisers(statement, answers):
    told = statement["about_initializers"]
    assert f"$2/300 = {2 / 300:.5f}$ and $a = {math.sqrt(6 / 300):.4f}$" in told
    assert math.sqrt(2 / 200) == pytest.approx(0.1)
    assert "He's variance is $0.01$, a standard deviation of $0.1$" in told


def test_the_weights_are_distributed_as_pytorchs(answers):
    rng = np.random.default_rng(1)
    theirs = torch.empty(150, 90, dtype=torch.float64)
    torch.manual_seed(0)
    torch.nn.init.xavier_uniform_(theirs)
    ours = answers["xavier_uniform"](90, 150, rng)
    assert stats.ks_2samp(ours.ravel(), theirs.numpy().ravel()).pvalue > 1e-3
    torch.nn.init.kaiming_normal_(theirs, nonlinearity="relu")
    ours = answers["he_normal"](90, 150, rng)
    assert stats.ks_2samp(ours.ravel(), theirs.numpy().ravel()).pvalue > 1e-3


def test_the_limits_of_the_random_checks():
    """Chance does not fail a right answer: the stated probabilities hold."""
    limits = given(SOURCE, "random_results")
    assert "> 3:  # Kolmogorov and Smirnov: by chance once in 30 million" in limits
    assert 1 / stats.kstwobign.sf(3) > 30e6
    assert stats.kstwobign.sf(3.3) < 1e-9
    assert stats.chi2.sf(96, 23) < 1e-10
    cells = "".join(c.source for c in SOURCE.tests.values())
    assert cells.count("by chance once in a thousand million") == 2
    assert cells.count("by chance once in 10 thousand million") == 1


def test_the_example_of_the_batches(statement, answers):
    X = np.arange(23.0)
    parts = answers["minibatches"](X, X, 6, np.random.default_rng(0))
    assert [len(part) for part, _ in parts] == [6, 6, 6, 5]
    assert "of 6, 6, 6 and 5 examples" in statement["about_minibatches"]


def one(value):
    return np.array([value])


def test_the_examples_of_momentum(statement, answers):
    told, step = statement["about_momentum"], answers["momentum_step"]
    found = {form: step(one(1.0), one(0.5), one(0.2), 0.1, 0.9, form)
             for form in ("averaging", "accumulating", "nesterov")}
    assert found["averaging"] == (pytest.approx(0.977), pytest.approx(0.23))
    assert found["accumulating"] == (pytest.approx(0.932), pytest.approx(0.68))
    assert found["nesterov"] == (pytest.approx(0.8888), pytest.approx(0.68))
    for number in ("= 0.977$", "w = 0.932$", "w = 0.8888$", "= 1.112$"):
        assert number in told


def test_a_constant_gradient_tells_the_conventions_apart(statement, answers):
    assert "10 times for $\\beta = 0.9$" in statement["about_momentum"]
    w, v = {}, {}
    for form in ("averaging", "accumulating"):
        w[form], v[form] = one(0.0), one(0.0)
        for _ in range(300):
            w[form], v[form] = answers["momentum_step"](w[form], one(1.0), v[form], 0.1, 0.9, form)
    assert v["accumulating"] == pytest.approx(10 * v["averaging"])
    assert v["averaging"] == pytest.approx(1)


def by_torch(optimizer, w, gradients, **options):
    """Return the parameters after each step of an optimizer of PyTorch."""
    leaf = torch.tensor(w, requires_grad=True)
    steps = optimizer([leaf], **options)
    for gradient in gradients:
        leaf.grad = torch.tensor(gradient)
        steps.step()
        yield leaf.detach().numpy().copy()


def test_the_optimizers_are_pytorchs(answers):
    rng = np.random.default_rng(2)
    w0, gradients = rng.normal(size=(3, 2)), list(rng.normal(size=(30, 3, 2)))
    zeros = np.zeros((3, 2))

    def ours(name, *options, states=1, counted=False):
        w, memory = w0, (zeros,) * states
        for t, g in enumerate(gradients, start=1):
            w, *memory = answers[name](w, g, *memory, *([t] if counted else []), *options)
            yield w

    torch_sgd, beta = torch.optim.SGD, 0.9
    pairs = [
        (ours("momentum_step", 0.1, beta, "accumulating"), torch_sgd, dict(lr=0.1, momentum=beta)),
        (ours("momentum_step", 0.1, beta, "averaging"), torch_sgd, dict(lr=0.01, momentum=beta)),
        (ours("momentum_step", 0.1, beta, "nesterov"), torch_sgd,
         dict(lr=0.1, momentum=beta, nesterov=True)),
        (ours("rmsprop_step", 0.01, 0.95, 1e-8), torch.optim.RMSprop, dict(lr=0.01, alpha=0.95)),
        (ours("adam_step", 0.01, (0.9, 0.999), 1e-8, states=2, counted=True), torch.optim.Adam,
         dict(lr=0.01)),
        (ours("adamw_step", 0.01, (0.9, 0.999), 1e-8, 0.3, states=2, counted=True),
         torch.optim.AdamW, dict(lr=0.01, weight_decay=0.3)),
    ]
    for mine, optimizer, options in pairs:
        theirs = by_torch(optimizer, w0, gradients, **options)
        for got, want in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def test_the_examples_of_the_adaptive_steps(statement, answers):
    told = statement["about_adaptive"]
    zero, adam = one(0.0), answers["adam_step"]
    w, m, v = adam(one(1.0), one(4.0), zero, zero, 1, 0.1, (0.9, 0.999), 1e-8)
    assert (w, m, v) == (pytest.approx(0.9), pytest.approx(0.4), pytest.approx(0.016))
    w, s = answers["rmsprop_step"](one(1.0), one(4.0), one(0.0), 0.1, 0.9, 1e-8)
    assert s == pytest.approx(1.6)
    assert f"\\sqrt{{1.6}} = {1 - w[0]:.3f}$" in told
    assert f"0.1/\\sqrt{{0.001}} = {0.1 / math.sqrt(0.001):.2f}$ times as" in told
    assert "$\\sqrt\\varepsilon = 10^{-4}$ outside" in told
    g = np.array([1e-6, 1e-2])  # one gradient far below that, one far above
    inside = g / np.sqrt(g**2 + 1e-8)
    assert inside[0] == pytest.approx((g / (g + 1e-4))[0], rel=0.02)
    assert inside[1] == pytest.approx(1, rel=0.02)


def test_the_examples_of_weight_decay(statement, answers):
    rest = (one(0.0), one(0.0), 1, 0.1, (0.9, 0.999), 1e-8, 0.5)
    assert answers["adamw_step"](one(2.0), one(4.0), *rest)[0] == pytest.approx(1.8)
    assert answers["adamw_step"](one(2.0), one(0.0), *rest)[0] == pytest.approx(1.9)
    told = statement["about_adamw"]
    assert "so $w = 1.8$. With $g = 0$ only the decay is left: $w = 1.9$" in told


def test_the_example_of_the_schedule(statement, answers):
    rates = [answers["warmup_cosine"](step, 4, 12, 2.0, 0.2) for step in range(15)]
    assert rates[:5] == pytest.approx([0.5, 1, 1.5, 2, 2])
    assert rates[8] == pytest.approx(1.1)
    assert rates[12:] == pytest.approx([0.2] * 3)
    told = statement["about_schedule"]
    assert "are $0.5, 1, 1.5, 2$, that of step 4 is $2$" in told
    assert "half-way down, $1.1$" in told


def test_the_schedule_is_two_of_pytorchs_in_a_row(statement, answers):
    assert "PyTorch's `CosineAnnealingLR` does so as well" in statement["about_schedule"]
    W, T = 4, 12
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    rising = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / W, 1.0, W - 1)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T - W, 0.2)
    both = torch.optim.lr_scheduler.SequentialLR(optimizer, [rising, falling], [W])
    theirs = []
    for _ in range(T + 3):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        both.step()
    ours = [answers["warmup_cosine"](step, W, T, 2.0, 0.2) for step in range(T + 3)]
    assert ours[: T + 1] == pytest.approx(theirs[: T + 1])
    assert theirs[T + 2] > theirs[T + 1] > theirs[T] == pytest.approx(0.2)


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.digits()[:2]
    return (X - X.mean()) / X.std(), y


def lengths(digits, activation, std):
    """Return the lengths of dL/dZ of the eleven layers of a network that has not been trained."""
    (X, y), rng = (part[:128] for part in digits), np.random.default_rng(2)
    sizes = [64] * 11 + [10]
    weights = [std(n, m) * rng.standard_normal((m, n)) for n, m in pairwise(sizes)]
    A, kept = X, []
    for W in weights:
        kept.append(A @ W.T)
        A = np.maximum(kept[-1], 0) if activation == "relu" else 1 / (1 + np.exp(-kept[-1]))
    E = np.exp(kept[-1] - kept[-1].max(axis=1, keepdims=True))
    found = [(E / E.sum(axis=1, keepdims=True) - np.eye(10)[y]) / 128]
    for W, Z in zip(weights[:0:-1], kept[-2::-1], strict=True):
        slope = Z > 0 if activation == "relu" else 0.25 / np.cosh(Z / 2) ** 2
        found.insert(0, found[0] @ W * slope)
    return [float(np.linalg.norm(D)) for D in found]


def read(cell):
    """Read a number of a table, as in $5.0 \\cdot 10^{-8}$."""
    return float(re.sub(r" \\cdot 10\^\{(-?\d+)\}", r"e\1", cell.strip()).strip("$"))


def tables():
    text = next(c.source for c in SOURCE.notebook.cells if c.id == "about_explain_training")
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in text.splitlines() if line.strip().startswith("|")]
    return rows[2:8], rows[10:]


def test_the_four_networks_are_measured(digits, statement):
    nets = [lengths(digits, "sigmoid", lambda n, m: math.sqrt(2 / (n + m))),
            lengths(digits, "relu", lambda n, m: 0.5),
            lengths(digits, "relu", lambda n, m: math.sqrt(2 / n)),
            lengths(digits, "relu", lambda n, m: 0.0)]
    rows, _ = tables()
    assert [int(row[0]) for row in rows] == [1, 3, 5, 7, 9, 11]
    for row in rows:
        for cell, net in zip(row[1:], nets, strict=True):
            assert read(cell) == pytest.approx(net[int(row[0]) - 1], rel=0.06)
    told = statement["explain_training"]
    fall, rise, stays = ((net[0] / net[8]) ** (1 / 8) for net in nets[:3])
    assert f"by a factor of about {fall:.2f}" in told
    assert 0.2 < fall < 0.25
    assert f"a factor of about {rise:.2f} per layer" in told
    assert 2.7 < rise < 3
    assert f"\\approx {rise**2:.1f}$ and $u \\approx {2 * rise**2 / 64:.2f}$" in told
    assert stays == pytest.approx(1, abs=0.05)
    assert 0.22 < 2 * rise**2 / 64 < 0.28
    assert nets[3][:10] == [0.0] * 10
    assert nets[3][10] > 0


def test_the_rates_are_measured(digits):
    X, y = digits
    _, rows = tables()
    assert len(rows) == 6
    for row in rows:
        losses = []
        rate = 10 ** float(re.search(r"\{(.*)\}", row[0])[1]) if "$" in row[0] else float(row[0])
        for seed in range(5):
            rng = np.random.default_rng(seed)
            layers = [Linear(64, 64, rng=rng), ReLU(), Linear(64, 10, rng=rng)]
            for layer in layers[::2]:
                init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=rng)
                init.zeros_(layer.bias)
            net, loss = Sequential(*layers), CrossEntropyLoss()
            optimizer = SGD(net.parameters(), lr=rate)
            for part, labels in datasets.minibatches(X, y, 32, rng=rng):
                optimizer.zero_grad()
                loss(net(part), labels)
                net.backward(loss.backward())
                optimizer.step()
            losses.append(loss(net(X), y))
        found = np.mean(losses), min(losses), max(losses)
        assert found == pytest.approx([float(cell) for cell in row[1:]], rel=0.06), rate


def test_the_factors_of_thirty_layers(statement, answers):
    told, predict = statement["explain_training"], answers["variance_through_layers"]
    for variance, factor in ((2 / 64, 1.0), (1 / 64, 2.0**-29), (1 / (3 * 64), 6.0**-29)):
        forward, _ = predict([64] * 31, [variance] * 30, "relu", 1.0, 1.0)
        assert forward[-1] / forward[0] == pytest.approx(factor)
    assert f"$2^{{-29}} = {2.0**-29 * 1e9:.1f} \\cdot 10^{{-9}}$" in told
    assert f"$6^{{-29}} = {6.0**-29 * 1e23:.1f} \\cdot 10^{{-23}}$" in told
    assert f"\\sqrt{{2/64}} = {math.sqrt(2 / 64):.2f}$" in told
    assert f"\\log 10 = {math.log(10):.2f}$" in statement["about_explain_training"]


def test_equal_units_stay_equal(digits):
    X, y = digits
    layers = [Linear(64, 16, rng=np.random.default_rng(0)), ReLU(),
              Linear(16, 16, rng=np.random.default_rng(0)), ReLU(),
              Linear(16, 10, rng=np.random.default_rng(0))]
    for layer in layers[::2]:
        init.constant_(layer.weight, 0.05)
        init.zeros_(layer.bias)
    net, loss = Sequential(*layers), CrossEntropyLoss()
    optimizer, before = SGD(net.parameters(), lr=0.1), layers[0].weight.data.copy()
    for _ in range(20):
        optimizer.zero_grad()
        loss(net(X), y)
        net.backward(loss.backward())
        optimizer.step()
    assert not np.allclose(layers[0].weight.data, before)
    for layer in layers[:-1:2]:
        assert np.abs(layer.weight.data - layer.weight.data[0]).max() < 1e-12


FAIR = {
    "a list": "def he_normal(i, o, rng):\n    return (rng.normal(size=(o, i)) * (2 / i) ** 0.5)",
    "an output": "def he_normal(i, o, rng):\n    print(i)\n"
                 "    return rng.normal(0, (2 / i) ** 0.5, (o, i))",
    "the standard library": "import math\ndef he_normal(i, o, rng):\n"
                            "    return rng.normal(0, math.sqrt(2 / i), (o, i))",
}
CHECK = given(ProblemSet("ps5_init_and_optimizers", "exercises"), "test_initializers")
CHECK = CHECK[CHECK.index('check("he_normal"'):]


@pytest.mark.parametrize("name", FAIR)
def test_the_rules_leave_alone_what_is_allowed(answers, name):
    namespace = dict(answers)
    assert run_cell(FAIR[name], "answer", namespace) == ""
    assert run_cell(CHECK, "check", namespace) == ""


def test_the_given_cells_may_be_run_twice(answers):
    namespace = dict(answers)
    for cell in GIVEN[1:]:
        assert run_cell(given(SOURCE, cell), cell, namespace) == ""
    assert run_cell(CHECK, "check", namespace) == ""
    unfair = "def he_normal(i, o, rng):\n    import torch\n    return torch.zeros(o, i).numpy()"
    assert run_cell(unfair, "answer", namespace) == ""
    assert "not allowed" in run_cell(CHECK, "check", namespace)


@pytest.mark.slow
def test_every_likely_cause_is_that_of_a_planted_mistake():
    """A cause that no mistake brings up may be unreachable, or wrong."""
    causes = {}

    def check(name, _function, _section, examples):
        causes[name] = {cause for _, _, known in examples for cause in known}

    namespace = {"__name__": "__main__"}
    for cell in GIVEN:
        assert run_cell(given(SOURCE, cell), cell, namespace) == ""
    namespace |= {"check": check} | {name: None for _, name, _ in functions(SOURCE)}
    for cell in ProblemSet("ps5_init_and_optimizers", "exercises").tests.values():
        exec(cell.source, namespace)
    told = {name: "" for name in causes}
    for name, (wrong, _) in load("ps5_init_and_optimizers").items():
        for plant in wrong:
            told[name] += SOURCE.run({plant.answer: plant.code})[f"test_{plant.answer}"]
    unmet = [(name, c) for name, listed in causes.items() for c in listed if c not in told[name]]
    assert unmet == []
