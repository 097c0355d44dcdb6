import nbformat
import pytest

from grader.course import find_course
from tests.grader.tiny_course import (
    DOUBLE,
    REPOSITORY,
    edit,
    graded_tag,
    make_course,
    run,
    source_path,
    store,
    tiny_notebook,
)


@pytest.fixture
def released(course, capsys):
    assert run(course, "release") == 0
    capsys.readouterr()
    return course.root / "exercises" / "tiny" / "tiny.ipynb"


def test_release_replaces_solutions_and_drops_hidden_tests(released):
    text = released.read_text(encoding="utf-8")
    assert "Not attempted: replace this line with your code." in text
    assert "Not attempted: replace this line with your answer." in text
    assert "assert double(2) == 4" in text
    for secret in ("twice", "secret_number", "169", "multiplying a negative", "BEGIN", "END"):
        assert secret not in text


def test_release_is_the_same_from_every_place_and_time(tmp_path):
    def release(folder):
        course = make_course(folder)
        assert run(course, "release") == 0
        return (folder / "exercises" / "tiny" / "tiny.ipynb").read_bytes()

    first = release(tmp_path / "here")
    assert first == release(tmp_path / "a much longer way" / "there")
    assert str(tmp_path).encode() not in first


def test_second_release_changes_nothing(course, released, capsys):
    before = released.stat().st_mtime_ns
    assert run(course, "release") == 0
    assert capsys.readouterr().out == "other: up to date\ntiny: up to date\n"
    assert released.stat().st_mtime_ns == before


def test_release_leaves_gradebook_and_log_folder_alone(course, released):
    assert not (course.root / "gradebook.db").exists()
    assert not (course.root / "grades").exists()


def test_release_removes_stale_files(course, released, capsys):
    stale = released.with_name("old.csv")
    stale.write_text("1")
    assert run(course, "release", "tiny") == 0
    assert not stale.exists()
    assert capsys.readouterr().out == "tiny: wrote exercises/tiny/old.csv\n"


def test_data_files_travel_with_the_release(course):
    source_path(course).with_name("data.csv").write_text("1,2")
    assert run(course, "release", "tiny") == 0
    assert (course.root / "exercises" / "tiny" / "data.csv").read_text() == "1,2"


def test_fresh_release_has_no_drift(course, released, capsys):
    assert run(course, "release", "--check") == 0
    assert capsys.readouterr().out == "The release is up to date: other, tiny.\n"


def drift(course, capsys):
    """Return the lines that `release --check` prints, after it has failed and changed nothing."""
    exercises = course.root / "exercises"
    before = {p: p.read_bytes() for p in exercises.rglob("*") if p.is_file()}
    assert run(course, "release", "--check") == 1
    assert {p: p.read_bytes() for p in exercises.rglob("*") if p.is_file()} == before
    *lines, last = capsys.readouterr().err.splitlines()
    assert last == "The release differs from solutions/: run `make release`."
    return lines


def test_drift_of_the_stored_release_names_file_and_cell(course, released, capsys):
    edit(released, "test_double", lambda source: f"# changed\n{source}")
    expected = "exercises/tiny/tiny.ipynb: cell test_double differs in its source"
    assert drift(course, capsys) == [expected]


def test_drift_of_the_source_names_file_and_cell(course, released, capsys):
    edit(source_path(course), "test_double", lambda source: f"# changed\n{source}")
    # The metadata holds a checksum of the source.
    expected = "exercises/tiny/tiny.ipynb: cell test_double differs in its metadata and source"
    assert drift(course, capsys) == [expected]


def test_drift_of_points_is_found(course, released, capsys):
    notebook = tiny_notebook()
    notebook.cells[2].metadata.nbgrader.points = 7
    store(notebook, source_path(course))
    assert drift(course, capsys) == [
        "exercises/tiny/tiny.ipynb: cell test_double differs in its metadata"
    ]


def test_drift_of_cells_is_found(course, released, capsys):
    notebook = nbformat.read(released, as_version=4)
    del notebook.cells[3]
    notebook.cells.append(nbformat.v4.new_code_cell("1 + 1", id="mine"))
    store(notebook, released)
    assert drift(course, capsys) == [
        "exercises/tiny/tiny.ipynb: cell square is missing",
        "exercises/tiny/tiny.ipynb: cell mine is not part of the release",
    ]


def test_drift_of_order_and_of_formatting_is_found(course, released, capsys):
    notebook = nbformat.read(released, as_version=4)
    notebook.cells[1], notebook.cells[3] = notebook.cells[3], notebook.cells[1]
    store(notebook, released)
    assert drift(course, capsys) == ["exercises/tiny/tiny.ipynb: the order of the cells differs"]
    assert run(course, "release") == 0
    capsys.readouterr()
    released.write_text(released.read_text() + "\n")
    (line,) = drift(course, capsys)
    assert line.endswith("the notebook's metadata or the file's formatting differs")


def test_drift_of_files_is_found(course, released, capsys):
    released.unlink()
    released.with_name("mine.txt").write_text("x")
    (course.root / "exercises" / "other" / "other.ipynb").write_text("broken")
    old = course.root / "exercises" / "old"
    old.mkdir()
    assert drift(course, capsys) == [
        "exercises/old: no such problem set in solutions/; delete this folder",
        "exercises/other/other.ipynb: not a notebook any more",
        "exercises/tiny/tiny.ipynb: missing",
        "exercises/tiny/mine.txt: not part of the release",
    ]


def test_what_jupyter_leaves_is_not_drift(course, released, capsys):
    store(tiny_notebook(), released.parent / ".ipynb_checkpoints" / "tiny-checkpoint.ipynb")
    assert run(course, "release", "--check") == 0


def refusal(course, capsys):
    """Return the sentence with which `release` refuses tiny; nothing may have been stored."""
    assert run(course, "release", "tiny") == 2
    assert not (course.root / "exercises").exists()
    return capsys.readouterr().err


def test_solution_outside_a_solution_cell_is_refused(course, capsys):
    notebook = tiny_notebook()
    notebook.cells[0].source = DOUBLE
    store(notebook, source_path(course))
    assert "solution regions are within solution cells" in refusal(course, capsys)


def test_unclosed_region_is_refused(course, capsys):
    edit(source_path(course), "test_double", lambda s: s.replace("### END HIDDEN TESTS", ""))
    error = refusal(course, capsys)
    assert error.startswith("grader: solutions/tiny/tiny.ipynb cannot be released: RuntimeError: ")
    assert "cell test_double: BEGIN HIDDEN TESTS and END HIDDEN TESTS do not pair up" in error


def test_notebook_without_cell_ids_is_refused(course, capsys):
    notebook = tiny_notebook()
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    store(notebook, source_path(course))
    assert "its format is older than 4.5, so its cells have no ids" in refusal(course, capsys)


def test_notebook_of_a_private_kernel_is_refused(course, capsys):
    notebook = tiny_notebook()
    notebook.metadata.kernelspec.name = "my-venv"
    store(notebook, source_path(course))
    assert "its kernel is 'my-venv' and must be 'python3'" in refusal(course, capsys)


def test_course_without_problem_sets_says_what_is_expected(tmp_path, capsys):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()")
    assert run(find_course(tmp_path), "release") == 2
    expected = "grader: There is no problem set to release: expected source/<PS>/<PS>.ipynb.\n"
    assert capsys.readouterr().err == expected


def test_stored_release_of_this_repository_is_fresh():
    assert run(find_course(REPOSITORY), "release", "--check") == 0


def test_test_cells_are_locked_in_the_release(released):
    cells = nbformat.read(released, as_version=4).cells
    locked = [c for c in cells if c.metadata.get("editable") is False]
    assert [c.metadata.nbgrader.grade_id for c in locked] == ["test_double", "test_square"]
    expected = graded_tag("test_double", 2)["nbgrader"]
    assert expected.items() <= locked[0].metadata.nbgrader.items()
