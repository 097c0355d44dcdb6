"""What a student writes is shown on feedback and formgrader pages, and none of it can run there."""

import time
from html.parser import HTMLParser

import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_files_prefix
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.converters import GenerateFeedback

from grader import safe_html
from grader.running.alarm import time_limit
from grader.safe_html import clean_html, render_markdown

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://example.org/spy.png">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,alert(1)">x</a>',
    '<a href=" DATA:text/html,x">x</a>',
    "<iframe src='https://example.org'></iframe>",
    "<svg onload=alert(1)></svg>",
    "<p style='background:url(https://example.org)'>x</p>",
    "<form action='https://example.org'><button>x</button></form>",
]


class ActiveContent(HTMLParser):
    """Collect everything on a page that could run or fetch."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.inside = ""

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        if tag in ("iframe", "svg", "form", "object", "embed"):
            self.found.append(tag)
        for name, value in attributes:
            address = (value or "").strip().lower()
            runs = name.startswith("on") or name == "style"
            scheme = address.startswith(("javascript:", "data:text"))
            fetches = tag == "img" and name == "src" and not address.startswith("data:image/")
            if runs or scheme or fetches:
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        if self.inside == "script" and "alert(" in data:
            self.found.append(data)


def active_content(html):
    parser = ActiveContent()
    parser.feed(html)
    return parser.found


@pytest.fixture
def render(course):
    """Return a function: cells -> the feedback page that this course's settings make of them."""
    feedback = GenerateFeedback(coursedir=course.coursedir("tiny"), config=course.config)
    score = {"notebook": "tiny", "score": 0, "max_score": 0, "late_penalty": 0}

    def export(*cells):
        notebook = new_notebook(cells=list(cells))
        exporter = HTMLExporter(config=feedback.config)
        html, _ = exporter.from_notebook_node(notebook, resources={"nbgrader": score})
        return html[html.index('id="notebook-container"') :]

    return export


@pytest.mark.parametrize("code", ACTIVE)
def test_active_content_is_shown_as_text_wherever_a_student_puts_it(render, code):
    assert active_content(code), "the check sees it"
    shown = new_output("display_data", data={"text/html": code})
    written = new_output("display_data", data={"text/markdown": code})
    page = render(
        new_markdown_cell(f"my answer\n\n{code}"),
        new_markdown_cell(f"inline {code}"),
        new_raw_cell(code),
        new_code_cell("show()", outputs=[shown, written]),
    )
    assert "my answer" in page
    assert active_content(page) == []


@pytest.mark.parametrize(
    "code",
    [
        "[x](files/javascript:alert(1))",
        '<a href="/files/javascript:alert(1)">x</a>',
        "<a href='files/data:text/html,alert(1)'>x</a>",
    ],
)
def test_a_link_is_not_changed_after_it_was_cleaned(render, code):
    assert active_content(strip_files_prefix(render_markdown({}, code))), "nbconvert's filter"
    shown = new_output("display_data", data={"text/markdown": code})
    page = render(new_markdown_cell(code), new_code_cell("show()", outputs=[shown]))
    assert "files/" in page
    assert active_content(page) == []


def test_script_output_is_left_out(render):
    output = new_output("display_data", data={"application/javascript": "alert(1)"})
    assert active_content(render(new_code_cell("show()", outputs=[output]))) == []


def test_ordinary_writing_survives(render):
    picture = {"drawing.png": {"image/png": "aGVsbG8="}}
    page = render(
        new_markdown_cell("# Title\n\n**bold** and $a < b$\n\n| x | y |\n|---|---|\n| 1 | 2 |"),
        new_markdown_cell("<details><summary>Hint</summary>\n\nlook\n\n</details>"),
        new_markdown_cell(
            "![a drawing](attachment:drawing.png) [link](https://example.org)", attachments=picture
        ),
        new_code_cell("1", outputs=[new_output("stream", name="stdout", text="a < b")]),
    )
    for expected in (
        "<h1",
        "<strong>bold</strong>",
        "$a &lt; b$",
        "<th>x</th>",
        "<details><summary>Hint</summary>",
        '<img alt="a drawing" src="data:image/png;base64,aGVsbG8="',
        '<a href="https://example.org">link</a>',
        "a &lt; b",
    ):
        assert expected in page


def test_picture_that_was_not_handed_in_costs_no_page(render):
    page = render(new_markdown_cell("see ![x](attachment:lost.png) <script>alert(1)</script>"))
    assert "(missing attachment: lost.png)" in page
    assert "see ![x](attachment:lost.png)" in page
    assert active_content(page) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["![", "\\begin{a}", '"', "> ", "```\n", "\n: ", " \n", "**", "www.", "!ls ", "\n\n    "],
)
def test_a_page_takes_bounded_time_whatever_is_written(render, unit):
    for length, most in ((20_000, 6), (90_000, 15), (500_000, 30)):
        text = unit * (length // len(unit))
        with time_limit(most):
            page = render(new_markdown_cell(text), new_code_cell(f"%magic\n{text}"))
        assert "magic" in page


def test_a_large_picture_is_no_long_text(render):
    address = f"data:image/png;base64,{'aGk+' * 50_000}"
    page = render(new_markdown_cell(f"![plot]({address}) and *words*"))
    assert f'<img alt="plot" src="{address}"' in page
    assert "<em>words</em>" in page


def test_a_page_with_many_slow_texts_shows_the_last_as_they_are_written(render, monkeypatch):
    monkeypatch.setattr(safe_html, "MOST_SECONDS", 0.05)
    slow = '"' * 19_000
    page = render(*[new_markdown_cell(f"**{n}**{slow}") for n in range(4)])
    assert "<strong>0</strong>" in page
    assert "<pre>**3**" in page


@pytest.mark.parametrize("length", [10, 20_000])
def test_code_has_colours_and_all_its_text(render, length):
    page = render(new_code_cell("def f(x): return x\n" + "#" * length))
    assert "#" * length in page
    keyword = '<span class="k">'
    assert keyword in page
    for slow in ("#" * 100_000, "\n" * 300 + "x"):
        page = render(new_code_cell(f"def f(x): return x\n{slow}"))
        assert keyword not in page
        assert f"def f(x): return x\n{slow}" in page


@pytest.mark.parametrize(
    "text",
    ["<b><i>" * 50_000, "<b></i>" * 2000, "<table>" + "<tr><td>x" * 20_000],
)
def test_what_renderers_take_very_long_for_is_shown_as_text(text):
    started = time.process_time()
    page = render_markdown({}, text)
    assert time.process_time() - started < 20
    assert page.startswith("<pre>")
    assert active_content(page) == []


def test_a_large_table_stays_a_table():
    rows = "<tr>" + "<td>1</td>" * 20 + "</tr>"
    assert clean_html(f"<table>{rows * 60}</table>").count("<td>") == 1200
