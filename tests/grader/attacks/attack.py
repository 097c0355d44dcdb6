"""One attack as data: what a hostile student hands in, and what must come of it.

The texts of attacks may contain marks such as @PORT@ (see traps.py), which are filled in when the
class is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.grader.attacks.course import ANSWERS, POINTS

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Attack:
    """One hostile or broken submission.

    Parameters
    ----------
    name, tries
        A stable name, and a sentence for the table: what it tries.
    answers : mapping
        The solution cells it writes; all others are answered honestly.
    loses : tuple of str
        The answers whose tests must give nothing; those of all others must pay in full.
    change, place : callable
        What it does to the notebook as JSON, and afterwards to the student's folder.
    student : str
        The student's folder, where that is the attack.
    shows : str
        What its own cells print: the proof that it ran as meant.
    reason : str
        For a submission that cannot be graded: words of the stated reason.
    fault : str
        For one that is graded: the kind of a fault that the report lists.
    seconds : float
        How long it may take on an idle machine.
    may_lose : tuple of str
        Answers whose points a race decides; never more than they are worth.
    """

    name: str
    tries: str
    answers: Mapping[str, str] = field(default_factory=dict)
    loses: tuple[str, ...] = ()
    change: Callable[[Notebook], None] | None = None
    place: Callable[[Path], None] | None = None
    student: str = ""
    shows: str = ""
    reason: str = ""
    fault: str = ""
    seconds: float = 5.0
    may_lose: tuple[str, ...] = ()
    family: str = ""

    @property
    def points(self) -> int:
        """Return the points that it deserves."""
        return sum(POINTS[f"test_{name}"] for name in ANSWERS if name not in self.loses)

    @property
    def least(self) -> int:
        """Return the fewest points that it may get."""
        return self.points - sum(POINTS[f"test_{name}"] for name in self.may_lose)


EVERYTHING = tuple(ANSWERS)
# Defines tell(): print what was found, without showing the rest of the place.
TELL = '''\
import os, re, sys

def tell(where, data):
    """Print every secret word in `data`."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    for word in sorted(set(re.findall(rb"CAN" + rb"ARY-[a-z]+-[0-9a-f]{12}", data))):
        print("found", word.decode(), "in", where)

def tell_file(path, limit=4_000_000):
    try:
        with open(path, "rb") as file:
            tell(path, file.read(limit))
    except OSError:
        pass

'''


def spy(name: str, tries: str, code: str, **more: Any) -> Attack:
    """Return an attack that answers honestly and looks for secrets before, in its first cell."""
    text = f"{TELL}{code}\nprint('looked around')\n\n{ANSWERS['scale']}"
    return Attack(name, tries, {"scale": text}, shows="looked around", **more)


def cheat(name: str, tries: str, *loses: str, before: str = "", **answers: str) -> Attack:
    """Return an attack that answers some questions wrongly and hopes to be paid for them.

    `before` stands in front of the first answer, which is an honest one unless it is given.
    """
    if before:
        answers["scale"] = f"{before}\n\n{answers.get('scale', ANSWERS['scale'])}"
    return Attack(name, tries, answers, loses=loses or tuple(answers))


def family(name: str, *attacks: Attack) -> list[Attack]:
    """Return the attacks as members of a family."""
    return [replace(attack, family=name) for attack in attacks]
