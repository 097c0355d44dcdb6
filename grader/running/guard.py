"""Keep nbgrader's Autograde converter from copying what a stranger's folder holds.

Before any step of it runs, nbgrader copies all files of a hand-in, following links, and has no
setting against that: a link to /dev/zero fills the disk. So that one method is replaced: a hand-in
that cannot be graded is refused with its reason, and of the files only the timestamp is taken.
"""

import os
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, BaseConverter

from grader.course import find_course
from grader.errors import GraderError
from grader.running.lock import require_free
from grader.submissions import TIMESTAMP, read_hand_in

_copy_all = BaseConverter.init_assignment


def install() -> None:
    """Put the replacement in place; nbgrader_config.py calls this in every process."""
    BaseConverter.init_assignment = _init_assignment


def _init_assignment(self: BaseConverter, assignment_id: str, student_id: str) -> Any:
    if not isinstance(self, Autograde):
        return _copy_all(self, assignment_id, student_id)
    course = find_course(Path(self.coursedir.root))
    require_free(course)
    hand_in = read_hand_in(course, assignment_id, student_id)
    if hand_in.reason:
        raise GraderError(hand_in.reason)
    if hand_in.timestamp:
        target = Path(self._format_dest(assignment_id, student_id))
        os.makedirs(target, exist_ok=True)
        (target / TIMESTAMP).write_text(f"{hand_in.timestamp}\n", encoding="ascii")
    return None
