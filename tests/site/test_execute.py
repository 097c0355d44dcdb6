"""chapters/_tools/execute.py: chapters are stored in one form, and never with an error."""

import importlib
import json

import nbformat
import pytest

from tests.site.building import ROOT


@pytest.fixture
def execute(monkeypatch):
    """Return the module, imported as it is when it is run as a script."""
    monkeypatch.syspath_prepend(str(ROOT / "chapters" / "_tools"))
    return importlib.import_module("execute")


@pytest.fixture
def chapter(tmp_path, execute):
    """Return a function that writes a small chapter and returns its path."""

    def write(*sources, tags=()):
        cells = [nbformat.v4.new_markdown_cell("# Title", id="title")]
        for i, source in enumerate(sources):
            metadata = {"tags": list(tags), "scrolled": True}
            cells.append(nbformat.v4.new_code_cell(source, id=f"code-{i}", metadata=metadata))
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}, "myst": {}})
        nbformat.write(notebook, tmp_path / "chapter.ipynb")
        return tmp_path / "chapter.ipynb"

    return write


@pytest.fixture
def stored(chapter, execute):
    """Return the path of a small chapter in the stored form, not run."""
    path = chapter("1 + 1")
    notebook = execute.read_notebook(path)
    execute.normalise(notebook, execute.repository_url())
    nbformat.write(notebook, path)
    return path


def change(path, edit):
    """Apply `edit` to the notebook at `path`."""
    notebook = json.loads(path.read_text())
    edit(notebook)
    path.write_text(json.dumps(notebook))


@pytest.mark.slow
def test_a_second_run_gives_the_same_bytes(execute, chapter, capfd):
    path = chapter("import sys\nfor i in range(3):\n    print(i, flush=True)", "{'answer': 42}")
    assert execute.main([str(path)]) == 0
    first = path.read_bytes()
    assert execute.main([str(path)]) == 0
    assert path.read_bytes() == first
    assert execute.main(["--check", str(path)]) == 0
    said = capfd.readouterr().out
    assert said.split("\n")[:3] == [
        "chapter.ipynb: stored",
        "chapter.ipynb: unchanged",
        "chapter.ipynb: in the stored form",
    ]
    notebook = nbformat.read(path, as_version=4)
    colab, loop, answer = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert [cell.execution_count for cell in (colab, loop, answer)] == [1, 2, 3]
    assert [output.text for output in loop.outputs] == ["0\n1\n2\n"]
    assert answer.outputs[0].data["text/plain"] == "{'answer': 42}"
    assert colab.metadata.tags == ["colab-setup", "remove-cell"]
    assert f'"nnlib @ git+{execute.repository_url()}"' in colab.source
    assert set(notebook.metadata) == {"kernelspec", "language_info", "myst"}
    assert loop.metadata == {"tags": []}


@pytest.mark.slow
def test_an_error_is_not_stored(execute, chapter, capfd):
    path = chapter("1 / 0")
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    assert path.read_bytes() == before
    said = capfd.readouterr().err
    assert "chapter.ipynb: not stored:" in said
    assert "cell 2: ZeroDivisionError: division by zero" in said
    assert "tag it 'raises-exception'" in said
    assert "run 'make execute'" in said


@pytest.mark.slow
def test_an_error_that_is_the_point_is_stored_without_paths(execute, chapter, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = chapter("from nnlib import Perceptron\nPerceptron(0)", tags=["raises-exception"])
    assert execute.main([str(path)]) == 0
    notebook = nbformat.read(path, as_version=4)
    (output,) = notebook.cells[2].outputs
    assert output.output_type == "error"
    traceback = "\n".join(output.traceback)
    assert "nnlib/" in traceback
    assert str(ROOT) not in traceback


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda n: n["cells"].pop(1), "no cell is tagged 'colab-setup'"),
        (
            lambda n: n["cells"][1].update(source="%pip install nnlib"),
            "cell 1: the Colab cell does not match the address in _config.yml",
        ),
        (lambda n: n["cells"][1]["metadata"].update(tags=["colab-setup"]), "cell 1: its metadata"),
        (lambda n: n["cells"][2]["metadata"].update(scrolled=True), "cell 2: its metadata"),
        (lambda n: n["metadata"].update(widgets={}), "the notebook's metadata"),
        (lambda n: n["metadata"]["language_info"].update(version="3.11.7"), "notebook's metadata"),
        (lambda n: n["cells"].append(dict(n["cells"][1], id="twin")), "two cells are tagged"),
        (
            lambda n: n["cells"][2]["outputs"].append(
                {"output_type": "stream", "name": "stdout", "text": "see /home/me/file\n"}
            ),
            "cell 2: the output shows a path of this machine, '/home/me/file'",
        ),
        (
            lambda n: n["cells"][2]["outputs"].append(
                {"output_type": "error", "ename": "KeyError", "evalue": "'a'", "traceback": []}
            ),
            "cell 2: KeyError: 'a'",
        ),
    ],
)
def test_check_finds_drift(execute, stored, capsys, edit, sentence):
    assert execute.main(["--check", str(stored)]) == 0
    change(stored, edit)
    before = stored.read_bytes()
    assert execute.main(["--check", str(stored)]) == 1
    said = capsys.readouterr().err
    assert "chapter.ipynb" in said
    assert sentence in said
    assert "Remedy: run 'make execute'" in said
    assert stored.read_bytes() == before


def test_a_file_that_is_no_notebook_is_named(execute, tmp_path, capsys):
    path = tmp_path / "broken.ipynb"
    path.write_text("not json")
    assert execute.main([str(path)]) == 1
    assert "broken.ipynb: cannot be read as a notebook" in capsys.readouterr().err


def test_the_chapters_of_the_course_are_in_the_stored_form(execute):
    assert execute.main(["--check"]) == 0
