"""Each gate catches the defect it is there for, planted in a small page."""

import pytest

from tests.site import gates
from tests.site.browsing import NARROW, serve, visit

pytestmark = pytest.mark.slow

PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>
<link rel="icon" href="data:,">{head}</head>
<body><main><article><h1>Page</h1>{body}</article></main></body></html>"""
FORMULA = '<span class="math"><span class="katex"><math><mi>x</mi></math></span></span>'
SCROLLS = '<pre style="width: 99px; overflow: auto">a line of code that is too long for it</pre>'
PALE_LINK = (
    '<p style="color: #000">read '
    '<a href="#a" style="color: #00009c; text-decoration: none">on</a></p>'
)
GOOD = f'<p id="a"><img src="dot.svg" alt="A dot."> <a href="#a">up</a> {FORMULA}</p>'

# What is planted, the gate that must find it, and what that gate must say.
HEAD_DEFECTS = [
    ('<script src="https://a.example/a.js"></script>', "loading", "asks for https://a.example"),
    ('<script src="https://a.example/a.js"></script>', "resources", "loads https://a.example"),
    ('<link rel="stylesheet" href="//b.example/b.css">', "loading", "asks for http://b.example"),
    ('<link rel="stylesheet" href="//b.example/b.css">', "resources", "loads //b.example/b.css"),
]
BODY_DEFECTS = [
    ('<img src="dot.svg" alt="">', "images", "dot.svg: the alternative text is ''"),
    ('<img src="dot.svg" alt="figures/dot.svg">', "images", "text is 'figures/dot.svg'"),
    ('<img src="data:image/png," alt="A dot.">', "images", "the picture does not show"),
    (r"<p>so \(x^2\) is</p>", "raw_tex", r"raw TeX \( in"),
    ("<p>so $$y$$ is</p>", "raw_tex", "raw TeX $$ in"),
    (r"<p>so \begin{align} is</p>", "raw_tex", r"raw TeX \begin{ in"),
    ('<span class="math">x</span>', "raw_tex", "1 formulas without MathML"),
    ('<div style="width: 500px">wide</div>', "sideways", "in a window of 390 px"),
    ('<p style="color: #ccc">pale</p>', "accessibility", "color-contrast"),
    ('<p style="color: #ccc">pale</p>', "colours", "color-contrast"),
    (PALE_LINK, "colours", "link-in-text-block"),
    ("<button></button>", "accessibility", "button-name"),
    ("<button></button>", "narrow", "button-name"),
    (SCROLLS, "narrow", "scrollable-region-focusable"),
    ('<a href="gone.html">gone</a>', "links", "page.html: gone.html leads to no file"),
    ('<a href="#gone">gone</a>', "links", "page.html: #gone leads to no anchor"),
    ("<script>throw new Error('thrown')</script>", "loading", "thrown"),
    ("<script>console.error('printed')</script>", "loading", "console: printed"),
    ("<script>fetch('https://c.example/x')</script>", "loading", "asks for https://c.example/x"),
]


def breaches(browser, folder, body, head=""):
    """Return what each gate finds on a page with this body and head."""
    (folder / "dot.svg").write_text(PIXEL)
    (folder / "page.html").write_text(PAGE.format(body=body, head=head))
    with serve(folder) as address, visit(browser, f"{address}/page.html", NARROW) as seen:
        return {
            "loading": gates.loading(seen),
            "images": gates.images(seen.page),
            "raw_tex": gates.raw_tex(seen.page),
            "sideways": gates.sideways(seen.page),
            "accessibility": gates.accessibility(seen.page),
            "colours": gates.accessibility(seen.page, gates.COLOUR_RULES),
            "narrow": gates.accessibility(seen.page, gates.NARROW_RULES),
            "links": gates.broken_links(folder),
            "resources": gates.outside_resources(folder),
        }


@pytest.fixture(scope="module")
def broken(browser, tmp_path_factory):
    """Return what the gates find on one page that has every defect."""
    body = "".join(defect for defect, _, _ in BODY_DEFECTS)
    head = "".join(dict.fromkeys(defect for defect, _, _ in HEAD_DEFECTS))
    return breaches(browser, tmp_path_factory.mktemp("broken"), GOOD + body, head)


def test_a_good_page_passes(browser, tmp_path):
    assert not any(breaches(browser, tmp_path, GOOD).values())


@pytest.mark.parametrize(("defect", "gate", "sentence"), HEAD_DEFECTS + BODY_DEFECTS)
def test_a_planted_defect_is_found(broken, defect, gate, sentence):
    assert any(sentence in text for text in broken[gate]), (defect, broken[gate])


def test_a_stylesheet_that_loads_from_outside_is_found(tmp_path):
    css = "@import 'https://example.org/a.css'; p { background: url(//example.org/b.png) }"
    (tmp_path / "style.css").write_text(css + " /* url(https://example.org/comment) */")
    assert gates.outside_resources(tmp_path) == [
        "style.css: loads //example.org/b.png",
        "style.css: loads https://example.org/a.css",
    ]


def test_a_missing_page_is_found(tmp_path, browser):
    with serve(tmp_path) as address, visit(browser, f"{address}/none.html") as seen:
        assert "status 404" in gates.loading(seen)


def test_a_missing_browser_is_one_clear_sentence(monkeypatch):
    from tests.site import browsing

    monkeypatch.setattr(browsing, "find_browser", lambda: None)
    with (
        pytest.raises(RuntimeError, match="sudo apt-get install chromium"),
        browsing.chromium(),
    ):
        pass
