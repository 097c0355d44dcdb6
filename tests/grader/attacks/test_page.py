"""The table of the threat model says what the corpus asserts and what plain nbgrader did."""

import re
from pathlib import Path

import yaml

from tests.grader.attacks.corpus import ATTACKS
from tests.grader.attacks.course import TOTAL
from tests.grader.attacks.page import MARKER, PAGE, PLAIN, table, text
from tests.grader.tiny_course import REPOSITORY


def test_table_is_the_one_that_the_data_make():
    assert PAGE.read_text(encoding="utf-8").endswith(f"{MARKER}\n{table()}"), (
        "run: python -m tests.grader.attacks.page"
    )


def test_every_attack_was_tried_on_plain_nbgrader_and_no_other():
    plain = yaml.safe_load(PLAIN.read_text(encoding="utf-8"))
    assert sorted(plain) == sorted(ATTACKS)


def test_files_that_the_page_names_exist():
    written = PAGE.read_text(encoding="utf-8").partition(MARKER)[0]
    named = set(re.findall(r"`([a-z_/]+\.py)`", written))
    assert len(named) >= 20
    assert {name for name in named if not (REPOSITORY / "grader" / name).is_file()} == set()


def test_page_knows_the_points():
    assert f"the points of {TOTAL} that" in PAGE.read_text(encoding="utf-8")


def test_words_of_an_attack_are_shown_as_they_are():
    assert text("a|b <x> *y* `z` _q_") == r"a\|b \<x\> \*y\* \`z\` \_q\_"
    assert Path(PLAIN).is_file()
