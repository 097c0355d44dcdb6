"""Math as HTML for eyes and MathML for ears, made while the book is built.

Pages carry finished formulas; KaTeX's styles and fonts are copied beside them, so that no page
runs a script for its math or asks another host for it.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator
from typesetter import TexError, typeset

DISTRIBUTION = Path(__file__).resolve().parents[2] / "node_modules" / "katex" / "dist"
# KaTeX would number these itself, apart from Sphinx's own numbers.
NUMBERING = re.compile(r"\\begin\{(equation|align|gather|alignat|CD)\}|\\tag\b")
CLASSES = "math notranslate nohighlight"

logger = logging.getLogger(__name__)


def formula(node: nodes.Element, display: bool) -> str:
    """Return the formula of `node`; warn with its file and text when it cannot be typeset."""
    tex = node.astext()
    if numbering := NUMBERING.search(tex):
        logger.warning(
            "'%s' gives a formula a number of its own; use aligned or gathered inside $$, "
            "and a label after it: $$ (eq-name)",
            numbering.group(),
            location=node,
        )
    try:
        return typeset(tex, display)
    except TexError as error:
        logger.warning("bad TeX in '%s': %s", tex, error, location=node)
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS=CLASSES))
    self.body.append(formula(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number when it has one."""
    self.body.append(self.starttag(node, "div", "", CLASS=CLASSES))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(formula(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def provide_assets(app: Sphinx) -> None:
    """Put KaTeX's stylesheet and woff2 fonts where Sphinx collects static files."""
    if not DISTRIBUTION.is_dir():
        raise ExtensionError("KaTeX is not in node_modules: run 'make setup' (npm ci).")
    static = Path(app.doctreedir).parent / "katex_static"
    target = static / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    for font in (DISTRIBUTION / "fonts").glob("*.woff2"):
        shutil.copyfile(font, target / "fonts" / font.name)
    css = (DISTRIBUTION / "katex.min.css").read_text(encoding="utf-8")
    # Every browser of the last ten years reads woff2; the other formats stay behind.
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
    (target / "katex.min.css").write_text(css, encoding="utf-8")
    app.config.html_static_path.append(str(static))
    app.add_css_file("katex/katex.min.css")


def choose_renderer(app: Sphinx, config: Config) -> None:
    """Use this renderer in place of Sphinx's MathJax."""
    config.html_math_renderer = "katex"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("config-inited", choose_renderer)
    app.connect("builder-inited", provide_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
