"""The proof of the graders, as a matrix: `python -m tests.exercises.prove [--page] [PS ...]`.

Each planted solution is run for real and stands with the test cells that gave it no points, so
does every mutant. `--page` writes the same, as the data say it must be, for the instructors'
page of the book; test_planted.py and test_mutants.py prove that the data are true.
"""

import argparse
import sys
from collections.abc import Iterator

from tests.exercises.mutants import listed_survivors, mutants, survives
from tests.exercises.plants import Plant, empty_answers, load
from tests.exercises.problem_set import ROOT, SETS, ProblemSet

PAGE = ROOT / "chapters" / "graders.md"


def verdict(plant: Plant, fails: frozenset[str] | set[str]) -> str:
    """Return what became of a plant, in words; begin with FAULT when it is not what must be."""
    caught = ", ".join(sorted(fails))
    told = f"caught by {caught}" if fails else "keeps all points"
    wanted = ", ".join(sorted(plant.fails)) or "none"
    return told if fails == plant.fails else f"FAULT: {told}; expected to fail: {wanted}"


def matrix(name: str) -> Iterator[str]:
    """Yield the lines of one set's matrix, from running everything."""
    source = ProblemSet(name)
    lost = source.failing()
    yield f"{name}: {source.points():g} points by tests, reference loses {sorted(lost) or 'none'}"
    for function, (wrong, right) in load(name).items():
        yield f"\n  {function}: {len(wrong)} wrong, {len(right)} right"
        for plant in wrong + right:
            kind = "wrong" if plant.fails else "right"
            fails = source.failing({plant.answer: plant.code})
            yield f"    {kind}  {plant.name:<64} {verdict(plant, fails)}"
    paid = [str(p) for p in empty_answers(source)
            if not p.fails <= source.failing({p.answer: p.code})]
    yield f"\n  empty answers (pass, None, 0, an argument, an error): paid for {paid or 'none'}"
    made = list(mutants(source))
    alive = [str(mutant) for mutant in made if survives(source, mutant)]
    yield (f"  mutants of the reference: {len(made)}, noticed {len(made) - len(alive)} "
           f"({1 - len(alive) / len(made):.1%})")
    reasons = listed_survivors(name)
    for mutant in alive:
        yield f"    survives  {mutant}: {reasons.get(mutant, 'FAULT: no reason is given')}"


def page() -> str:
    """Return the instructors' page, from the data."""
    parts = [HEAD, "| problem set | points | functions | wrong | right | slips | that "
             "change nothing |\n| --- | --: | --: | --: | --: | --: | --: |"]
    parts[1] += "".join(f"\n{_row(name)}" for name in SETS)
    for name in SETS:
        parts.append(f"## {_title(name)}")
        parts += [_function(*item) for item in load(name).items()]
        if reasons := listed_survivors(name):
            # Without the mutants themselves: each is a line of a solution, and the page is public.
            lines = "\n".join(f"- `{key.split(':')[0]}`: {why}" for key, why in reasons.items())
            parts.append(f":::{{dropdown}} Slips that change nothing\n{lines}\n:::")
    return "\n\n".join(parts) + "\n"


HEAD = """---
myst:
  html_meta:
    "description lang=en": "What each grader of the course is proven to notice: every planted \\
mistake with the tests that catch it, and every other way that keeps its points."
---
# How the graders are proven

For instructors. Each graded function comes with wrong answers that students give, and with right
ones that go another way than the reference. The tests of the course run them all: a wrong one must
lose the points of exactly the tests named beside it, a right one must keep every point. Small slips
in the reference itself, one operator, constant or statement at a time, must be noticed too, unless
they change nothing. `make prove PS=ps4_backprop` runs the proof of one set and prints it.

Points are those that tests give; written answers are graded by a person."""


def _title(name: str) -> str:
    return str(ProblemSet(name).notebook.cells[0].source.splitlines()[0].removeprefix("# "))


def _row(name: str) -> str:
    source, plants = ProblemSet(name), load(name)
    wrong, right = (sum(len(both[i]) for both in plants.values()) for i in (0, 1))
    made, equal = len(list(mutants(source))), len(listed_survivors(name))
    return (f"| {_title(name)} | {source.points():g} | {len(plants)} | {wrong} | {right} | {made} "
            f"| {equal} |")


def _function(function: str, both: tuple[list[Plant], list[Plant]]) -> str:
    wrong, right = both
    rows = [f"| {_text(p.name)} | {', '.join(_code(t) for t in sorted(p.fails))} |" for p in wrong]
    kept = "; ".join(_text(p.name) for p in right)
    return "\n".join([
        f":::{{dropdown}} `{function}`: {len(wrong)} wrong answers, {len(right)} right ones",
        "| wrong answer | loses the points of |", "| --- | --- |", *rows, "",
        f"Right answers that keep all points: {kept}.", ":::",
    ])  # fmt: skip


def _code(text: str) -> str:
    return f"`{text}`"


def _text(text: str) -> str:
    """Return `text` so that Markdown and a table leave it as it is."""
    for mark in "\\`*_|<$[":
        text = text.replace(mark, f"\\{mark}")
    return text


def main(arguments: list[str] | None = None) -> int:
    """Print the matrix of each set named, or of all; return 1 when something is not as it must."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", metavar="PS", nargs="*", help="default: all")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.sets) - set(SETS)):
        parser.error(f"no problem set {', '.join(unknown)}; there are: {', '.join(SETS)}")
    if options.page:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    faulty = False
    for name in options.sets or SETS:
        for line in matrix(name):
            faulty = faulty or "FAULT" in line
            print(line, flush=True)
    return int(faulty)


if __name__ == "__main__":
    sys.exit(main())
