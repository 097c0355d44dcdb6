"""The whole corpus, by name, and those attacks of it that a run of all tests plays."""

import os
from collections import Counter

from tests.grader.attacks import (
    answers,
    broken,
    filing,
    flow,
    looking,
    network,
    output,
    patching,
    poison,
    protocol,
    reading,
    resources,
    shapes,
    tampering,
)

FAMILIES = (
    reading,
    looking,
    network,
    answers,
    shapes,
    protocol,
    filing,
    patching,
    flow,
    output,
    tampering,
    resources,
    poison,
    broken,
)
ALL = [attack for module in FAMILIES for attack in module.ATTACKS]
ATTACKS = {attack.name: attack for attack in ALL}
# Every other one of each family, for the sake of time; all of them with `make attacks`.
PLAYED = (
    ATTACKS
    if os.environ.get("ATTACKS") == "all"
    else {attack.name: attack for module in FAMILIES for attack in module.ATTACKS[::2]}
)

_twice = [name for name, count in Counter(attack.name for attack in ALL).items() if count > 1]
assert not _twice, f"two attacks have the name {', '.join(_twice)}"
