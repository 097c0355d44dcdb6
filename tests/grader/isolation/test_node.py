"""A node: both servers, asked by many threads; what fails costs one submission, never the node."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.isolation import cgroups
from tests.grader.isolation.conftest import ORDINARY
from tests.grader.isolation.nodes import ask, make_node

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("possible")]
STUDENT = "student = spawn(); answer = ask(student, %r)['value']"


@pytest.fixture(scope="module", params=[True, False], ids=["sandboxed", "unsafe"])
def node(request):
    with make_node(sandboxed=request.param, message_mb=4, memory_mb=300) as made:
        yield made
    assert not made.scratch.exists()


@pytest.fixture
def wreck():
    """A node that the test may break."""
    with make_node() as made:
        yield made


def test_a_judge_has_its_own_folders(node):
    answer = ask(node, """
tempfile.mkstemp()
Path("made").write_text("x")
answer = [os.getcwd(), tempfile.gettempdir(), os.listdir("."), Path("data.csv").read_text()]
""")["answer"]  # fmt: skip
    again = ask(node, """
answer = [os.getcwd(), tempfile.gettempdir(), os.listdir("."), os.listdir(tempfile.gettempdir())]
""")["answer"]  # fmt: skip
    assert (set(answer[2]), answer[3]) == ({"data.csv", "made", "more"}, "1,2\n")
    assert (set(again[2]), again[3]) == ({"data.csv", "more"}, [])
    assert not {*answer[:2]} & {*again[:2]}


def test_folders_of_judges_are_removed(node):
    folder = ask(node, "answer = os.getcwd()")["answer"]
    assert wait_for(lambda: not Path(folder).exists())


def test_a_judge_speaks_with_a_student_process(node):
    answer = ask(node, STUDENT % "import os\nanswer = [os.listdir('.'), open('data.csv').read()]")
    assert sorted(answer["answer"][0]) == ["data.csv", "more"]
    assert answer["answer"][1] == "1,2\n"
    assert answer["rss_mb"] >= 0


SEARCH = """
import re
answer = 0
for line in open("/proc/self/maps"):
    low, high = (int(n, 16) for n in line.split()[0].split("-"))
    with open("/proc/self/mem", "rb") as memory:
        try:
            memory.seek(low)
            answer += len(re.findall(rb"hidden test [0-9]{20}", memory.read(high - low)))
        except (OSError, ValueError):  # pages of the kernel, which cannot be read
            pass
"""


def test_the_hidden_tests_are_nowhere_in_a_students_memory():
    """A fork holds all that its server held: the student server was never told."""
    with make_node(json.dumps({"cells": [], "secret": f"hidden test {7:020}"})) as node:
        assert ask(node, SEARCH)["answer"] > 0  # the judge's own memory
        assert ask(node, STUDENT % SEARCH)["answer"] == 0


def test_the_same_seed_gives_the_same_numbers(node):
    draw = "import random\nanswer = random.random()"
    source = f"import random\nstudent = spawn()\nanswer = [random.random(), ask(student, {draw!r})]"
    first, again, other = (ask(node, source, seed)["answer"] for seed in (1, 1, 2))
    assert first == again != other


def test_a_judge_that_dies_costs_its_submission_only(node):
    answer = ask(node, "os.kill(os.getpid(), 9)")
    assert answer == {"error": "The judge ended (signal 9) before it had judged."}
    answer = ask(node, "raise ValueError('a bug')")
    assert answer == {"error": "The judge failed (ValueError: a bug); see the log."}
    assert ask(node, "answer = 'alive'")["answer"] == "alive"


def test_a_judge_has_limits(node):
    assert "MemoryError" in ask(node, "x = bytearray(2 << 30)")["error"]
    limits = "import resource\nanswer = resource.getrlimit(resource.RLIMIT_CPU)[0] < 10**6"
    assert ask(node, limits)["answer"] is True


def test_messages_have_a_limit(node):
    assert "too large" in ask(node, "answer = 'a' * (5 << 20)")["error"]
    assert "too large" in node.grade("a" * (5 << 20))["error"]
    assert ask(node, "answer = 'alive'")["answer"] == "alive"


def test_many_threads_ask_at_once(node):
    def one(number):
        return ask(node, STUDENT % f"answer = {number}", seed=number)["answer"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(48))) == list(range(48))


def test_a_student_that_is_left_alone_is_ended(node):
    mark = f"60{time.time():.6f}"
    source = f"import subprocess\nsubprocess.Popen(['/usr/bin/sleep', '{mark}'])\nanswer = 1"
    ask(node, f"student = spawn(); answer = ask(student, {source!r}); os.kill(os.getpid(), 9)")
    if node.sandboxed:
        assert wait_for(lambda: not running(mark))
    for pid in running(mark):  # which is why --unsafe-no-sandbox shouts
        os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("which", ["students", "judges"])
def test_a_server_that_died_is_started_again_once(wreck, which, caplog):
    broken = wreck._pair
    process = getattr(broken, which).process
    for pid in [process.pid, *descendants(process.pid)]:
        with contextlib.suppress(ProcessLookupError):  # it ended with the one before it
            os.kill(pid, signal.SIGKILL)
    process.wait()
    with caplog.at_level(logging.WARNING, "grader.isolation"), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: ask(wreck, STUDENT % f"answer = {n}"), range(16)))
    assert [answer["answer"] for answer in answers] == list(range(16))
    assert len(caplog.messages) == 1
    assert "server ended by itself; starting both again" in caplog.text


def test_a_wrapper_that_died_ends_nothing(wreck, caplog):
    """bubblewrap only waits; its server ends when the judges are gone."""
    process = wreck._pair.students.process
    inside = descendants(process.pid)
    process.kill()
    process.wait()
    assert ask(wreck, STUDENT % "answer = 1")["answer"] == 1
    wreck.close()
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in inside))


def test_a_submission_that_ends_the_server_each_time_is_reported(wreck):
    """Not that one could; but if it did, the others go on."""
    answer = ask(wreck, "os.kill(os.getppid(), 9); import time; time.sleep(60)")
    assert "before it had judged" in answer["error"] or "ended" in answer["error"]
    assert ask(wreck, "answer = 'alive'")["answer"] == "alive"


def test_a_start_that_fails_says_why(tmp_path):
    with pytest.raises(GraderError, match=r"judge server did not start \(ValueError: a reason\)"):
        make_node("fail to start")
    with pytest.raises(GraderError, match=r"student server .*No module named 'nobody_has_this'"):
        make_node(imports=("nobody_has_this",), log=tmp_path / "log")
    assert "Traceback" in (tmp_path / "log").read_text()


def test_threads_before_the_first_fork_are_refused(tmp_path):
    with pytest.raises(GraderError, match="2 threads run before the first fork"):
        make_node("start a thread")


def test_a_closed_node_says_so(wreck):
    wreck.close()
    with pytest.raises(GraderError, match="closed"):
        ask(wreck, "answer = 1")


def test_nothing_is_left_when_the_coordinator_is_killed():
    source = f"{STUDENT % 'answer = 1'}; print(os.getcwd()); import time; time.sleep(60)"
    command = [sys.executable, "-m", "tests.grader.isolation.nodes", source]
    coordinator = subprocess.Popen(command, start_new_session=True)
    family = wait_for(lambda: (found := descendants(coordinator.pid)) and len(found) >= 5 and found)
    scratch = [argument for pid in family for argument in (scratch_of(pid),) if argument]
    coordinator.kill()
    coordinator.wait()
    assert wait_for(lambda: not [pid for pid in family if Path(f"/proc/{pid}").exists()])
    assert scratch
    assert wait_for(lambda: not any(map(os.path.exists, scratch)))
    groups = cgroups.find_groups()
    left = [g for p in groups._parents.values() for g in p.glob("submission-*")] if groups else []
    numbers = {str(pid) for pid in family}
    assert [group for group in left if set(group.name.split("-")) & numbers] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as an ordinary user already")
def test_an_ordinary_user_has_a_node_too():
    source = STUDENT % "import os\nanswer = [os.getuid(), os.getcwd()]"
    command = [sys.executable, "-m", "tests.grader.isolation.ordinary_user", str(ORDINARY),
               sys.executable, "-m", "tests.grader.isolation.nodes", source]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(answer.stdout)["answer"] == [1000, "/sandbox/work"]


def test_a_node_made_in_a_thread_outlives_it():
    """A parent-death signal would be sent when the thread ends, not the process."""
    made = []
    thread = threading.Thread(target=lambda: made.append(make_node()))
    thread.start()
    thread.join()
    time.sleep(0.2)
    with made[0] as node:
        assert ask(node, STUDENT % "answer = 1")["answer"] == 1
        assert not node._pair.dead()


def test_nothing_of_other_submissions_reaches_a_judge(node):
    """Neither their sockets nor their temporary files."""
    seen = ask(node, "answer = sorted(os.listdir('/proc/self/fd'))")["answer"]
    with ThreadPoolExecutor(4) as pool:
        slow = "import time; time.sleep(0.5); answer = sorted(os.listdir('/proc/self/fd'))"
        for answer in pool.map(lambda _: ask(node, slow), range(4)):
            assert len(answer["answer"]) == len(seen)


def running(mark):
    return [pid for pid, words in command_lines() if mark in words]


def command_lines():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.parent.name, path.read_bytes().decode("utf-8", "replace")
        except OSError:  # it has just ended
            continue


def descendants(pid):
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def scratch_of(pid):
    """Return the node's folder if this is a judge, which works in it."""
    try:
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None
    return folder.split("/judges/")[0] if "/judges/" in folder else None


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return found
