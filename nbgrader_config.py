"""nbgrader's settings for this course; `python -m grader` and nbgrader's own commands read them.

Every path follows from this file's folder, so that the course works wherever it was cloned.
"""

import sys
from pathlib import Path

import zmq

c = get_config()  # noqa: F821 - nbgrader puts get_config into this file's namespace

ROOT = Path(__file__).resolve().parent

# The settings below name classes of the grader package, and nbgrader may start in another folder.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from grader.running import guard  # noqa: E402 - found through the line above

# Where things lie. Written out, because JupyterLab may start nbgrader in another folder and
# nbgrader would otherwise take that folder for the course.
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"

# nbgrader groups hand-outs, hand-ins and gradebook rows by this name; without one the assignment
# list and formgrader's release button stay off.
c.CourseDirectory.course_id = "neural-network-foundations"

# A submission with a file above this size (in kB) is refused: notebooks of this course stay below
# 1 MB, and nbgrader would read the whole file into memory.
c.CourseDirectory.max_file_size = 20_000

# nbgrader's default exchange is a system folder that an administrator has to make. A folder inside
# the course lets one person try hand-out and hand-in; a department sets its shared folder here.
EXCHANGE = ROOT / "exchange"
EXCHANGE.mkdir(exist_ok=True)  # nbgrader refuses an exchange that does not exist
c.Exchange.root = str(EXCHANGE)
c.Exchange.cache = str(EXCHANGE / ".cache")

# The stub says what to do, and grading tells "not attempted" apart from "wrong" by it.
c.ClearSolutions.code_stub = {
    "python": 'raise NotImplementedError("Not attempted: replace this line with your code.")'
}
c.ClearSolutions.text_stub = "Not attempted: replace this line with your answer."

# Before nbgrader's own steps: commentaries on the solutions are for the self-study edition only.
c.GenerateAssignment.preprocessors.prepend(["grader.self_study.DropCommentaries"])

# Seconds for one cell. The slowest reference cell takes under two; an endless loop is interrupted
# here, costs its own cell, and the cells after it still run. `c.GraderLimits.cell_seconds`, where
# set, is the limit in grading alone; the Validate button knows only this one.
c.Execute.timeout = 30

# Further limits of one submission, here with their defaults; grader/running/limits.py explains
# each. `patience_seconds` is how long a run waits for a locked gradebook or a full disk.
# c.GraderLimits.total_seconds = 600
# c.GraderLimits.memory_mb = 2048
# c.GraderLimits.processes = 64
# c.GraderLimits.file_mb = 64
# c.GraderLimits.output_kb = 200
# c.GraderLimits.patience_seconds = 300

# nbgrader's own commands and formgrader's button grade as `python -m grader autograde` does: the
# problem set's cells with the student's answers in them, played in a sandbox, the tests outside it.
guard.install()
c.Autograde.exporter_class = "grader.running.play.HandInExporter"
c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.CheckCellMetadata"]
c.Autograde.autograde_preprocessors = [
    "grader.running.play.Play",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# The Validate button runs a notebook in a kernel: other users of the machine could otherwise read
# what the two say to each other.
if zmq.has("curve"):
    c.KernelManager.transport_encryption = "auto"

# What a student wrote or printed may contain HTML and JavaScript; none of it may run in feedback
# pages or in formgrader. The setting covers outputs only, so the filters are replaced as well,
# and the colours of code, which one cell could take minutes for.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "markdown2html": "grader.safe_html.render_markdown",
    "clean_html": "grader.safe_html.clean_html",
    "strip_files_prefix": "grader.safe_html.keep_links",
}
c.HTMLExporter.preprocessors = ["grader.safe_html.plain_colours"]

# nbgrader's own list of steps, and before the page is styled one that blanks the hidden tests:
# nbgrader restores them to grade, and one page given to one student reaches the whole class.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "grader.hidden_tests.HideHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
