"""Figures: each has a description in words, and none has a grey plate behind it."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

# The theme's word for a picture that reads on a light and on a dark page; it leaves those alone.
BOTH_THEMES = "dark-light"

logger = logging.getLogger(__name__)


def check_alt(image: nodes.image) -> None:
    """Warn when `image` has no alternative text, or a file name in its place."""
    alt = image.get("alt", "").strip()
    if not alt or alt == image.get("uri"):
        logger.warning(
            "a figure has no alternative text; write it into the code cell's metadata as "
            '{"mystnb": {"image": {"alt": "what the figure shows"}}}, or as ![what it shows](file)',
            location=image,
        )


def finish_images(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Check every picture of a page and mark it as drawn for both themes."""
    for image in doctree.findall(nodes.image):
        check_alt(image)
        if BOTH_THEMES not in image["classes"]:
            image["classes"].append(BOTH_THEMES)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the handler with Sphinx."""
    app.connect("doctree-resolved", finish_images)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
