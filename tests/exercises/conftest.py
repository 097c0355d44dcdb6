"""What the tests of a problem set's claims share: its SOURCE, as text and as running code."""

import pytest


@pytest.fixture(scope="module")
def statement(request):
    """Return cell id -> Markdown in one line, of the set that the test module names as SOURCE."""
    cells = request.module.SOURCE.notebook.cells
    return {c.id: " ".join(c.source.split()) for c in cells if c.cell_type == "markdown"}


@pytest.fixture
def answers(request):
    """Return the names of a notebook in which every answer cell holds the reference solution."""
    return request.module.SOURCE.reference()
