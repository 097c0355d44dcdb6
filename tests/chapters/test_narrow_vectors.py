"""Chapters run as on an older CPU: the kernels of nbval have the widest vectors off."""

import os
import platform

import nbformat
import pytest

from tests.chapters.narrow_vectors import X86, narrow_vectors
from tests.chapters.test_nbval_gate import nbval

pytestmark = pytest.mark.slow
# With the libraries' own words for the loops that they use.
ASK = """\
import numpy as np, threadpoolctl, torch
np.ones((9, 9)) @ np.ones((9, 9))
libraries = threadpoolctl.threadpool_info()
print([one['architecture'] for one in libraries if one['internal_api'] == 'openblas'])
print(torch.backends.cpu.get_cpu_capability())
found = np.show_config(mode='dicts')['SIMD Extensions'].get('found', [])
print([name for name in found if name.startswith(('AVX512', 'X86_V4'))])
"""


def notebook(said):
    """Return a notebook that asks, with a stored answer."""
    cell = nbformat.v4.new_code_cell(ASK, id="ask", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.skipif(platform.machine() not in X86, reason="the switches are those of x86")
def test_a_kernel_of_nbval_computes_with_narrow_vectors(tmp_path):
    result = nbval(notebook("['Haswell']\nDEFAULT\n[]\n"), tmp_path)
    assert result.returncode == 0, result.stdout[-3000:]


def test_an_output_that_needs_wide_vectors_fails(tmp_path):
    result = nbval(notebook("['SkylakeX']\nAVX512\n['AVX512F']\n"), tmp_path)
    assert result.returncode == 1
    assert "Cell outputs differ" in result.stdout


def test_other_tests_keep_what_the_machine_can_do():
    assert not narrow_vectors().keys() & os.environ.keys()
