"""errata.yml lists E-01 to E-141 once each, and syllabus.yml has a section for every one."""

import copy

import book_data
import errata
import pytest
import yaml

from tests.chapters.book import ROOT, chapters, labels

LAST = 141


@pytest.fixture(scope="module")
def listed():
    return book_data.load(ROOT / "chapters" / "errata.yml", errata.KEYS, set())


@pytest.fixture(scope="module")
def syllabus():
    return yaml.safe_load((ROOT / "syllabus.yml").read_text())["chapters"]


def test_every_erratum_is_listed_once_and_in_order(listed):
    assert [entry["id"] for entry in listed] == [f"E-{i:02}" for i in range(1, LAST + 1)]


def test_every_erratum_has_a_section_and_a_verdict(listed, syllabus):
    assert errata.faults(listed, syllabus) == []


def test_claim_and_truth_are_sentences(listed):
    for entry in listed:
        for key in ("claim", "truth"):
            assert entry[key].rstrip(")")[-1] in ".?", f"{entry['id']}, {key}: no full stop"
            assert "\n" not in entry[key], f"{entry['id']}, {key}: more than one line"


def test_the_table_links_every_erratum_to_an_existing_section(listed, syllabus):
    known = set().union(*(labels(notebook) for _, notebook in chapters()))
    traced = {name: label for c in syllabus for name, label in c["errata"].items()}
    text = errata.errata_text(listed, syllabus)
    for name in (entry["id"] for entry in listed):
        assert text.count(f"**{name}**") == 1
        assert traced[name] in known, f"{name}: no section {traced[name]}"
        assert f"(#{traced[name]})" in text


def small():
    entries = [{"id": f"E-0{i}", "verdict": "wrong", "claim": "A.", "truth": "B."} for i in (1, 2)]
    parts = [{"file": "01_one", "title": "One", "errata": {"E-01": "sec-a"}},
             {"file": "02_two", "title": "Two", "errata": {"E-02": "sec-b"}},
             {"file": "03_three", "title": "Three", "errata": {}}]
    return entries, parts


@pytest.mark.parametrize(("change", "says"), [
    (lambda e, p: None, None),
    (lambda e, p: e.pop(), "E-02: not in errata.yml"),
    (lambda e, p: e.append(copy.copy(e[0])), "E-01: twice in errata.yml"),
    (lambda e, p: p[1]["errata"].clear(), "E-02: no section in syllabus.yml"),
    (lambda e, p: p[2]["errata"].update({"E-01": "sec-c"}), "E-01: twice in syllabus.yml"),
    (lambda e, p: e[0].update(verdict="bad"), "E-01: unknown verdict 'bad'"),
])
def test_a_planted_fault_is_named(change, says):
    entries, parts = small()
    change(entries, parts)
    assert errata.faults(entries, parts) == ([says] if says else [])


def test_the_text_folds_by_chapter_and_links():
    text = errata.errata_text(*small())
    assert text.count(":::{dropdown}") == 2
    assert ":::{dropdown} Chapter 2, Two: 1 entry" in text
    assert "* - **E-02**, *wrong*. A.\n  - B. See [](#sec-b)." in text
    assert "Three" not in text


def test_a_file_of_another_form_is_refused(tmp_path):
    (tmp_path / "errata.yml").write_text("- {id: E-01, claim: A., truth: B.}")
    with pytest.raises(book_data.BookDataError, match="expected the keys"):
        book_data.load(tmp_path / "errata.yml", errata.KEYS, set())
