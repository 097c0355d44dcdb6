"""Nodes for the tests, with stand-ins for judge and student: a submission is what the judge runs.

As a program, under another user: `python -m tests.grader.isolation.nodes REQUEST...` prints what
the node answers to each request.
"""

import json
import sys
from pathlib import Path

from grader.isolation.policy import Limits, Policy
from grader.isolation.sandbox import Node

STAND_INS = "tests.grader.isolation.stand_in_judge"
FILES = {"data.csv": b"1,2\n", "more/data.txt": b"more\n"}


def make_node(notebook='{"cells": []}', *, sandboxed=True, log=None, imports=(), **limits):
    policy = Policy(
        Limits(**limits), imports=imports, packages=(Path(__file__).with_name("stand_in.py"),),
        entry="stand_in:serve", shell="stand_in:make_shell",
    )  # fmt: skip
    return Node(
        notebook, FILES, policy.limits, sandboxed=sandboxed, log=log, policy=policy,
        judge=f"{STAND_INS}:Judge", judge_shell=f"{STAND_INS}:make_shell",
    )  # fmt: skip


def ask(node, source, seed=0):
    return node.grade(json.dumps({"judge": source}), seed=seed)


if __name__ == "__main__":
    with make_node() as node:
        for source in sys.argv[1:]:
            print(json.dumps(ask(node, source)), flush=True)
