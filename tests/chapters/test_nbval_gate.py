"""The comparison that proves the chapters' outputs fails when a stored output is false."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CHAPTER = ROOT / "chapters" / "02_perceptron.ipynb"
LAST_CELL = "weighted-sum-one"  # the first cells are enough: one figure, one printed number


def opening_cells():
    notebook = nbformat.read(CHAPTER, as_version=4)
    names = [cell.id for cell in notebook.cells]
    notebook.cells = notebook.cells[: names.index(LAST_CELL) + 1]
    return notebook, {cell.id: cell for cell in notebook.cells}


def nbval(notebook, tmp_path):
    """Run nbval with the repository's own configuration on `notebook`."""
    path = tmp_path / "chapter.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
               f"--rootdir={ROOT}", f"--confcutdir={ROOT}", "-c", str(ROOT / "pyproject.toml"),
               "-p", "conftest", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_true_outputs_pass(tmp_path):
    notebook, _ = opening_cells()
    result = nbval(notebook, tmp_path)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
def test_a_falsified_number_fails(tmp_path):
    notebook, cells = opening_cells()
    (output,) = cells[LAST_CELL].outputs
    assert "5.0" in output.text
    output.text = output.text.replace("5.0", "5.1")
    result = nbval(notebook, tmp_path)
    assert result.returncode == 1
    assert "Cell outputs differ" in result.stdout
    assert "1 failed" in result.stdout


@pytest.mark.slow
def test_a_falsified_figure_fails(tmp_path):
    notebook, cells = opening_cells()
    data = cells["fig-neuron"].outputs[0].data
    data["image/svg+xml"], moved = re.subn(
        r'(?<=<path d="M )[\d.]+', lambda x: str(float(x[0]) + 3), data["image/svg+xml"], count=1
    )
    assert moved == 1
    result = nbval(notebook, tmp_path)
    assert result.returncode == 1
    assert "a coordinate moved by 3.00 points" in result.stdout
