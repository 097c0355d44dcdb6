"""The same submission gives the same grade: every fork begins with the same random numbers."""

import random
import sys


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python and of what is loaded of NumPy and PyTorch."""
    random.seed(seed)
    numpy, torch = map(sys.modules.get, ("numpy", "torch"))
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    if torch is not None:
        torch.manual_seed(seed)
