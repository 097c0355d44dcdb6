"""What nbgrader needs of the process it runs in."""

import os
import sys
from pathlib import Path


def prepare_environment() -> None:
    """Make the running Python the one that nbgrader's child processes use.

    nbgrader calls `alembic` by name when it makes a gradebook: without the folder of the running
    Python on PATH it leaves a half-made database behind. The kernel called python3 has to be the
    running Python too, not one that a user installed for all environments.
    """
    scripts = str(Path(sys.executable).parent)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if folders[0] != scripts:
        os.environ["PATH"] = os.pathsep.join([scripts, *folders])
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # Otherwise every kernel prints three lines about a debugger that nobody attached.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # jsonschema, for nbformat, would compile a grammar of web addresses, which takes as long as
    # everything else that is imported; without it, it leaves addresses with umlauts unchecked,
    # which no notebook's format asks for.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
