"""A part of README.md is written between its own marks, and nowhere else."""

import pytest
from jinja2 import UndefinedError


def test_only_the_authors_part_changes(readme) -> None:
    before = "# a\n<!-- written by benchmarks/x.py -->\n1\n<!-- end -->\n\n"
    other = before.replace("x.py", "y.py")
    after = readme.with_part(before + other, r"2\1", "y")
    assert after == before + other.replace("\n1\n", "\n2\\1")


@pytest.mark.parametrize("times", [0, 2])
def test_a_readme_without_marks_or_with_marks_twice_is_refused(readme, times) -> None:
    text = "# a\n" + times * "<!-- written by benchmarks/x.py -->\n1\n<!-- end -->\n"
    with pytest.raises(ValueError, match=rf"needs the marks <!-- .*x\.py.* has them {times} times"):
        readme.with_part(text, "text", "x")


def test_a_name_that_a_template_lacks_is_an_error(readme) -> None:
    with pytest.raises(UndefinedError, match="'rounds' is undefined"):
        readme.render("nnlib.md.jinja", {})
