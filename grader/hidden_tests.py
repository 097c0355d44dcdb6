"""Keep hidden tests out of the feedback page; formgrader and the graded notebook still show them.

nbgrader puts hidden tests back before it grades, so its feedback prints their source and, when one
fails, the lines around it in the traceback. A page given to one student reaches the whole class.
"""

import re
from typing import Any

from nbconvert.filters import strip_ansi
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from grader.regions import KINDS, region_lines

HIDDEN = ("HIDDEN TESTS", "MARK SCHEME")
PLACEHOLDER = "# hidden tests ran here"
# A line of source in an IPython traceback: an arrow on the failing line, its number, the text.
NUMBERED = re.compile(r"^\s*(?P<arrow>-*>)?\s*\d+(?P<code>.*)$")


class HideHiddenTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Feedback preprocessor: blank hidden regions, in the source and in the tracebacks."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Change every graded cell of `nb`, as nbconvert's preprocessors do."""
        graded = [cell for cell in nb.cells if is_grade(cell)]
        secret = {line.strip() for cell in graded for line in _hidden_lines(cell.source)}
        for cell in graded:
            cell.source = _blank(cell.source)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = _clean(output.traceback, secret)
        return nb, resources


def _hidden_lines(source: str) -> list[str]:
    regions = [lines for marker in HIDDEN for lines in region_lines(source, marker)]
    return [line for lines in regions for line in lines if line.strip()]


def _blank(source: str) -> str:
    for marker in HIDDEN:
        region = rf"^[^\n]*BEGIN {marker}.*?END {marker}[^\n]*$"
        source = re.sub(region, PLACEHOLDER, source, flags=re.DOTALL | re.MULTILINE)
    return source


def _clean(traceback: list[str], secret: set[str]) -> list[str]:
    """Drop the secret lines of a traceback; of the one that failed, keep that it failed.

    The last entry is the message, which the author wrote for the student: it stays as it is.
    """
    return ["\n".join(_clean_entry(entry, secret)) for entry in traceback[:-1]] + traceback[-1:]


def _clean_entry(entry: str, secret: set[str]) -> list[str]:
    kept = []
    for line in entry.splitlines():
        match = NUMBERED.match(strip_ansi(line))
        code = match["code"].strip() if match else ""
        marker = any(f"{edge} {name}" in code for edge in ("BEGIN", "END") for name in KINDS)
        if match is None or not (marker or code in secret):
            kept.append(line)
        elif match["arrow"]:
            kept.append("----> a hidden test")
    return kept
