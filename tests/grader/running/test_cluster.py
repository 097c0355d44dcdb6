"""Grading on a real Dask cluster: nothing is lost, whatever becomes of workers and scheduler."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from grader.errors import GraderError
from grader.running.cluster import KILLS, ClusterExecutor
from grader.running.executor import Task
from grader.running.retry import Stopped
from tests.grader.running.dask_processes import running_cluster
from tests.grader.running.gradebook import everything
from tests.grader.tiny_course import REPOSITORY, RIGHT, hand_in, make_course, run

pytestmark = pytest.mark.slow
SCRIPTED = "tests.grader.running.scripted_node"


def task():
    from grader.isolation.policy import Limits

    return Task("{}", {}, Limits())


def script(name, **does):
    return json.dumps({"name": name, **does})


@pytest.fixture
def scripted(tmp_path):
    """Return a function that starts a cluster whose workers play scripts."""
    started = []

    def start(workers, **options):
        context = running_cluster(tmp_path, workers, preload=SCRIPTED, **options)
        started.append(context)
        return context.__enter__()

    yield start
    for context in started:
        context.__exit__(None, None, None)


def test_a_killed_worker_loses_nothing(scripted):
    cluster = scripted(3)
    executor = ClusterExecutor(cluster.address, task())
    try:
        futures = {f"s{i}": executor.submit(f"s{i}", script(f"s{i}", sleep=0.2), seed=i)
                   for i in range(40)}
        futures["s3"].result(20)
        cluster.workers[0].send_signal(signal.SIGKILL)
        played = {name: future.result(30) for name, future in futures.items()}
    finally:
        executor.close()
    assert {name: p["name"] for name, p in played.items()} == {name: name for name in futures}
    assert [p["seed"] for p in played.values()] == list(range(40))
    assert len({p["by"] for p in played.values()}) >= 2
    assert cluster.workers[0].wait(5) == -signal.SIGKILL


def test_a_submission_that_kills_its_workers_needs_a_person_and_its_neighbours_do_not(scripted):
    cluster = scripted(2, nanny=True, allowed_failures=1)
    executor = ClusterExecutor(cluster.address, task())
    try:
        futures = {f"s{i}": executor.submit(f"s{i}", script(f"s{i}", sleep=0.1, kill=i == 5))
                   for i in range(12)}
        played = {name: future.result(60) for name, future in futures.items()}
    finally:
        executor.close()
    assert played.pop("s5") == {"error": KILLS}
    assert {name: p.get("name") for name, p in played.items()} == {n: n for n in played}


def test_an_error_of_the_grader_itself_reaches_the_run(scripted):
    cluster = scripted(1)
    executor = ClusterExecutor(cluster.address, task())
    try:
        with pytest.raises(ValueError, match="a bug"):
            executor.submit("ann", script("ann", **{"raise": "a bug"})).result(20)
        assert executor.submit("ben", script("ben")).result(20)["name"] == "ben"
    finally:
        executor.close()


def test_a_worker_that_cannot_isolate_gets_no_more_work(scripted, monkeypatch):
    cluster = scripted(0)
    cluster._environment["SCRIPTED_NODE_UNFIT"] = "bubblewrap is missing: apt install it"
    cluster.add_worker()
    executor = ClusterExecutor(cluster.address, task())
    try:
        with pytest.raises(Stopped, match=r"no worker of .* bubblewrap is missing"):
            executor.submit("ann", script("ann")).result(20)
        with pytest.raises(Stopped, match="bubblewrap is missing"):
            executor.submit("ben", script("ben"))
    finally:
        executor.close()
    del cluster._environment["SCRIPTED_NODE_UNFIT"]
    fit = cluster.add_worker()
    executor = ClusterExecutor(cluster.address, task())
    try:
        while len(executor._threads) < 2:
            time.sleep(0.1)
        futures = [executor.submit(f"s{i}", script(f"s{i}")) for i in range(8)]
        assert {future.result(20)["by"] for future in futures} == {fit.pid}
    finally:
        executor.close()


def test_a_lost_scheduler_is_one_sentence(scripted):
    cluster = scripted(1)
    executor = ClusterExecutor(cluster.address, task())
    try:
        first = executor.submit("ann", script("ann"))
        waiting = executor.submit("ben", script("ben", sleep=20))
        first.result(20)
        cluster.scheduler.send_signal(signal.SIGKILL)
        with pytest.raises(Stopped, match=r"connection to .* was lost"):
            waiting.result(20)
        with pytest.raises(Stopped, match="was lost"):
            executor.submit("col", script("col"))
    finally:
        executor.close()


def test_without_workers_the_run_ends_with_a_sentence(scripted):
    cluster = scripted(0)
    with pytest.raises(GraderError, match="no worker for 1 s"):
        ClusterExecutor(cluster.address, task(), patience=1)
    worker = cluster.add_worker()
    with Client(cluster.address) as client:
        client.wait_for_workers(1, timeout=60)
    executor = ClusterExecutor(cluster.address, task(), patience=3)
    try:
        waiting = executor.submit("ann", script("ann", sleep=20))
        time.sleep(0.5)
        worker.send_signal(signal.SIGKILL)
        with pytest.raises(Stopped, match="no worker for 3 s: start some"):
            waiting.result(20)
    finally:
        executor.close()


def test_a_wrong_address_is_one_sentence(monkeypatch):
    monkeypatch.setattr("grader.running.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(GraderError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        ClusterExecutor("tcp://127.0.0.1:9", task())


SLOW = "import time\ntime.sleep(0.3)\n"
WRONG = "def double(x):\n    return x"
MANY = 24


def make_class(root):
    """Return a course with a class whose notebooks take a while."""
    course = make_course(root)
    for number in range(MANY):
        double = WRONG if number % 3 == 0 else RIGHT["double"]
        hand_in(course, f"s{number:02}", double=SLOW + double, square=RIGHT["square"])
    hand_in(course, "loop", double="while True:\n    pass", square=RIGHT["square"])
    hand_in(course, "no").write_text("no notebook")
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a course whose class this machine has graded."""
    course = make_class(tmp_path_factory.mktemp("course"))
    assert run(course, "autograde", "tiny", "--no-feedback") == 1
    return course


def grades(course):
    return everything(f"sqlite:///{course.root}/gradebook.db")


def journal(course):
    path = course.root / "grades" / "tiny.journal"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def graded_since(course, start):
    """Return who was graded from line number `start` of the journal on."""
    return sorted(e["student"] for e in journal(course)[start:] if e["event"] == "graded")


def children(pid):
    """Return all processes below one, as (number, start time): numbers are used again."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path("/proc", number, "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == pid:
            found += [(int(number), fields[19]), *children(int(number))]
    return found


def is_alive(number, started):
    try:
        fields = Path("/proc", str(number), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == started and fields[0] != "Z"


def start(course, address, *options):
    command = [sys.executable, "-m", "grader", "autograde", "tiny", "--dask", address,
               "--no-feedback", "--course-dir", str(course.root), *options]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def wait_until(condition, seconds=40):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_real_workers_over_tcp_one_killed_midway_give_the_grades_of_a_local_run(course, tmp_path):
    before, lines = grades(course), len(journal(course))
    with running_cluster(tmp_path / "cluster", 3) as cluster:
        grading = start(course, cluster.address, "--regrade")
        wait_until(lambda: len(graded_since(course, lines)) >= 4)
        victim = cluster.workers[1]
        servers = children(victim.pid)
        assert len(servers) >= 2  # a student server and a judge server
        victim.send_signal(signal.SIGKILL)
        out, errors = grading.communicate(timeout=60)
        assert grading.returncode == 1, out + errors
        assert not [server for server in servers if is_alive(*server)], "the dead worker's servers"
    assert grades(course) == before
    assert graded_since(course, lines) == sorted(before)
    assert len(before) == MANY + 1


def test_a_lost_scheduler_stops_the_run_and_resume_finishes_it(course, tmp_path):
    fresh = make_class(tmp_path / "course")
    with running_cluster(tmp_path / "cluster", 2) as cluster:
        grading = start(fresh, cluster.address)
        wait_until(lambda: len(graded_since(fresh, 0)) >= 4)
        cluster.scheduler.send_signal(signal.SIGKILL)
        _, errors = grading.communicate(timeout=60)
        assert grading.returncode == 3
        said = errors.strip().splitlines()[-1]
        assert said.startswith("grader: the connection to the Dask scheduler at tcp://127.0.0.1:")
        assert "was lost. What was graded so far is on record; go on with " in said
        assert said.endswith("--resume`.")
        assert "needs a person" not in errors
    done = graded_since(fresh, 0)
    assert 4 <= len(done) < MANY
    assert run(fresh, "autograde", "tiny", "--resume", "--no-feedback") == 1
    assert grades(fresh) == grades(course)
    # Nobody was graded twice.
    assert graded_since(fresh, 0) == sorted(grades(course))


def test_a_local_cluster_gives_the_same_grades(course, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))  # for the processes of its workers
    before, lines = grades(course), len(journal(course))
    with LocalCluster(n_workers=2, threads_per_worker=3, dashboard_address="127.0.0.1:0",
                      local_directory=tmp_path) as cluster:
        grading = start(course, cluster.scheduler_address, "--regrade")
        out, errors = grading.communicate(timeout=60)
    assert grading.returncode == 1, out + errors
    assert grades(course) == before
    assert graded_since(course, lines) == sorted(before)
