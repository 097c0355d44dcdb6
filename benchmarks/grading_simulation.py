"""Simulate the grading of a class that no machine here could hold, on measured costs.

    python benchmarks/grading_simulation.py [--submissions N] [--workers W] [--cores C] [--store]

Submissions pass through stations, each with a number of servers and one queue, as in a factory:
coordinators, Dask's scheduler, the cores of the workers, the database. How long each step takes is
drawn from what benchmarks/scale_costs.py has measured and stored. The fullest station is the
bottleneck.

A coordinator reads hand-ins and records results in one thread, and waits for the database while it
records, so the time of a record counts there in full and the database's part of it once more at the
database. Several coordinators are several course folders, each with a part of the class, that share
one scheduler and one gradebook. Feedback pages are made after the last record, on all cores of the
coordinators' machine.
"""

import argparse
import heapq
import json
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PLAY = ("spawn", "student", "judge", "hand-over")  # what a worker does
COORDINATORS = (1, 2, 4, 8, 16, 32)
Draw = Callable[[random.Random], float]


@dataclass(frozen=True)
class Visit:
    """One step of a submission: the station it needs, and for how many seconds."""

    station: str
    seconds: Draw


@dataclass
class Station:
    """Servers that work in parallel on one queue.

    The queue prefers those who have come furthest: what is nearly done frees a place in `window`.
    """

    servers: int
    free: int = field(init=False)
    queue: list[tuple[int, int, int]] = field(default_factory=list)
    busy_seconds: float = 0.0
    longest: int = 0

    def __post_init__(self) -> None:
        self.free = self.servers


@dataclass(frozen=True)
class Outcome:
    """What a simulated run took; `load` is the share of its servers' time each station worked."""

    seconds: float
    load: dict[str, float]
    longest_queue: dict[str, int]

    @property
    def bottleneck(self) -> str:
        """The station that was busiest."""
        return max(self.load, key=lambda name: self.load[name])


def simulate(
    route: Sequence[Visit],
    servers: dict[str, int],
    submissions: int,
    window: int,
    seed: int = 0,
) -> Outcome:
    """Let submissions take a route, at most `window` of them under way at a time.

    Parameters
    ----------
    route : sequence of Visit
        The steps of every submission; a station may be visited more than once.
    servers : dict
        Station -> how many work there in parallel.
    """
    rng, order = random.Random(seed), count()
    stations = {name: Station(number) for name, number in servers.items()}
    events: list[tuple[float, int, int]] = []  # (when, tie-break, position on the route)
    now, started = 0.0, 0

    def arrive(position: int) -> None:
        station = stations[route[position].station]
        heapq.heappush(station.queue, (-position, next(order), position))
        station.longest = max(station.longest, len(station.queue))
        serve(station)

    def serve(station: Station) -> None:
        while station.free and station.queue:
            position = heapq.heappop(station.queue)[2]
            seconds = route[position].seconds(rng)
            station.free -= 1
            station.busy_seconds += seconds
            heapq.heappush(events, (now + seconds, next(order), position))

    while started < min(window, submissions):
        started += 1
        arrive(0)
    while events:
        now, _, position = heapq.heappop(events)
        station = stations[route[position].station]
        station.free += 1
        if position + 1 < len(route):
            arrive(position + 1)
        elif started < submissions:
            started += 1
            arrive(0)
        serve(station)
    load = {name: s.busy_seconds / (s.servers * now) for name, s in stations.items()}
    return Outcome(now, load, {name: s.longest for name, s in stations.items()})


def drawn(samples: Sequence[float], extra: float = 0.0) -> Draw:
    """Return a function that draws one of the measured times, and adds what all have."""
    return lambda rng: rng.choice(samples) + extra


def route(costs: dict[str, Any]) -> list[Visit]:
    """Return the way of a submission, from the measured costs."""
    stages, dask = costs["stages"], costs["dask"]
    plays = [sum(parts) for parts in zip(*(stages[n] for n in PLAY), strict=True)]
    return [
        Visit("coordinators", drawn(stages["intake"], dask["coordinator"])),
        Visit("scheduler", drawn([dask["scheduler"]])),
        Visit("cores", drawn(plays, dask["worker"])),
        Visit("coordinators", drawn(stages["record"])),
        Visit("database", drawn([costs["database_cpu"]])),
    ]


def scenario(
    costs: dict[str, Any], submissions: int, workers: int, cores: int, coordinators: int
) -> dict[str, Any]:
    """Simulate one set-up; return its times in seconds and the loads of its stations."""
    servers = {"coordinators": coordinators, "scheduler": 1, "cores": workers * cores,
               "database": cores}
    graded = simulate(route(costs), servers, submissions, window=2 * workers * cores)
    pages = Visit("pages", drawn(costs["stages"]["feedback"]))
    written = simulate([pages], {"pages": cores}, submissions, window=2 * cores)
    return {
        "coordinators": coordinators,
        "grading": graded.seconds,
        "feedback": written.seconds,
        "rate": submissions / graded.seconds,
        "load": graded.load,
        "bottleneck": graded.bottleneck,
    }


def run(costs: dict[str, Any], submissions: int, workers: int, cores: int) -> dict[str, Any]:
    """Simulate a class with more and more coordinators, and with few workers for comparison."""
    stages = costs["stages"]
    play = sum(statistics.mean(stages[name]) for name in PLAY) + costs["dask"]["worker"]
    own = statistics.mean(stages["intake"]) + statistics.mean(stages["record"])
    own += costs["dask"]["coordinator"]
    return {
        "submissions": submissions,
        "workers": workers,
        "cores": cores,
        "play": play,
        "coordinate": own,
        "cores_for_one_coordinator": play / own,
        "scenarios": [scenario(costs, submissions, workers, cores, n) for n in COORDINATORS],
    }


def told(found: dict[str, Any]) -> str:
    """Return the scenarios as a table in Markdown."""
    lines = [
        "| coordinators | grading, min | feedback, min | submissions a second | bottleneck | "
        "load of cores | load of coordinators |",
        "| --: | --: | --: | --: | --- | --: | --: |",
    ]
    for one in found["scenarios"]:
        load = one["load"]
        lines.append(
            f"| {one['coordinators']} | {one['grading'] / 60:.0f} | {one['feedback'] / 60:.0f} | "
            f"{one['rate']:.0f} | {one['bottleneck']} | {load['cores']:.0%} | "
            f"{load['coordinators']:.0%} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=100_000, metavar="N")
    parser.add_argument("--workers", type=int, default=50, metavar="W")
    parser.add_argument("--cores", type=int, default=8, metavar="C", help="of each machine")
    parser.add_argument("--store", action="store_true", help="keep the numbers in results/")
    options = parser.parse_args(arguments)
    path = RESULTS / "scale_costs.json"
    if not path.is_file():
        parser.error("there are no measured costs: run `python benchmarks/scale_costs.py --store`")
    costs = json.loads(path.read_text(encoding="utf-8"))
    found = run(costs, options.submissions, options.workers, options.cores)
    print(told(found))
    print(f"One coordinator keeps {found['cores_for_one_coordinator']:.1f} cores busy.")
    if options.store:
        text = json.dumps(found, indent=1) + "\n"
        (RESULTS / "grading_simulation.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
