"""Sandboxes for the probes, each as root (when the tests run as root) and as an ordinary user."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from grader.errors import GraderError
from grader.isolation.doctor import require_sandbox

ORDINARY = 54321  # a user that no machine has
USERS = ["root", "ordinary"] if os.geteuid() == 0 else ["ordinary"]


@pytest.fixture(scope="session")
def possible():
    """Fail with the doctor's sentence where nothing can be isolated."""
    try:
        require_sandbox()
    except GraderError as error:
        pytest.fail(str(error))


class Sandbox:
    """A driver (driver.py) in a process of its own, as some user."""

    def __init__(self, user, without=(), **settings):
        command = [sys.executable, "-m"]
        if os.geteuid() == 0 and user == "ordinary":
            command += ["tests.grader.isolation.ordinary_user", str(ORDINARY), *command]
        command += ["tests.grader.isolation.driver", json.dumps({"without": without, **settings})]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "A_SECRET": "of the coordinator"},
        )  # fmt: skip
        started = self.process.stdout.readline()
        if not started:
            self._forget()
            raise AssertionError("the sandbox did not start")
        self.facts, self.user = json.loads(started), user

    def call(self, *request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def spawn(self):
        return Student(self, self.call("spawn"))

    def close(self):
        try:
            self.log = self.call("close")
            assert self.process.wait(30) == 0
        finally:
            self._forget()

    def _forget(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Student:
    """One process in the sandbox, to run probes in."""

    def __init__(self, sandbox, number):
        self.sandbox, self.number = sandbox, number

    def ask(self, source, wait=30):
        """Run source that sets `answer`; return it, or the whole reply if it has no value."""
        reply = self.sandbox.call("ask", self.number, textwrap.dedent(source), wait)
        return reply.get("value", reply)

    def __getattr__(self, name):
        return lambda *rest: self.sandbox.call(name, self.number, *rest)


@pytest.fixture(scope="module", params=USERS)
def sandbox(request):
    """The sandbox as it is, with little of everything."""
    limits = {"memory_mb": 300, "file_mb": 8, "files": 200, "processes": 40, "open_files": 100}
    made = Sandbox(request.param, limits=limits)
    yield made
    made.close()


@pytest.fixture
def student(sandbox):
    """A fresh process in it."""
    one = sandbox.spawn()
    yield one
    one.kill()


@pytest.fixture(scope="session")
def _made():
    made = {}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def weakened(_made):
    """Makes sandboxes without some mechanism; a `fresh` one is for a test that wrecks it."""
    own = []

    def make(*without, fresh=False, user=USERS[0], **settings):
        key = json.dumps([without, user, settings])
        if fresh:
            own.append(Sandbox(user, without, **settings))
            return own[-1]
        if key not in _made:
            _made[key] = Sandbox(user, without, **settings)
        return _made[key]

    yield make
    for one in own:
        one.close()
