"""nbgrader itself comes to the quick runner's points, and students see plain sentences."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests.exercises.plants import load
from tests.exercises.problem_set import ROOT, SETS, ProblemSet

NAME = "ps1_perceptron"
SOURCE = ProblemSet(NAME)
PLANTS = {str(p): p for wrong, right in load(NAME).values() for p in wrong + right}
CHOSEN = {
    "bias": PLANTS["weighted_sum: the bias is forgotten"],
    "overflow": PLANTS["sigmoid: the formula as it stands overflows"],
    "count": PLANTS["count_separable_gates: the known answers for 1 and for many epochs"],
    "tanh": PLANTS["sigmoid: through tanh"],
    "errstate": PLANTS["sigmoid: the warning is switched off where the value is right"],
}

# The other sets -> planted solutions that the isolated grader grades. Plain nbgrader, which takes
# seconds for each, grades the first.
OTHERS = {
    "ps2_activations": (
        "tanh: np.tanh",
        "gelu: the distribution function of the statistics module",
        "sigmoid: taken from nnlib behind an innocent helper",
    ),
    "ps3_forward_and_losses": (
        "linear: the bias is forgotten",
        "xor_network: lists of integers",
        "cross_entropy: one-hot rows of the unit matrix",
    ),
    "ps4_backprop": (
        "linear_backward: the bias gradient is a mean",
        "numerical_gradient: nditer over rows of the unit matrix",
    ),
    "ps5_init_and_optimizers": (
        "he_normal: NumPy's global generator",
        "minibatches: example by example, drawn without replacement",
        "adam_step: without bias correction",
    ),
    "ps6_regularization": (
        "dropout_forward: a binomial draw",
        "batch_norm_eval: taken from nnlib",
        "train_and_restore: a second name instead of a copy",
        "smoothed_cross_entropy: torch's own function",
    ),
    "ps7_pytorch": (
        "repair_3: the loop as it was",
        "evaluate: inference_mode",
        "MLP: layers in a plain list",
    ),
    "ps8_project": (
        "nearest_centroid: positions instead of classes",
        "fit: momentum, three layers, in place, the last epoch",
        "fit: the pictures are not moved in training",
    ),
}

pytestmark = pytest.mark.slow


def nbgrader(course: Path, *arguments: str) -> str:
    """Run one nbgrader command in the course; return what it printed."""
    # nbgrader starts alembic by name, so the folder of this Python must be on PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def notebook_of(plant, source=SOURCE):
    """Return the source notebook with a planted solution in its place."""
    notebook = nbformat.read(source.path, as_version=4)
    for cell in notebook.cells:
        if cell.id == plant.answer:
            cell.source += f"\n\n\n{plant.code}"
    return notebook


def grade(course, source, chosen):
    """Let plain nbgrader grade the reference, the release and some plants in a fresh course."""
    name = source.name
    shutil.copytree(ROOT / "solutions" / name, course / "source" / name)
    nbgrader(course, "generate_assignment", name)
    submissions = {who: notebook_of(plant, source) for who, plant in chosen.items()}
    submissions["reference"] = nbformat.read(source.path, as_version=4)
    submissions["untouched"] = nbformat.read(course / "release" / name / f"{name}.ipynb", 4)
    for who, notebook in submissions.items():
        folder = course / "submitted" / who / name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    nbgrader(course, "autograde", name)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which plain nbgrader has graded problem set 1."""
    course = tmp_path_factory.mktemp("course")
    grade(course, SOURCE, CHOSEN)
    return course


def failing(course, who, source=SOURCE):
    """Return (test cells without points, cells with part of their points) of one submission."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        grades = book.find_submission_notebook(source.name, source.name, who).grades
        scores = {g.name: (g.auto_score, g.max_score) for g in grades if g.name in source.tests}
    lost = {name for name, (score, _) in scores.items() if score == 0}
    return lost, {name for name, (score, most) in scores.items() if score not in (0, most)}


def test_real_nbgrader_grades_every_set():
    assert {NAME, *OTHERS} == set(SETS)


@pytest.mark.parametrize("name", OTHERS)
def test_nbgrader_agrees_with_the_quick_runner_on_the_other_sets(name, tmp_path):
    source = ProblemSet(name)
    plants = {str(p): p for wrong, right in load(name).values() for p in wrong + right}
    chosen = {f"plant{i}": plants[key] for i, key in enumerate(OTHERS[name][:1])}
    grade(tmp_path, source, chosen)
    expected = {who: (set(plant.fails), set()) for who, plant in chosen.items()}
    expected |= {"reference": (set(), set()), "untouched": (set(source.tests), set())}
    assert {who: failing(tmp_path, who, source) for who in expected} == expected


def test_nbgrader_agrees_with_the_quick_runner(course):
    assert failing(course, "reference") == (set(), set())
    assert failing(course, "untouched") == (set(SOURCE.tests), set())
    assert {who: failing(course, who) for who in CHOSEN} == {
        who: (set(plant.fails), set()) for who, plant in CHOSEN.items()
    }


def test_a_written_answer_waits_for_a_person_and_an_untouched_one_does_not(course):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        waiting = {
            (who, cell): book.find_grade(cell, NAME, NAME, who).needs_manual_grade
            for who in ("reference", "untouched")
            for cell in ("judge_claims", "explain_xor")
        }
        assert waiting == {key: key[0] == "reference" for key in waiting}
        assert book.find_assignment(NAME).max_score == 26


def error_of(course, who, test):
    path = course / "autograded" / who / NAME / f"{NAME}.ipynb"
    cell = next(c for c in nbformat.read(path, as_version=4).cells if c.id == test)
    return next(output for output in cell.outputs if output.output_type == "error")


def test_students_see_sentences_instead_of_tracebacks(course):
    error = error_of(course, "untouched", "test_predict")
    assert error.ename == "NotImplementedError"
    assert error.traceback == ["predict: not attempted yet. No points for this exercise so far."]
    error = error_of(course, "bias", "test_weighted_sum")
    assert error.ename == "AssertionError"
    assert error.traceback[0].splitlines() == [
        "weighted_sum: incorrect.",
        "  You passed in  x = [1.0, 2.0] (float64 array of shape (2,))",
        "                 w = [0.5, -1.0] (float64 array of shape (2,))",
        "                 b = 0.25",
        "  Expected       -1.25",
        "  What came      -1.5 (float64)",
        "  Difference     the values differ",
        "  Likely cause   the bias b was not added",
        '  Read again     chapter 2, "The weighted sum"',
    ]


def test_validate_gives_the_same_answer_as_the_visible_checks(course):
    notebook = f"submitted/reference/{NAME}/{NAME}.ipynb"
    # Without hidden tests: what a student has.
    for who, wanted in (("untouched", "VALIDATION FAILED ON 9 CELL(S)"), ("reference", "Success")):
        release = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", as_version=4)
        for cell in release.cells:
            if who == "reference" and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = next(c.source for c in SOURCE.notebook.cells if c.id == cell.id)
        nbformat.write(release, course / notebook)
        assert wanted in " ".join(nbgrader(course, "validate", notebook).split())
