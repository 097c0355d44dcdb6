"""The class of 2,000: who hands in what, and how memory is counted. Not timed."""

import os
import subprocess
import sys

import pytest

BIG = 60_000_000
ALLOCATE = f"""
import subprocess, sys
child = "x = bytearray({BIG}); print('there', flush=True); input()"
one = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
one.stdout.readline()
print("ready", flush=True)
input()
one.communicate(b"\\n")
"""


@pytest.fixture
def large(benchmark_script):
    return benchmark_script("class_of_2000")


@pytest.fixture
def memory(benchmark_script):
    return benchmark_script("memory")


@pytest.mark.parametrize("students", [40, 2000])
def test_everybody_hands_in_one_set_and_most_hand_in_set_4(large, students) -> None:
    sizes = large.sizes(students)
    assert sum(sizes.values()) == students
    assert len(sizes) == 8
    assert min(sizes.values()) >= 2
    assert sizes["ps4_backprop"] > students / 2


def test_names_are_different_also_in_different_sets(large) -> None:
    classes = large.make_classes(40)
    students = [s for group in classes.values() for s in group]
    assert len({s.name for s in students}) == 40
    assert all(s.problem_set == name for name, group in classes.items() for s in group)
    assert all(group[1].untouched and not group[0].plant for group in classes.values())


def test_memory_of_children_counts_for_all_together_only(memory) -> None:
    process = subprocess.Popen([sys.executable, "-c", ALLOCATE], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        with memory.Watch(process.pid, every=0.05) as watch:
            watch.look()
    finally:
        process.communicate(b"\n", timeout=20)
    assert watch.processes == 2
    assert BIG < watch.tree < 3 * BIG
    assert 1_000_000 < watch.own < BIG


def test_a_process_that_has_ended_has_no_memory(memory) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert memory.share(process.pid) == memory.highest(process.pid) == 0


def test_descendants_are_found_through_all_generations(memory) -> None:
    assert memory.below(1, {2: 1, 3: 2, 4: 3, 5: 9, 9: 1}) == {1, 2, 3, 4, 5, 9}
    assert memory.below(5, {2: 1, 3: 2}) == {5}
    assert os.getpid() in memory.below(os.getppid(), memory.parents())


def test_sizes_of_files_and_folders(memory, tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"123")
    (tmp_path / "two").write_bytes(b"4567")
    assert memory.size_of(tmp_path / "two") == 4
    assert memory.size_of(tmp_path) == 7
