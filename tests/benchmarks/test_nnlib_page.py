"""What README says of nnlib's speed is what was measured."""

import copy

import pytest


@pytest.fixture
def page(benchmark_script):
    return benchmark_script("nnlib_page")


@pytest.fixture
def figures(benchmark_script):
    return benchmark_script("nnlib_figures")


def test_readme_tells_the_stored_results(page, readme) -> None:
    text = readme.README.read_text(encoding="utf-8")
    again = "run `python benchmarks/nnlib_page.py`"
    assert text == readme.with_part(text, page.part(page.load()), page.AUTHOR), again


def test_the_stored_results_are_of_a_whole_run(page, benchmark_script) -> None:
    stored = page.load()
    bench = benchmark_script("nnlib_vs_torch")
    assert stored["rounds"] == bench.SLOTS[False][0]
    for cases in stored["threads"].values():
        assert [one["network"] for one in cases] == [case.name for case in bench.CASES]
        assert all("compile" in one["ratios"] for one in cases)


def test_another_result_is_another_text(page) -> None:
    stored = page.load()
    before = page.part(stored)
    after = copy.deepcopy(stored)
    after["threads"]["1"][-1]["ratios"]["products"] = [1.2, 9.87, 9.9]
    assert "at most 9.87, goal 1.25: MISSED (1024-1024-1024-10" in page.part(after)
    assert "9.87" not in before
    after["rounds"] = 2
    assert "median of 2" in page.part(after)


def test_quartiles_of_the_ratios_in_the_same_round(figures) -> None:
    times = {"nnlib": [0.001, 0.002, 0.003, 0.004, 0.005], "torch": [0.002, 0.002, 0.012, 0.1, 0.1]}
    one = figures.figures("XOR", "SGD", times)
    assert one["seconds"] == 0.003
    assert one["ratios"] == {"torch": pytest.approx([0.05, 0.25, 0.5])}
    cells = dict(zip(figures.COLUMNS, figures.row(one), strict=True))
    assert (cells["nnlib, ms"], cells["torch"], cells["fused"]) == ("3.000", "0.25", "-")


def test_each_goal_is_judged_by_the_worst_case_that_it_concerns(figures) -> None:
    def case(network, torch, products):
        ratios = {"torch": [0.0, torch, 9.0], "products": [0.0, products, 9.0]}
        return {"network": network, "training": "SGD", "seconds": 1.0, "ratios": ratios}

    cases = [case("XOR 2", 0.30, 20), case("digits 64", 0.36, 20), case("784-256", 1.0, 2.0)]
    all_cases, small = figures.verdicts(cases)
    assert "at most 1.00, goal 1.00: met (784-256, SGD;" in all_cases
    assert "at most 0.36, goal 0.35: MISSED (digits 64, SGD;" in small
    wide = figures.verdicts([*cases, case("1024-1024", 1.01, 1.25)])
    assert "1.01, goal 1.00: MISSED" in wide[0]
    assert "1.25, goal 1.25: met" in wide[2]
