"""How chapters run in the tests: with the widest vector instructions off, as on an older CPU.

NumPy, OpenBLAS and PyTorch choose their inner loops by the processor; another loop adds in another
order. Outputs are stored with all that the author's CPU can do and compared with less: a chapter
that prints digits which depend on the order would be wrong on some machine, and fails here.
"""

import numpy as np

X86 = ("x86_64", "AMD64")


def narrow_vectors() -> dict[str, str]:
    """Return the environment variables of a process without the widest vector instructions."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    wide = [name for name in found if name.startswith(("AVX512", "X86_V4"))]
    return {
        "OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": " ".join(wide),
    }  # fmt: skip
