import io

import pytest

from grader.running.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("grader.running.progress.time.monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_line_for_about_each_tenth(clock):
    screen = io.StringIO()
    progress = Progress(screen, 100)
    for number in range(100):
        clock[0] += 1
        progress.step("ann", faults=number % 10 == 0, person=number == 5)
    progress.close()
    lines = screen.getvalue().splitlines()
    assert len(lines) == 9
    assert lines[0] == "grading 10/100, 1 per second, 90 s left, faults 1, people 1"


def test_a_fast_run_says_nothing_until_its_table(clock):
    screen = io.StringIO()
    progress = Progress(screen, 40)
    for _ in range(40):
        clock[0] += 0.1
        progress.step("ann")
    assert screen.getvalue() == ""


def test_on_a_terminal_a_bar_with_count_rate_time_left_and_faults():
    screen = Terminal()
    progress = Progress(screen, 3)
    progress.step("ann", faults=True)
    progress.say("the gradebook is locked: waiting")
    progress.step("b\x1b[2Jen", person=True)
    progress.close()
    shown = screen.getvalue()
    for part in ("grading", "2/3", "nb/s", "faults 1, people 1", "ann"):
        assert part in shown
    assert "grader: the gradebook is locked: waiting\n" in shown
    assert "\x1b[2J" not in shown


def test_nothing_to_do_shows_nothing():
    screen = Terminal()
    Progress(screen, 0).close()
    assert screen.getvalue() == ""
