"""A run as a whole: the same grades whatever the number of workers, the order, or the day."""

import random
import threading
import time
from concurrent.futures import Future

import pytest

from grader import autograde
from grader.autograde import Options
from grader.errors import GraderError
from grader.running.executor import LocalExecutor, default_workers
from grader.running.journal import last_run, read_journal
from tests.grader.running import plain_node
from tests.grader.running.small_class import SAME, difference, state
from tests.grader.tiny_course import RIGHT, edit, hand_in, run, source_path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain")]


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_workers_and_order_change_nothing(classroom, expected, monkeypatch, workers):
    course = classroom
    real = autograde.find_students

    def shuffled(*arguments):
        names = real(*arguments)
        random.Random(workers).shuffle(names)
        return names

    monkeypatch.setattr("grader.autograde.find_students", shuffled)
    autograde.grade(course, "tiny", Options(workers=workers))
    assert difference(state(course), expected) == SAME


def test_grading_everything_again_changes_nothing(classroom, expected):
    course = classroom
    for regrade in (False, True, True):
        autograde.grade(course, "tiny", Options(regrade=regrade))
    assert difference(state(course), expected) == SAME


def test_every_submission_ends_in_one_way_and_the_journal_knows_it(classroom):
    course = classroom
    report = autograde.grade(course, "tiny")
    journal = read_journal(course.grades("tiny", ".journal"))
    for outcome in report.outcomes:
        event = "graded" if outcome.exercises else "person"
        assert journal[outcome.student].event == event
        assert journal[outcome.student].faults == outcome.faults
    assert len(report.outcomes) == len(journal) == 12
    assert last_run(course.grades("tiny", ".journal"))["finished"]


def test_only_what_is_new_or_changed_is_graded(course, plain, capsys):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "ben", **RIGHT)
    assert run(course, "autograde", "tiny") == 0
    played = _count(plain)
    assert played == 3  # with the reference
    assert run(course, "autograde", "tiny") == 0
    assert _count(plain) == played, "nothing changed"
    assert "Kept from before, as nothing changed: 2 (" in capsys.readouterr().out
    edit(course.root / "submitted/ben/tiny/tiny.ipynb", "double", lambda s: s + "\n")
    assert run(course, "autograde", "tiny") == 0
    assert _count(plain) == played + 2
    edit(source_path(course), "test_double", lambda s: s + "\n")
    assert run(course, "autograde", "tiny") == 0
    assert _count(plain) == played + 2 + 3, "the problem set changed"
    assert run(course, "autograde", "tiny", "--regrade") == 0
    assert run(course, "autograde", "tiny", "--student", "ann") == 0
    assert _count(plain) == played + 2 + 3 + 3 + 2


def test_a_changed_limit_makes_grades_stale_and_patience_does_not(course, plain):
    hand_in(course, "ann", **RIGHT)
    assert run(course, "autograde", "tiny") == 0
    config = course.root / "nbgrader_config.py"
    text = config.read_text()
    config.write_text(text + "c.GraderLimits.patience_seconds = 7\n")
    assert run(course, "autograde", "tiny") == 0
    assert _count(plain) == 2
    config.write_text(text + "c.GraderLimits.memory_mb = 700\n")
    assert run(course, "autograde", "tiny") == 0
    assert _count(plain) == 4


def test_a_grade_that_the_gradebook_lost_is_given_again(course, plain):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "ben", **RIGHT)
    assert run(course, "autograde", "tiny") == 0
    with course.gradebook() as book:
        book.remove_submission("tiny", "ben")
    graded = course.root / "autograded/ann/tiny/tiny.ipynb"
    graded.chmod(0o644)
    graded.write_bytes(graded.read_bytes()[:-20])  # as after a power cut
    before = _count(plain)
    assert run(course, "autograde", "tiny", "--resume") == 0
    assert _count(plain) == before + 3


def _count(nodes):
    return sum(node.played for node in nodes)


def test_hand_ins_are_not_all_in_memory(classroom, monkeypatch):
    course = classroom
    waiting, most = [0], [0]
    real = LocalExecutor.submit

    def submit(self, student, merged, seed=0):
        waiting[0] += 1
        most[0] = max(most[0], waiting[0])
        future = real(self, student, merged, seed)
        future.add_done_callback(lambda _: waiting.__setitem__(0, waiting[0] - 1))
        return future

    monkeypatch.setattr(LocalExecutor, "submit", submit)
    autograde.grade(course, "tiny", Options(workers=2))
    assert most[0] <= 4


def test_workers_suit_cores_and_memory(monkeypatch):
    monkeypatch.setattr("grader.running.executor.os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("grader.running.executor._free_mb", lambda: 23_000)
    assert default_workers(2048) == 6
    monkeypatch.setattr("grader.running.executor._free_mb", lambda: 6_000)
    assert default_workers(2048) == 2
    monkeypatch.setattr("grader.running.executor._free_mb", lambda: 500)
    assert default_workers(2048) == 1


def test_flaky_test_is_named_and_the_first_result_counts(course, capsys):
    flaky = "assert double(2) == 4\nassert globals().get('SEED', 0) == 0"
    edit(source_path(course), "test_double", lambda _: flaky)
    hand_in(course, "ann", **RIGHT)
    assert run(course, "autograde", "tiny", "--twice") == 0
    line = _line(capsys)
    fault = "the test test_double is flaky: it gave 2 and then 0 points"
    assert line == [
        "5/9", f"graded with faults ({fault}): not attempted (explain)",
    ]  # fmt: skip
    assert run(course, "autograde", "tiny", "--student", "ann") == 0
    assert _line(capsys) == [
        "5/9", "graded: not attempted (explain)",
    ]  # fmt: skip


def test_steady_tests_are_not_flaky(course, capsys):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "eli", double="def double(x):\n    return 1")
    assert run(course, "autograde", "tiny", "--twice") == 0
    assert "flaky" not in capsys.readouterr().out


def test_no_sandbox_shouts_and_is_a_fault(course, capsys):
    hand_in(course, "ann", **RIGHT)
    assert run(course, "autograde", "tiny", "--unsafe-no-sandbox") == 0
    printed = capsys.readouterr()
    assert "WITHOUT A SANDBOX: code of strangers now runs with all your rights" in printed.err
    assert "graded with faults (graded WITHOUT A SANDBOX)" in printed.out
    assert "WITHOUT A SANDBOX" in (course.root / "grades/tiny.csv").read_text()
    assert "WITHOUT A SANDBOX" in (course.root / "grades/tiny.log").read_text()


class Broken:
    """An executor whose node fails from some call on."""

    workers = 1

    def __init__(self, good, result):
        self.node, self.good, self.result = plain_node.PlainNode(None), good, result

    def submit(self, student, merged, seed=0):
        future = Future()
        self.good -= 1
        played = self.node.grade(merged, seed=seed) if self.good >= 0 else None
        if played is None and isinstance(self.result, Exception):
            future.set_exception(self.result)
        else:
            future.set_result(played or self.result)
        return future

    def close(self):
        pass


@pytest.mark.parametrize("result", [{"error": "The judge server ended."}, OSError("gone")])
def test_a_judge_that_fails_is_a_reason_and_a_failing_sandbox_stops_the_run(
    classroom, monkeypatch, capsys, result
):
    course = classroom
    monkeypatch.setattr("grader.autograde.LocalExecutor", lambda *_: Broken(4, result))
    assert run(course, "autograde", "tiny") == 3
    said = capsys.readouterr().err
    assert "grader: the sandbox fails (" in said
    assert "go on with `python -m grader autograde tiny --resume`" in said
    journal = read_journal(course.grades("tiny", ".journal"))
    assert sum(entry.event == "graded" for entry in journal.values()) == 3


def test_five_hostile_submissions_in_a_row_stop_nothing(course, monkeypatch):
    for number in range(7):
        hand_in(course, f"s{number}", **RIGHT)

    class Dying(plain_node.PlainNode):
        def grade(self, submission, *, seed=0):
            played = super().grade(submission, seed=seed)
            if "BEGIN SOLUTION" not in submission:
                fault = {"kind": "died", "cell": "double", "text": "It ended."}
                played["faults"].append(fault)
            return played

    monkeypatch.setattr("grader.running.nodes.start", lambda *_: Dying(None))
    assert run(course, "autograde", "tiny") == 0


def test_a_reference_that_fails_grades_nobody(course, capsys):
    hand_in(course, "ann", **RIGHT)
    edit(source_path(course), "test_square", lambda s: s.replace("== 169", "== 0"))
    assert run(course, "autograde", "tiny") == 2
    assert "The reference answers themselves get 0 of 3 points" in capsys.readouterr().err
    assert not (course.root / "autograded").exists()
    assert not (course.root / "grades/tiny.csv").exists()


def test_interrupting_keeps_what_is_done_and_says_how_to_go_on(classroom, expected, capsys):
    course = classroom
    with pytest.MonkeyPatch.context() as patch:
        stop = threading.Event()
        real = plain_node.PlainNode.grade

        def grade(self, submission, *, seed=0):
            if self.played == 4:
                stop.set()
            return real(self, submission, seed=seed)

        patch.setattr(plain_node.PlainNode, "grade", grade)
        patch.setattr("grader.autograde.stop_on_signals", lambda: _Event(stop))
        assert run(course, "autograde", "tiny", "--workers", "1") == 130
    said = capsys.readouterr().err
    assert said.endswith("go on with `python -m grader autograde tiny --resume`.\n")
    journal = read_journal(course.grades("tiny", ".journal"))
    assert 1 <= sum(entry.event == "graded" for entry in journal.values()) <= 5
    assert not last_run(course.grades("tiny", ".journal"))["finished"]
    autograde.grade(course, "tiny")
    assert difference(state(course), expected) == SAME


class _Event:
    def __init__(self, event):
        self.event = event

    def __enter__(self):
        return self.event

    def __exit__(self, *_):
        return None


def _line(capsys):
    """Return the points and the text of the only student in the printed table."""
    lines = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("student"))
    return lines[first + 1].split(None, 2)[1:]


def test_a_node_that_is_still_starting_is_closed_with_its_executor():
    closed = []

    class Slow:
        def __init__(self):
            time.sleep(0.3)

        def close(self):
            closed.append(self)

    LocalExecutor(Slow, 2).close()
    assert len(closed) == 1


def test_what_hinders_a_node_from_starting_is_the_result_of_each_submission():
    def start():
        raise GraderError("No sandbox: type this.")

    executor = LocalExecutor(start, 2)
    played = [executor.submit(name, "{}") for name in ("ann", "ben")]
    for future in played:
        with pytest.raises(GraderError, match="No sandbox: type this"):
            future.result(10)
    executor.close()
