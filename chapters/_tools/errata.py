"""Directive `{errata}`: all errata of the course, folded by the chapter that puts them right.

`errata.yml` says what is claimed and what is true, syllabus.yml which section proves it. An
erratum that has no section, or a section that has no erratum, is an error; a label that no
chapter has is an undefined reference. Both fail the build.
"""

from pathlib import Path
from typing import Any

import book_data
import syllabus_map
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

KEYS = {"id", "verdict", "claim", "truth"}
VERDICTS = {
    "wrong", "wrong as a rule", "wrong label", "imprecise", "imprecise, gap", "contradiction",
    "code defect", "does not reproduce", "gap", "environment note", "checked: correct",
}  # fmt: skip
Errata = list[dict[str, Any]]


def faults(errata: Errata, chapters: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each erratum that is not in both lists exactly once."""
    listed = [str(entry["id"]) for entry in errata]
    traced = [str(name) for chapter in chapters for name in chapter.get("errata", {})]
    found = [
        f"{entry['id']}: unknown verdict {entry['verdict']!r}"
        for entry in errata
        if entry["verdict"] not in VERDICTS
    ]
    for where, names in (("errata.yml", listed), ("syllabus.yml", traced)):
        found += [f"{n}: twice in {where}" for n in sorted(set(names)) if names.count(n) > 1]
    found += [f"{n}: no section in syllabus.yml" for n in sorted(set(listed) - set(traced))]
    return found + [f"{n}: not in errata.yml" for n in sorted(set(traced) - set(listed))]


def errata_text(errata: Errata, chapters: list[dict[str, Any]]) -> str:
    """Return the errata in MyST: for each chapter a folded table of claims and truths."""
    entries = {entry["id"]: entry for entry in errata}
    lines: list[str] = []
    for chapter in chapters:
        own = sorted(chapter.get("errata", {}).items(), key=lambda item: int(item[0][2:]))
        if not own:
            continue
        count = f"{len(own)} {'entry' if len(own) == 1 else 'entries'}"
        heading = f"Chapter {int(chapter['file'][:2])}, {chapter['title']}: {count}"
        lines += [f":::{{dropdown}} {heading}"]
        lines += ["```{list-table}", ":header-rows: 1", ":widths: 45 55", ":class: errata", ""]
        lines += ["* - What is claimed", "  - What is true"]
        for name, section in own:
            entry = entries[name]
            lines += [
                f"* - **{name}**, *{entry['verdict']}*. {entry['claim']}",
                f"  - {entry['truth']} See [](#{section}).",
            ]
        lines += ["```", ":::", ""]
    return "\n".join(lines)


class ErrataTables(SphinxDirective):
    """Render errata.yml with the sections of syllabus.yml; takes no argument and no content."""

    def run(self) -> list[nodes.Node]:
        """Return one folded table for each chapter."""
        source = Path(self.env.srcdir)
        syllabus = (source / self.config.syllabus_file).resolve()
        for path in (source / "errata.yml", syllabus):
            self.env.note_dependency(str(path))
        try:
            errata = book_data.load(source / "errata.yml", KEYS, set())
            chapters = syllabus_map.load_syllabus(syllabus)
        except (book_data.BookDataError, syllabus_map.SyllabusError) as error:
            raise self.error(str(error)) from error
        if found := faults(errata, chapters):
            raise self.error("; ".join(found))
        holder = nodes.container()
        lines = errata_text(errata, chapters).splitlines()
        self.state.nested_parse(StringList(lines, source=self.get_source_info()[0]), 0, holder)
        children: list[nodes.Node] = holder.children
        return children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("errata", ErrataTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
