"""The attack table of the threat model: `python -m tests.grader.attacks.page` writes it.

The text above the table is written by hand; the table comes from the corpus, whose tests prove the
last column, and from plain_nbgrader.yml.
"""

import re
from itertools import groupby
from pathlib import Path

import yaml

from tests.grader.attacks.corpus import ALL
from tests.grader.attacks.course import TOTAL
from tests.grader.attacks.plain import FOREIGN
from tests.grader.tiny_course import REPOSITORY

PAGE = REPOSITORY / "chapters" / "grading_security.md"
PLAIN = Path(__file__).with_name("plain_nbgrader.yml")
MARKER = "% The table below is written by: python -m tests.grader.attacks.page\n"


def table() -> str:
    """Return the counts, and a table for each family."""
    plain = yaml.safe_load(PLAIN.read_text(encoding="utf-8"))
    parts = [counts(plain)]
    for name, attacks in groupby(ALL, key=lambda attack: attack.family):
        rows = [f"| {row(a)} | {plain[a.name]} | {ours(a)} |" for a in attacks]
        head = f":::{{dropdown}} {name[0].upper()}{name[1:]}: {len(rows)}\n"
        head += "| attack | plain nbgrader | here |\n| --- | --- | --- |\n"
        parts.append(head + "\n".join(rows) + "\n:::")
    return "\n\n".join(parts) + "\n"


def counts(plain: dict[str, str]) -> str:
    """Return how many attacks came to what under plain nbgrader."""
    words = {
        "paid points that no answer earned": "too many",
        "paid less than the answers earned": "too few",
        "lost the submission": "submission lost",
        "gave secrets away": "learned",
        "let a server be reached": "reached",
        "left traces for the next student": "left traces",
        "cost the honest neighbour points": "neighbour lost",
        "aborted the run": "aborted",
        "hung for more than a minute": "hung",
        "ran scripts in the feedback page": "runs scripts",
    }
    told = [f"| {what} | {sum(word in said for said in plain.values())} |"
            for what, word in words.items()]  # fmt: skip
    tried = sum(said != FOREIGN for said in plain.values())
    return (
        f"| plain nbgrader, of {tried} attacks | number |\n| --- | --: |\n" + "\n".join(told)
        + f"\n\n{len(plain) - tried} more attack the conversation between judge and student process, "
        "which plain nbgrader does not have."
    )  # fmt: skip


def row(attack) -> str:
    """Return an attack's name, with spaces where lines may break, and what it does."""
    return f"**{text(attack.name.replace('_', ' '))}** {text(attack.tries)}"


def ours(attack) -> str:
    """Return what the corpus asserts of an attack, in words."""
    if attack.reason:
        return "needs a person"
    if attack.may_lose:
        return f"at most {attack.points}"
    return f"{attack.points}" + (" (all)" if attack.points == TOTAL else "")


def text(words: str) -> str:
    """Return plain words as markdown, in which none of their characters has a meaning."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$~])", r"\\\1", words)


def main() -> None:
    """Write the table into the page."""
    written, marker, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    assert marker, f"{PAGE.name} has no line {MARKER!r}"
    PAGE.write_text(written + MARKER + "\n" + table(), encoding="utf-8")
    print(counts(yaml.safe_load(PLAIN.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
