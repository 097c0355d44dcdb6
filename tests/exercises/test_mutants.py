"""The graders notice small slips: at least 95 % of the mutants, and all but equal ones."""

import ast

import pytest

from grader.running.alarm import time_limit
from tests.exercises.mutants import listed_survivors, mutants, survives
from tests.exercises.problem_set import SETS, ProblemSet

FEWEST_KILLED = 0.95


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_only_mutants_that_are_as_right_as_the_reference_survive(name):
    source = ProblemSet(name)
    made = list(mutants(source))
    alive = {str(mutant) for mutant in made if survives(source, mutant)}
    assert alive == set(listed_survivors(name))
    assert 1 - len(alive) / len(made) >= FEWEST_KILLED


@pytest.mark.parametrize("name", SETS)
def test_every_answer_has_mutants_and_every_survivor_a_reason(name):
    source = ProblemSet(name)
    made = list(mutants(source))
    assert {mutant.answer for mutant in made} == set(source.answers)
    assert len({str(mutant) for mutant in made}) == len(made)
    reasons = listed_survivors(name)
    assert all(len(str(reason).split()) >= 5 for reason in reasons.values())


def test_a_mutant_is_one_change_of_one_solution():
    source = ProblemSet("ps1_perceptron")
    made = [mutant for mutant in mutants(source) if mutant.answer == "weighted_sum"]
    assert "weighted_sum: return x @ w + b -> return x @ w - b" in {str(mutant) for mutant in made}
    original = ast.unparse(ast.parse(source.answers["weighted_sum"].source))
    for mutant in made:
        pairs = zip(original.splitlines(), mutant.code.splitlines(), strict=True)
        assert sum(old != new for old, new in pairs) == 1


def test_a_grader_that_sees_nothing_is_noticed():
    """With its test cells emptied a set lets every mutant live."""
    source = ProblemSet("ps1_perceptron")
    for cell in source.tests.values():
        cell.source = "pass"
    assert all(survives(source, mutant) for mutant in list(mutants(source))[:5])


def test_an_endless_mutant_ends():
    with pytest.raises(TimeoutError, match=r"more than 0\.05 processor s"):
        run_for_ever()


def run_for_ever():
    with time_limit(0.05):
        while True:
            pass
