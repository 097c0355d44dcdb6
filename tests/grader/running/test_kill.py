"""kill -9 at ten moments of a run: `--resume` ends with the same grades as an undisturbed run."""

import random
import time

import pytest

from grader import autograde
from grader.running.journal import last_run
from tests.grader.running.conftest import copy_course
from tests.grader.running.small_class import SAME, difference, hand_in_all, start, state

pytestmark = pytest.mark.slow
SEED = 20261127


@pytest.fixture(scope="module")
def undisturbed(released, tmp_path_factory):
    """Return the state after a run of the real pipeline that nothing disturbed."""
    course = hand_in_all(copy_course(released, tmp_path_factory.mktemp("undisturbed") / "class"))
    autograde.grade(course, "tiny")
    return state(course)


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_ten_kills_change_nothing(classroom, undisturbed):
    """Each run is killed a moment after the journal has grown by some lines, or before it has."""
    rng = random.Random(SEED)
    journal = classroom.grades("tiny", ".journal")
    finished = 0
    for kill in range(10):
        before = lines(journal)
        process = start(classroom, "autograde", "tiny", "--resume", "--workers", "2")
        try:
            # The first line of a run says that it began; a submission has two, or one if refused.
            wanted = before + (0 if kill == 0 else rng.randint(1, 5))
            while process.poll() is None and lines(journal) < wanted:
                time.sleep(0.002)
            time.sleep(rng.uniform(0.0, 0.06) if kill else rng.uniform(0.5, 2.0))
        finally:
            process.kill()
            process.communicate()
        finished += bool(last_run(journal) and last_run(journal)["finished"])
    assert finished <= 4, "most of the kills hit a run at work"
    process = start(classroom, "autograde", "tiny", "--resume")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err  # two hand-ins need a person
    assert difference(state(classroom), undisturbed) == SAME
    assert "Students 12: graded 9, graded with faults 1, needs a person 2." in out


def test_a_kill_while_feedback_is_written_is_mended(classroom, undisturbed):
    journal = classroom.grades("tiny", ".journal")
    process = start(classroom, "autograde", "tiny")
    while process.poll() is None and not (last_run(journal) or {}).get("finished"):
        time.sleep(0.002)
    while process.poll() is None and not list(classroom.root.glob("feedback/*/tiny/*.html")):
        time.sleep(0.001)
    process.kill()
    process.communicate()
    autograde.grade(classroom, "tiny")
    assert difference(state(classroom), undisturbed) == SAME


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_asking_to_stop_stops_cleanly_and_says_how_to_go_on(classroom, undisturbed, signal):
    import signal as signals

    journal = classroom.grades("tiny", ".journal")
    process = start(classroom, "autograde", "tiny", "--workers", "1")
    while process.poll() is None and lines(journal) < 6:
        time.sleep(0.002)
    process.send_signal(getattr(signals, signal))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith(
        "grader: stopped. What was graded so far is on record; go on with "
        "`python -m grader autograde tiny --resume`.\n"
    )
    autograde.grade(classroom, "tiny")
    assert difference(state(classroom), undisturbed) == SAME
