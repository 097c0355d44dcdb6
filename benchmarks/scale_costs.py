"""Measure what the simulation of a large class is made from.

    python benchmarks/scale_costs.py [--students N] [--tasks N] [--store]

The stages of a submission with PostgreSQL as the gradebook, the processor time of the database
server, and what Dask costs for each submission: in the coordinator, in the scheduler and in a
worker, with notebooks and results of the usual size.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from typing import Any

from classroom import make_class, notebook_of
from contending_graders import Ours, Run, read_scores
from grading import PACKAGES, RESULTS, agreed
from machine import machine
from memory import below, parents

from grader.isolation.policy import Limits
from grader.running.cluster import ClusterExecutor
from grader.running.executor import Task
from tests.grader.running.dask_processes import running_cluster
from tests.grader.running.postgresql import running_server

SET = "ps4_backprop"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> float:
    """Return the processor time of a process and of all its ended children."""
    fields = Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def family_cpu(process: int) -> float:
    """Return the processor time of a process and all its descendants."""
    return sum(map(cpu_seconds, below(process, parents())))


def with_postgresql(students: int, scratch: Path) -> dict[str, Any]:
    """Grade a class into PostgreSQL; return its stages and the server's time a submission."""
    group = make_class(SET, students)
    with running_server() as server:
        ours = Ours(group, scratch)
        url = server.url("class")
        before = family_cpu(server.process())
        stages = ours.stages(SET, url)
        used = family_cpu(server.process()) - before
        scores = read_scores(url.replace("postgresql:", "postgresql+psycopg:"), SET)
        agreed("grader autograde with PostgreSQL", group, Run(1.0, 0.0, students, scores))
        size = server.size("class")
    return {"stages": stages, "database_cpu": used / students, "database_bytes": size}


def dask_costs(tasks: int, scratch: Path) -> dict[str, float]:
    """Hand submissions to a worker that plays nothing; return seconds of processor for each."""
    text = json.dumps({"name": "x", "merged": json.dumps(notebook_of(make_class(SET, 1)[0]))})
    with running_cluster(scratch, 1, 8, preload="tests.grader.running.scripted_node") as cluster:
        executor = ClusterExecutor(cluster.address, Task("{}", {}, Limits()))
        try:
            hand_over(executor, text, 50)  # connections, imports, the node
            clocks: dict[str, Callable[[], float]] = {
                "coordinator": time.process_time,
                "scheduler": lambda: cpu_seconds(cluster.scheduler.pid),
                "worker": lambda: cpu_seconds(cluster.workers[0].pid),
            }
            before = {name: clock() for name, clock in clocks.items()}
            hand_over(executor, text, tasks)
            return {name: (clock() - before[name]) / tasks for name, clock in clocks.items()}
        finally:
            executor.close()


def hand_over(executor: ClusterExecutor, text: str, count: int) -> None:
    """Have so many submissions played, a few dozen at a time, as a run does."""
    running = set()
    for number in range(count):
        running.add(executor.submit(f"s{number}", text))
        if len(running) >= 2 * executor.workers:
            _, running = wait(running, return_when="FIRST_COMPLETED")
    wait(running)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=60, metavar="N")
    parser.add_argument("--tasks", type=int, default=2000, metavar="N")
    parser.add_argument("--store", action="store_true", help="keep the numbers in results/")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        found = with_postgresql(options.students, Path(scratch, "course"))
        found["dask"] = dask_costs(options.tasks, Path(scratch, "dask"))
    found = {"machine": machine(*PACKAGES), "problem_set": SET, **found}
    for name, seconds in found["stages"].items():
        print(f"{name}: {statistics.mean(seconds):.4f} s")
    print(f"database: {found['database_cpu']:.4f} s, {found['database_bytes']} bytes")
    print("Dask:", {name: round(seconds, 5) for name, seconds in found["dask"].items()})
    if options.store:
        path = RESULTS / "scale_costs.json"
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
