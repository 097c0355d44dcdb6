"""The demo class of the real problem set: every kind of hand-in ends as its story says."""

import csv
import shutil

import pytest

from grader.course import find_course
from tests.grader.running import plain_node
from tests.grader.tiny_course import REPOSITORY, run

SET = "ps1_perceptron"


@pytest.fixture
def copy(tmp_path):
    """Return a course with the real problem set and nothing else."""
    shutil.copytree(REPOSITORY / "solutions" / SET, tmp_path / "solutions" / SET)
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    return find_course(tmp_path)


@pytest.mark.slow
def test_demo_class_end_to_end(copy, capfd):
    assert run(copy, "demo-class") == 0
    printed = capfd.readouterr()
    assert all(line.startswith("grading ") for line in printed.err.splitlines())
    demo = copy.root / "_build" / "demo-class"
    with (demo / "grades" / f"{SET}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    totals = {name: row["total"] for name, row in rows.items()}
    assert totals == {
        **{"ada": "18", "ben": "18", "cleo": "8", "dan": "11", "eve": "0", "fay": "0", "gil": "16"},
        **{"hal": "", "ivy": "", "jon": ""},
    }
    reasons = {name: f"{row['status']}: {row['reason']}" for name, row in rows.items()}
    assert reasons["ada"] == reasons["ben"] == "graded: "
    assert reasons["dan"].endswith("over the time limit (train_perceptron, separability)")
    assert reasons["fay"] == "graded: not attempted (all)"
    assert reasons["gil"] == "graded: does not parse (predict)"
    assert "is not a notebook: no JSON at line" in reasons["hal"]
    assert "(found: ps1_final_version.ipynb); rename it" in reasons["ivy"]
    assert reasons["jon"].startswith("nothing handed in")
    assert (demo / rows["ada"]["feedback"]).is_file()
    assert "cd _build/demo-class && " in printed.out


@pytest.mark.slow
def test_demo_class_keeps_off_real_data(copy, monkeypatch):
    (copy.root / "submitted" / "real").mkdir(parents=True)
    (copy.root / "gradebook.db").write_bytes(b"real grades")
    (copy.root / "grades").mkdir()
    before = {p for p in copy.root.rglob("*") if "_build" not in p.parts}
    monkeypatch.setattr("grader.running.nodes.start", lambda *_: plain_node.PlainNode(None))
    assert run(copy, "demo-class") == 0
    after = {p for p in copy.root.rglob("*") if "_build" not in p.parts}
    assert after - before <= {copy.root / "exchange"}
    assert before <= after
    assert (copy.root / "gradebook.db").read_bytes() == b"real grades"
