"""Make the demo class: a course of its own below _build/, with a few hand-ins and a roster."""

import os
import shutil
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from nbgrader.utils import is_solution, rmtree

from grader.course import CONFIG_NAME, Course, find_course
from grader.errors import GraderError
from grader.notebook_file import read_notebook, write_notebook
from grader.release import release

CONFIG = '''\
"""nbgrader's settings for the demo class: the course's own, with this folder as the course."""

from pathlib import Path

c = get_config()
here = Path(__file__).resolve().parent
load_subconfig({name!r}, path=str(here / {course!r}))

c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "demo-class"
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "exchange" / ".cache")
c.Execute.timeout = {time_limit}
(here / "exchange").mkdir(exist_ok=True)
'''


@dataclass(frozen=True)
class Student:
    """One line of the class file: what a student did, and how it is made."""

    id: str
    name: str
    story: str
    start: str
    cells: dict[str, str] = field(default_factory=dict)
    file: str = ""
    damage: str = ""


def build_demo_class(course: Course, problem_set: str) -> tuple[Course, list[Student]]:
    """Make the demo class anew and return it with its students.

    Parameters
    ----------
    course : Course
        The real course; only read.
    problem_set : str
        Which hand-ins to make.

    Raises
    ------
    GraderError
        When no class is written for this problem set.
    """
    content = _class_file(problem_set)
    students = [Student(**entry) for entry in content["student"]]
    demo = _make_course(course, problem_set, content["time_limit"])
    release(demo, problem_set)
    for student in students:
        _hand_in(demo, problem_set, student)
    with demo.gradebook() as book:
        for student in students:
            first, last = student.name.split()
            book.update_or_create_student(student.id, first_name=first, last_name=last)
    return demo, students


def _class_file(problem_set: str) -> dict[str, Any]:
    folder = files("grader.demo")
    path = folder / f"{problem_set}.toml"
    if not path.is_file():
        written = [p.name[: -len(".toml")] for p in folder.iterdir() if p.name.endswith(".toml")]
        known = ", ".join(sorted(written))
        raise GraderError(f"No demo class is written for {problem_set}; there is one for {known}.")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _make_course(course: Course, problem_set: str, time_limit: int) -> Course:
    root = course.root / "_build" / "demo-class"
    if root.exists():
        rmtree(root)
    source = course.folder("source", problem_set=problem_set)
    shutil.copytree(source, root / source.relative_to(course.root))
    way_back = Path(os.path.relpath(course.root, root)).as_posix()
    config = CONFIG.format(name=CONFIG_NAME, course=way_back, time_limit=time_limit)
    (root / CONFIG_NAME).write_text(config, encoding="utf-8")
    return find_course(root)


def _hand_in(demo: Course, problem_set: str, student: Student) -> None:
    if student.start == "nothing":
        return
    folder = demo.folder("submitted", student.id, problem_set)
    folder.mkdir(parents=True)
    text = write_notebook(_write_answers(demo, problem_set, student))
    if student.damage == "cut short":
        text = text[: len(text) // 2]
    (folder / (student.file or f"{problem_set}.ipynb")).write_text(text, encoding="utf-8")


def _write_answers(demo: Course, problem_set: str, student: Student) -> Any:
    def read(step: str) -> Any:
        folder = demo.folder(step, problem_set=problem_set)
        return read_notebook(folder / f"{problem_set}.ipynb")

    notebook, solutions = read("release"), _solutions(read("source"))
    answers = (solutions if student.start == "reference" else {}) | student.cells
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if is_solution(c)}
    for grade_id, answer in answers.items():
        cells[grade_id].source = answer.strip()
    return notebook


def _solutions(source: Any) -> dict[str, str]:
    """Return the reference code of each solution cell; its written answers are the class file's."""
    cells = [cell for cell in source.cells if is_solution(cell) and cell.cell_type == "code"]
    markers = ("### BEGIN SOLUTION", "### END SOLUTION")
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.splitlines() if line.strip() not in markers
        )
        for cell in cells
    }
