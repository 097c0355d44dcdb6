"""Simulate the grading of a class that no machine here could hold, on measured costs.

    python benchmarks/grading_simulation.py [--submissions N] [--workers W] [--cores C] [--store]

Submissions pass through stations, each with a number of servers and one queue, as in a factory:
the coordinator, Dask's scheduler, the cores of the workers, recorders, the database. How long each
step takes is drawn from what benchmarks/grading.py and benchmarks/class_of_2000.py have measured
and stored in benchmarks/results/. The fullest station is the bottleneck.
"""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
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
