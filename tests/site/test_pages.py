"""The built website in a real browser: every page, light and dark, wide and narrow."""

import re

import nbformat
import pytest
import yaml

from tests.site import gates
from tests.site.browsing import NARROW, WIDE, visit
from tests.site.building import ROOT

pytestmark = pytest.mark.slow

CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))


def pages_of(node):
    """Return the pages that a part of the table of contents names."""
    below = [
        page
        for key in ("parts", "chapters", "sections")
        for part in node.get(key, [])
        for page in pages_of(part)
    ]
    return [node[key] for key in ("root", "file") if key in node] + below


PAGES = [*pages_of(yaml.safe_load((ROOT / "_toc.yml").read_text())), "search"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_passes_every_gate(browser, address, name):
    with visit(browser, f"{address}/{name}.html", WIDE) as seen:
        assert gates.images(seen.page) == []
        assert gates.raw_tex(seen.page) == []
        assert gates.sideways(seen.page) == []
        gates.unfold(seen.page)
        assert gates.sideways(seen.page) == []
        seen.page.evaluate(gates.THIN)
        for theme, rules in (("light", gates.AXE_RULES), ("dark", gates.COLOUR_RULES)):
            seen.page.emulate_media(color_scheme=theme)
            seen.page.wait_for_selector(f"html[data-theme={theme}]")
            assert gates.accessibility(seen.page, rules) == []
        assert gates.loading(seen) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_a_phone(browser, address, name):
    with visit(browser, f"{address}/{name}.html", NARROW) as seen:
        assert gates.sideways(seen.page) == []
        # Here with all its code and formulas, whose boxes scroll and must be reachable by keyboard.
        # What all pages share, such as the menu that only a phone shows, by every rule on two.
        rules = gates.AXE_RULES if name in ("index", CHAPTERS[1]) else gates.NARROW_RULES
        assert gates.accessibility(seen.page, rules) == []
        assert gates.loading(seen) == []


@pytest.mark.parametrize("name", ["index", *CHAPTERS])
def test_a_page_opens_from_a_file(browser, site, name):
    with visit(browser, (site / f"{name}.html").as_uri()) as seen:
        assert gates.loading(seen) == []
        assert gates.images(seen.page) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_of_a_chapter_is_on_its_page(browser, address, name):
    notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]
    with visit(browser, f"{address}/{name}.html", dark=True) as seen:
        images = seen.page.locator("article .cell_output img")
        assert images.count() == len(figures) > 0
        plates = images.evaluate_all("all => all.map(i => getComputedStyle(i).backgroundColor)")
        assert set(plates) == {"rgba(0, 0, 0, 0)"}


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_are_typeset_and_numbered(browser, address, name):
    with visit(browser, f"{address}/{name}.html") as seen:
        assert seen.page.locator("article .katex math").count() > 0
        numbers = seen.page.locator("article .eqno").all_inner_texts()
        chapter = int(name[:2])
        assert numbers == [f"({chapter}.{i})" for i in range(1, len(numbers) + 1)]
        assert numbers
        font = seen.page.locator("article .katex .mathnormal").first
        assert seen.page.evaluate("document.fonts.check('16px KaTeX_Math')")
        assert "KaTeX_Math" in font.evaluate("e => getComputedStyle(e).fontFamily")


def test_every_link_leads_somewhere(site):
    assert gates.broken_links(site) == []


def test_nothing_is_loaded_from_outside(site):
    assert gates.outside_resources(site) == []
    loaded = {load for page in gates.markup(site).values() for load in page.loads}
    assert not [load for load in loaded if re.search("mathjax|thebe", load, re.IGNORECASE)]


def test_fonts_of_formulas_lie_beside_the_pages(site):
    katex = site / "_static" / "katex"
    named = set(re.findall(r"url\(([^)]*)\)", (katex / "katex.min.css").read_text()))
    assert named == {f"fonts/{path.name}" for path in (katex / "fonts").iterdir()}
    assert {path.suffix for path in (katex / "fonts").iterdir()} == {".woff2"}


def test_buttons_point_at_the_address_in_the_configuration(site):
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    owner_and_name = repository["url"].removeprefix("https://github.com/")
    branch = repository["branch"]
    for name in CHAPTERS:
        links = gates.Markup((site / f"{name}.html").read_text()).links
        path = f"chapters/{name}.ipynb"
        hub = f"https://mybinder.org/v2/gh/{owner_and_name}/{branch}?urlpath=lab/tree/{path}"
        colab = f"https://colab.research.google.com/github/{owner_and_name}/blob/{branch}/{path}"
        assert {hub, colab, repository["url"]} <= set(links)


def test_search_finds_a_word(browser, address):
    with visit(browser, f"{address}/search.html?q=hyperplane") as seen:
        seen.page.wait_for_selector("#search-results li a")
        assert "perceptron" in seen.page.locator("#search-results").inner_text().lower()
        assert gates.loading(seen) == []
        assert gates.accessibility(seen.page) == []


def test_no_solution_is_on_the_website(site):
    for path in site.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".js", ".txt", ".md"):
            text = path.read_text(encoding="utf-8")
            assert "BEGIN SOLUTION" not in text, path
            assert "BEGIN HIDDEN TESTS" not in text, path
