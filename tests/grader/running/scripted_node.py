"""A node that does what its "notebook" says, for tests of how a cluster deals with workers.

Dask's workers run `dask_setup` first (`--preload`), so that they make these nodes instead of real
ones: a real submission cannot kill a worker on demand. Importing the module changes nothing.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.running import nodes

UNFIT = os.environ.get("SCRIPTED_NODE_UNFIT", "")


class ScriptedNode:
    """Plays {"sleep": seconds, "kill": true, "raise": text}, and says which process did.

    The cells of a notebook under "merged" come back as they are: something of the usual size.
    """

    def grade(self, submission: str, *, seed: int = 0) -> dict[str, Any]:
        """Do what the text says."""
        script = json.loads(submission)
        time.sleep(script.get("sleep", 0))
        if script.get("kill"):
            os._exit(1)
        if "raise" in script:
            raise ValueError(script["raise"])
        played = json.loads(script.get("merged", '{"cells": []}'))
        return {"cells": played["cells"], "by": os.getpid(), "seed": seed, "name": script["name"]}

    def close(self) -> None:
        """Nothing runs."""


def make_node(task: Any, log: Path | None = None) -> ScriptedNode:
    """Stand in for `grader.running.nodes.start`."""
    if UNFIT:
        raise GraderError(UNFIT)
    return ScriptedNode()


def dask_setup(worker: Any) -> None:
    """Make scripted nodes from now on, in this worker's process only."""
    nodes.start = make_node
