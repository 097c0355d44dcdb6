"""nbgrader's own preprocessors, made once and applied without its converters' overhead.

A converter makes its preprocessors, copies and validates the notebook for each of them, and writes
and reads a file between its stages: three times the cost of the steps themselves.
"""

from collections.abc import Sequence
from typing import Any

from nbconvert.exporters import NotebookExporter
from traitlets.config import Config


def make_steps(config: Config, preprocessors: Sequence[Any]) -> list[Any]:
    """Return instances of the named preprocessors, as an nbgrader converter would make them."""
    without_defaults = Config(config)
    without_defaults.Exporter.default_preprocessors = []
    exporter = NotebookExporter(config=without_defaults)
    steps: list[Any] = []
    for preprocessor in preprocessors:
        exporter.register_preprocessor(preprocessor)
        steps.append(exporter._preprocessors[-1])
    return steps


def resources_for(problem_set: str, student: str, db_url: str, path: str = "") -> dict[str, Any]:
    """Return the facts that nbgrader's preprocessors look up."""
    return {
        "unique_key": problem_set,
        "output_files_dir": f"{problem_set}_files",
        "metadata": {"name": problem_set, "path": path},
        "nbgrader": {
            "student": student,
            "assignment": problem_set,
            "notebook": problem_set,
            "db_url": db_url,
        },
    }
