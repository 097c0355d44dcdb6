"""No solution, hidden test or mark scheme shows in what students get or in the built website."""

from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from grader.leaks import find_leaks
from grader.regions import secrets
from tests.exercises.problem_set import ROOT, SETS, ProblemSet

SITE = ROOT / "_build" / "html"
TELLING = 25  # shorter lines, such as `if wrong == 0:`, stand in many places


class _Text(HTMLParser):
    """Collects what a reader of a page sees: highlighted code is full of tags in between."""

    def __init__(self, page):
        super().__init__()
        self.parts = []
        self.feed(page)
        self.close()

    def handle_data(self, data):
        self.parts.append(data)


def leaks_on_site(source: Path, site: Path, scratch: Path) -> list[str]:
    """Return a sentence for each secret of `source` that a page below `site` shows."""
    for page in site.rglob("*.html"):
        target = scratch / page.relative_to(site).with_suffix(".txt")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(_Text(page.read_text(encoding="utf-8")).parts))
    for other in [*site.rglob("*.ipynb"), *site.rglob("*.js"), *site.rglob("*.txt")]:
        target = scratch / other.relative_to(site)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(other.read_bytes())
    return find_leaks(source, scratch)


def lines_shown(name: str, text: str) -> list[str]:
    """Return the single lines of solutions, if long enough to be telling, that `text` contains."""
    told = ("hidden test", "commentary")  # which share lines and short phrases with other cells
    hidden = [s for s in secrets(ProblemSet(name).notebook) if s.kind not in told]
    lines = (line.strip() for secret in hidden for line in secret.lines)
    return [line for line in lines if len(line) >= TELLING and line in text]


@pytest.mark.parametrize("name", SETS)
def test_the_release_shows_no_secret(name):
    assert find_leaks(ROOT / "solutions" / name, ROOT / "exercises" / name) == []
    release = ProblemSet(name, "exercises").notebook
    text = "\n".join(cell.source for cell in release.cells)
    assert lines_shown(name, text) == []
    assert "BEGIN SOLUTION" not in text
    assert "HIDDEN TESTS" not in text
    assert not any(cell.get("outputs") for cell in release.cells)


@pytest.mark.slow
def test_the_website_shows_no_secret(tmp_path):
    """Where no website has been built there are no pages, and nothing to find."""
    sources = tmp_path / "sources"  # of all sets together, since reading the pages takes seconds
    sources.mkdir()
    for name in SETS:
        (sources / f"{name}.ipynb").symlink_to(ProblemSet(name).path)
    assert len(list(sources.glob("*.ipynb"))) == len(SETS)
    assert leaks_on_site(sources, SITE, tmp_path / "pages") == []


PLANTED = {
    "solution": ("train_perceptron", """\
        mistakes.append(wrong)
        if wrong == 0:
            break
    return w, b, mistakes"""),
    "hidden test": ("test_predict", """\
        for p, q in zip(row, w):
            z += Fraction(float(p)) * Fraction(float(q))
        return 1 if z > 0 else 0"""),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_in_the_release_is_noticed(kind, tmp_path):
    cell, secret = PLANTED[kind]
    source = ProblemSet("ps1_perceptron")
    assert secret in next(c.source for c in source.notebook.cells if c.id == cell)
    release = ProblemSet("ps1_perceptron", "exercises").notebook
    release.cells[-2].source += f"\n{secret}\n"
    nbformat.write(release, tmp_path / "ps1_perceptron.ipynb")
    expected = [f"ps1_perceptron.ipynb shows the {kind} of cell {cell}"]
    assert find_leaks(source.path.parent, tmp_path) == expected


def test_a_single_line_in_a_hint_is_noticed():
    line = "error = target - step(weighted_sum(x, w, b))"
    assert lines_shown("ps1_perceptron", f"Compute `{line}` once.") == [line]


def test_a_secret_in_the_metadata_is_noticed(tmp_path):
    source = ProblemSet("ps1_perceptron")
    release = ProblemSet("ps1_perceptron", "exercises").notebook
    release.cells[3].metadata["note"] = "return x @ w + b"
    nbformat.write(release, tmp_path / "ps1_perceptron.ipynb")
    expected = ["ps1_perceptron.ipynb shows the solution of cell weighted_sum"]
    assert find_leaks(source.path.parent, tmp_path) == expected


def test_a_secret_on_a_page_is_noticed(tmp_path):
    site = tmp_path / "html"
    site.mkdir()
    page = '<pre>error <span class="o">=</span> target - step(weighted_sum(x, w, b))\n' \
           '    <span class="k">return</span> w + lr * error * x, b + lr * error</pre>'
    (site / "chapter.html").write_text(page)
    expected = ["chapter.txt shows the solution of cell perceptron_update"]
    assert leaks_on_site(ProblemSet("ps1_perceptron").path.parent, site, tmp_path / "x") == expected
