"""Feedback and formgrader pages show what students wrote: it may not run, or take for ever.

nbgrader's templates put written answers into the page unfiltered, whatever `sanitize_html` says,
so nbgrader_config.py replaces the filters that all of nbconvert's templates use.
"""

import re
import time
from collections import Counter
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import bleach
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import escape
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

TAGS = {
    *bleach.ALLOWED_TAGS,
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "pre", "div", "span", "img"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption"),
    *("sub", "sup", "del", "details", "summary"),
}
PROTOCOLS = {*bleach.ALLOWED_PROTOCOLS, "data"}
# The time that bleach takes grows with the square of both; a large table has some thousand tags.
MOST_OPEN, MOST_TAGS = 100, 10_000
# Renderers take time that grows with the square of what was written for them, and so do lexers: the
# one for IPython on many texts, the one for Python on many blank lines.
MOST_WRITTEN = 20_000  # characters of one text, without the pictures in it
PICTURE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
MOST_COLOURED = 100_000  # characters of one code cell
BLANK = re.compile(r"\s{200}")
MOST_SECONDS = 5.0  # of the processor, for all texts of a page
# Tags that never have an end, or that the next of their kind ends.
WITHOUT_END = {"img", "br", "hr", "p", "tr", "th", "td", "input", "wbr", "col", "link", "meta"}


@pass_context
def render_markdown(context: Context, source: str) -> str:
    """Return a markdown cell as HTML, with its attached pictures and without active content."""
    resources = context.get("resources", {})
    used = resources.get("seconds_of_texts", 0.0)
    if len(PICTURE.sub("", source)) > MOST_WRITTEN or used > MOST_SECONDS:
        return _as_written(source)
    begun = time.thread_time()
    attachments = context.get("cell", {}).get("attachments", {})
    page = _render(source, attachments) if attachments else _render_once(source)
    resources["seconds_of_texts"] = used + time.thread_time() - begun
    return page


@lru_cache(maxsize=256)
def _render_once(source: str) -> str:
    # Most written cells are the problem set's own, and the same on the pages of the whole class.
    return _render(source, {})


def _render(source: str, attachments: Any) -> str:
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    try:
        return clean_html(MarkdownWithMath(renderer=renderer).render(source))
    except RecursionError:  # lists in lists in lists
        return _as_written(source)
    except InvalidNotebook as error:  # a picture that was not handed in costs no page
        return f"<p>({escape(error)})</p>{_as_written(source)}"


def _as_written(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def clean_html(element: Any) -> str:
    """Return HTML in which every tag and attribute outside the lists above is plain text."""
    text = element.decode() if isinstance(element, bytes) else str(element)
    if _is_a_bomb(text):
        return _as_written(text)
    return str(bleach.clean(text, tags=TAGS, attributes=_is_allowed, protocols=PROTOCOLS))


def plain_colours(notebook: Any, resources: Any) -> tuple[Any, Any]:
    """Have code coloured as Python, whatever magics it has, or not at all where that is slow."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            slow = len(cell.source) > MOST_COLOURED or BLANK.search(cell.source)
            cell.metadata["magics_language"] = "text" if slow else "python3"
    return notebook, resources


def keep_links(text: str) -> str:
    """Return HTML as it is, where nbconvert takes `files/` out of links, once IPython's prefix.

    It does so after cleaning, when `files/javascript:` has passed as the name of a file, and in
    time that grows with the square of the number of brackets.
    """
    return text


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name in ("class", "id", "title"):
        return True
    if tag == "img":
        # A data address holds the picture itself; any other scheme would call home.
        return name == "alt" or (name == "src" and value.startswith("data:image/"))
    return tag == "a" and name == "href" and not value.strip().lower().startswith("data:")


class _Open(HTMLParser):
    """Counts the tags that are open at once, at most."""

    def __init__(self) -> None:
        super().__init__()
        self.open: Counter[str] = Counter()
        self.now = self.most = 0

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag not in WITHOUT_END:
            self.open[tag] += 1
            self.now += 1
            self.most = max(self.most, self.now)

    def handle_endtag(self, tag: str) -> None:
        if self.open[tag]:
            self.open[tag] -= 1
            self.now -= 1


def _is_a_bomb(text: str) -> bool:
    tags = text.count("<")
    if tags <= MOST_OPEN:
        return False
    parser = _Open()
    if tags <= MOST_TAGS:
        parser.feed(text)
    return tags > MOST_TAGS or parser.most > MOST_OPEN
