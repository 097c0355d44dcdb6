"""Run the chapters and store their outputs: `python chapters/_tools/execute.py [file ...]`.

`--check` compares the stored chapters with the form they are stored in, and runs nothing.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from stored_form import (
    KERNEL,
    ROOT,
    ChapterError,
    drift,
    normalise,
    output_problems,
    shorten_paths,
)

CHAPTERS = ROOT / "chapters"
REMEDY = "run 'make execute' (python chapters/_tools/execute.py)"
TIMEOUT_SECONDS = 300


def repository_url() -> str:
    """Return the repository's public address, which has its one place in `_config.yml`."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return str(config["repository"]["url"])


def read_notebook(path: Path) -> NotebookNode:
    """Read the notebook at `path`, or raise ChapterError saying why it cannot be read."""
    try:
        notebook: NotebookNode = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ChapterError(f"cannot be read as a notebook: {error}") from error
    return notebook


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute `notebook` from top to bottom in a fresh kernel that works in `folder`."""
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(folder)}},
        # Else the kernel warns on every start that its loopback connection is not encrypted.
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        # The kernel sends a stream in pieces whose number varies.
        coalesce_streams=True,
    )
    try:
        client.execute()
    except CellExecutionError:
        return  # The error is in the cell's outputs now; output_problems names it.
    except (CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(str(error).strip()) from error


def execute_chapter(path: Path, url: str) -> str:
    """Run the chapter at `path`, store it, and return what happened to the file."""
    notebook = read_notebook(path)
    normalise(notebook, url)
    run(notebook, path.parent)
    normalise(notebook, url)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = shorten_paths(cell.outputs)
    if problems := output_problems(notebook):
        raise ChapterError("\n  ".join(["not stored:", *problems]))
    before = path.read_bytes()
    after = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    path.write_bytes(after)
    return "unchanged" if after == before else "stored"


def check_chapter(path: Path, url: str) -> str:
    """Raise ChapterError unless the chapter at `path` is in the stored form."""
    stored, normal = read_notebook(path), read_notebook(path)
    normalise(normal, url)
    if problems := drift(stored, normal) + output_problems(stored):
        raise ChapterError("\n  ".join(["is not in the stored form:", *problems]))
    return "in the stored form"


def main(arguments: list[str] | None = None) -> int:
    """Run or check the chapters named, or all of them; return 1 when one failed."""
    parser = argparse.ArgumentParser(description="Run the chapters and store their outputs.")
    parser.add_argument("files", nargs="*", type=Path, help="chapters; all when none is named")
    parser.add_argument("--check", action="store_true", help="only check the stored form")
    options = parser.parse_args(arguments)
    # One thread: the same sums on every machine, and faster for small networks.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    handle = check_chapter if options.check else execute_chapter
    url, failed = repository_url(), False
    for path in options.files or sorted(CHAPTERS.glob("*.ipynb")):
        try:
            print(f"{path.name}: {handle(path, url)}", flush=True)
        except ChapterError as error:
            failed = True
            print(f"{path.name}: {error}\nRemedy: {REMEDY}.", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
