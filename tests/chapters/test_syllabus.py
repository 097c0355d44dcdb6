"""syllabus.yml, the chapters and the problem sets name the same things: no orphan at either end."""

import copy
import re

import nbformat
import pytest
import yaml

from tests.chapters.book import ROOT, chapters, labels, markdown

# How many ids the design syllabus gives each chapter that exists, and which errata are its own.
DESIGN_TOPICS = {
    "INT": 23, "PER": 18, "ACT": 39, "FNN": 25, "ARC": 20, "LOS": 22, "BPR": 33, "INI": 8,
    "OPT": 22, "REG": 23, "PAT": 6, "TOR": 26, "QA": 43,
}  # fmt: skip
LAST_ERRATUM = 141


def graded_cells(problem_set):
    """Return the grade_ids of a source notebook: (answers, automatic tests, graded by hand)."""
    answers, tests, by_hand = set(), set(), set()
    path = ROOT / "solutions" / problem_set / f"{problem_set}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        info = cell.metadata.get("nbgrader", {})
        name = f"{problem_set}/{info.get('grade_id')}"
        if info.get("solution"):
            answers.add(name)
        if info.get("grade"):
            (by_hand if info.get("solution") else tests).add(name)
    return answers, tests, by_hand


def problems(syllabus):
    """Return one sentence for everything in `syllabus` that has no counterpart, or the reverse."""
    found, used, sets = [], set(), set()
    for chapter in syllabus["chapters"]:
        notebook = dict(chapters())[chapter["file"]]
        text, sections = markdown(notebook), labels(notebook)
        listed = [" ".join(item.split()) for item in re.findall(r"^\d+\. ([^\n]+(?:\n[^\n\d:*]+)*)",
                                                                 text.split(":::")[1], re.M)]
        topics = chapter["topics"]
        for outcome in chapter["outcomes"]:
            name = outcome["id"]
            if outcome["section"] not in sections:
                found.append(f"{name}: {chapter['file']} has no section {outcome['section']}")
            if outcome["text"] not in [item.rstrip(";.") for item in listed]:
                found.append(f"{name}: its text is not in the outcomes of {chapter['file']}")
            found += [f"{name}: unknown topic {t}" for t in outcome["topics"] if t not in topics]
            target = outcome.get("hidden_test") or outcome["graded_by_hand"]
            used |= {outcome["exercise"], target}
            sets.add(outcome["exercise"].split("/")[0])
        if len(listed) != len(chapter["outcomes"]):
            found.append(f"{chapter['file']} lists {len(listed)} outcomes, syllabus.yml "
                         f"{len(chapter['outcomes'])}")
        found += [f"{topic}: no section {section} in {chapter['file']}"
                  for topic, section in (topics | chapter["errata"]).items()
                  if section not in sections]
    answers, tests, by_hand = (
        set().union(*parts) for parts in zip(*map(graded_cells, sorted(sets)), strict=True)
    )
    found += [f"{name}: no such cell in solutions/" for name in sorted(used - answers - tests)]
    return found + [f"{name}: no outcome of syllabus.yml uses it"
                    for name in sorted((answers | tests | by_hand) - used)]


@pytest.fixture(scope="module")
def syllabus():
    return yaml.safe_load((ROOT / "syllabus.yml").read_text())


def test_nothing_is_orphaned(syllabus):
    assert problems(syllabus) == []


def test_every_design_topic_of_an_existing_chapter_is_traced(syllabus):
    traced = [topic for chapter in syllabus["chapters"] for topic in chapter["topics"]]
    expected = [f"{p}-{i:02}" for p, count in DESIGN_TOPICS.items() for i in range(1, count + 1)]
    assert sorted(traced) == sorted(expected)


def test_every_design_erratum_of_an_existing_chapter_is_taught(syllabus):
    traced = [erratum for chapter in syllabus["chapters"] for erratum in chapter["errata"]]
    assert sorted(traced) == sorted(f"E-{i:02}" for i in range(1, LAST_ERRATUM + 1))


def test_every_chapter_file_is_in_the_syllabus(syllabus):
    assert {name for name, _ in chapters()} == {chapter["file"] for chapter in syllabus["chapters"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["outcomes"][0].update(section="sec-nowhere"), "no section sec-nowhere"),
        (lambda c: c["outcomes"][0].update(text="fly"), "its text is not in the outcomes"),
        (lambda c: c["outcomes"][0].update(topics=["PER-99"]), "unknown topic PER-99"),
        (lambda c: c["outcomes"][0].update(exercise="ps1_perceptron/none"), "none: no such cell"),
        (lambda c: c["outcomes"][0].update(hidden_test="ps1_perceptron/none"), "no such cell"),
        (lambda c: c["outcomes"].pop(), "lists 7 outcomes, syllabus.yml 6"),
        (lambda c: c["outcomes"].pop(), "no outcome of syllabus.yml uses it"),
        (lambda c: c["topics"].update({"PER-01": "sec-nowhere"}), "PER-01: no section"),
        (lambda c: c["errata"].update({"E-09": "sec-nowhere"}), "E-09: no section"),
    ],
)
def test_a_planted_orphan_is_found(syllabus, change, says):
    broken = copy.deepcopy(syllabus)
    (chapter,) = [c for c in broken["chapters"] if c["file"] == "02_perceptron"]
    change(chapter)
    assert any(says in sentence for sentence in problems(broken))
