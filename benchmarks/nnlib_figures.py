"""What the times of a comparison of nnlib come to: ratios, lines of a table, goals."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "nnlib.json"
OTHERS = ("torch", "foreach", "fused", "compile", "scikit-learn", "products")
COLUMNS = ("network", "training", "nnlib, ms", *OTHERS)
Figures = dict[str, Any]  # of one case: what `figures` returns
# (what nnlib is compared with, its column, how the networks begin that it concerns, at most)
GOALS = (
    ("PyTorch's eager step", "torch", "", 1.0),
    ("PyTorch's eager step on XOR and digits", "torch", ("XOR", "digits"), 0.35),
    ("the bare products on the 1024-wide network", "products", "1024", 1.25),
)


def figures(network: str, training: str, times: dict[str, list[float]]) -> Figures:
    """Return nnlib's seconds and, for every other, quartiles of the ratio in the same round."""
    mine = times["nnlib"]
    ratios = {
        name: _quartiles([a / b for a, b in zip(mine, times[name], strict=True)])
        for name in OTHERS
        if name in times
    }
    return {"network": network, "training": training, "seconds": statistics.median(mine),
            "ratios": ratios}  # fmt: skip


def _quartiles(values: Sequence[float]) -> list[float]:
    if len(values) == 1:
        return [values[0]] * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def row(one: Figures) -> list[str]:
    """Return a line of the table; "-" where a contender cannot run the case."""
    ratios = [one["ratios"].get(name) for name in OTHERS]
    cells = ["-" if three is None else f"{three[1]:.2f}" for three in ratios]
    return [one["network"], one["training"], f"{1000 * one['seconds']:.3f}", *cells]


def verdicts(cases: Sequence[Figures]) -> list[str]:
    """Return for each goal that the cases touch its highest ratio, and whether it is met."""
    found = []
    for text, other, beginning, goal in GOALS:
        candidates = [one for one in cases if one["network"].startswith(beginning)]
        if candidates:
            worst = max(candidates, key=lambda one: one["ratios"][other][1])
            low, ratio, high = worst["ratios"][other]
            met = "met" if ratio <= goal else "MISSED"
            found.append(f"to {text}: at most {ratio:.2f}, goal {goal:.2f}: {met} "
                         f"({worst['network']}, {worst['training']}; half of the rounds lay "
                         f"between {low:.2f} and {high:.2f})")  # fmt: skip
    return found
