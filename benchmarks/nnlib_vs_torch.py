"""Time one training step of nnlib against PyTorch, scikit-learn and its matrix products alone.

    python benchmarks/nnlib_vs_torch.py [--quick] [--case TEXT] [--no-compile] [--store]

All contenders of a case run in turn, many times, in one process; a ratio is the median over these
rounds of nnlib's time by the other's in the same round, so that noise of the machine hits both.
Below 1 nnlib is faster. The figures for all cores mean something only while nothing else runs:
threads that wait for each other wait long on a busy machine.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator

import contenders as c
import torch
from machine import cores, machine
from nnlib_figures import COLUMNS, RESULTS, Figures, figures, row, verdicts
from threadpoolctl import threadpool_limits

NETWORKS = {
    "XOR 2-4-1, batch 4": ((2, 4, 1), 4),
    "digits 64-64-32-10, batch 32": ((64, 64, 32, 10), 32),
    "784-256-128-10, batch 64": ((784, 256, 128, 10), 64),
    "784-256-128-10, batch 512": ((784, 256, 128, 10), 512),
    "1024-1024-1024-10, batch 256": ((1024, 1024, 1024, 10), 256),
}
CASES = [
    c.Case(name, sizes, batch, optimizer, extras)
    for name, (sizes, batch) in NETWORKS.items()
    for optimizer in ("SGD", "Adam")
    for extras in (False, True)
]
SLOTS = {True: (5, 0.01), False: (21, 0.03)}  # quick or not: rounds, seconds of each in a round


def build(case: c.Case, with_compile: bool) -> dict[str, c.Step]:
    """Return the step of every contender that can run the case."""
    steps = {
        "nnlib": c.nnlib_step(case),
        "torch": c.torch_step(case),
        "foreach": c.torch_step(case, foreach=True),
        "fused": c.torch_step(case, fused=True),
        "products": c.bare_products(case),
    }
    same_first_loss(case, steps["nnlib"], steps["torch"])
    if (sklearn := c.sklearn_step(case)) is not None:
        steps["scikit-learn"] = sklearn
    if with_compile:
        steps["compile"] = c.torch_step(case, compiled=True)
    return steps


def same_first_loss(case: c.Case, nnlib: c.Step, torch_: c.Step) -> None:
    """Stop unless both take the same way: the comparison is of equal work."""
    for _ in range(3):
        mine, theirs = float(nnlib()), float(torch_())
        if not case.extras and abs(mine - theirs) > 1e-4:
            raise SystemExit(f"{case}: nnlib's loss is {mine}, PyTorch's {theirs}")


def compile_works() -> bool:
    """Try torch.compile on the smallest case; if it fails, say why in one line."""
    try:
        c.torch_step(CASES[0], compiled=True)()
    except (RuntimeError, OSError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        print(f"torch.compile does not work here and is left out: {reason}", file=sys.stderr)
        return False
    return True


def run(step: c.Step, seconds: float) -> float:
    """Return the seconds that one step takes, over a time of `seconds`, after one to warm up."""
    step()
    start = now = time.perf_counter()
    count = 0
    while not count or now - start < seconds:
        step()
        count, now = count + 1, time.perf_counter()
    return (now - start) / count


def measure(steps: dict[str, c.Step], rounds: int, slot: float) -> dict[str, list[float]]:
    """Let the contenders take turns, each for `slot` seconds; return seconds a step by round."""
    for step in steps.values():
        run(step, slot)  # compile, allocate, fill caches
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(run(step, slot))
    return times


def measured(cases: list[c.Case], threads: int, options: argparse.Namespace) -> Iterator[Figures]:
    """Measure the cases with a number of threads for both BLAS libraries."""
    rounds, slot = SLOTS[options.quick]
    torch.set_num_threads(threads)
    with threadpool_limits(threads):
        for case in cases:
            training = case.optimizer + (" + BN + Dropout" if case.extras else "")
            times = measure(build(case, options.compile), rounds, slot)
            yield figures(case.name, training, times)


def line(cells: list[str] | tuple[str, ...]) -> str:
    """Format a row for a terminal."""
    return f"{cells[0]:29} {cells[1]:20} " + " ".join(f"{cell:>12}" for cell in cells[2:])


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no torch.compile")
    parser.add_argument("--case", default="", help="only cases whose name holds this text")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--store", action="store_true", help="keep the numbers in results/")
    options = parser.parse_args(arguments)
    cases = [case for case in CASES if options.case in case.name]
    if not cases:
        parser.error(f"no case holds {options.case!r}; the cases are {', '.join(NETWORKS)}")
    if options.store and (options.quick or options.case or not options.compile):
        parser.error("--store keeps a whole run: leave --quick, --case and --no-compile out")
    options.compile = options.compile and not options.quick and compile_works()
    tables: dict[int, list[Figures]] = {}
    for threads in sorted({1, cores()}):
        print(f"\n{threads} thread{'s' if threads > 1 else ''}: time of a step, and its ratio to\n")
        print(line(COLUMNS))
        tables[threads] = []
        for one in measured(cases, threads, options):
            tables[threads].append(one)
            print(line(row(one)), flush=True)
    print("", *verdicts(tables[1]), sep="\n")
    if options.store:
        measured_on = machine("torch", "numpy", "scikit-learn")
        stored = {"machine": measured_on, "rounds": SLOTS[False][0], "threads": tables}
        RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        print(f"stored in results/{RESULTS.name}; nnlib_page.py writes README.md from it")


if __name__ == "__main__":
    main()
