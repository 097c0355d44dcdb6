"""`make prove` says what is so, and the instructors' page is what the data say."""

import dataclasses

import pytest

from tests.exercises import prove
from tests.exercises.mutants import mutants
from tests.exercises.plants import load


@pytest.mark.slow
def test_the_page_is_up_to_date():
    assert prove.PAGE.read_text(encoding="utf-8") == prove.page(), \
        "run `python -m tests.exercises.prove --page`"


@pytest.mark.slow
def test_the_page_shows_every_plant_and_no_solution():
    shown = prove.page()
    for name in prove.SETS:
        for both in load(name).values():
            assert all(prove._text(plant.name) in shown for plants in both for plant in plants)
    assert "BEGIN SOLUTION" not in shown


def test_a_verdict_that_differs_from_the_data_is_a_fault():
    wrong, right = load("ps1_perceptron")["step"]
    assert prove.verdict(wrong[0], wrong[0].fails).startswith("caught by test_perceptron_update, ")
    assert prove.verdict(right[0], set()) == "keeps all points"
    assert prove.verdict(wrong[0], set()).startswith("FAULT: keeps all points; expected to fail")
    assert prove.verdict(right[0], {"test_step"}).startswith("FAULT: caught by test_step; expected")


@pytest.mark.slow
def test_the_matrix_of_a_set_and_its_exit_status(capsys, monkeypatch):
    monkeypatch.setattr(prove, "mutants", lambda source: list(mutants(source))[:3])
    assert prove.main(["ps4_backprop"]) == 0
    said = capsys.readouterr().out
    assert "ps4_backprop: 16 points by tests, reference loses none" in said
    assert "paid for none" in said
    wrong, right = load("ps4_backprop")["relu_backward"]
    broken = {"relu_backward": ([dataclasses.replace(wrong[0], fails=frozenset())], right)}
    monkeypatch.setattr(prove, "load", lambda name: broken)
    assert prove.main(["ps4_backprop"]) == 1
    assert "FAULT" in capsys.readouterr().out


def test_an_unknown_set_is_refused(capsys):
    with pytest.raises(SystemExit):
        prove.main(["ps99_nothing"])
    assert "no problem set ps99_nothing; there are: ps1_perceptron" in capsys.readouterr().err
