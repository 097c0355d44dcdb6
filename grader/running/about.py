"""What a graded notebook says of its own grading, in its metadata: for the report, and for people.

It travels with the notebook, so that a grade by nbgrader's own commands has its faults, too.
"""

from typing import Any

from grader.faults import Fault, as_dicts, from_dicts

ABOUT = "grader"  # the key


def describe(notebook: Any, digest: str, faults: tuple[Fault, ...]) -> None:
    """Note which hand-in a notebook was made of, and what was wrong."""
    notebook.metadata[ABOUT] = {"submission": digest, "faults": as_dicts(faults)}


def add_faults(notebook: Any, faults: tuple[Fault, ...]) -> None:
    """Add what was found later."""
    about = notebook.metadata.get(ABOUT, {})
    describe(notebook, str(about.get("submission", "")), (*faults_of(notebook), *faults))


def faults_of(notebook: Any) -> tuple[Fault, ...]:
    """Return what was wrong."""
    return from_dicts(notebook.metadata.get(ABOUT, {}).get("faults"))
