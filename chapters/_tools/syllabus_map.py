"""Directive `{syllabus-map}`: syllabus.yml as tables, from learning outcome to hidden test.

One section for each chapter; each outcome links to the section that teaches it. A label that
no chapter has is an undefined reference, which fails the build.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CHAPTER_KEYS = ("file", "title", "outcomes")
OUTCOME_KEYS = ("id", "text", "section", "exercise")
PROOF_KEYS = ("hidden_test", "graded_by_hand")
HEADINGS = ("After this chapter you can", "Section", "Exercise and hidden test")
WIDTHS = (38, 28, 34)


class SyllabusError(Exception):
    """syllabus.yml does not have the shape that the directive reads."""


def require_keys(entry: Any, keys: Iterable[str], where: str) -> None:
    """Raise SyllabusError unless `entry` is a mapping that has every one of `keys`."""
    if not isinstance(entry, dict):
        raise SyllabusError(f"{where}: expected a mapping, got {type(entry).__name__}")
    missing = [key for key in keys if key not in entry]
    if missing:
        raise SyllabusError(f"{where}: missing {', '.join(missing)}")


def load_syllabus(path: Path) -> list[dict[str, Any]]:
    """Return the chapters of the syllabus, each with its outcomes, or say what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SyllabusError(f"{path.name}: {error}") from error
    require_keys(content, ["chapters"], path.name)
    chapters: list[dict[str, Any]] = content["chapters"]
    for number, chapter in enumerate(chapters, start=1):
        require_keys(chapter, CHAPTER_KEYS, f"{path.name}, chapter {number}")
        for position, outcome in enumerate(chapter["outcomes"], start=1):
            where = f"{path.name}, chapter {chapter['file']}, outcome {position}"
            require_keys(outcome, OUTCOME_KEYS, where)
            if sum(key in outcome for key in PROOF_KEYS) != 1:
                raise SyllabusError(f"{where}: expected exactly one of {' and '.join(PROOF_KEYS)}")
    return chapters


def cell(*paragraphs: list[nodes.Node]) -> nodes.entry:
    """Return a table cell that holds `paragraphs`."""
    return nodes.entry("", *[nodes.paragraph("", "", *content) for content in paragraphs])


def section_link(label: str, docname: str) -> pending_xref:
    """Return a reference to `label` that shows the section's title."""
    return pending_xref(
        "",
        nodes.inline(label, label),
        refdomain="std",
        reftype="ref",
        reftarget=label,
        refdoc=docname,
        refexplicit=False,
        refwarn=True,
    )


def exercise(path: str) -> list[nodes.Node]:
    """Return 'problem set/name' as the name in code face, and the set it belongs to."""
    problem_set, _, name = path.partition("/")
    return [nodes.literal("", name), nodes.Text(f" in {problem_set}")]


def proof(outcome: dict[str, Any]) -> list[nodes.Node]:
    """Return the hidden test that checks an outcome, or that a person does."""
    if "hidden_test" in outcome:
        _, _, name = str(outcome["hidden_test"]).partition("/")
        return [nodes.literal("", name)]
    return [nodes.Text("graded by hand")]


def outcome_table(outcomes: list[dict[str, Any]], docname: str) -> nodes.table:
    """Return one chapter's table: outcome, section, exercise with its hidden test."""
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in WIDTHS], cols=len(WIDTHS))
    head = nodes.row("", *[cell([nodes.Text(heading)]) for heading in HEADINGS])
    group += nodes.thead("", head)
    group += nodes.tbody(
        "",
        *[
            nodes.row(
                "",
                cell([nodes.Text(outcome["text"])]),
                cell([section_link(outcome["section"], docname)]),
                cell(exercise(outcome["exercise"]), proof(outcome)),
            )
            for outcome in outcomes
        ],
    )
    return nodes.table("", group, classes=["syllabus-map", "colwidths-given"])


class SyllabusMap(SphinxDirective):
    """Render syllabus.yml; takes no argument and no content."""

    def run(self) -> list[nodes.Node]:
        """Return one section for each chapter of the syllabus."""
        path = (Path(self.env.srcdir) / self.config.syllabus_file).resolve()
        self.env.note_dependency(str(path))
        try:
            chapters = load_syllabus(path)
        except SyllabusError as error:
            raise self.error(str(error)) from error
        return [self.chapter_section(chapter) for chapter in chapters]

    def chapter_section(self, chapter: dict[str, Any]) -> nodes.section:
        """Return the heading and table of one chapter."""
        section = nodes.section(ids=[f"outcomes-{nodes.make_id(chapter['file'])}"])
        section += nodes.title("", chapter["title"])
        section += outcome_table(chapter["outcomes"], self.env.docname)
        return section


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_config_value("syllabus_file", "../syllabus.yml", "env")
    app.add_directive("syllabus-map", SyllabusMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
