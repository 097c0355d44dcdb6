"""Which submissions have to be graded: what is new, changed, or was not finished."""

import hashlib

from grader.course import Course
from grader.running.book import known_students
from grader.running.files import Refused, opened_folder, read_bounded
from grader.running.journal import read_journal


def not_done(course: Course, problem_set: str, students: list[str], source: str) -> list[str]:
    """Return the students whose grade on record does not hold, or who have none.

    It holds when the journal says that this very file was graded by this very problem set under
    these limits, the gradebook has it, and so has autograded/.

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

    def holds(student: str) -> bool:
        entry = journal.get(student)
        graded = course.folder("autograded", student, problem_set) / f"{problem_set}.ipynb"
        return (
            entry is not None
            and entry.event == "graded"
            and entry.source == source
            and student in recorded
            and graded.is_file()
            and entry.submission == _digest(course, problem_set, student)
        )

    return [student for student in students if not holds(student)]


def _digest(course: Course, problem_set: str, student: str) -> str:
    """Return the digest of a handed-in notebook, or an empty string if it cannot be read."""
    most = 1000 * course.coursedir().max_file_size
    try:
        with opened_folder(course.folder("submitted"), student, problem_set) as folder:
            content = read_bounded(folder, f"{problem_set}.ipynb", most)
    except (Refused, OSError):
        return ""
    return hashlib.sha256(content).hexdigest()
