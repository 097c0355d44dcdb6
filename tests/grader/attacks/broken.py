"""Broken files, folders and names: a grade or a stated reason, and nobody else notices."""

import json
import os
import shutil
import socket
from pathlib import Path

import nbformat

from tests.grader.attacks.attack import Attack, family
from tests.grader.attacks.course import SET, TOTAL
from tests.grader.tiny_course import other_notebook

NAME = f"{SET}.ipynb"


def text(change):
    """Return what changes the text of the notebook file."""

    def place(folder: Path):
        path = folder / NAME
        path.write_bytes(change(path.read_text(encoding="utf-8")))

    return place


def content(change):
    """Return what changes the notebook as JSON without minding whether it stays one."""

    def place(folder: Path):
        path = folder / NAME
        notebook = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(change(notebook)), encoding="utf-8")

    return place


def with_number(notebook_text: str) -> bytes:
    return notebook_text.replace(
        '"nbformat":', '"big": ' + "9" * 5000 + ', "nbformat":', 1
    ).encode()


def large_file(folder):
    with (folder / NAME).open("r+b") as file:
        file.truncate(200_000_000)


def large_data(folder):
    with (folder / "data.bin").open("wb") as file:
        file.truncate(200_000_000)


def many_files(folder):
    (folder / "parts").mkdir()
    for number in range(5000):
        (folder / "parts" / f"{number}.txt").write_text("x")


def link_to(*parts):
    def place(folder: Path):
        path = folder / NAME
        path.unlink()
        path.symlink_to(folder.parents[2].joinpath(*parts))

    return place


def link_to_itself(folder):
    (folder / NAME).unlink()
    (folder / NAME).symlink_to(NAME)
    (folder / "loop").symlink_to("..")


def hard_link(folder):
    (folder / NAME).unlink()
    os.link(folder.parents[2] / "solutions" / SET / NAME, folder / NAME)


def linked_folder(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder.parents[2] / "solutions" / SET)


def pipe_in_its_place(folder):
    (folder / NAME).unlink()
    os.mkfifo(folder / NAME)


def socket_in_it(folder):
    here = os.getcwd()
    os.chdir(folder)  # a socket's path may have 100 characters at most
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("live")
    finally:
        os.chdir(here)


def folder_in_its_place(folder):
    (folder / NAME).unlink()
    (folder / NAME).mkdir()


def no_permission(folder):
    (folder / NAME).chmod(0)


def timestamp(value):
    return lambda folder: (folder / "timestamp.txt").write_bytes(value)


def own_modules(folder):
    """Put modules beside the notebook that Python would find before the real ones."""
    for name in (
        "numpy",
        "sitecustomize",
        "IPython",
        "random",
        "json",
        "grader",
        "nbformat",
        "encodings",
    ):
        (folder / f"{name}.py").write_text("print('poison')\nraise SystemExit(0)\n")
    (folder / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (folder / ".ipython" / "profile_default" / "startup" / "00.py").write_text("print('poison')")


def git_hooks(folder):
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "pre-commit", "post-merge"):
        (hooks / name).write_text("#!/bin/sh\ntouch /tmp/poison-hook\n")
        (hooks / name).chmod(0o755)


def own_settings(folder):
    for name in ("nbgrader_config.py", "jupyter_config.py", "ipython_config.py", "conftest.py"):
        (folder / name).write_text("print('poison')\nraise SystemExit(0)\n")


def wrong_encoding_name(folder):
    os.rename(bytes(folder / NAME), bytes(folder) + b"/vault\xff.ipynb")


def two_notebooks(folder):
    shutil.copy(folder / NAME, folder / "vault (1).ipynb")
    shutil.copy(folder / NAME, folder / "second.ipynb")
    (folder / "second.ipynb").write_text("{}")


def deep_path(folder):
    path = folder
    for _ in range(18):
        path = path / ("d" * 200)
    os.makedirs(str(path)[:3900])


def broken(name, tries, place, reason, **more):
    return Attack(name, tries, place=place, reason=reason, **more)


def named(name, student, tries, **more):
    """Return an honest submission whose folder's name is the attack."""
    return Attack(name, tries, student=student, **more)


ATTACKS = family(
    "broken files",
    broken("empty_file", "hands in an empty file", text(lambda _: b""), "is empty"),
    broken("cut_short", "hands in the first half of the file", text(lambda t: t[: len(t) // 2].encode()), "no JSON"),
    broken("not_utf8", "hands in UTF-16", text(lambda t: t.encode("utf-16")), "not UTF-8"),
    broken("binary", "hands in random bytes", text(lambda _: bytes(range(256)) * 100), "not UTF-8"),
    Attack("byte_order_mark", "puts a byte order mark in front", place=text(lambda t: b"\xef\xbb\xbf" + t.encode())),
    broken("not_a_notebook", "hands in JSON that is no notebook", text(lambda _: b'{"answer": 42}'), "not a notebook"),
    broken("json_list", "hands in a list", text(lambda t: b"[" + t.encode() + b"]"), "not a notebook"),
    broken("json_text", "hands in a JSON string", text(lambda t: json.dumps(t).encode()), "not a notebook"),
    broken("nested_json", "nests JSON 100,000 deep", text(lambda _: b"[" * 100_000 + b"]" * 100_000), "nested too deeply"),
    Attack("number_of_5000_digits", "writes a number that Python's JSON reader refuses", place=text(with_number)),
    Attack("nan_in_json", "writes NaN and Infinity, which JSON does not know",
           place=content(lambda n: {**n, "metadata": {**n["metadata"], "x": [float("nan"), float("inf"), -1e999]}})),
    Attack("keys_twice", "writes the key cells twice, the second time rightly",
           place=text(lambda t: t.replace("{", '{"cells": [], "cells": 7,', 1).encode())),
    broken("format_3", "says that its format is 3", content(lambda n: {**n, "nbformat": 3}), "notebook format 3"),
    broken("format_5", "says that its format is 5", content(lambda n: {**n, "nbformat": 5}), "notebook format 5"),
    broken("format_true", "says that its format is true", content(lambda n: {**n, "nbformat": True}), "no nbformat number"),
    Attack("minor_format_of_the_future", "says that its minor format is 99", place=content(lambda n: {**n, "nbformat_minor": 99})),
    Attack("minor_format_is_text", "says that its minor format is a word", place=content(lambda n: {**n, "nbformat_minor": "five"})),
    Attack("no_metadata", "hands in a notebook without metadata", place=content(lambda n: {k: v for k, v in n.items() if k != "metadata"})),
    Attack("metadata_is_a_list", "hands in metadata of the wrong type", place=content(lambda n: {**n, "metadata": [1]})),
    broken("cells_are_numbers", "hands in cells that are numbers", content(lambda n: {**n, "cells": [1, 2]}), "cells are missing or malformed"),
    broken("no_cells", "hands in a notebook without cells", content(lambda n: {**n, "cells": []}), "none of the graded cells"),
    broken("unknown_cell_type", "hands in cells of an unknown type",
           content(lambda n: {**n, "cells": [{**c, "cell_type": "poem"} for c in n["cells"]]}), "malformed"),
    broken("other_set", "hands in the notebook of another problem set",
           lambda folder: nbformat.write(other_notebook(), folder / NAME), "a notebook of other"),
    broken("large_file", "hands in a sparse file of 200 MB", large_file, "MB; at most"),
    Attack("large_data", "hands in data of 200 MB beside the notebook", place=large_data, fault="left out"),
    Attack("many_files", "hands in 5,000 files beside the notebook", place=many_files, seconds=20),
    broken("link_to_the_source", "hands in a link to the source notebook", link_to("solutions", SET, NAME), "is a link"),
    broken("link_to_a_neighbour", "hands in a link to a neighbour's notebook", link_to("submitted", "model", SET, NAME), "is a link"),
    broken("link_to_itself", "hands in a link that points to itself", link_to_itself, "is a link"),
    broken("hard_link", "hands in a second name of the source notebook's file", hard_link, "under a second name"),
    broken("linked_folder", "hands in a link to the source's folder", linked_folder, "is a link"),
    broken("pipe", "hands in a named pipe, on which a reader waits for ever", pipe_in_its_place, "neither a file nor a folder"),
    Attack("socket_file_beside", "hands in a socket beside the notebook", place=socket_in_it, fault="left out"),
    broken("folder_as_notebook", "hands in a folder of the notebook's name", folder_in_its_place, NAME),
    broken("no_folder", "hands in an empty folder", lambda folder: shutil.rmtree(folder), "is missing"),
    broken("no_notebook", "hands in a folder without the notebook", lambda folder: (folder / NAME).unlink(), "has no vault.ipynb"),
    broken("wrong_name", "hands in the notebook under another name",
           lambda folder: (folder / NAME).rename(folder / "My vault.ipynb"), "rename it"),
    broken("name_that_is_not_utf8", "hands in a file whose name is no text", wrong_encoding_name, "has no vault.ipynb"),
    Attack("two_notebooks", "hands in copies and another notebook beside it", place=two_notebooks),
    Attack("deep_folders_beside", "hands in folders nested as deep as paths allow", place=deep_path),
    Attack("time_stamp_is_nonsense", "hands in a time stamp that is no time", place=timestamp(b"\xff\x00 yesterday {x}")),
    Attack("time_stamp_of_the_past", "hands in a time stamp of 1970", place=timestamp(b"1970-01-01 00:00:00 UTC")),
    Attack("own_modules", "puts modules named like the grader's beside the notebook", place=own_modules),
    Attack("own_settings", "puts settings of nbgrader, Jupyter and pytest beside the notebook", place=own_settings),
    Attack("git_hooks", "hands in a git repository with hooks", place=git_hooks),
) + family(
    "names of students",
    named("name_with_html", "<img src=x onerror=alert(1)>", "is called like an HTML tag with a handler"),
    named("name_with_format", "{0.__class__.__init__.__globals__}", "is called like a format string"),
    named("name_with_pattern", "[a-z]*?", "is called like a file pattern and a regular expression"),
    named("name_with_shell", "$(touch poison-name);`id`|x&", "is called like a shell command"),
    named("name_with_sql", "x'; DROP TABLE grade; --", "is called like an SQL command"),
    named("name_with_formula", "=HYPERLINK(\"x\")+1", "is called like a spreadsheet formula"),
    named("name_like_an_option", "--student", "is called like an option"),
    named("name_of_255_letters", "n" * 255, "has the longest name that a folder may have", reason="a name of more than"),
    named("name_with_controls", "tab\tand\x1b[2J\rreturn", "is called like terminal commands", reason="unreadable characters"),
    named("name_of_two_forms", "re\u0301ne\u0301 \u202e\u200b", "has accents in two parts and hidden characters",
          reason="unreadable characters"),
)  # fmt: skip
assert TOTAL > 0
