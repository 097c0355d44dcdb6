"""Grading on a real Dask cluster: nothing is lost, whatever becomes of workers and scheduler."""

import json
import signal
import time

import pytest

from grader.errors import GraderError
from grader.running.cluster import KILLS, ClusterExecutor
from grader.running.executor import Task
from grader.running.retry import Stopped
from tests.grader.running.dask_processes import running_cluster

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
