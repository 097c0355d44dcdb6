"""`python -m grader`."""

import gc
import sys

from grader.cli import main

if __name__ == "__main__":
    status = main()
    gc.freeze()  # looking for garbage once more, when all of it goes, takes a third of a second
    sys.exit(status)
