"""What went wrong with a submission that has a grade all the same."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One fault: `kind` in a word, `cell` by its name (or empty), `text` as a person reads it."""

    kind: str
    cell: str
    text: str

    @property
    def sentence(self) -> str:
        """The text with the cell that it is about, without a full stop."""
        text = self.text.rstrip(". ")
        return text if not self.cell or self.cell in text else f"{self.cell}: {text}"


def as_dicts(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Return faults as JSON holds them."""
    return [asdict(fault) for fault in faults]


def from_dicts(entries: Any) -> tuple[Fault, ...]:
    """Return the faults that JSON holds; anything else that it holds is skipped."""
    keys = ("kind", "cell", "text")
    return tuple(
        Fault(*(str(entry.get(key, "")) for key in keys))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    )
