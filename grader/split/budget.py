"""The time and the output that the cells of one submission have left."""

import time
from typing import Any

OUTPUTS = 20  # all cells together may put out as much as so many of them
LEAST_OUTPUT = 2000  # characters that each cell has all the same


class Budget:
    """What all cells of a submission together may take, and what the next one of them may.

    Parameters
    ----------
    limits : Limits
        cell_seconds, total_seconds, output_kb.
    """

    def __init__(self, limits: Any) -> None:
        self.limits = limits
        self.ends: float = time.monotonic() + limits.total_seconds
        self.left: int = OUTPUTS * limits.output_kb * 1024

    def seconds(self) -> float:
        """Return how many seconds the next cell has."""
        left = self.ends - time.monotonic()
        return max(min(float(self.limits.cell_seconds), left), 0.0)

    def room(self) -> int:
        """Return how many characters the next cell may put out."""
        return max(min(int(self.limits.output_kb) * 1024, self.left), LEAST_OUTPUT)
