"""Feedback pages, by several processes: making one page of HTML costs as much as grading.

Each process makes nbgrader's exporter once and keeps it: reading settings and compiling templates
is most of the cost of a single page.
"""

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateFeedback
from nbgrader.utils import rmtree

from grader.course import Course, find_course
from grader.running.alarm import time_limit
from grader.running.book import OneSession, used_by_nbgrader
from grader.running.pages import FeedbackExporter
from grader.running.steps import resources_for

PAGE_SECONDS = 60  # of the processor, for a page that takes a fraction of one
FEW = 40  # so many pages are made faster here than by processes that have to start first


class Pages:
    """Makes feedback pages of one problem set from graded notebooks and gradebook."""

    def __init__(self, course: Course, problem_set: str) -> None:
        self._course, self._set = course, problem_set
        coursedir = course.coursedir(problem_set)
        converter = GenerateFeedback(coursedir=coursedir, config=course.config)
        exporter: Any = FeedbackExporter(config=converter.config)
        for step in converter.preprocessors:
            exporter.register_preprocessor(step)
        self._exporter = exporter
        self._mode = int(str(converter.permissions), 8)
        self._url = coursedir.db_url
        self._book = OneSession(coursedir.db_url, coursedir.course_id)

    def write(self, student: str) -> str:
        """Write one page; return why that was impossible, or an empty string."""
        notebook = self._course.folder("autograded", student, self._set) / f"{self._set}.ipynb"
        resources = resources_for(self._set, student, self._url)
        try:
            with time_limit(PAGE_SECONDS), used_by_nbgrader(self._book):
                page, _ = self._exporter.from_filename(str(notebook), resources=resources)
        except Exception as error:  # noqa: BLE001 - any step may raise anything, and costs one page
            return f"{type(error).__name__}: {error}"
        finally:
            self._book.rollback()
        self._store(student, page)
        return ""

    def close(self) -> None:
        """Let go of the gradebook."""
        self._book.shut()

    def _store(self, student: str, page: str) -> None:
        place = page_path(self._course, self._set, student).parent
        aside = self._course.folder("feedback") / ".grader" / str(os.getpid())
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        path = aside / f"{self._set}.html"
        path.write_text(page, encoding="utf-8")
        path.chmod(self._mode)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            rmtree(place)
        os.rename(aside, place)


def page_path(course: Course, problem_set: str, student: str) -> Path:
    """Return where a student's feedback page lies."""
    return course.folder("feedback", student, problem_set) / f"{problem_set}.html"


def write_pages(
    course: Course, problem_set: str, students: list[str], stop: threading.Event
) -> Iterator[tuple[str, str]]:
    """Write feedback pages; yield (student, "" or why there is none) as they are done."""
    processes = min(len(os.sched_getaffinity(0)), len(students))
    if len(students) <= FEW or processes == 1:
        yield from _write_here(course, problem_set, students, stop)
    else:
        yield from _write_by(processes, course, problem_set, students, stop)
    shutil.rmtree(course.folder("feedback") / ".grader", ignore_errors=True)


def _write_here(
    course: Course, problem_set: str, students: list[str], stop: threading.Event
) -> Iterator[tuple[str, str]]:
    if not students:
        return
    with closing(Pages(course, problem_set)) as pages:
        for student in students:
            if stop.is_set():
                return
            yield student, pages.write(student)


def _write_by(
    processes: int, course: Course, problem_set: str, students: list[str], stop: threading.Event
) -> Iterator[tuple[str, str]]:
    # A fork has everything imported, but is safe only while no other thread runs.
    method = "fork" if threading.active_count() == 1 else "spawn"
    url = course.config.CourseDirectory.get("db_url", "")
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context(method),
        initializer=_begin,
        initargs=(str(course.root), str(url), problem_set),
    ) as pool:
        try:
            for student, fault in zip(students, pool.map(_write_one, students), strict=True):
                yield student, fault
                if stop.is_set():
                    return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_pages: Pages | None = None  # of a worker process


def _begin(root: str, db_url: str, problem_set: str) -> None:
    global _pages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent stops
    _pages = Pages(find_course(Path(root), db_url), problem_set)


def _write_one(student: str) -> str:
    assert _pages is not None  # by _begin
    return _pages.write(student)
