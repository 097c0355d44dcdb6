"""Before a release: a test that would misjudge is named, with its cell and what to do."""

import nbformat
import pytest

from grader.cli import main
from grader.running import nodes
from grader.running.idioms import explain
from grader.running.preflight import preflight
from tests.grader.running.plain_node import PlainNode
from tests.grader.split.idioms import IDIOMS
from tests.grader.tiny_course import edit, graded_tag, source_path, store, tag, tiny_notebook

pytestmark = pytest.mark.slow
BROKEN = [idiom for idiom in IDIOMS if not idiom.works]


def release(course, *flags):
    return main(["release", "tiny", *flags, "--course-dir", str(course.root)])


def set_with(course, answer, test):
    """Make the problem set of one exercise."""
    notebook = tiny_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(answer, id="a", metadata=tag("answer", solution=True)),
        nbformat.v4.new_code_cell(test, id="t", metadata=graded_tag("test_answer", 2)),
    ]
    store(notebook, source_path(course))


def test_a_good_set_passes_under_the_real_pipeline_once(course, capsys, monkeypatch):
    assert release(course) == 0
    said = capsys.readouterr().out
    expected = "tiny: the reference scores all, the untouched release nothing"
    assert f"{expected} (in the sandbox)" in said
    monkeypatch.setattr("grader.running.nodes.start", None)
    assert release(course) == 0
    assert f"{expected} (passed before, and nothing changed since)" in capsys.readouterr().out
    edit(source_path(course), "test_square", lambda s: s + "\n")
    with pytest.raises(TypeError):  # it would start a node
        release(course)


@pytest.mark.parametrize("idiom", BROKEN, ids=str)
def test_an_idiom_that_does_not_work_across_processes_is_named(course, capsys, idiom):
    set_with(course, idiom.answer, idiom.test)
    before = (course.root / "exercises/tiny/tiny.ipynb").read_bytes()
    assert release(course) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        "grader: solutions/tiny/ cannot be released, its tests would misjudge:\n"
        "  the reference gets 0 of 2 points in test_answer ("
    )
    assert "but all in one process: the test " in said
    assert (course.root / "exercises/tiny/tiny.ipynb").read_bytes() == before


def test_a_test_that_fails_everywhere_is_told_apart(course):
    edit(source_path(course), "test_square", lambda s: s.replace("== 169", "== 0"))
    (problem,) = preflight(course, "tiny").problems
    assert problem.startswith("the reference gets 0 of 3 points in test_square (AssertionError")
    assert problem.endswith("and also in one process: mend the test or the reference")


def test_a_test_that_pays_for_nothing_is_named(course, plain):
    edit(source_path(course), "test_square", lambda _: "assert callable(square)")
    (problem,) = preflight(course, "tiny").problems
    assert problem == (
        "the untouched release gets 3 of 3 points in test_square: "
        "the test has to fail when nothing was done"
    )


def test_a_judge_that_gives_up_is_a_problem(course, monkeypatch):
    class Broken(PlainNode):
        def grade(self, submission, *, seed=0):
            return {"error": "The judge failed."}

    monkeypatch.setattr("grader.running.nodes.start", Broken)
    assert preflight(course, "tiny").problems == (
        "the reference was not graded: The judge failed.",
        "the untouched release was not graded: The judge failed.",
    )


def test_what_failed_is_tried_again_and_what_passed_can_be(course, plain):
    edit(source_path(course), "test_square", lambda _: "assert callable(square)")
    for _ in range(2):
        assert preflight(course, "tiny").problems
    edit(source_path(course), "test_square", lambda _: "assert square(3) == 9")
    for again in (False, False, True):
        assert not preflight(course, "tiny", again=again).problems
    assert len(plain) == 4


def test_without_a_sandbox_it_is_tried_all_the_same_and_not_noted(course, plain, monkeypatch):
    from grader.errors import GraderError

    def refuse():
        raise GraderError("No sandbox: bubblewrap is not installed.")

    monkeypatch.setattr("grader.isolation.doctor.require_sandbox", refuse)
    for count in (1, 2):
        verdict = preflight(course, "tiny")
        assert verdict.how == "without a sandbox (No sandbox: bubblewrap is not installed.)"
        assert not plain[-1].task.sandboxed
        assert len(plain) == count


def test_grading_without_a_sandbox_is_refused_with_the_remedy(course, monkeypatch, capsys):
    from grader.errors import GraderError
    from tests.grader.tiny_course import RIGHT, hand_in, run

    def refuse():
        raise GraderError("No sandbox: bubblewrap is not installed. Type: apt install bubblewrap")

    monkeypatch.setattr("grader.isolation.doctor.require_sandbox", refuse)
    hand_in(course, "ann", **RIGHT)
    capsys.readouterr()
    assert run(course, "autograde", "tiny") == 2
    said = capsys.readouterr().err
    assert said == (
        "grader: No sandbox: bubblewrap is not installed. Type: apt install bubblewrap\n"
    )
    assert not (course.root / "autograded").exists()
    assert nodes.shared._node is None


@pytest.mark.parametrize(
    ("test", "message", "does"),
    [
        ("try:\n    f()\nexcept Bad:\n    pass", "TypeError", "catches an exception class"),
        ("class B(Bad):\n    pass", "TypeError", "derives a class"),
        ("f() == 1", "f() is an object of the answer, not plain data", "object of the answer"),
        ("import inspect\ninspect.getsource(f)", "OSError", "reads the text"),
        ("from unittest import mock", "AttributeError", "needs the answer in its own process"),
        ("%time f()", "", "needs the answer in its own process"),
    ],
)
def test_idioms_are_told_apart(test, message, does):
    assert does in explain(test, message, {"Bad", "f"})[0]
