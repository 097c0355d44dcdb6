"""The source notebooks have the common form, and the checks of that form can fail."""

import ast
import copy
import re

import pytest
import yaml

from grader.check_cells import OWN, own_lines, shared_texts
from tests.chapters import book
from tests.exercises.problem_set import ROOT, SETS, ProblemSet, run_cell
from tests.exercises.structure import HIDDEN, faults, statement_faults


def headings(problem_set):
    """Return the number of each chapter that a problem set belongs to -> the headings in it."""
    syllabus = yaml.safe_load((ROOT / "syllabus.yml").read_text())
    files = [chapter["file"] for chapter in syllabus["chapters"] for outcome in chapter["outcomes"]
             if outcome["exercise"].startswith(f"{problem_set}/")]
    return {int(file[:2]): book.headings(file) for file in files}


@pytest.fixture(params=SETS, scope="module")
def source(request):
    return ProblemSet(request.param)


def test_the_notebook_has_the_common_form(source):
    assert faults(source.notebook) == []
    assert statement_faults(source.notebook, headings(source.name)) == []


def test_the_helper_and_the_rules_are_those_of_all_sets(source):
    """`python -m grader helper` writes them; a set may only set constants of the rules."""
    texts = shared_texts(ROOT / "solutions")
    cells = {name: source.given[name].source for name in texts}
    own = own_lines(cells["rules"])
    assert cells == {**texts, "rules": texts["rules"] + own}
    constants = set(re.findall(r"^([A-Z_]+) = ", texts["rules"], re.M)) - {"READY_MADE"}
    for node in ast.parse(own).body:
        assert node.targets[0].id in constants
        ast.literal_eval(node.value)


@pytest.mark.parametrize("damage", [
    lambda text: text + "\n",
    lambda text: text.replace("1e-9", "1e-3"),
    lambda text: f"{text}\n\n{OWN}\nvisible = {{}}",
])
def test_a_helper_of_its_own_is_noticed(damage):
    source = ProblemSet("ps1_perceptron")
    helper = source.given["helper"]
    assert damage(helper.source) != helper.source
    helper.source = damage(helper.source)
    with pytest.raises(AssertionError):
        test_the_helper_and_the_rules_are_those_of_all_sets(source)


def test_every_test_cell_can_fail(source):
    """Without the answers each test cell fails, and its hidden tests fail by themselves."""
    for name, cell in source.tests.items():
        assert run_cell(cell.source, name, {"__name__": "__main__"})
        hidden = HIDDEN.search(cell.source)[1]
        assert run_cell(hidden, name, {"__name__": "__main__"}).startswith("NameError")


def test_the_hidden_tests_need_nothing_but_the_student_functions(source):
    """Names that a student may have overwritten, such as check, np or sum, are not used."""
    for name, cell in source.tests.items():
        namespace = {"__name__": "__main__"}
        for given in [*source.given.values(), *source.answers.values()]:
            assert run_cell(given.source, given.id, namespace) == ""
        broken = dict.fromkeys(("check", "difference", "attempt", "show", "visible", "np"), 0)
        everyday = dict.fromkeys(("list", "max", "min", "sum", "abs", "all", "any", "x", "w"), 0)
        assert run_cell(HIDDEN.search(cell.source)[1], name, namespace | broken | everyday) == ""


def test_the_summary_knows_the_points(source):
    cell = next(cell for cell in source.notebook.cells if cell.id == "summary")
    namespace = {"visible": {}}
    assert run_cell(cell.source, "summary", namespace) == ""
    points = [points for _, points, _ in namespace["exercises"]]
    assert points == [c.metadata["nbgrader"]["points"] for c in source.tests.values()]
    assert f" of {sum(points)} points" in cell.source


def drop_hidden_tests(cells):
    cells["test_predict"].source = HIDDEN.sub("", cells["test_predict"].source)


def drop_points(cells):
    cells["test_predict"].metadata["nbgrader"]["points"] = 0


def unlock(cells):
    cells["test_predict"].metadata["nbgrader"]["locked"] = False


def value_at_the_end(cells):
    cells["test_predict"].source += "\n2"


def untag(cells):
    del cells["test_predict"].metadata["tags"]


def repeat_a_grade_id(cells):
    cells["test_predict"].metadata["nbgrader"]["grade_id"] = "test_weighted_sum"


def rename_a_test(cells):
    cells["test_predict"].metadata["nbgrader"]["grade_id"] = "check_predict"


def unmark_the_solution(cells):
    cells["predict"].source = cells["predict"].source.replace("### BEGIN SOLUTION", "")


def set_a_name(cells):
    cells["test_predict"].source = "corners = 4\n" + cells["test_predict"].source


def use_nnlib(cells):
    cells["predict"].source += "\nfrom nnlib import Perceptron"


def store_an_output(cells):
    cells["helper"].execution_count = 1


def shorten_a_commentary(cells):
    cells["study_predict"].source = "It is right."


def untag_a_commentary(cells):
    del cells["study_predict"].metadata["tags"]


@pytest.mark.parametrize(("damage", "complaint"), [
    (shorten_a_commentary, "test_predict: a commentary (a cell with the tag self-study)"),
    (untag_a_commentary, "test_predict: a commentary (a cell with the tag self-study)"),
    (drop_hidden_tests, "test_predict: there are no hidden tests"),
    (drop_points, "test_predict: a test cell needs points"),
    (unlock, "test_predict: a test cell is locked"),
    (value_at_the_end, "test_predict: the cell must end with the block"),
    (untag, "test_predict: needs the tag raises-exception"),
    (repeat_a_grade_id, "test_weighted_sum: the grade_id is used twice"),
    (rename_a_test, "test_predict: no such test cell"),
    (unmark_the_solution, "predict: an answer needs a solution region"),
    (set_a_name, "test_predict: the visible part consists of calls of check"),
    (use_nnlib, "predict: the answers use NumPy only"),
    (store_an_output, "helper: a source stores no outputs"),
])
def test_a_damaged_notebook_is_noticed(damage, complaint):
    notebook = copy.deepcopy(ProblemSet("ps1_perceptron").notebook)
    damage({cell.id: cell for cell in notebook.cells})
    assert any(fault.startswith(complaint) for fault in faults(notebook)), faults(notebook)


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("Hint 2", "More", "predict: the statement before it needs two folded hints"),
    ("**Pitfalls.**", "", "predict: its statement lacks **Pitfalls.**"),
])
def test_a_poorer_statement_is_noticed(old, new, complaint):
    notebook = copy.deepcopy(ProblemSet("ps1_perceptron").notebook)
    statement = next(cell for cell in notebook.cells if cell.id == "about_predict")
    statement.source = statement.source.replace(old, new)
    assert complaint in statement_faults(notebook, headings("ps1_perceptron"))


def test_a_section_that_the_chapter_does_not_have_is_noticed():
    fault = statement_faults(ProblemSet("ps1_perceptron").notebook, {2: {"The weighted sum"}})
    assert "test_train_perceptron: chapter 2 has no section 'Learning from mistakes'" in fault


def test_a_check_that_names_no_chapter_is_noticed():
    notebook = copy.deepcopy(ProblemSet("ps1_perceptron").notebook)
    cell = next(cell for cell in notebook.cells if cell.id == "test_predict")
    cell.source = cell.source.replace("'chapter 2, ", "'")
    fault = "test_predict: a check does not say which chapter and section to read"
    assert fault in statement_faults(notebook, headings("ps1_perceptron"))


@pytest.mark.parametrize(("pattern", "wrong"), [
    (r"\d+ points", "19 points"), (r"\d+ to \d+ minutes", "30 to 90 minutes"),
    (r"\d+ to \d+ minutes", "60 to 150 minutes"), (r"\d+ to \d+ minutes", "an hour"),
])
def test_a_wrong_announcement_is_noticed(pattern, wrong):
    notebook = copy.deepcopy(ProblemSet("ps1_perceptron").notebook)
    title = notebook.cells[0]
    title.source = re.sub(pattern, wrong, title.source, count=1)
    assert any("does not announce" in fault for fault in faults(notebook))
