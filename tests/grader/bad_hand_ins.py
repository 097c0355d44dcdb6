"""Hand-ins that cannot be graded: each function puts one, named like it, into submitted/."""

import json
import os
import socket

import nbformat

from tests.grader.tiny_course import edit, hand_in, other_notebook, store


def cut_short(course):
    path = hand_in(course, "cut_short")
    path.write_text(path.read_text(encoding="utf-8")[:500], encoding="utf-8")


def not_text(course):
    hand_in(course, "not_text").write_bytes(b"\xff\xfe{\x00}\x00")


def nested(course):
    hand_in(course, "nested").write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")


def not_a_notebook(course):
    hand_in(course, "not_a_notebook").write_text('{"answer": 42}', encoding="utf-8")


def no_cells(course):
    hand_in(course, "no_cells").write_text('{"nbformat": 4, "cells": [1, 2]}', encoding="utf-8")


def old_format(course):
    path = hand_in(course, "old_format")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "nbformat": 3}), encoding="utf-8")


def other_set(course):
    store(other_notebook(), hand_in(course, "other_set"))


def unrelated(course):
    store(nbformat.v4.new_notebook(), hand_in(course, "unrelated"))


def wrong_name(course):
    hand_in(course, "wrong_name", file="Tiny final.ipynb")


def wrong_folder(course):
    path = hand_in(course, "wrong_folder")
    path.parent.rename(path.parent.with_name("Tiny"))


def no_folder(course):
    (course.root / "submitted" / "no_folder").mkdir(parents=True)


def no_file(course):
    (course.root / "submitted" / "no_file" / "tiny").mkdir(parents=True)


def loose_file(course):
    folder = course.root / "submitted"
    folder.mkdir(exist_ok=True)
    (folder / "loose_file").write_text("my homework", encoding="utf-8")


def linked_notebook(course):
    path = hand_in(course, "linked_notebook")
    path.unlink()
    path.symlink_to(course.root / "solutions" / "tiny" / "tiny.ipynb")


def linked_folder(course):
    hand_in(course, "model")
    (course.root / "submitted" / "linked_folder").symlink_to(course.root / "submitted" / "model")


def empty(course):
    hand_in(course, "empty").write_bytes(b" \n")


def huge(course):
    with hand_in(course, "huge").open("r+b") as file:
        file.truncate(200_000_000)  # a hole: it takes no room on the disk


def wordy(course):
    path = hand_in(course, "wordy")
    edit(path, "double", lambda source: source + "\n#" + "x" * 3_000_000)


def notebook_pipe(course):
    path = hand_in(course, "notebook_pipe")
    path.unlink()
    os.mkfifo(path)


def notebook_socket(course):
    path = hand_in(course, "notebook_socket")
    path.unlink()
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/{path.name}")  # the path itself may be too long
    os.close(here)


def notebook_folder(course):
    path = hand_in(course, "notebook_folder")
    path.unlink()
    path.mkdir()


def linked_set(course):
    path = hand_in(course, "linked_set")
    path.parent.rename(path.parent.with_name("mine"))
    path.parent.symlink_to("mine")


BAD = {
    make.__name__: make
    for make in (
        cut_short, not_text, nested, not_a_notebook, no_cells, old_format, other_set, unrelated,
        empty, huge, wordy, wrong_name, wrong_folder, no_folder, no_file, loose_file,
        linked_notebook, linked_folder, linked_set, notebook_pipe, notebook_socket, notebook_folder,
    )
}  # fmt: skip

# What the instructor reads: the place, what was found, what was expected or the remedy.
SENTENCES = {
    "cut_short": "submitted/cut_short/tiny/tiny.ipynb is not a notebook: no JSON at line ",
    "not_text": "submitted/not_text/tiny/tiny.ipynb is not a notebook: byte 0 is not UTF-8",
    "nested": "submitted/nested/tiny/tiny.ipynb is not a notebook: its JSON is nested too deeply",
    "not_a_notebook": "tiny.ipynb is not a notebook: it has no nbformat number; ask for",
    "no_cells": "tiny.ipynb is not a notebook: its cells are missing or malformed; ask for",
    "old_format": "tiny.ipynb has notebook format 3; expected 4: open it and save it",
    "other_set": "has none of the graded cells of tiny: it is a notebook of other; ask for",
    "unrelated": "has none of the graded cells of tiny: it is not a notebook of this problem set",
    "empty": "submitted/empty/tiny/tiny.ipynb is empty; ask for the file again",
    "huge": "submitted/huge/tiny/tiny.ipynb has 200 MB; at most 20 MB are read",
    "wordy": "tiny.ipynb has 3000 kB of text in its cells; at most 2000 are graded",
    "wrong_name": "has no tiny.ipynb (found: Tiny final.ipynb); rename it and grade again",
    "wrong_folder": "submitted/wrong_folder/tiny is missing (found: Tiny); expected a folder with",
    "no_folder": "submitted/no_folder/tiny is missing (the folder is empty); expected a folder",
    "no_file": "submitted/no_file/tiny/ has no tiny.ipynb (the folder is empty)",
    "loose_file": "submitted/loose_file is a file; expected a folder for the student, with tiny/",
    "linked_notebook": "submitted/linked_notebook/tiny/tiny.ipynb is a link, which is not followed",
    "linked_folder": "submitted/linked_folder is a link, which is not followed; expected a folder",
    "linked_set": "submitted/linked_set/tiny is a link, which is not followed; expected a folder",
    "notebook_pipe": "submitted/notebook_pipe/tiny/tiny.ipynb is neither a file nor a folder",
    "notebook_socket": "submitted/notebook_socket/tiny/tiny.ipynb is neither a file nor a folder",
    "notebook_folder": "submitted/notebook_folder/tiny/tiny.ipynb is a folder; expected a file",
}
