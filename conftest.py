"""pytest settings for the whole repository.

Chapters are run by nbval, which compares text outputs exactly but cannot compare pictures: a
figure's coordinates may differ in the last digit from one processor to another. Here figures are
taken out of nbval's comparison and compared number by number instead. Kernels start with the widest
vector instructions off (tests/chapters/narrow_vectors.py): other loops than the stored outputs had.
"""

import os

# Before NumPy is imported anywhere: one thread gives the same sums on every machine.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest
from nbval.plugin import IPyNbCell

from tests.chapters.figures import figures_of, svg_difference
from tests.chapters.narrow_vectors import narrow_vectors

# Files that take minutes, and that one process runs: were they last, the others would wait for it.
LONG = (
    "tests/site/test_pages.py",
    "tests/grader/attacks/test_attacks.py",
    "tests/exercises/test_real_nbgrader.py",
    "tests/grader/running/test_postgresql.py",
    "tests/exercises/test_isolated_grader.py",
)


def pytest_configure(config):
    """Refuse a list of long files that names one which was moved or renamed."""
    if gone := [name for name in LONG if not (config.rootpath / name).is_file()]:
        raise pytest.UsageError(f"LONG in conftest.py names {', '.join(gone)}: not there; mend it")


def pytest_collection_modifyitems(items):
    """Put the longest files first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Let the kernel of a notebook, which its first cell starts, compute with narrow vectors."""
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(item, IPyNbCell):
            for name, value in narrow_vectors().items():
                patch.setenv(name, value)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Compare the figures of a notebook cell after nbval has compared its text."""
    if isinstance(item, IPyNbCell) and "image/svg+xml" not in item.parent.skip_compare:
        item.parent.skip_compare += ("image/svg+xml",)
    result = yield
    if isinstance(item, IPyNbCell) and item.options["check"]:
        stored, new = figures_of(item.cell.outputs), figures_of(item.test_outputs)
        if len(stored) != len(new):
            item.raise_cell_error(f"{len(stored)} figures are stored and {len(new)} were drawn")
        for stored_svg, new_svg in zip(stored, new, strict=True):
            if difference := svg_difference(stored_svg, new_svg):
                item.raise_cell_error(
                    f"the stored figure differs from the one just drawn: {difference}; "
                    "if the change is meant, run `make execute`"
                )
    return result
