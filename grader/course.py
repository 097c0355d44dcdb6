"""A course on disk: its nbgrader settings, its problem sets and its folders."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.errors import GraderError
from grader.migrations import latest_version

CONFIG_NAME = "nbgrader_config.py"

api.get_alembic_version = latest_version  # every gradebook of this package belongs to a course


@dataclass(frozen=True)
class Course:
    """A course's root folder and settings.

    Parameters
    ----------
    root : Path
        Folder that holds `nbgrader_config.py`.
    config : Config
        What that file sets.
    """

    root: Path
    config: Config

    def coursedir(self, problem_set: str = "") -> CourseDirectory:
        """Return nbgrader's view of the course, for one problem set or for all."""
        coursedir = CourseDirectory(
            config=self.config, root=str(self.root), assignment_id=problem_set
        )
        coursedir.db_url = complete_url(coursedir.db_url)
        return coursedir

    def gradebook(self) -> Gradebook:
        """Open the gradebook (a context manager), making it when there is none."""
        coursedir = self.coursedir()
        return Gradebook(coursedir.db_url, coursedir.course_id)

    def folder(self, step: str, student: str = ".", problem_set: str = "") -> Path:
        """Return the folder of one nbgrader step: source, release, submitted, autograded, feedback.

        Notes
        -----
        The order of the parts follows `CourseDirectory.directory_structure`.
        """
        name = getattr(self._coursedir, f"{step}_directory")
        return Path(self._coursedir.format_path(name, student, problem_set or "."))

    @cached_property
    def _coursedir(self) -> CourseDirectory:
        """The view that `folder` uses many times for each submission."""
        return self.coursedir()

    def grades(self, problem_set: str, ending: str) -> Path:
        """Return the path of a file that this package writes: the CSV or the log."""
        return self.root / "grades" / f"{problem_set}{ending}"

    def show(self, path: Path) -> str:
        """Return `path` as a user of this course would type it."""
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else str(path)

    def problem_sets(self) -> list[str]:
        """Return the names of the problem sets that have a source notebook."""
        source = self.folder("source")
        return sorted(p.parent.name for p in source.glob("*/*.ipynb") if p.stem == p.parent.name)

    def require(self, problem_set: str) -> str:
        """Return `problem_set` when the course has it, and raise GraderError when not."""
        known = self.problem_sets()
        if problem_set not in known:
            raise GraderError(
                f"There is no problem set {problem_set!r}: "
                f"{self.show(self.folder('source'))}/ holds {', '.join(known) or 'none'}."
            )
        return problem_set


def complete_url(url: str) -> str:
    """Return a database's address with what this package needs of the driver.

    SQLite: another program may hold the lock for a while, and five seconds, the driver's own
    patience, are too few. PostgreSQL: `postgresql://` alone would ask for a driver of the past.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return f"postgresql+psycopg://{url.split('://', 1)[1]}"
    if url.startswith("sqlite:///") and url != "sqlite:///" and "timeout=" not in url:
        return f"{url}{'&' if '?' in url else '?'}timeout=60"
    return url


def find_course(start: Path, db_url: str = "") -> Course:
    """Load the course that `start` lies in.

    Parameters
    ----------
    start : Path
        The course root or any folder below it.
    db_url : str, optional
        The gradebook's address (as SQLAlchemy writes it), instead of the configured one.

    Raises
    ------
    GraderError
        When neither `start` nor a folder above it holds nbgrader_config.py.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            config = PyFileConfigLoader(CONFIG_NAME, str(folder)).load_config()
            if db_url:
                config.CourseDirectory.db_url = db_url
            return Course(folder, config)
    raise GraderError(
        f"No {CONFIG_NAME} in {start} or above it: run this in the course's folder "
        "or name it with --course-dir."
    )
