"""The tests that take longest begin first, and a list that names a file of the past is refused."""

import types

import pytest

from conftest import LONG, pytest_collection_modifyitems, pytest_configure


def test_long_files_come_first_and_the_others_keep_their_order():
    names = ["tests/b.py::x", f"{LONG[1]}::y", "tests/a.py::x", f"{LONG[0]}::z[1]"]
    items = [types.SimpleNamespace(nodeid=name) for name in names]
    pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == [names[1], names[3], names[0], names[2]]


def test_a_long_file_that_was_moved_is_named(tmp_path):
    for name in LONG[1:]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(pytest.UsageError, match=rf"names {LONG[0]}: not there"):
        pytest_configure(types.SimpleNamespace(rootpath=tmp_path))
