"""Write what instructors read about the speed and scale of grading, from the stored measurements.

    python benchmarks/grading_page.py

fills the templates in benchmarks/templates/ and writes chapters/grading_at_scale.md and the part of
README.md between two marks, so that text and measurement cannot drift apart. To measure anew, on a
machine where nothing else runs: `make benchmark-grading`.
"""

import json
import statistics
from typing import Any

from readme import ROOT, render, write

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "chapters" / "grading_at_scale.md"
AUTHOR = "grading_page"
TITLES = {
    "ps1_perceptron": "1: the perceptron",
    "ps2_activations": "2: activation functions",
    "ps3_forward_and_losses": "3: forward pass and losses",
    "ps4_backprop": "4: backpropagation",
    "ps5_init_and_optimizers": "5: initialisation and optimizers",
    "ps6_regularization": "6: regularisation",
    "ps7_pytorch": "7: PyTorch",
    "ps8_project": "8: a project",
}
CALLED = {
    "coordinators": "the coordinators",
    "cores": "the workers' cores",
    "scheduler": "Dask's scheduler",
    "database": "the database",
}
NEARLY = 0.9  # of the highest rate: more coordinators are not worth it


def load() -> dict[str, Any]:
    """Return the stored results by the names that the templates use."""
    files = {"grading": "grading", "large": "class_of_2000", "costs": "scale_costs",
             "simulation": "grading_simulation"}
    return {name: json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))
            for name, file in files.items()}


def page(results: dict[str, Any]) -> str:
    """Return the page of the book."""
    return _render("grading_at_scale.md.jinja", results)


def readme(results: dict[str, Any]) -> str:
    """Return the part of README.md between the marks."""
    return _render("readme.md.jinja", results)


def _render(template: str, results: dict[str, Any]) -> str:
    filters = {
        "percent": lambda share: f"{share:.0%}",
        "minutes": lambda seconds: f"{seconds / 60:.{0 if seconds >= 600 else 1}f}",
        "ms": lambda seconds: f"{1000 * seconds:.{0 if seconds >= 0.01 else 1}f}",
        "mb": lambda size: f"{size / 1e6:,.0f}" if size >= 1e7 else f"{size / 1e6:.1f}",
    }
    means = {n: statistics.mean(times) for n, times in results["grading"]["stages"].items()}
    alone = sum(means.values())
    scenarios = results["simulation"]["scenarios"]
    highest = max(one["rate"] for one in scenarios)
    return render(
        template,
        filters,
        **results,
        titles=TITLES,
        called=CALLED,
        alone=alone,
        shares=[(name, mean / alone) for name, mean in means.items()],
        wrong=sum(len(one["other_points"]) for one in results["large"]["sets"].values()),
        first=scenarios[0],
        best=next(one for one in scenarios if one["rate"] >= NEARLY * highest),
    )


def main() -> None:
    """Write both files."""
    results = load()
    PAGE.write_text(page(results), encoding="utf-8")
    write(readme(results), AUTHOR)


if __name__ == "__main__":
    main()
