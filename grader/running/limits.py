"""What one submission may use and how patient a run is, set in nbgrader_config.py."""

import dataclasses
from typing import TYPE_CHECKING, Any

from traitlets import Float, Integer, default
from traitlets.config import Config, Configurable

if TYPE_CHECKING:
    from grader.isolation.policy import Limits

# These decide how a run goes, not what a submission earns: changing one makes no grade stale.
RUN_ONLY = ("patience_seconds",)


class GraderLimits(Configurable):
    """`c.GraderLimits.<name> = <value>` in nbgrader_config.py."""

    cell_seconds = Float(
        help="Seconds for one cell of a student, and for one test cell. The default is "
        "`c.Execute.timeout`, nbgrader's own setting, when that is set, else 30."
    ).tag(config=True)
    total_seconds = Float(600, help="Seconds for one submission.").tag(config=True)
    cpu_seconds = Integer(600, help="Processor seconds for one process of a student.").tag(
        config=True
    )
    memory_mb = Integer(2048, help="Memory of one submission, in MB.").tag(config=True)
    processes = Integer(64, help="Processes and threads of one submission.").tag(config=True)
    file_mb = Integer(64, help="Size of one file, and of all files, a student's code may write.")
    file_mb.tag(config=True)
    files = Integer(5000, help="Files that a student's code may make.").tag(config=True)
    output_kb = Integer(200, help="Output of one cell that is kept, in kB.").tag(config=True)
    message_mb = Integer(64, help="One value that passes between tests and answers, in MB.").tag(
        config=True
    )
    open_files = Integer(256, help="Open files of one process of a student.").tag(config=True)
    extra_cells = Integer(
        300, help="Cells a student may add; more are left out and reported."
    ).tag(config=True)
    text_kb = Integer(
        2000, help="Text of all cells of a hand-in, in kB; a notebook with more needs a person."
    ).tag(config=True)
    pictures_kb = Integer(
        8000, help="Pictures attached to all written answers, in kB; more are left out."
    ).tag(config=True)
    patience_seconds = Float(
        300,
        help="How long a run waits for a locked or lost gradebook, or for room on a full disk, "
        "before it stops (and `--resume` goes on).",
    ).tag(config=True)

    @default("cell_seconds")
    def _cell_seconds(self) -> float:
        return float(self.config.Execute.get("timeout", None) or 30)

    def for_sandbox(self) -> "Limits":
        """Return those values that the sandbox enforces."""
        from grader.isolation.policy import Limits

        names = {field.name for field in dataclasses.fields(Limits)}
        return Limits(**{name: getattr(self, name) for name in names})

    def values(self) -> dict[str, float]:
        """Return name -> value of all limits."""
        return {name: getattr(self, name) for name in sorted(self.class_trait_names(config=True))}

    def deciding(self) -> dict[str, float]:
        """Return the values on which a grade may depend."""
        return {k: v for k, v in self.values().items() if k not in RUN_ONLY}


def read_limits(config: Config | Any) -> GraderLimits:
    """Return the limits that a course's configuration sets."""
    return GraderLimits(config=config)
