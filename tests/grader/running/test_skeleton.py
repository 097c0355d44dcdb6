"""What a student does to cells other than writing an answer has no effect on what is graded."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from grader.notebooks import parse_notebook
from grader.running.skeleton import make_skeleton
from tests.grader.running.conftest import copy_course
from tests.grader.tiny_course import RIGHT, hand_in, source_path, store, tag, tiny_notebook

ANSWERED = {**RIGHT, "explain": "Minus times minus."}


@pytest.fixture
def course(released_only, tmp_path):
    """Return a course without a gradebook: nobody is graded here."""
    return copy_course(released_only, tmp_path / "course")


@pytest.fixture
def skeleton(course):
    return make_skeleton(course, "tiny")


@pytest.fixture
def submission(course):
    path = hand_in(course, "ann", **ANSWERED)
    return nbformat.read(path, as_version=4)


def merge(skeleton, notebook):
    parsed = parse_notebook(nbformat.v4.writes(notebook).encode())
    assert parsed.reason == ""
    return skeleton.merge(parsed.cells)


def named(notebook):
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}


def texts(merged):
    return [fault.text for fault in merged.faults]


def test_answers_come_from_the_student_and_everything_else_from_the_source(skeleton, submission):
    merged = merge(skeleton, submission)
    cells = named(merged.notebook)
    assert {name: cells[name].source for name in ANSWERED} == ANSWERED
    assert "secret_number = -31" in cells["test_double"].source
    assert [c.id for c in merged.notebook.cells] == [c.id for c in tiny_notebook().cells]
    assert merged.faults == ()
    nbformat.validate(merged.notebook)


def test_no_solution_and_no_commentary_is_in_the_skeleton(course):
    notebook = tiny_notebook()
    commentary = new_markdown_cell("Doubling twice is no use.", metadata={"tags": ["self-study"]})
    notebook.cells.insert(3, commentary)
    store(notebook, source_path(course))
    text = nbformat.v4.writes(merge(make_skeleton(course, "tiny"), notebook).notebook)
    assert "Doubling twice" not in nbformat.v4.writes(
        make_skeleton(course, "tiny").merge(()).notebook
    )
    stubs = make_skeleton(course, "tiny").merge(()).text
    assert "twice = 2 * x" not in stubs
    assert "Because multiplying" not in stubs
    assert "secret_number" in text


def changed(cell, **values):
    return nbformat.from_dict({**copy.deepcopy(cell), **values})


def tamper_edit(cells):
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source = "pass"


def tamper_delete(cells):
    cells[:] = [c for c in cells if not c.metadata.get("nbgrader", {}).get("locked")]


def tamper_double(cells):
    tests = [c for c in cells if c.metadata.get("nbgrader", {}).get("locked")]
    for cell in tests:
        cells.append(changed(cell, id=f"copy-{cell.id}", source="pass"))


def tamper_move(cells):
    cells.reverse()


def tamper_points(cells):
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"points": 1000, "schema_version": 99, "checksum": "0"}


def tamper_tags(cells):
    for cell in cells:
        cell.metadata |= {"tags": ["skip-execution", "remove-cell"], "collapsed": True}


def tamper_lock(cells):
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"locked": True, "solution": True, "grade": True}


def tamper_rename(cells):
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = f"my_{cell.metadata.nbgrader.grade_id}"


def tamper_swap(cells):
    tagged = [c.metadata.nbgrader for c in cells if "nbgrader" in c.metadata]
    for info, name in zip(tagged, [info.grade_id for info in reversed(tagged)], strict=True):
        info.grade_id = name


def tamper_strip(cells):
    for cell in cells:
        cell.metadata = {}


def tamper_lose_ids(cells):
    for number, cell in enumerate(cells):
        cell.id = f"other-{number}"


def tamper_retype(cells):
    for position, cell in enumerate(cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == "test_double":
            cells[position] = new_markdown_cell(cell.source, id=cell.id, metadata=cell.metadata)


@pytest.mark.parametrize(
    "tamper",
    [
        tamper_edit, tamper_delete, tamper_double, tamper_move, tamper_points, tamper_tags,
        tamper_lock, tamper_rename, tamper_swap, tamper_strip, tamper_lose_ids, tamper_retype,
    ],
    ids=lambda f: f.__name__.removeprefix("tamper_"),
)  # fmt: skip
def test_tampering_changes_nothing(skeleton, submission, tamper):
    honest = merge(skeleton, submission).notebook
    tamper(submission.cells)
    assert merge(skeleton, submission).notebook == honest


def test_deleted_cells_are_put_back_and_named(skeleton, submission):
    gone = {"c1", "c4"}  # an answer and a test
    submission.cells = [cell for cell in submission.cells if cell.id not in gone]
    merged = merge(skeleton, submission)
    assert sorted(texts(merged)) == [
        "the cell double was missing and counts as not attempted",
        "the cell test_square was missing and was put back",
    ]
    assert "Not attempted" in named(merged.notebook)["double"].source
    assert "-13" in named(merged.notebook)["test_square"].source


def test_an_answer_of_another_type_keeps_its_kind(skeleton, submission):
    wrong = new_markdown_cell(RIGHT["double"], id="c1", metadata=tag("double", solution=True))
    submission.cells[1] = wrong
    merged = merge(skeleton, submission)
    assert named(merged.notebook)["double"].cell_type == "code"
    assert named(merged.notebook)["double"].source == RIGHT["double"]
    assert texts(merged) == ["the cell double was a markdown cell and is a code cell again"]


def test_of_two_copies_the_original_counts_and_the_other_is_an_added_cell(skeleton, submission):
    second = changed(submission.cells[1], id="copied", source="half = 0.5")
    submission.cells.insert(1, second)
    merged = merge(skeleton, submission)
    assert named(merged.notebook)["double"].source == RIGHT["double"]
    assert [c.source for c in merged.notebook.cells[:3]] == [
        "# Tiny", "half = 0.5", RIGHT["double"],
    ]  # fmt: skip
    assert texts(merged) == [
        "the cell double was there 2 times; the first counts, others are added cells"
    ]


def test_added_cells_keep_their_place_and_lose_everything_but_their_text(skeleton, submission):
    mine = new_code_cell("y = 1", id="c2", metadata={"tags": ["x"]}, execution_count=3)
    mine.id = "mine"
    mine.outputs = [nbformat.v4.new_output("stream", text="old")]
    submission.cells.insert(0, new_raw_cell("first", id="r"))
    submission.cells.insert(3, mine)  # between the answer and its test
    merged = merge(skeleton, submission)
    cells = merged.notebook.cells
    assert [c.source for c in cells[:2]] == ["first", "# Tiny"]
    assert cells[3].source == "y = 1"
    assert cells[2].source == RIGHT["double"]
    assert cells[3] == new_code_cell("y = 1", id=cells[3].id)
    assert len({cell.id for cell in cells}) == len(cells)


def test_an_added_cell_cannot_take_the_name_of_one_that_is_made_here(course):
    notebook = tiny_notebook()
    notebook.cells[0].id = "added-1"
    store(notebook, source_path(course))
    skeleton = make_skeleton(course, "tiny")
    notebook.cells.append(new_code_cell("1", id="x"))
    cells = merge(skeleton, notebook).notebook.cells
    assert [cells[0].id, cells[-1].id] == ["added-1", "added-2"]


def test_added_cells_are_bounded(skeleton, submission):
    skeleton.limits.extra_cells = 5
    submission.cells += [new_code_cell(str(i)) for i in range(9)]
    merged = merge(skeleton, submission)
    assert len(merged.notebook.cells) == 6 + 5
    assert texts(merged) == ["4 of 9 added cells were left out"]


def test_pictures_of_written_answers_are_kept_up_to_a_size(skeleton, submission):
    skeleton.limits.pictures_kb = 1
    submission.cells[5]["attachments"] = {
        "a.png": {"image/png": "aGVsbG8="},
        "b.png": {"image/png": "A" * 2000},
        "c.html": {"text/html": "<script>"},
    }
    merged = merge(skeleton, submission)
    assert named(merged.notebook)["explain"].attachments == {"a.png": {"image/png": "aGVsbG8="}}
    assert texts(merged) == ["1 attached pictures were left out: too large"]


def test_cells_outside_nbgrader_follow_the_student_where_he_has_them(course):
    source = tiny_notebook()
    source.cells.append(new_code_cell("# workbench", id="bench"))
    store(source, source_path(course))
    skeleton = make_skeleton(course, "tiny")
    mine = copy.deepcopy(source)
    mine.cells[-1].source = "plot()"
    assert merge(skeleton, mine).notebook.cells[-1].source == "plot()"
    del mine.cells[-1]
    assert merge(skeleton, mine).notebook.cells[-1].source == "# workbench"


def test_digest_follows_hidden_tests_and_stubs(course):
    before = make_skeleton(course, "tiny").digest
    assert make_skeleton(course, "tiny").digest == before
    notebook = tiny_notebook()
    notebook.cells[4].source = notebook.cells[4].source.replace("169", "170")
    store(notebook, source_path(course))
    assert make_skeleton(course, "tiny").digest != before
