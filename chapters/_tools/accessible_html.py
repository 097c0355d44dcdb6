"""Small repairs of generated HTML for readers who use a screen reader.

The repairs of the theme's own buttons are in `chapters/_templates`.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

REPAIRS = {
    # docutils: the role is deprecated, and a list must hold list items.
    'role="doc-biblioentry"': 'role="listitem"',
    # myst-nb: the label hides the visible text, which says what is folded away.
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def repair_body(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Apply the repairs to the text of one page."""
    for wrong, right in REPAIRS.items():
        context["body"] = context.get("body", "").replace(wrong, right)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the repairs with Sphinx."""
    app.connect("html-page-context", repair_body)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
