"""The stored outputs hold on an older CPU as well: nbval again, with the widest vectors off.

NumPy, OpenBLAS and PyTorch choose their inner loops by the processor; another loop adds in another
order. A chapter that prints digits which depend on that order would be wrong on some machine.
"""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from tests.chapters.book import ROOT, chapters

pytestmark = pytest.mark.slow

X86 = ("x86_64", "AMD64")


def narrow():
    """Return the environment of a process without the widest vector instructions."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    wide = [name for name in found if name.startswith(("AVX512", "X86_V4"))]
    return os.environ | {
        "OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": " ".join(wide),
    }  # fmt: skip


def nbval(path, environment):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True,
                          timeout=180)


@pytest.mark.parametrize("name", [name for name, _ in chapters()])
def test_outputs_hold_with_narrow_vectors(name):
    result = nbval(ROOT / "chapters" / f"{name}.ipynb", narrow())
    assert result.returncode == 0, result.stdout[-3000:]


def test_the_switches_reach_the_processes():
    """A kernel started so really computes with other loops: the libraries say which."""
    code = (
        "import numpy as np, threadpoolctl, torch\n"
        "print(np.show_config(mode='dicts')['SIMD Extensions'].get('found', []))\n"
        "np.ones((9, 9)) @ np.ones((9, 9))\n"
        "print([i['architecture'] for i in threadpoolctl.threadpool_info()\n"
        "       if i['internal_api'] == 'openblas'])\n"
        "print(torch.backends.cpu.get_cpu_capability())"
    )
    said = subprocess.run([sys.executable, "-c", code], env=narrow(), capture_output=True,
                          text=True, check=True).stdout
    assert ("Haswell" in said) == (platform.machine() in X86)
    assert "DEFAULT" in said
