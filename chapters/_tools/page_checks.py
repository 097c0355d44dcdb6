"""Checks on whole pages: each has a description, and a failed build fails until it is mended."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def check_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Warn when a page written by an author has no description for search engines."""
    if doctree is not None and 'name="description"' not in context.get("metatags", ""):
        logger.warning(
            "the page has no description; write it into the page's (or notebook's) metadata as "
            '{"myst": {"html_meta": {"description lang=en": "..."}}}',
            location=pagename,
        )


def forget_failed_build(app: Sphinx, exception: Exception | None) -> None:
    """Drop the cache after warnings: else the next build skips the bad page and succeeds."""
    # Sphinx keeps count and cache private, and does the same after an exception.
    if app._warncount:
        (Path(app.doctreedir) / ENV_PICKLE_FILENAME).unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the handlers with Sphinx."""
    app.connect("html-page-context", check_description)
    app.connect("build-finished", forget_failed_build)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
