"""Terms: bold at the place of definition, in the glossary, and not used in an earlier chapter."""

import re

from tests.chapters.book import CODE_SPAN, DISPLAY, FENCE, labels, markdown, prose

BOLD = re.compile(r"(?<!\*)\*\*(?!\s)(.+?)(?<!\s)\*\*", re.S)
# A run-in heading ends in a full stop, a colon or a question mark, or is a quotation.
RUN_IN = re.compile(r"[.:?,]$|^[\"“'].*[\"”']$", re.S)
FURNITURE = {"You need", "Asked in interviews", "To think about"}


def bold_terms(text):
    """Return the bold words of a chapter that are neither run-in headings nor furniture."""
    bare = CODE_SPAN.sub(" ", DISPLAY.sub(" ", FENCE.sub(" ", text)))
    spans = [" ".join(span.split()) for span in BOLD.findall(bare)]
    return [span for span in spans if not RUN_IN.search(span) and span not in FURNITURE]


def forms(entry):
    """Return every way in which a term is written, in lower case."""
    return {form.lower() for form in [entry["term"], *entry["also"]]}


def faults(chapters, terms):
    """Return one sentence for each broken rule; `chapters` is a list of (name, notebook)."""
    texts = {name: markdown(notebook) for name, notebook in chapters}
    bold = {name: bold_terms(text) for name, text in texts.items()}
    words = {name: " ".join(prose(text).lower().split()) for name, text in texts.items()}
    owners = {form: entry for entry in terms for form in forms(entry)}
    found = []
    for name, spans in bold.items():
        for span in spans:
            if span.lower() not in owners:
                found.append(f"{name}: **{span}** is bold and in no *.terms.yml")
    known = {name: labels(notebook) for name, notebook in chapters}
    for entry in terms:
        name, term = entry["file"], entry["term"]
        if name not in texts:
            found.append(f"{term}: {name}.terms.yml has no chapter")
            continue
        if entry["section"] not in known[name]:
            found.append(f"{term}: {name} has no section {entry['section']}")
        if not forms(entry) & {span.lower() for span in bold[name]}:
            found.append(f"{term}: {name} never sets it in bold")
        found += early_uses(entry, words)
    seen = [form for entry in terms for form in forms(entry)]
    twice = sorted({form for form in seen if seen.count(form) > 1})
    return found + [f"{form}: defined twice" for form in twice]


def early_uses(entry, words):
    """Yield a sentence for each chapter that uses a term which only a later one defines."""
    pattern = "|".join(rf"\b{re.escape(form)}\b" for form in sorted(forms(entry)))
    # The first chapter is the map of the book: it names what is to come.
    order = list(words)
    for name in order[1:order.index(entry["file"])]:
        if name in entry["foreshadowed"]:
            continue
        hit = re.search(pattern, words[name])
        if hit:
            yield f"{entry['term']}: {name} uses {hit[0]!r}, which {entry['file']} defines"
