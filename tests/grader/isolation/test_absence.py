"""A package that is hidden from imports looks as if it were not installed."""

import json
import subprocess
import sys

import pytest

from tests.grader.tiny_course import REPOSITORY

TRY = """
import importlib, importlib.util, json, sys
from grader.isolation.absence import make_absent
make_absent({hidden!r})
def attempt(name):
    try:
        importlib.import_module(name)
    except ImportError as error:
        return [type(error).__name__, str(error)]
    return "imported"
told = {{name: attempt(name) for name in ("yaml", "yaml.loader", "bleach", "json.tool")}}
told["spec"] = importlib.util.find_spec("yaml") is None
told["known"] = "yaml" in sys.modules
print(json.dumps(told))
"""


@pytest.mark.parametrize("hidden", [["yaml"], []])
def test_a_hidden_package_is_as_if_it_were_not_installed(hidden):
    code = TRY.format(hidden=hidden)
    out = subprocess.check_output([sys.executable, "-c", code], cwd=REPOSITORY, text=True)
    missing = "ModuleNotFoundError"
    assert json.loads(out) == {
        "yaml": [missing, "No module named 'yaml'"] if hidden else "imported",
        "yaml.loader": [missing, "No module named 'yaml'"] if hidden else "imported",
        "bleach": "imported",
        "json.tool": "imported",
        "spec": bool(hidden),
        "known": not hidden,
    }
