"""Write what README.md says of nnlib's speed, from the stored measurement.

    python benchmarks/nnlib_page.py

To measure anew, on a machine where nothing else runs: `make benchmark-nnlib`.
"""

import json
from typing import Any

from nnlib_figures import COLUMNS, RESULTS, row, verdicts
from readme import render, write

AUTHOR = "nnlib_page"


def load() -> dict[str, Any]:
    """Return the stored measurement."""
    stored: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return stored


def part(stored: dict[str, Any]) -> str:
    """Return the part of README.md between the marks."""
    alone = stored["threads"]["1"]
    return render("nnlib.md.jinja", {}, **stored, columns=COLUMNS,
                  rows=[row(one) for one in alone], verdicts=verdicts(alone))  # fmt: skip


if __name__ == "__main__":
    write(part(load()), AUTHOR)
