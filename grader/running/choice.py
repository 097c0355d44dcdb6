"""Which submissions have to be graded: what is new, changed, or was not finished."""

import hashlib
from pathlib import Path

from grader.course import Course
from grader.running.book import known_students
from grader.running.files import Refused, opened_folder, read_bounded
from grader.running.journal import read_journal

NEW = "new"
CHANGED = "handed in again"
OTHER_SOURCE = "graded before the problem set or a limit changed"
INTERRUPTED = "stopped while it was recorded"
PERSON = "needed a person"
LOST = "no longer in the gradebook or in autograded/"


def not_done(
    course: Course, problem_set: str, students: list[str], source: str
) -> dict[str, str]:
    """Return the students without a grade that holds: name -> why it has to be given.

    A grade holds when the journal says that this very file was graded by this very problem set
    under these limits, the gradebook has it, and so has autograded/.

    Parameters
    ----------
    course, problem_set
        Which problem set.
    students : list of str
        Who handed in.
    source : str
        Digest of problem set and limits as they are now.
    """
    journal = read_journal(course.grades(problem_set, ".journal"))
    recorded = known_students(course.coursedir().db_url, problem_set)

    def why(student: str) -> str:
        entry = journal.get(student)
        if entry is None:
            return NEW
        if entry.event == "begin":
            return INTERRUPTED
        if entry.event == "person":
            return PERSON
        if entry.submission != _digest(course, problem_set, student):
            return CHANGED
        if entry.source != source:
            return OTHER_SOURCE
        graded = course.folder("autograded", student, problem_set) / f"{problem_set}.ipynb"
        return "" if student in recorded and _is_whole(graded) else LOST

    return {student: reason for student in students if (reason := why(student))}


def _is_whole(notebook: Path) -> bool:
    """Whether a graded notebook is there to its end, also after the machine lost power."""
    try:
        return notebook.read_bytes().endswith(b"}\n")
    except OSError:
        return False


def _digest(course: Course, problem_set: str, student: str) -> str:
    """Return the digest of a handed-in notebook, or an empty string if it cannot be read."""
    most = 1000 * course.coursedir().max_file_size
    try:
        with opened_folder(course.folder("submitted"), student, problem_set) as folder:
            content = read_bounded(folder, f"{problem_set}.ipynb", most)
    except (Refused, OSError):
        return ""
    return hashlib.sha256(content).hexdigest()
