"""The graders that benchmarks/grading.py compares, each run on the same class by its own command.

Every run returns the wall-clock seconds, the processor seconds of all its processes, and the points
it gave, so that a fast wrong answer does not count. What a course does once (making the assignment,
otter's zip file, a virtual environment) happens before and is not timed.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from classroom import ROOT, ProblemSet, Student, hand_in, notebook_of
from nbgrader.api import Gradebook

Scores = dict[str, dict[str, float]]  # student -> test cell -> points
OTTER_VERSION = "7.0.0"
# Packages that a problem set may import -> the line of requirements.txt that pins them.
IMPORTS = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch"}
OTTER_TEST = '''\
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}
SOURCE = {source!r}


@test_case(points={points!r}, hidden=True)
def the_whole_cell(env):
    exec(compile(SOURCE, {name!r}, "exec"), env)
'''


@dataclass(frozen=True)
class Run:
    """What one run cost, and what it gave."""

    seconds: float
    cpu_seconds: float
    students: int
    scores: Scores = field(repr=False)

    @property
    def each(self) -> float:
        """Wall-clock seconds a submission."""
        return self.seconds / self.students


def timed(commands: Iterable[Sequence[str | Path]], folder: Path) -> tuple[float, float]:
    """Run commands one after the other; return their wall-clock and processor seconds.

    Raises
    ------
    SystemExit
        When one fails: its time would mean nothing.
    """
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    scripts = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([scripts, os.environ["PATH"]])
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        done = subprocess.run(list(map(str, command)), cwd=folder, env=environment,
                              capture_output=True, text=True, check=False)
        # A grader says with status 1 that some submission needs a person.
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            shown = " ".join(map(str, command))
            raise SystemExit(f"{shown} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return seconds, used


def read_scores(gradebook: str | Path, problem_set: str) -> Scores:
    """Return the points that tests gave, from a gradebook (a file or the URL of a database)."""
    tests = set(ProblemSet(problem_set).tests)
    url = gradebook if isinstance(gradebook, str) else f"sqlite:///{gradebook}"
    with Gradebook(url) as book:
        return {
            submission.student_id: {
                grade.name: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.name in tests
            }
            for submission in book.assignment_submissions(problem_set)
        }


class PlainNbgrader:
    """nbgrader's own commands with the preprocessors it comes with."""

    def __init__(self, problem_set: str, students: list[Student], scratch: Path) -> None:
        self.problem_set, self.template = problem_set, scratch / "plain"
        self.work = scratch / "plain-run"
        source = self.template / "source" / problem_set
        shutil.copytree(ROOT / "solutions" / problem_set, source)
        config = 'c = get_config()\nc.CourseDirectory.course_id = "benchmark"\n'
        (self.template / "nbgrader_config.py").write_text(config)
        timed([self._command("generate_assignment")], self.template)
        hand_in(students, self.template / "submitted")

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "nbgrader", name, self.problem_set, *arguments]

    def for_all(self) -> Run:
        """One call of `nbgrader autograde` for the whole class."""
        fresh_copy(self.template, self.work)
        return self._run([self._command("autograde")])

    def feedback_for_all(self) -> Run:
        """`nbgrader generate_feedback` for the class that `for_all` has just graded."""
        return self._run([self._command("generate_feedback")])

    def for_each(self, students: list[Student]) -> Run:
        """One call of `nbgrader autograde` for each student."""
        fresh_copy(self.template, self.work)
        names = [student.name for student in students]
        return self._run([self._command("autograde", "--student", name) for name in names])

    def _run(self, commands: list[list[str]]) -> Run:
        seconds, used = timed(commands, self.work)
        scores = read_scores(self.work / "gradebook.db", self.problem_set)
        return Run(seconds, used, len(scores), scores)


class Otter:
    """otter-grader's `otter run`, with each test cell as one test that runs the same code.

    Parameters
    ----------
    python : Path
        A Python with otter-grader; see `install_otter`.
    """

    def __init__(self, problem_set: str, python: Path, scratch: Path) -> None:
        self.source, self.python = ProblemSet(problem_set), python
        self.folder = scratch / "otter"
        tests = self.folder / "tests"
        tests.mkdir(parents=True)
        for name, cell in self.source.tests.items():
            points = cell.metadata["nbgrader"]["points"]
            text = OTTER_TEST.format(name=name, points=points, source=cell.source)
            (tests / f"{name}.py").write_text(text, encoding="utf-8")
        self.zip = self.folder / "autograder.zip"
        timed([self._command("generate", "--tests-dir", tests, "--output-path", self.zip,
                             "--no-environment", "--no-requirements")], self.folder)

    def _command(self, name: str, *arguments: str | Path) -> list[str | Path]:
        return [self.python, "-m", "otter", name, *arguments]

    def version(self) -> str:
        """Return otter-grader's version."""
        ask = "from importlib.metadata import version; print(version('otter-grader'))"
        return subprocess.check_output([self.python, "-c", ask], text=True).strip()

    def run(self, students: list[Student]) -> Run:
        """One call of `otter run` for each student; that is the only way it has."""
        commands, results = [], {}
        for student in students:
            path = self.folder / f"{student.name}.ipynb"
            nbformat.write(self._notebook(student), path)
            out = results[student.name] = self.folder / f"{student.name}-results"
            out.mkdir(exist_ok=True)
            commands.append(self._command("run", "--autograder", self.zip, "--output-dir", out,
                                          "--no-logo", path))
        seconds, used = timed(commands, self.folder)
        scores = {name: self._scores(out / "results.json") for name, out in results.items()}
        return Run(seconds, used, len(students), scores)

    def _notebook(self, student: Student) -> nbformat.NotebookNode:
        """Return the hand-in without the test cells, which for otter lie in files."""
        notebook = notebook_of(student)
        notebook.cells = [cell for cell in notebook.cells if cell.id not in self.source.tests]
        return notebook

    def _scores(self, path: Path) -> dict[str, float]:
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        found = {re.sub(r" - \d+$", "", test["name"]): test.get("score", 0.0) for test in tests}
        return {name: found[name] for name in self.source.tests}


class Ours:
    """The course's own `python -m grader autograde`: all that it does, feedback included.

    Parameters
    ----------
    options : sequence of str
        More of its arguments, such as `--workers 4`.
    """

    def __init__(
        self, students: list[Student], scratch: Path, options: Sequence[str] = ()
    ) -> None:
        self.template, self.work = scratch / "ours", scratch / "ours-run"
        self.options = list(options)
        for name in sorted({student.problem_set for student in students}):
            shutil.copytree(ROOT / "solutions" / name, self.template / "solutions" / name)
        shutil.copy(ROOT / "nbgrader_config.py", self.template)
        hand_in(students, self.template / "submitted")

    def command(self, problem_set: str) -> list[str]:
        """Return the command that grades one problem set in `work`."""
        return [sys.executable, "-m", "grader", "autograde", problem_set,
                "--course-dir", str(self.work), *self.options]

    def for_all(self, problem_set: str) -> Run:
        """Grade the class in a fresh copy of the course."""
        fresh_copy(self.template, self.work)
        seconds, used = timed([self.command(problem_set)], ROOT)
        scores = read_scores(self.work / "gradebook.db", problem_set)
        return Run(seconds, used, len(scores), scores)

    def under_way(self, problem_set: str, run: Run) -> Run:
        """Return the part of the last run in which its workers were busy all the time.

        That is from the second tenth of the graded notebooks to the last but the workers', by the
        times at which they were written.
        """
        paths = self.work.glob(f"autograded/*/{problem_set}/{problem_set}.ipynb")
        times = sorted(path.stat().st_mtime for path in paths)
        first, last = busy_part(len(times))
        return Run(times[last] - times[first], 0.0, last - first, run.scores)


    def stages(self, problem_set: str, db_url: str = "") -> dict[str, list[float]]:
        """Grade the class once more, one after the other, and return the seconds of each stage."""
        fresh_copy(self.template, self.work)
        result = self.work / "stages.json"
        database = ["--db", db_url] if db_url else []
        command = [sys.executable, Path(__file__).with_name("stages.py"), result, problem_set,
                   "--course-dir", self.work, *database]
        timed([command], ROOT)
        return dict(json.loads(result.read_text()))


def busy_part(count: int, slack: int = 8) -> tuple[int, int]:
    """Return between which of `count` results, in order of time, to measure a rate.

    The first tenth is left out, when servers start, and the last few, when workers run dry.
    """
    first, last = count // 10, max(count // 10 + 1, count - 1 - min(slack, count // 5))
    return first, last


def install_otter(problem_set: str, folder: Path) -> Path:
    """Make a virtual environment with otter-grader and what the problem set imports."""
    python = folder / "bin" / "python"
    if not (folder / "complete.txt").is_file():
        print(f"Installing otter-grader {OTTER_VERSION} into {folder} ...", file=sys.stderr)
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", folder])
        subprocess.check_call([python, "-m", "pip", "install", "--quiet",
                               "--disable-pip-version-check",
                               f"otter-grader[grading]=={OTTER_VERSION}", *_pins(problem_set)])
        (folder / "complete.txt").write_text(OTTER_VERSION)
    return python


def _pins(problem_set: str) -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    code = "\n".join(c.source for c in ProblemSet(problem_set).notebook.cells
                     if c.cell_type == "code")
    used = {pin for name, pin in IMPORTS.items()
            if re.search(rf"^\s*(?:import|from) {name}\b", code, re.MULTILINE)}
    return [line for line in lines if line.partition("==")[0] in used]


def fresh_copy(template: Path, work: Path) -> None:
    """Replace `work` by a copy of `template`."""
    if work.exists():
        shutil.rmtree(work)
    shutil.copytree(template, work)


def bare_cells(problem_set: str, submitted: Path) -> Run:
    """Run the cells alone, of all submissions in one process that has imported everything."""
    command = [sys.executable, Path(__file__).with_name("bare_cells.py"), problem_set, submitted]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    tests = ProblemSet(problem_set).tests
    scores = {
        name: {test: 0.0 if test in failed else cell.metadata["nbgrader"]["points"]
               for test, cell in tests.items()}
        for name, failed in found["failed"].items()
    }
    return Run(found["seconds"], after.ru_utime - before.ru_utime, len(scores), scores)
