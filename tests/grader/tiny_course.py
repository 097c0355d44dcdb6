"""A course with two tiny problem sets, made in a temporary folder: grading it takes seconds."""

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.cli import main
from grader.course import Course, find_course

REPOSITORY = Path(__file__).resolve().parents[2]
# What a student may write; the marked parts of DOUBLE and SQUARE below are the reference.
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "square": "def square(x):\n    return x**2",
}
DOUBLE = """\
def double(x):
    ### BEGIN SOLUTION
    twice = 2 * x
    return twice
    ### END SOLUTION"""
TEST_DOUBLE = """\
assert double(2) == 4
### BEGIN HIDDEN TESTS
secret_number = -31
assert double(secret_number) == -62, "a negative number was doubled wrongly"
### END HIDDEN TESTS"""
SQUARE = """\
def square(x):
    ### BEGIN SOLUTION
    return x**2
    ### END SOLUTION"""
TEST_SQUARE = """\
assert square(2) == 4
### BEGIN HIDDEN TESTS
assert square(-13) == 169
### END HIDDEN TESTS"""
MODEL_ANSWER = "Because multiplying a negative number by itself gives a positive one."
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def tag(grade_id, **values):
    defaults = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id, **defaults, **values}}


def graded_tag(grade_id, points):
    return tag(grade_id, grade=True, locked=True, points=points)


def tiny_notebook():
    cells = [
        new_markdown_cell("# Tiny", id="title"),
        new_code_cell(DOUBLE, id="c1", metadata=tag("double", solution=True)),
        new_code_cell(TEST_DOUBLE, id="c2", metadata=graded_tag("test_double", 2)),
        new_code_cell(SQUARE, id="c3", metadata=tag("square", solution=True)),
        new_code_cell(TEST_SQUARE, id="c4", metadata=graded_tag("test_square", 3)),
        new_markdown_cell(
            MODEL_ANSWER, id="c5", metadata=tag("explain", grade=True, solution=True, points=4)
        ),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def other_notebook():
    cells = [
        new_code_cell("one = 1", id="o1", metadata=tag("one", solution=True)),
        new_code_cell("assert one == 1", id="o2", metadata=graded_tag("test_one", 1)),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def make_course(root: Path, time_limit: int = 2) -> Course:
    """Write solutions/tiny, solutions/other and the repository's nbgrader_config.py to `root`."""
    for name, notebook in (("tiny", tiny_notebook()), ("other", other_notebook())):
        store(notebook, root / "solutions" / name / f"{name}.ipynb")
    config = (REPOSITORY / "nbgrader_config.py").read_text(encoding="utf-8")
    config += f"\nc.Execute.timeout = {time_limit}\n"
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    return find_course(root)


def store(notebook, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def source_path(course: Course) -> Path:
    return course.root / "solutions" / "tiny" / "tiny.ipynb"


def edit(path: Path, grade_id: str, change) -> None:
    """Replace the source of one cell of the notebook at `path` by `change(source)`."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [c for c in notebook.cells if "nbgrader" in c.metadata]
    cells = [c for c in tagged if c.metadata.nbgrader.grade_id == grade_id]
    assert len(cells) == 1, f"{path} has {len(cells)} cells {grade_id}"
    cells[0].source = change(cells[0].source)
    path.unlink()
    nbformat.write(notebook, path)


def hand_in(course: Course, student: str, file: str = "tiny.ipynb", **answers: str) -> Path:
    """Put the released notebook, with `answers` in its solution cells, into submitted/."""
    released = course.root / "exercises" / "tiny" / "tiny.ipynb"
    if not released.is_file():
        assert run(course, "release") == 0
    path = course.root / "submitted" / student / "tiny" / file
    path.parent.mkdir(parents=True)
    shutil.copy(released, path)
    for grade_id, answer in answers.items():
        edit(path, grade_id, lambda _, answer=answer: answer)
    return path


def run(course: Course, command: str, *arguments: str) -> int:
    """Run `python -m grader` on `course` in this process; return its exit status.

    Releases skip the pre-flight, which starts servers; tests/grader/running/ tests that.
    """
    flags = ["--no-preflight"] if command == "release" and "--check" not in arguments else []
    return main([command, *arguments, *flags, "--course-dir", str(course.root)])
