"""Words that must not get out: each secret place holds its own, and every output is searched."""

import re
from hashlib import sha256

# The attacks search for this pattern without writing it down, so that an echo of their own source
# in a traceback is not a find.
PATTERN = re.compile(r"CANARY-([a-z]+)-[0-9a-f]{12}")


def canary(place: str) -> str:
    """Return the secret word of `place`: a run of small letters."""
    assert place.isalpha()
    assert place.islower()
    return f"CANARY-{place}-{sha256(place.encode()).hexdigest()[:12]}"


def canaries_in(text: str) -> set[str]:
    """Return the places whose secrets `text` gives away."""
    return set(PATTERN.findall(text))
