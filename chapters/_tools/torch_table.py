"""Directive `{torch-table}`: what nnlib and PyTorch both have, as one table for each namespace."""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from torch_rows import NAMESPACES, STORED

WIDTHS = (52, 48)


def load(path: Path = STORED) -> list[dict[str, str]]:
    """Return the stored rows."""
    content: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return content


def cell(*content: nodes.Node) -> nodes.entry:
    """Return a table cell that holds `content` in one paragraph."""
    return nodes.entry("", nodes.paragraph("", "", *content))


def table(content: list[dict[str, str]], namespace: str) -> nodes.table:
    """Return the rows of one namespace as a table."""
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in WIDTHS], cols=len(WIDTHS))
    headings = nodes.Text("nnlib"), nodes.literal("", namespace)
    group += nodes.thead("", nodes.row("", *map(cell, headings)))
    body = nodes.tbody()
    for row in content:
        if row["namespace"] == namespace:
            entries = nodes.literal("", row["call"]), nodes.Text(row["differences"])
            body += nodes.row("", *map(cell, entries))
    group += body
    return nodes.table("", group, classes=["torch-table"])


class TorchTable(SphinxDirective):
    """Render the table; takes no argument and no content."""

    def run(self) -> list[nodes.Node]:
        """Return one section for each namespace of PyTorch."""
        self.env.note_dependency(str(STORED))
        found = load()
        sections: list[nodes.Node] = []
        for namespace, title in NAMESPACES.items():
            section = nodes.section(ids=[nodes.make_id(f"table {title}")])
            section += nodes.title("", title)
            section += table(found, namespace)
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("torch-table", TorchTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
