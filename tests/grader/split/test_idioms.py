"""Each common idiom of a test works across the two processes, or its remedy is named."""

import pytest

from tests.grader.split.forked import Server, errors_of, notebook
from tests.grader.split.idioms import IDIOMS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verdicts():
    """Return a function idiom, answer -> why the test fails."""
    def play(idiom, answer):
        source = notebook(("answer", "answer", idiom.answer), ("test", "test", idiom.test))
        server = Server(source)
        try:
            merged = notebook(("answer", "answer", answer), ("test", "test", idiom.test))
            played = server.play(merged)
            assert "error" not in played, played
            return errors_of(merged, played)["test"]
        finally:
            server.close()
    return play


@pytest.mark.parametrize("idiom", IDIOMS, ids=str)
def test_idiom(idiom, verdicts):
    told = verdicts(idiom, idiom.answer)
    if idiom.works:
        assert told == ""
        assert verdicts(idiom, idiom.wrong) != ""
    else:
        assert told != "", f"{idiom}: it works now; say so"
        assert idiom.remedy


def test_most_idioms_work():
    assert len(IDIOMS) >= 26
    assert sum(not idiom.works for idiom in IDIOMS) <= 3
