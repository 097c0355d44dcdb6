"""What the times of a comparison of nnlib come to: ratios, lines of a table, goals."""

import platform
import statistics
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "nnlib.json"
OTHERS = ("torch", "foreach", "fused", "compile", "scikit-learn", "products")
COLUMNS = ("network", "training", "nnlib, ms", *OTHERS)
Figures = dict[str, Any]  # of one case: what `figures` returns


def _small(network: str) -> bool:
    return network.startswith(("XOR", "digits"))


def _any(network: str) -> bool:
    return True


def _wide(network: str) -> bool:
    return network.startswith("1024")


GOALS: tuple[tuple[str, str, Callable[[str], bool], float], ...] = (
    ("PyTorch's eager step", "torch", _any, 1.0),
    ("PyTorch's eager step on XOR and digits", "torch", _small, 0.35),
    ("the bare products on the 1024-wide network", "products", _wide, 1.25),
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
    for text, other, concerns, goal in GOALS:
        candidates = [one for one in cases if concerns(one["network"])]
        if candidates:
            worst = max(candidates, key=lambda one: one["ratios"][other][1])
            low, ratio, high = worst["ratios"][other]
            met = "met" if ratio <= goal else "MISSED"
            found.append(f"to {text}: at most {ratio:.2f}, goal {goal:.2f}: {met} "
                         f"({worst['network']}, {worst['training']}; half of the rounds lay "
                         f"between {low:.2f} and {high:.2f})")  # fmt: skip
    return found


def machine(cores: int | None) -> dict[str, Any]:
    """Describe where and with what was measured."""
    packages = ("torch", "numpy", "scikit-learn")
    return {"cores": cores, "python": platform.python_version(), "system": platform.system(),
            "versions": {name: version(name) for name in packages}}  # fmt: skip
