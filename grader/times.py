"""How long each cell took over a class, and which faults there were: from the journal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from grader.running.journal import Entry
from grader.wording import printable


def format_cells(entries: Mapping[str, Entry]) -> str:
    """Return a table of the cells: median and longest time, and whose that was.

    Cells stand in the order of the problem set; cells that students added are one line.
    """
    seconds: dict[str, list[tuple[float, str]]] = {}
    for student, entry in entries.items():
        for cell, spent in entry.cells.items():
            name = "(added cells)" if cell.startswith("added-") else cell
            seconds.setdefault(name, []).append((spent, student))
    rows = [("cell", "runs", "median s", "longest s", "by")]
    for name, runs in seconds.items():
        longest, student = max(runs)
        middle = f"{median(spent for spent, _ in runs):.3f}"
        rows.append((name, str(len(runs)), middle, f"{longest:.3f}", student))
    return "\n".join(_line(row, rows) for row in rows)


def format_faults(entries: Mapping[str, Entry]) -> str:
    """Return a line for each kind of fault and cell: how often it occurred."""
    counts = Counter((f.kind, f.cell) for entry in entries.values() for f in entry.faults)
    if not counts:
        return "No faults."
    lines = [f"  {n} x {' '.join(filter(None, what))}" for what, n in counts.most_common()]
    return "\n".join(["Faults:", *(printable(line) for line in lines)])


def _line(row: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(r[i]) for r in rows) for i in range(len(row) - 1)]
    numbers = (f"{text:>{width}}" for text, width in zip(row[1:-1], widths[1:], strict=True))
    return printable(f"{row[0]:<{widths[0]}}  {'  '.join(numbers)}  {row[-1]}")
