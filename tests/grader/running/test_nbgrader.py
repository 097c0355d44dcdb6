"""nbgrader's own command and formgrader's button grade in the sandbox and refuse what we do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, BaseConverter, GenerateAssignment

from grader import autograde
from grader.running import guard, nodes
from tests.grader.bad_hand_ins import BAD
from tests.grader.odd_hand_ins import endless, marked
from tests.grader.running.small_class import rows
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, source_path

# nbgrader itself calls forth a warning of SQLAlchemy's when it makes a submission.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
# What plain nbgrader gives all points for, or hangs on.
SPY = "import os\ndef double(x):\n    return 2 * x if os.path.exists({!r}) else 0"
TAGGED = ["skip-execution"]


def api(course):
    return NbGraderAPI(coursedir=course.coursedir("tiny"), config=course.config)


@pytest.fixture
def closed():
    """Close the process-wide node at the end."""
    yield
    nodes.shared.close()


def test_formgraders_button_grades_in_the_sandbox(course, closed):
    hand_in(course, "ann", **RIGHT)
    # Without a sandbox this would find the source notebook and have its points.
    hand_in(course, "spy", double=SPY.format(str(source_path(course))), square=RIGHT["square"])
    tagged = hand_in(course, "tag")
    notebook = nbformat.read(tagged, as_version=4)
    for cell in notebook.cells:
        cell.metadata["tags"] = TAGGED
    nbformat.write(notebook, tagged)
    autograde._record_problem_set(course, "tiny")
    results = {name: api(course).autograde("tiny", name) for name in ("ann", "spy", "tag")}
    assert all(result["success"] for result in results.values()), results
    found, _ = rows(course)
    scores = {s: [g[0] for g in row["grades"].values()] for s, row in found.items()}
    assert sorted(scores["ann"]) == [0, 2, 3]
    assert sorted(scores["spy"]) == [0, 0, 3]
    assert sorted(scores["tag"]) == [0, 0, 0]
    listed = {s["student"]: s["score"] for s in api(course).get_submissions("tiny")}
    assert listed == {"ann": 5.0, "spy": 3.0, "tag": 0.0}
    assert api(course).get_assignment("tiny")["num_submissions"] == 3


def test_one_node_serves_many_clicks_and_starts_with_the_reference(course, plain):
    for name in ("ann", "ben"):
        hand_in(course, name, **RIGHT)
    autograde._record_problem_set(course, "tiny")
    for name in ("ann", "ben", "ann"):
        assert api(course).autograde("tiny", name)["success"]
    assert [node.played for node in plain] == [1 + 3]
    nodes.shared.close()
    assert plain[0].closed


def test_the_button_says_why_a_hand_in_is_refused(course, plain):
    hand_in(course, "ann", **RIGHT)
    for name in ("notebook_pipe", "linked_notebook", "nested", "huge"):
        BAD[name](course)  # plain nbgrader hangs on the first, pays the second all points
    endless(course)
    marked(course)
    autograde._record_problem_set(course, "tiny")
    done = {p.name: api(course).autograde("tiny", p.name)
            for p in sorted((course.root / "submitted").iterdir())}  # fmt: skip
    assert {name for name, result in done.items() if result["success"]} == {
        "ann", "endless", "marked",
    }  # fmt: skip
    assert "tiny.ipynb is neither a file nor a folder" in done["notebook_pipe"]["log"]
    assert "tiny.ipynb is a link, which is not followed" in done["linked_notebook"]["log"]
    assert not (course.root / "autograded/endless/tiny/data.csv").exists()
    assert not (course.root / "autograded/linked_notebook/tiny").exists()


def test_only_autograding_is_guarded():
    assert BaseConverter.init_assignment is guard._init_assignment
    assert issubclass(GenerateAssignment, BaseConverter)
    assert Autograde._output_directory is not None


def test_nbgraders_command_grades_a_class_and_loses_nobody(course):
    hand_in(course, "ann", **RIGHT)
    hand_in(course, "zed", **RIGHT)
    hand_in(course, "spy", double=SPY.format(str(source_path(course))), square=RIGHT["square"])
    BAD["notebook_pipe"](course)
    autograde._record_problem_set(course, "tiny")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), "autograde", "tiny", "--no-execute"],
        cwd=course.root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "submitted/notebook_pipe/tiny/tiny.ipynb is neither a file" in done.stderr
    assert "--no-execute is not obeyed" in done.stderr
    scores = {s: sorted(g[0] for g in row["grades"].values()) for s, row in rows(course)[0].items()}
    assert {s: scores[s] for s in ("ann", "zed", "spy")} == {
        "ann": [0, 2, 3], "zed": [0, 2, 3], "spy": [0, 0, 3],
    }  # fmt: skip


def test_the_commands_go_on_with_each_others_results(course, plain, capsys):
    from tests.grader.tiny_course import run

    hand_in(course, "ann", **RIGHT)
    hand_in(course, "ben", **RIGHT)
    assert run(course, "autograde", "tiny", "--student", "ann") == 0
    assert api(course).autograde("tiny", "ben")["success"]
    capsys.readouterr()
    assert run(course, "report", "tiny") == 0
    assert "ben         5/9  graded: not attempted (explain)" in capsys.readouterr().out
    shutil.rmtree(course.root / "autograded/ann")
    assert run(course, "status", "tiny") == 1
    said = capsys.readouterr().out
    assert "1 new" in said, "a grade by formgrader is not in the journal, so ours is given as well"
    assert "1 no longer in the gradebook or in autograded/" in said
