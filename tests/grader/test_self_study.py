"""The self-study edition: worked solutions in folds, which neither students nor readers see."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.validator import Validator

from grader.regions import TAG
from tests.grader.tiny_course import (
    MODEL_ANSWER,
    REPOSITORY,
    RIGHT,
    TEST_DOUBLE,
    edit,
    hand_in,
    run,
    source_path,
    store,
    tiny_notebook,
)

COMMENTARIES = {
    "test_double": "Twice a number is the number added to itself, so one product does it.",
    "test_square": "The double star is the power. Many write a caret, which flips the single bits.",
    "explain": "The answer names the rule of signs and applies it to one number.",
}


def commented_notebook(left_out=()):
    notebook = tiny_notebook()
    for grade_id, text in COMMENTARIES.items():
        place = 1 + next(i for i, cell in enumerate(notebook.cells)
                         if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
        cell = new_markdown_cell(text, id=f"study_{grade_id}", metadata={"tags": [TAG]})
        notebook.cells[place:place] = [] if grade_id in left_out else [cell]
    return notebook


@pytest.fixture
def course(course):
    store(commented_notebook(), source_path(course))
    return course


@pytest.fixture
def edition(course, capsys):
    assert run(course, "self-study", "tiny") == 0
    assert capsys.readouterr().out == "tiny: wrote self_study/tiny/tiny.ipynb\n"
    return course.root / "self_study" / "tiny" / "tiny.ipynb"


def read(path):
    return nbformat.read(path, as_version=4)


def test_the_release_shows_no_commentary(course):
    assert run(course, "release", "tiny") == 0
    released = course.root / "exercises" / "tiny" / "tiny.ipynb"
    text = released.read_text(encoding="utf-8")
    assert TAG not in text
    assert not any(commentary in text for commentary in COMMENTARIES.values())
    store(tiny_notebook(), source_path(course))
    before = released.read_bytes()
    assert run(course, "release", "tiny") == 0
    assert released.read_bytes() == before, "the cells around a commentary are as without it"


@pytest.mark.slow
def test_nbgrader_s_own_command_drops_the_commentaries_too(course):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # The course lies elsewhere; in the repository its own nbgrader_config.py finds the grader.
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "tiny"]
    subprocess.run(command, cwd=course.root, env=environment, check=True, capture_output=True)
    text = (course.root / "exercises" / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")
    assert "Not attempted" in text
    assert TAG not in text
    assert not any(commentary in text for commentary in COMMENTARIES.values())


@pytest.mark.slow
def test_grading_is_not_disturbed(course, capsys):
    hand_in(course, "ann", **RIGHT, explain="Minus times minus is plus.")
    assert run(course, "autograde", "tiny") == 0
    assert "ann" in capsys.readouterr().out
    with course.gradebook() as book:
        submission = book.find_submission("tiny", "ann")
        assert (submission.score, submission.max_score) == (5, 9)


@pytest.mark.parametrize("sentence", COMMENTARIES.values())
def test_a_commentary_that_the_release_shows_is_refused(course, capsys, sentence):
    notebook = commented_notebook()
    notebook.cells[0].source += "\n\nHint: " + sentence.replace(" the ", "\nthe ").split(". ")[-1]
    store(notebook, source_path(course))
    assert run(course, "release", "tiny") == 2
    assert "tiny.ipynb shows the commentary of cell study_" in capsys.readouterr().err


def test_a_few_words_in_common_are_no_leak(course):
    notebook = commented_notebook()
    notebook.cells[0].source += "\n\nThe double star is the power."
    store(notebook, source_path(course))
    assert run(course, "release", "tiny") == 0


def test_the_edition_is_the_release_with_folds(course, edition):
    assert run(course, "release", "tiny") == 0
    released = read(course.root / "exercises" / "tiny" / "tiny.ipynb").cells
    cells = read(edition).cells
    assert [c for c in cells if "study" not in c.id] == released
    assert [c.id for c in cells] == ["title", "self-study", "c1", "c2", "study_test_double", "c3",
                                     "c4", "study_test_square", "c5", "study_explain"]


def test_a_fold_holds_the_solution_and_the_commentary(edition):
    folds = {c.id: c.source for c in read(edition).cells}
    assert folds["study_test_double"] == (
        "<details><summary>Worked solution</summary>\n\n"
        "`double(x)`:\n\n```python\ntwice = 2 * x\nreturn twice\n```\n\n"
        f"**Commentary**\n\n{COMMENTARIES['test_double']}\n\n</details>"
    )
    assert MODEL_ANSWER in folds["study_explain"]
    assert folds["study_explain"].endswith(f"{COMMENTARIES['explain']}\n\n</details>")


def test_the_edition_shows_no_hidden_test(course, edition, capsys):
    text = edition.read_text(encoding="utf-8")
    assert not any(secret in text for secret in ("secret_number", "169", "HIDDEN TESTS"))
    notebook = commented_notebook()
    notebook.cells[3].source += "\n\n" + "\n".join(TEST_DOUBLE.splitlines()[2:4])
    store(notebook, source_path(course))
    edition.unlink()
    assert run(course, "self-study", "tiny") == 2
    assert "shows the hidden test of cell test_double" in capsys.readouterr().err
    assert not edition.exists()


@pytest.mark.parametrize("left_out", COMMENTARIES)
def test_an_exercise_without_a_commentary_is_named(course, capsys, left_out):
    store(commented_notebook([left_out]), source_path(course))
    assert run(course, "self-study", "tiny") == 2
    assert f"after ['{left_out}']" in capsys.readouterr().err


def test_data_files_travel_with_the_edition(course):
    source_path(course).with_name("data.csv").write_text("1,2")
    assert run(course, "self-study", "tiny") == 0
    assert (course.root / "self_study" / "tiny" / "data.csv").read_text() == "1,2"


def test_an_edition_that_its_reader_has_worked_in_is_kept(course, edition, capsys):
    store(commented_notebook(), source_path(course))
    assert run(course, "self-study", "tiny") == 0
    assert "wrote" in capsys.readouterr().out
    edit(edition, "double", lambda _: RIGHT["double"])
    worked = edition.read_bytes()
    assert run(course, "self-study", "tiny") == 0
    assert capsys.readouterr().out == (
        "tiny: kept self_study/tiny/tiny.ipynb, which you have worked in; "
        "rename it for a fresh one\n"
    )
    assert edition.read_bytes() == worked


def test_notes_of_the_reader_are_kept_as_well(course, edition):
    notebook = json.loads(edition.read_text())
    note = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "So."}
    notebook["cells"].append(note)
    edition.write_text(json.dumps(notebook))
    assert run(course, "self-study", "tiny") == 0
    assert "So." in edition.read_text()


@pytest.mark.slow
def test_validate_works_in_the_edition(course, edition):
    validator = Validator(config=course.config)
    failed = validator.validate(str(edition))["failed"]
    assert len(failed) == 3
    for grade_id, answer in {**RIGHT, "explain": "Because."}.items():
        edit(edition, grade_id, lambda _, answer=answer: answer)
    assert validator.validate(str(edition)) == {}
