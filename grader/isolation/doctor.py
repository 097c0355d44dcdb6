"""What this machine can do for grading, and how to mend what it cannot: `grader doctor`."""

import platform
import sys

from grader.errors import GraderError
from grader.isolation import machine
from grader.isolation.machine import Finding

UNSAFE = "--unsafe-no-sandbox grades without isolation, with all that this user may do."


def examine() -> list[Finding]:
    """Look at everything that grading needs of this machine."""
    return [*_sandbox("serve_packages"), *machine.examine()]


def require_sandbox() -> None:
    """Make sure, by a trial, that students' code can be isolated here.

    Raises
    ------
    GraderError
        When it cannot; the message says why, and the remedy.
    """
    for finding in _sandbox("serve"):
        if finding.level == "problem":
            unsafe = UNSAFE if sys.platform == "linux" else "--unsafe-no-sandbox needs it too."
            raise GraderError(f"No sandbox: {finding.text}. {finding.remedy} {unsafe}")


def _sandbox(entry: str) -> list[Finding]:
    if sys.platform != "linux":
        return [Finding(
            "system", "problem", f"the sandbox needs Linux, and this is {platform.system()}",
            "Grade in a Linux virtual machine (on Windows: WSL 2).",
        )]  # fmt: skip
    # Only Linux has what these import.
    from grader.isolation import trial

    found = list(trial.basics())
    if all(finding.level != "problem" for finding in found):
        found += trial.trial(entry)
    return found
