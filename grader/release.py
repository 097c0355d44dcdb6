"""solutions/ -> exercises/: what students get is generated, checked and stored."""

from pathlib import Path
from tempfile import TemporaryDirectory

from grader.course import Course
from grader.drift import files_below, find_drift
from grader.engine import ConversionError, generate
from grader.errors import GraderError
from grader.leaks import find_leaks
from grader.log import log_to
from grader.notebook_file import read_notebook


def release(course: Course, problem_set: str) -> list[str]:
    """Generate one problem set's release and store it; return the files that changed.

    Raises
    ------
    GraderError
        When nbgrader refuses the source, or the result would show a secret.
    """
    target = course.folder("release", problem_set=problem_set)
    with TemporaryDirectory() as scratch:
        fresh = generate_checked(course, problem_set, Path(scratch))
        stale = files_below(target) - files_below(fresh)
        changed = [path for path in sorted(files_below(fresh)) if _store(fresh, target, path)]
        for path in stale:
            (target / path).unlink()
    return [course.show(target / path) for path in [*changed, *sorted(stale)]]


def check_release(course: Course, problem_set: str) -> list[str]:
    """Return one line for each difference between the stored release and a fresh one."""
    target = course.folder("release", problem_set=problem_set)
    with TemporaryDirectory() as scratch:
        fresh = generate_checked(course, problem_set, Path(scratch))
        return find_drift(fresh, target, course.show(target))


def find_orphans(course: Course) -> list[str]:
    """Return one line for each folder of the release that no source stands behind."""
    known = course.problem_sets()
    target = course.folder("release")
    folders = sorted(p for p in target.glob("*") if p.is_dir() and not p.name.startswith("."))
    source = course.show(course.folder("source"))
    return [
        f"{course.show(p)}: no such problem set in {source}/; delete this folder"
        for p in folders
        if p.name not in known
    ]


def generate_checked(course: Course, problem_set: str, scratch: Path) -> Path:
    """Generate one problem set's release below `scratch`; return its folder.

    Raises
    ------
    GraderError
        When nbgrader refuses the source, or the result would show a secret.
    """
    course.require(problem_set)
    source = course.folder("source", problem_set=problem_set)
    notebook = source / f"{problem_set}.ipynb"
    problems = _unfit(notebook)
    try:
        with log_to(scratch / "release.log"):
            generate(course, problem_set, scratch / "release", record=False)
    except ConversionError as error:
        problems.append(str(error))
    fresh = scratch / "release" / problem_set
    problems += find_leaks(source, fresh)
    if problems:
        raise GraderError(f"{course.show(notebook)} cannot be released: {'; '.join(problems)}.")
    return fresh


def _unfit(notebook: Path) -> list[str]:
    """Return what would make the release differ from machine to machine."""
    content = read_notebook(notebook)
    problems = []
    if (content.nbformat, content.nbformat_minor) < (4, 5):
        problems.append("its format is older than 4.5, so its cells have no ids: save it again")
    kernel = content.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        problems.append(f"its kernel is {kernel!r} and must be 'python3', which every machine has")
    return problems


def _store(fresh: Path, target: Path, path: Path) -> bool:
    content = (fresh / path).read_bytes()
    goal = target / path
    if goal.is_file() and goal.read_bytes() == content:
        return False
    goal.parent.mkdir(parents=True, exist_ok=True)
    goal.write_bytes(content)
    return True
