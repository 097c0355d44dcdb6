"""What README and book say of grading is what was measured."""

import json

import pytest


@pytest.fixture
def page(benchmark_script):
    return benchmark_script("grading_page")


def test_book_and_readme_tell_the_stored_results(page, readme) -> None:
    results = page.load()
    again = "run `python benchmarks/grading_page.py`"
    assert page.PAGE.read_text(encoding="utf-8") == page.page(results), again
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_part(text, page.readme(results), page.AUTHOR), again


def test_another_result_is_another_text(page) -> None:
    before = page.load()
    for name, change in (("grading", "rows"), ("large", "seconds"),
                         ("simulation", "play")):
        after = json.loads(json.dumps(before))
        after[name][change] = [["x"]] if change == "rows" else after[name][change] * 2
        assert page.page(after) != page.page(before)


def test_the_stored_results_are_those_of_the_final_setup(page) -> None:
    results = page.load()
    assert results["grading"]["students"] == 60
    assert results["large"]["students"] == 2000
    assert results["simulation"]["submissions"] == 100_000
    assert results["simulation"]["workers"] == 50
    assert all(not one["other_points"] for one in results["large"]["sets"].values())
