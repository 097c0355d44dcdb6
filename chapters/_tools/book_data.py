"""The lists beside the chapters: terms (NN_topic.terms.yml) and symbols (notation.yml)."""

from pathlib import Path
from typing import Any, ClassVar

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CHAPTERS = Path(__file__).parents[1]
TERM_KEYS = {"term", "section", "definition"}
SYMBOL_KEYS = {"symbol", "tokens", "meaning"}


class BookDataError(Exception):
    """A list does not have the expected form."""


def load(path: Path, required: set[str], optional: set[str]) -> list[dict[str, Any]]:
    """Return the entries of a YAML list of mappings, each with exactly the keys allowed."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BookDataError(f"{path.name}: {error}") from error
    if not isinstance(entries, list) or not entries:
        got = type(entries).__name__
        raise BookDataError(f"{path.name}: expected a list of entries, got {got}")
    for number, entry in enumerate(entries, start=1):
        keys = set(entry) if isinstance(entry, dict) else set()
        if not required <= keys <= required | optional:
            raise BookDataError(
                f"{path.name}, entry {number}: expected the keys {', '.join(sorted(required))} "
                f"(allowed: {', '.join(sorted(optional))}), got {', '.join(sorted(keys)) or entry}"
            )
    found: list[dict[str, Any]] = entries
    return found


def terms(folder: Path = CHAPTERS) -> list[dict[str, Any]]:
    """Return the terms of all chapters in the order of the chapters, each with its `file`."""
    return [
        {"also": [], "foreshadowed": [], **entry, "file": path.name.removesuffix(".terms.yml")}
        for path in sorted(folder.glob("*.terms.yml"))
        for entry in load(path, TERM_KEYS, {"also", "foreshadowed"})
    ]


def symbols(folder: Path = CHAPTERS) -> list[dict[str, Any]]:
    """Return the symbols in the order of the page."""
    found = load(folder / "notation.yml", SYMBOL_KEYS, {"shape", "since", "only"})
    for entry in found:
        if ("since" in entry) == ("only" in entry):
            raise BookDataError(f"notation.yml, {entry['symbol']}: expected `since` or `only`")
    return found


def glossary_text() -> str:
    """Return the glossary in MyST: every term in alphabetical order, with where it is explained."""
    lines = ["```{glossary}"]
    for entry in sorted(terms(), key=lambda entry: str(entry["term"]).lower()):
        definition = " ".join(entry["definition"].split())
        lines += [entry["term"], f"  {definition} See [](#{entry['section']}).", ""]
    return "\n".join([*lines, "```"])


def notation_text() -> str:
    """Return the table of symbols in MyST."""
    rows = ["| symbol | meaning | shape | in |", "|---|---|---|---|"]
    for entry in symbols():
        files = [entry["since"]] if "since" in entry else entry["only"]
        where = ", ".join(f"{{doc}}`{name[:2]} <{name}>`" for name in files)
        where = f"from {where}" if "since" in entry else f"only {where}"
        cells = (entry["symbol"], entry["meaning"], entry.get("shape", ""), where)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


class Listing(SphinxDirective):
    """`{course-glossary}` and `{course-notation}`: take no argument and no content."""

    texts: ClassVar = {"course-glossary": glossary_text, "course-notation": notation_text}

    def run(self) -> list[nodes.Node]:
        """Return the text as nodes; the page depends on every list."""
        for path in [*CHAPTERS.glob("*.terms.yml"), CHAPTERS / "notation.yml"]:
            self.env.note_dependency(str(path))
        try:
            text = self.texts[self.name]()
        except BookDataError as error:
            raise self.error(str(error)) from error
        holder = nodes.container()
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, 0, holder)
        found: list[nodes.Node] = holder.children
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives with Sphinx."""
    for name in Listing.texts:
        app.add_directive(name, Listing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
