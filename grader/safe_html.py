"""Feedback and formgrader pages show what students wrote; none of it may run in a browser.

nbgrader's templates put written answers into the page unfiltered, whatever `sanitize_html` says,
so nbgrader_config.py replaces the two filters that all of nbconvert's templates use.
"""

from functools import lru_cache
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


@pass_context
def render_markdown(context: Context, source: str) -> str:
    """Return a markdown cell as HTML, with its attached pictures and without active content."""
    attachments = context.get("cell", {}).get("attachments", {})
    return _render(source, attachments) if attachments else _render_once(source)


@lru_cache(maxsize=256)
def _render_once(source: str) -> str:
    # Most written cells are the problem set's own, and the same on the pages of the whole class.
    return _render(source, {})


def _render(source: str, attachments: Any) -> str:
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    try:
        return clean_html(MarkdownWithMath(renderer=renderer).render(source))
    except InvalidNotebook as error:  # a picture that was not handed in costs no page
        return f"<p>({escape(error)})</p><pre>{escape(source)}</pre>"


def clean_html(element: Any) -> str:
    """Return HTML in which every tag and attribute outside the lists above is plain text."""
    text = element.decode() if isinstance(element, bytes) else str(element)
    return str(bleach.clean(text, tags=TAGS, attributes=_is_allowed, protocols=PROTOCOLS))


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name in ("class", "id", "title"):
        return True
    if tag == "img":
        # A data address holds the picture itself; any other scheme would call home.
        return name == "alt" or (name == "src" and value.startswith("data:image/"))
    return tag == "a" and name == "href" and not value.strip().lower().startswith("data:")
