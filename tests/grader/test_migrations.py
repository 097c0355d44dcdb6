"""New gradebooks: the version of their tables is the one that nbgrader itself would write."""

import sqlite3
import subprocess
import sys

import pytest

from grader.environment import prepare_environment
from tests.grader.tiny_course import make_course

ASK = "from nbgrader.api import get_alembic_version; print(get_alembic_version())"


@pytest.mark.slow
def test_a_new_gradebook_has_the_version_that_nbgrader_would_write(tmp_path, monkeypatch):
    prepare_environment()
    told = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    monkeypatch.setattr("nbgrader.api.sp.check_output", None)  # no program is started for it
    course = make_course(tmp_path)
    with course.gradebook():
        pass
    with sqlite3.connect(course.root / "gradebook.db") as book:
        assert book.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (told.stdout.strip(),)
        ]
