"""The self-study edition of every set runs, its solutions are right, hidden tests stay out."""

import re
import textwrap

import nbformat
import pytest
from nbgrader.validator import Validator

from grader.course import find_course
from grader.leaks import find_leaks
from grader.self_study import generate_self_study
from tests.exercises.problem_set import ROOT, SETS, ProblemSet
from tests.exercises.test_leaks import leaks_on_site

COURSE = find_course(ROOT)
BLOCK = re.compile(r"^`(\w+)\(.*?\)`:\n\n```python\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
STUB = re.compile(r"^( +)raise NotImplementedError.*$", re.MULTILINE)


@pytest.fixture(scope="module", params=SETS)
def edition(request, tmp_path_factory):
    """A problem set, read from a freshly generated self-study edition."""
    found = ProblemSet(request.param)
    folder = generate_self_study(COURSE, found.name, tmp_path_factory.mktemp(found.name))
    found.path = folder / found.path.name
    found.notebook = nbformat.read(found.path, as_version=4)
    return found


def folds(edition):
    return [cell for cell in edition.notebook.cells if "Worked solution</summary>" in cell.source]


def test_it_is_the_release_with_a_fold_for_each_exercise(edition):
    added = ["self-study", *(cell.id for cell in folds(edition))]
    release = ProblemSet(edition.name, "exercises").notebook
    assert [c for c in edition.notebook.cells if c.id not in added] == release.cells
    ids = [cell.id for cell in edition.notebook.cells]
    before = [ids[ids.index(cell.id) - 1] for cell in folds(edition)]
    assert before == list(edition.cells("grade"))


def test_untouched_it_says_not_attempted(edition):
    verdicts = edition.run()
    assert set(verdicts) == set(edition.tests)
    assert all("not attempted yet" in message for message in verdicts.values())


@pytest.mark.slow
def test_the_code_in_the_folds_gets_all_points(edition):
    """What a reader sees is all there is to the solution: put in place, it passes hidden tests."""
    shown = [block for cell in folds(edition) for block in BLOCK.findall(cell.source)]
    heads = "\n".join(cell.source for cell in edition.answers.values())
    assert [name for name, _ in shown] == re.findall(r"^ *def (\w+)", heads, re.MULTILINE)
    bodies = (body for _, body in shown)
    planted = {
        answer: STUB.sub(lambda stub: textwrap.indent(next(bodies), stub[1]), cell.source)
        for answer, cell in edition.answers.items()
    }
    assert [*bodies] == []
    assert ProblemSet(edition.name).failing(planted) == set()


def test_it_shows_no_hidden_test(edition):
    source = ROOT / "solutions" / edition.name
    assert find_leaks(source, edition.path.parent, kinds={"hidden test"}) == []
    assert "HIDDEN TESTS" not in edition.path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_validate_works(edition):
    failed = Validator(config=COURSE.config).validate(str(edition.path))["failed"]
    graded = {cell.source.strip() for cell in edition.cells("grade").values()}
    assert {cell["source"] for cell in failed} == graded


def commentary(grade_id):
    cells = ProblemSet("ps1_perceptron").notebook.cells
    return next(cell for cell in cells if cell.id == f"study_{grade_id}")


def test_a_commentary_in_the_release_is_noticed(tmp_path):
    release = ProblemSet("ps1_perceptron", "exercises")
    sentence = commentary("predict").source.split(". ")[1]
    release.notebook.cells[2].source += "\n" + " ".join(sentence.split())
    nbformat.write(release.notebook, tmp_path / release.path.name)
    leak = "ps1_perceptron.ipynb shows the commentary of cell study_predict"
    assert find_leaks(ROOT / "solutions" / release.name, tmp_path) == [leak]


def test_a_commentary_on_a_page_is_noticed(tmp_path):
    (tmp_path / "site").mkdir()
    page = f"<p>{commentary('predict').source.replace('works', '<b>works</b>')}</p>"
    (tmp_path / "site" / "chapter.html").write_text(page)
    source = ROOT / "solutions" / "ps1_perceptron"
    leak = "chapter.txt shows the commentary of cell study_predict"
    assert leaks_on_site(source, tmp_path / "site", tmp_path / "texts") == [leak]
