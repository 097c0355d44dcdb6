import json
import os

import pytest

from grader.faults import Fault, as_dicts
from grader.running.journal import Entry, Journal, last_run, read_journal

FAULT = Fault("timeout", "test_double", "took too long")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grades" / "tiny.journal"


def write(path, *lines):
    journal = Journal(path)
    for event, student, facts in lines:
        journal.write(event, student, **facts)
    journal.close()


def test_the_last_word_on_each_student_counts(path):
    facts = {"submission": "a", "source": "b", "faults": as_dicts([FAULT]), "seconds": 1.5}
    write(
        path,
        ("run", "", {"source": "b"}),
        ("begin", "ann", {}),
        ("graded", "ann", facts),
        ("person", "ben", {"reason": "not a notebook"}),
        ("begin", "col", {}),
    )
    assert read_journal(path) == {
        "ann": Entry("graded", "a", "b", faults=(FAULT,), seconds=1.5),
        "ben": Entry("person", reason="not a notebook"),
        "col": Entry("begin"),
    }


def test_no_journal_is_an_empty_one(path):
    assert read_journal(path) == {}
    assert last_run(path) is None


def test_last_run_says_whether_it_ended(path):
    write(path, ("run", "", {"todo": 3}), ("end", "", {}), ("run", "", {"todo": 5}))
    assert (last_run(path)["todo"], last_run(path)["finished"]) == (5, False)
    write(path, ("end", "", {}))
    assert last_run(path)["finished"]


@pytest.mark.parametrize("cut", [2, 10, 30])
def test_a_torn_last_line_is_ignored_and_spoils_nothing(path, cut):
    write(path, ("begin", "ann", {}), ("graded", "ann", {"submission": "a"}))
    os.truncate(path, path.stat().st_size - cut)
    assert read_journal(path)["ann"].event == "begin"
    write(path, ("graded", "ben", {}))
    assert {name: e.event for name, e in read_journal(path).items()} == {
        "ann": "begin", "ben": "graded",
    }  # fmt: skip


def test_each_line_is_on_disk_before_the_run_goes_on(path, monkeypatch):
    synced = []
    monkeypatch.setattr("grader.running.journal.os.fsync", lambda _: synced.append(path.stat()))
    write(path, ("begin", "ann", {}), ("graded", "ann", {}))
    assert [s.st_size for s in synced][-1] == path.stat().st_size
    assert len(synced) == 2


def test_a_line_that_the_disk_refuses_leaves_the_file_as_it_was(path, monkeypatch):
    journal = Journal(path)
    journal.write("begin", "ann")
    before = path.read_bytes()
    real = os.write

    def full(descriptor, data):
        return real(descriptor, data[:7])

    monkeypatch.setattr("grader.running.journal.os.write", full)
    with pytest.raises(OSError, match="No space left"):
        journal.write("graded", "ann")
    assert path.read_bytes() == before
    monkeypatch.undo()
    journal.write("graded", "ann")
    journal.close()
    assert read_journal(path)["ann"].event == "graded"
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [
        "begin", "graded",
    ]  # fmt: skip


def test_names_of_any_bytes_survive(path):
    name = os.fsdecode(b"bad\xff\x1b[2J\n")
    write(path, ("person", name, {"reason": name}))
    assert read_journal(path)[name].reason == name
