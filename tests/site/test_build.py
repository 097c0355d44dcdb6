"""`make book` fails on a defect, names it, and goes on failing until it is mended."""

import pytest

from tests.site.building import INDEX, SYLLABUS, build, write_book

pytestmark = pytest.mark.slow


def test_a_good_book_builds_and_a_second_run_has_nothing_to_do(tmp_path):
    write_book(tmp_path)
    status, printed = build(tmp_path)
    assert status == 0, printed
    page = (tmp_path / "_build" / "html" / "index.html").read_text()
    assert 'class="eqno">(1)' in page
    assert "<math" in page
    status, printed = build(tmp_path)
    assert status == 0, printed
    assert "no targets are out of date" in printed


def test_bad_tex_fails_the_build_every_time(tmp_path):
    write_book(tmp_path, index=INDEX + r"Here: $\frac{1}{2$ and $\nosuchmacro$." + "\n")
    for _ in range(2):
        status, printed = build(tmp_path)
        assert status == 1, printed
        assert r"WARNING: bad TeX in '\frac{1}{2'" in printed
        assert r"WARNING: bad TeX in '\nosuchmacro'" in printed
        assert "chapters/index.md" in printed


def test_each_other_defect_is_named_with_its_file(tmp_path):
    index = (
        INDEX + "See {ref}`sec-none`, {cite}`nobody1900` and $$\\begin{align} a \\end{align}$$\n"
    )
    syllabus = SYLLABUS.replace("sec-one", "sec-gone")
    write_book(tmp_path, index=index, described=False, syllabus=syllabus, alt=" ")
    status, printed = build(tmp_path)
    assert status == 1, printed
    warnings = [line for line in printed.splitlines() if "WARNING" in line]
    for file, defect in [
        ("index.md", "undefined label: 'sec-none'"),
        ("index.md", 'could not find bibtex key "nobody1900"'),
        ("index.md", r"'\begin{align}' gives a formula a number of its own"),
        ("index.md", "the page has no description"),
        ("index.md", "undefined label: 'sec-gone'"),
        ("one.ipynb", "a figure has no alternative text"),
    ]:
        assert any(file in line and defect in line for line in warnings), (defect, printed)


def test_a_syllabus_of_the_wrong_shape_is_named(tmp_path):
    write_book(tmp_path, syllabus=SYLLABUS.replace("section: sec-one, ", ""))
    status, printed = build(tmp_path)
    assert status == 1, printed
    assert "syllabus.yml, chapter one, outcome 1: missing section" in printed
