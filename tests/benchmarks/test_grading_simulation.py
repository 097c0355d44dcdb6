"""The simulation of a grading run keeps to what can be worked out by hand."""

import random

import pytest


@pytest.fixture
def sim(benchmark_script):
    return benchmark_script("grading_simulation")


def fixed(seconds):
    return lambda rng: seconds


def test_one_station_takes_turns(sim) -> None:
    found = sim.simulate([sim.Visit("desk", fixed(2.0))], {"desk": 1}, 10, window=4)
    assert found.seconds == pytest.approx(20)
    assert found.load == {"desk": pytest.approx(1)}
    assert found.longest_queue == {"desk": 4}


def test_servers_share_the_work(sim) -> None:
    found = sim.simulate([sim.Visit("cores", fixed(3.0))], {"cores": 4}, 10, window=100)
    assert found.seconds == pytest.approx(9)  # 4, 4 and 2
    assert found.load["cores"] == pytest.approx(30 / 36)


def test_the_slowest_station_of_a_line_decides(sim) -> None:
    route = [sim.Visit("a", fixed(1.0)), sim.Visit("b", fixed(3.0)), sim.Visit("c", fixed(1.0))]
    found = sim.simulate(route, {"a": 1, "b": 1, "c": 1}, 50, window=10)
    assert found.seconds == pytest.approx(1 + 50 * 3 + 1)
    assert found.bottleneck == "b"


def test_a_station_can_be_visited_twice_and_finishes_what_is_nearly_done(sim) -> None:
    route = [sim.Visit("desk", fixed(1.0)), sim.Visit("cores", fixed(0.5)),
             sim.Visit("desk", fixed(1.0))]
    found = sim.simulate(route, {"desk": 1, "cores": 10}, 20, window=10)
    # Only while the last one is on the cores does the desk wait.
    assert 40 <= found.seconds <= 40.5
    # Each place in the window that is given free is taken by the next: at most 10 are under way.
    assert found.longest_queue["desk"] <= 10


def test_a_window_of_one_has_no_overlap(sim) -> None:
    route = [sim.Visit("a", fixed(1.0)), sim.Visit("b", fixed(2.0))]
    found = sim.simulate(route, {"a": 5, "b": 5}, 7, window=1)
    assert found.seconds == pytest.approx(21)
    assert set(found.longest_queue.values()) == {1}


def test_random_times_keep_their_mean_and_a_seed_gives_the_same_run(sim) -> None:
    route = [sim.Visit("desk", lambda rng: rng.choice([1.0, 3.0]))]
    runs = [sim.simulate(route, {"desk": 2}, 4000, window=50, seed=seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    for run in runs:
        assert run.seconds == pytest.approx(4000, rel=0.05)


def test_waiting_grows_as_queueing_theory_says(sim) -> None:
    """Machines that break down at random times, and one repairman: a closed line of two stations.

    With n places, mean 1 for either step and exponential times, the repairman is idle with
    probability 1 / (n + 1).
    """
    def exponential(rng: random.Random) -> float:
        return rng.expovariate(1.0)

    route = [sim.Visit("a", exponential), sim.Visit("b", exponential)]
    for places in (1, 2, 5):
        found = sim.simulate(route, {"a": 1, "b": 1}, 40_000, window=places)
        assert found.load["b"] == pytest.approx(places / (places + 1), rel=0.03)


COSTS = {
    "stages": {"intake": [0.01, 0.03], "spawn": [0.02], "student": [0.03], "judge": [0.3],
               "hand-over": [0.04], "record": [0.06], "feedback": [0.04]},
    "dask": {"coordinator": 0.02, "scheduler": 0.001, "worker": 0.01},
    "database_cpu": 0.01,
}


def test_scenarios_find_the_coordinator_first_and_then_the_cores(sim) -> None:
    # A coordinator takes 0.02 + 0.02 + 0.06 = 0.1 s, a core 0.39 + 0.01 = 0.4 s.
    found = sim.run(COSTS, 2000, workers=2, cores=8)
    assert found["play"] == pytest.approx(0.4)
    assert found["coordinate"] == pytest.approx(0.1)
    assert found["cores_for_one_coordinator"] == pytest.approx(4)
    first, *_, last = found["scenarios"]
    assert (first["coordinators"], first["bottleneck"]) == (1, "coordinators")
    assert first["rate"] == pytest.approx(10, rel=0.02)
    assert first["load"]["cores"] == pytest.approx(4 / 16, rel=0.03)
    assert last["bottleneck"] == "cores"
    assert last["rate"] == pytest.approx(16 / 0.4, rel=0.05)
    assert last["feedback"] == pytest.approx(2000 * 0.04 / 8, rel=0.01)
    rates = [one["rate"] for one in found["scenarios"]]
    assert rates == sorted(rates)
    lines = sim.told(found).splitlines()
    assert lines[2].startswith("| 1 | 3 | 0 | 10 | coordinators | 25% | 100% |")


def test_without_measured_costs_it_says_what_to_run(sim, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sim, "RESULTS", tmp_path)
    with pytest.raises(SystemExit):
        sim.main([])
    assert "scale_costs.py --store" in capsys.readouterr().err
