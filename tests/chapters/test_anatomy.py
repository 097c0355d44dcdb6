"""Every chapter has the same parts in the same order, and each check of that can fail."""

import copy
import re

import pytest

from tests.chapters.book import chapters, markdown

# Chapters that ask for what the others have taught: without an exposition of their own.
REVIEWS = ("14_interview", "15_misconceptions")
LAST_SECTIONS = ("pitfalls", "history", "summary", "quiz", "questions", "practice")
LAST_SECTIONS_OF_A_REVIEW = ("quiz", "practice")
SUMMARY_LINES = 7
ANY_SET = r"\{download\}`[^`]+<\.\./exercises/ps\d"
LAST_SET = r"\{download\}`[^`]+<\.\./exercises/ps8_project/ps8_project\.ipynb>`"


def faults(name, notebook):
    """Return one sentence for each part that is missing or out of place."""
    text, review = markdown(notebook), name in REVIEWS
    parts = [
        ("does not begin with a title", r"\A# \S"),
        ("has no list of outcomes", r":::\{admonition\} After this chapter you can\n"),
        ("does not say what the reader needs and how long it takes",
         r"\*\*You need\*\*.+\*\*Time:\*\* about \d+\s+minutes"),
        ("does not render its own quiz", rf"```\{{quiz\}} {name}\n```"),
        ("does not offer a problem set", LAST_SET if review else ANY_SET),
        ("does not end with its references", r"## References\s+```\{footbibliography\}\s+```\s*\Z"),
    ] + ([
        ("cites no source", r"\{footcite:[pt]\}`"),
    ] if review else [
        ("has nothing to try", r":::\{admonition\} Try it\n"),
        ("has no place for an interactive figure", r'class="interactive-place" data-figure="\w'),
        ("folds no interview answer", r"\*\*Asked in interviews\*\*\s+:::\{dropdown\}"),
        ("has nothing to think about", r"\*\*To think about\*\*\s+1\. "),
    ])
    found = [fault for fault, pattern in parts if not re.search(pattern, text, re.S)]
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    if not re.search(r"datasets\.(iris|breast_cancer|digits|diabetes)\(", code):
        found.append("has no experiment on real data")
    found += section_faults(text, LAST_SECTIONS_OF_A_REVIEW if review else LAST_SECTIONS)
    return [f"{name}: {fault}" for fault in found + ([] if review else summary_faults(text))]


def section_faults(text, expected):
    """The closing sections stand last, in one order."""
    ends = re.findall(r"^\(sec-[a-z]{3}-([a-z-]+)\)=$", text, re.M)[-len(expected):]
    return [] if tuple(ends) == expected else [
        f"the last sections are {', '.join(ends)}; expected {', '.join(expected)}"]


def summary_faults(text):
    """The summary is a list of at most seven lines."""
    summary = re.search(r"^## Summary\n(.*?)^(?:\(sec|## )", text, re.S | re.M)
    lines = [line for line in summary[1].splitlines() if line.strip()] if summary else []
    if not lines or len(lines) > SUMMARY_LINES or not all(s.startswith("- ") for s in lines):
        return [f"the summary has {len(lines)} lines; expected 1 to {SUMMARY_LINES} list items"]
    return []


@pytest.mark.parametrize(("name", "notebook"), chapters(), ids=[n for n, _ in chapters()])
def test_chapter_has_every_part(name, notebook):
    assert faults(name, notebook) == []


@pytest.mark.parametrize(("old", "new", "says"), [
    ("After this chapter you can", "Aims", "no list of outcomes"),
    ("**Time:** about", "About", "how long it takes"),
    ("{admonition} Try it", "{admonition} Look", "nothing to try"),
    ("interactive-place", "place", "no place for an interactive figure"),
    ("**Asked in interviews**", "Interviews", "folds no interview answer"),
    ("**To think about**", "More", "nothing to think about"),
    ("```{quiz}", "```{text}", "does not render its own quiz"),
    ("../exercises/ps", "../solutions/ps", "does not offer a problem set"),
    ("{footbibliography}", "{bibliography}", "does not end with its references"),
    ("(sec-per-quiz)=", "(sec-per-questions-2)=", "the last sections are"),
    ("## Summary\n", "## Summary\n\n- one more line\n", "the summary has 8 lines"),
    ("# The perceptron", "The perceptron", "does not begin with a title"),
])
def test_a_missing_part_is_noticed(old, new, says):
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(old, new)
    assert any(says in fault for fault in faults("02_perceptron", notebook))


def test_a_chapter_without_real_data_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["02_perceptron"])
    notebook.cells = [c for c in notebook.cells if "datasets." not in c.source]
    assert "02_perceptron: has no experiment on real data" in faults("02_perceptron", notebook)


def changed(name, old, new):
    """Return a copy of a chapter with `old` replaced in its text; the text must hold `old`."""
    notebook = copy.deepcopy(dict(chapters())[name])
    assert old in markdown(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(old, new)
    return notebook


@pytest.mark.parametrize(("old", "new", "says"), [
    ("# Interview questions", "Interview questions", "does not begin with a title"),
    ("After this chapter you can", "Aims", "no list of outcomes"),
    ("**You need**", "Needed are", "what the reader needs"),
    ("**Time:** about", "About", "how long it takes"),
    ("```{quiz} 14_interview", "```{quiz} 13_project", "does not render its own quiz"),
    ("../exercises/ps8_project/", "../exercises/ps7_pytorch/", "does not offer a problem set"),
    ("{footcite:p}", "{cite:p}", "cites no source"),
    ("{footbibliography}", "{bibliography}", "does not end with its references"),
    ("(sec-qna-quiz)=", "(sec-qna-test)=", "the last sections are test, practice; expected quiz"),
    ("(sec-qna-practice)=", "(sec-qna-practice)=\n\n(sec-qna-more)=", "the last sections are prac"),
])
def test_a_missing_part_of_a_review_is_noticed(old, new, says):
    found = faults("14_interview", changed("14_interview", old, new))
    assert len(found) == 1
    assert says in found[0]


def test_a_review_without_real_data_is_noticed():
    notebook = copy.deepcopy(dict(chapters())["14_interview"])
    notebook.cells = [c for c in notebook.cells if "datasets." not in c.source]
    assert "14_interview: has no experiment on real data" in faults("14_interview", notebook)


def test_only_a_review_may_do_without_a_summary():
    """Under the name of a teaching chapter the same notebook lacks what only that needs."""
    found = faults("08_initialization", dict(chapters())["14_interview"])
    for part in ("nothing to try", "interactive figure", "the summary has 0 lines",
                 "the last sections are", "nothing to think about"):
        assert any(part in fault for fault in found), part
