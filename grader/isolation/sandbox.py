"""A node: one student server and one judge server for one problem set, asked by many threads."""

import logging
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.errors import GraderError
from grader.isolation.imports import absent_packages, imported_modules
from grader.isolation.pair import Pair, ServerDiedError
from grader.isolation.policy import ETC_FILES, Limits, Policy

LOG = logging.getLogger("grader.isolation")
JUDGE, SHELL = "grader.split.judge:Judge", "grader.split.cells:make_shell"


class Node:
    """Grades submissions of one problem set; many threads may call `grade` at once.

    Parameters
    ----------
    notebook : str
        Text of the source notebook, with the hidden tests.
    files : mapping
        The other files of the source folder, by relative path.
    limits : Limits
    sandboxed : bool
        Whether the students' code is isolated. Without, it can do all that this user can.
    log : Path, optional
        Where the servers write; both are quiet unless something is wrong.
    policy : Policy, optional
        Made from the notebook by default.

    Raises
    ------
    GraderError
        When a server does not start.
    """

    def __init__(
        self,
        notebook: str,
        files: Mapping[str, bytes],
        limits: Limits,
        *,
        sandboxed: bool = True,
        log: Path | None = None,
        policy: Policy | None = None,
        judge: str = JUDGE,
        judge_shell: str = SHELL,
    ) -> None:
        self.limits, self.sandboxed = limits, sandboxed
        self.scratch = make_scratch(files)
        self.log = log or self.scratch / "servers.log"
        self._policy = policy or policy_of(notebook, limits)
        self._settings = {"notebook": notebook, "judge": judge, "shell": judge_shell}
        self._lock = threading.Lock()
        self._closed = False
        try:
            self._pair = self._start()
        except BaseException:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise

    def grade(self, submission: str, *, seed: int = 0) -> dict[str, Any]:
        """Play one notebook; return what happened, or {"error": why} when a person must look.

        A server that died is started again, once for each submission that meets it.

        Raises
        ------
        GraderError
            When a server that died does not start again.
        """
        request = {"submission": submission, "seed": seed}
        pair = self._pair
        played = self._ask(pair, request)
        if "error" in played and (pair.dead() or pair is not self._pair):
            self._replace(pair)
            played = self._ask(self._pair, request)
        return played

    def close(self) -> None:
        """End both servers, and remove what they wrote."""
        with self._lock:
            self._closed = True
            self._pair.close()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> Pair:
        return Pair(self._settings, self._policy, self.scratch, self.log, sandboxed=self.sandboxed)

    def _ask(self, pair: Pair, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return pair.ask(request, self.limits)
        except ServerDiedError:
            pair.wait_until_dead()
            return {"error": "The judge server ended."}

    def _replace(self, broken: Pair) -> None:
        with self._lock:
            if self._closed:
                raise GraderError("The node was closed while it graded.")
            if self._pair is broken:  # else another thread was faster
                LOG.warning("the %s ended by itself; starting both again", broken.dead())
                broken.close()
                self._pair = self._start()


def policy_of(notebook: str, limits: Limits) -> Policy:
    """Return the sandbox for a source notebook: what it imports is there, and warm."""
    modules = imported_modules(notebook)
    absent = absent_packages(modules)
    course = Path(__file__).parents[2]
    packages = () if "nnlib" in absent else (course / "nnlib",)
    return Policy(limits, imports=("numpy", *modules), absent=absent, packages=packages)


def make_scratch(files: Mapping[str, bytes]) -> Path:
    """Make the folder that both servers start from; `files` in it can be read by everyone."""
    scratch = Path(tempfile.mkdtemp(prefix="grader-"))
    for name in ("etc", "files", "students", "judges"):
        (scratch / name).mkdir()
    contents = {f"etc/{name}": text.encode() for name, text in ETC_FILES.items()}
    contents |= {f"files/{name}": content for name, content in files.items()}
    for name, content in contents.items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in [scratch / "etc", scratch / "files", *scratch.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return scratch
