"""Hand-ins that are odd and have a grade all the same: each function makes one, named like it."""

import json
import os

from tests.grader.tiny_course import RIGHT, hand_in


def lost_cell(course):
    path = hand_in(course, "lost_cell", **RIGHT)
    _change(path, lambda content: content["cells"].pop(4))


def linked_data(course):
    path = hand_in(course, "linked_data", **RIGHT)
    (path.parent / "data.csv").symlink_to(course.root / "gradebook.db")


def pipe(course):
    os.mkfifo(hand_in(course, "pipe", **RIGHT).parent / "data.csv")


def endless(course):
    (hand_in(course, "endless", **RIGHT).parent / "data.csv").symlink_to("/dev/zero")


def marked(course):
    path = hand_in(course, "marked", **RIGHT)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def numbers(course):
    path = hand_in(course, "numbers", **RIGHT)
    text = path.read_text(encoding="utf-8")
    extra = f'{{"huge": {"9" * 6000}, "none": NaN, "all": -Infinity, "huge": 1e999, '
    path.write_text(extra + text[1:], encoding="utf-8")


def twice(course):
    """JSON that has a key twice: the last one counts, as in every reader that Jupyter uses."""
    path = hand_in(course, "twice", **RIGHT)
    text = path.read_text(encoding="utf-8")
    path.write_text('{"cells": [], "nbformat": 3, ' + text[1:], encoding="utf-8")


def other_kernel(course):
    path = hand_in(course, "other_kernel", **RIGHT)
    _change(path, lambda content: content["metadata"].update(kernelspec={"name": "bash"}))


def outputs(course):
    path = hand_in(course, "outputs", **RIGHT)
    broken = [{"output_type": "magic"}, 7, None]
    _change(path, lambda content: content["cells"][1].update(outputs=broken, execution_count="x"))


def malformed(course):
    path = hand_in(course, "malformed", **RIGHT)
    cells = [7, None, {"cell_type": "heading"}, {"cell_type": "code", "source": [1]}]
    _change(path, lambda content: content["cells"].extend(cells))


def metadata(course):
    path = hand_in(course, "metadata", **RIGHT)

    def spoil(content):
        content["metadata"] = None
        content["cells"][0].update(metadata=[], id=4)
        content["cells"].append({"cell_type": "code", "source": "1"})
        content["cells"][-1]["metadata"] = {"nbgrader": {"grade_id": {"a": 1}, "points": "x"}}

    _change(path, spoil)


def surrogate(course):
    path = hand_in(course, "surrogate", **RIGHT)
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("return x**2", "return x**2  # \\ud800"), encoding="utf-8")
    assert "\\ud800" in path.read_text(encoding="utf-8")


def old_minor(course):
    path = hand_in(course, "old_minor", **RIGHT)

    def age(content):
        content["nbformat_minor"] = 2
        for cell in content["cells"]:
            del cell["id"]

    _change(path, age)


def late_stamp(course):
    path = hand_in(course, "late_stamp", **RIGHT)
    path.with_name("timestamp.txt").write_text("the day before yesterday")


def _change(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


ODD = {
    make.__name__: make
    for make in (
        lost_cell, linked_data, pipe, endless, marked, numbers, twice, other_kernel, outputs,
        malformed, metadata, surrogate, old_minor, late_stamp,
    )
}  # fmt: skip

# What the instructor reads, for those that lost something.
BESIDE = "files beside the notebook were not used: data.csv"
FAULTS = {
    "lost_cell": "the cell test_square was missing and was put back",
    "linked_data": BESIDE,
    "pipe": BESIDE,
    "endless": BESIDE,
    "malformed": "4 malformed cells were left out",
    "late_stamp": "timestamp.txt holds no point in time; no lateness was counted",
}
