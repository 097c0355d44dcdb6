"""Sphinx extension of this book: one file of this folder for each thing it adds.

`_config.yml` names it under `local_extensions`. A defect that it finds is a Sphinx warning,
and the book is built with warnings as errors.
"""

import hashlib
from pathlib import Path
from typing import Any

import accessible_html
import book_data
import errata
import figures
import katex_math
import page_checks
import quiz
import syllabus_map
import torch_table
from sphinx.application import Sphinx
from sphinx.config import Config


def locate_toc(app: Sphinx, config: Config) -> None:
    """Look `_toc.yml` up where the command is run, as `_config.yml` is, not beside the chapters."""
    config.external_toc_path = str(Path(config.external_toc_path).resolve())


def set_theme_defaults(app: Sphinx, config: Config) -> None:
    """Add theme options to those Jupyter Book made, which `sphinx.config` would replace."""
    # Else the theme shows a second search button above the page.
    config.html_theme_options.setdefault("navbar_persistent", [])


def fingerprint_sources(app: Sphinx, config: Config) -> None:
    """Note what the styles and this extension are: pages are made anew when they change."""
    digest = hashlib.sha256()
    for folder in ("_static", "_tools"):
        for path in sorted((Path(app.srcdir) / folder).rglob("*.*")):
            if path.suffix in (".css", ".js", ".mjs", ".py"):
                digest.update(path.read_bytes())
    config.site_sources = digest.hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    # sphinx_external_toc reads the table of contents at priority 900.
    app.connect("config-inited", locate_toc, priority=100)
    app.connect("config-inited", set_theme_defaults, priority=100)
    app.add_config_value("site_sources", "", "env")
    app.connect("config-inited", fingerprint_sources)
    pages = (katex_math, figures, page_checks, accessible_html)
    for part in (*pages, book_data, errata, quiz, syllabus_map, torch_table):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
