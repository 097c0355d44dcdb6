"""Cells run in an IPython shell without a kernel, and their outputs come out as in a notebook."""

import builtins
import os
import sys
from collections.abc import Sequence
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.split.magics import Transformers
from grader.split.outputs import Output, Recorder, Stream

MOST_TRACEBACK = 100_000


class _Results(DisplayHook):
    """What the last expression of a cell gives becomes an execute_result."""

    shell: Any

    def write_output_prompt(self) -> None:
        """Write none."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Record the result."""
        self.shell.recorder.add({
            "output_type": "execute_result", "execution_count": self.shell.number,
            "data": dict(format_dict), "metadata": dict(md_dict or {}),
        })

    def finish_displayhook(self) -> None:
        """Write no line break."""

    def log_output(self, format_dict: Any) -> None:
        """Keep no log."""


class _Displays(DisplayPublisher):
    """What a cell displays becomes display_data."""

    shell: Any

    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        """Record something displayed."""
        self.shell.recorder.add({
            "output_type": "display_data", "data": dict(data), "metadata": dict(metadata or {}),
        })

    def clear_output(self, wait: bool = False) -> None:
        """Forget what was displayed."""
        self.shell.recorder.clear(wait)


class _Compiler(CachingCompiler):
    """Names code after its cell, alike on both sides."""

    cell_name = "<cell>"

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return the file name of a cell's code."""
        return self.cell_name


class Shell(InteractiveShell):
    """An IPython shell that records outputs."""

    compiler_class = _Compiler
    compile: _Compiler
    recorder: Recorder
    number = 0

    def init_display_pub(self) -> None:
        """Use our own publisher."""
        self.display_pub = _Displays(parent=self, shell=self)  # type: ignore[no-untyped-call]

    def init_displayhook(self) -> None:
        """Use our own hook."""
        super().init_displayhook()  # type: ignore[no-untyped-call]
        self.displayhook = _Results(  # type: ignore[no-untyped-call]
            parent=self, shell=self, cache_size=self.cache_size
        )
        self.display_trap.hook = self.displayhook

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        """Record an error."""
        try:
            text = str(evalue)
        except Exception as error:  # noqa: BLE001 - the text of a student's exception
            text = f"<its text cannot be had: {type(error).__name__}>"
        self.recorder.add_error(etype.__name__, text, [str(line) for line in stb])

    def should_run_async(self, raw_cell: str, **options: Any) -> bool:
        """Say whether a cell awaits; IPython compiles each one to find out."""
        awaits = "await" in raw_cell or "async" in raw_cell
        return awaits and bool(super().should_run_async(raw_cell, **options))

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Keep no second copy of what an error shows, for a history that nobody reads."""
        return {}

    def run_codes(self, codes: Sequence[Any], source: str) -> None:
        """Run a cell that is compiled already, as `run_cell` runs a text."""
        self.compile.cache(source, self.number, raw_code=source)
        assert self.history_manager is not None  # there is one, which keeps nothing on disk
        self.history_manager.store_inputs(self.number, source, source)
        self.execution_count = self.number + 1  # what shows a result takes the one before
        self.events.trigger("pre_execute")
        try:
            with self.builtin_trap, self.display_trap:
                for code in codes:
                    exec(code, self.user_ns)
        finally:
            self.events.trigger("post_execute")

    def enable_gui(self, gui: Any = None) -> None:
        """There is none."""


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError(
        "input() was called, but nobody is there to answer while a notebook is graded."
    )


def make_shell(warm: bool = True) -> Shell:
    """Return a shell with an empty namespace, in place of the one there may be.

    A warm one has shown an error once, so that its forks need not load what that takes.
    """
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "linux"
    for made in (Shell, InteractiveShell):
        made.clear_instance()
    recorder = Recorder()
    Shell.recorder = recorder  # the shell's own beginning may write something
    shell = Shell.instance(config=config)
    shell.recorder = recorder
    shell.xmode = "Context"
    shell.input_transformer_manager = Transformers()  # type: ignore[no-untyped-call]
    shell.user_module.__name__ = "__main__"
    sys.modules["__main__"] = shell.user_module
    builtins.input = _no_input
    shell.builtin_trap.activate()
    if warm:
        run_cell(shell, "import math\n\ndef fail():\n    1 / 0\n\nfail()", "<cell 0>", 0)
        shell.reset(new_session=True)  # type: ignore[no-untyped-call]
    return shell


def run_cell(
    shell: Shell, source: str, name: str, number: int, codes: Sequence[Any] = ()
) -> tuple[list[Output], int, bool]:
    """Run a cell; return its outputs, how much was dropped of them, and whether it failed.

    Whatever the cell has done to sys.stdout and the like, the next one finds it as it was.
    """
    shell.number = number
    shell.execution_count = number
    shell.compile.cell_name = name
    before = sys.stdout, sys.stderr, sys.displayhook, builtins.input
    sys.stdout = Stream(shell.recorder, "stdout")
    sys.stderr = Stream(shell.recorder, "stderr")
    failed = True
    try:
        if codes:
            shell.run_codes(codes, source)
            failed = False
        else:
            run: Any = shell.run_cell
            failed = not run(source, store_history=True).success
    except BaseException:  # noqa: BLE001 - a shell that the cell has damaged
        shell.showtraceback()
    finally:
        sys.stdout, sys.stderr, sys.displayhook, builtins.input = before
    outputs, dropped = shell.recorder.take()
    return outputs, dropped, failed
