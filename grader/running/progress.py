"""How far a run is: a bar on a terminal, else a line now and then."""

import time
from typing import TextIO

from tqdm import tqdm

from grader.wording import printable

SHARE, SECONDS = 0.1, 5.0  # without a terminal: a line for each tenth, but not more often than this


class Progress:
    """Shows count, rate, time left and faults while a run goes on.

    Parameters
    ----------
    screen : TextIO
        Where; a bar is drawn only on a terminal.
    total : int
        How many submissions there are to do.
    doing : str
        What is done with them, in one word.
    """

    def __init__(self, screen: TextIO, total: int, doing: str = "grading") -> None:
        self._screen, self._total, self._doing = screen, total, doing
        self._done = self._faults = self._people = 0
        self._began = self._said = time.monotonic()
        self._said_at = 0
        self._bar = None
        if screen.isatty() and total:
            tqdm.monitor_interval = 0  # its thread would outlive the bar
            self._bar = tqdm(total=total, desc=doing, unit="nb", file=screen, dynamic_ncols=True)

    def step(self, student: str, *, faults: bool = False, person: bool = False) -> None:
        """Count one submission."""
        self._done += 1
        self._faults += faults
        self._people += person
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._counts()}, {printable(student)[:20]}", refresh=False)
            self._bar.update()
        else:
            self._say_now_and_then()

    def say(self, text: str) -> None:
        """Show one line of text, above the bar if there is one."""
        if self._bar is not None:
            self._bar.clear()
        print(f"grader: {text}", file=self._screen, flush=True)
        if self._bar is not None:
            self._bar.refresh()

    def close(self) -> None:
        """End the bar; it stays on the screen as it is."""
        if self._bar is not None:
            self._bar.close()

    def _counts(self) -> str:
        return f"faults {self._faults}, people {self._people}"

    def _say_now_and_then(self) -> None:
        now = time.monotonic()
        few = self._done - self._said_at < SHARE * self._total or now - self._said < SECONDS
        if few or self._done == self._total:  # what follows the last one says more
            return
        self._said, self._said_at = now, self._done
        rate = self._done / (now - self._began)
        left = (self._total - self._done) / rate
        print(
            f"{self._doing} {self._done}/{self._total}, {rate:.2g} per second, "
            f"{left:.0f} s left, {self._counts()}",
            file=self._screen,
            flush=True,
        )
