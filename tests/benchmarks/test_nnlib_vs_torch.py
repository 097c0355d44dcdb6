"""The benchmark runs, compares equal work, and says what it leaves out. It is not timed here."""

import json
import re

import numpy as np
import pytest
import torch


@pytest.fixture
def bench(benchmark_script, monkeypatch):
    """Return the script, measuring once and briefly; put the threads back."""
    threads = torch.get_num_threads()
    script = benchmark_script("nnlib_vs_torch")
    monkeypatch.setattr(script, "SLOTS", {True: (1, 0.0), False: (1, 0.0)})
    yield script
    torch.set_num_threads(threads)


def test_every_case_of_a_network_is_a_row_with_all_ratios(bench, capsys) -> None:
    bench.main(["--quick", "--case", "XOR"])
    lines = capsys.readouterr().out.splitlines()
    table = [re.split("  +", line) for line in lines if line.startswith("XOR")]
    kinds = ["SGD", "SGD + BN + Dropout", "Adam", "Adam + BN + Dropout"]
    assert [row[1] for row in table][:4] == kinds
    assert len(table) in (4, 8)  # one thread, and all cores if there are more
    for row in table:
        cells = dict(zip(bench.COLUMNS, row, strict=True))
        assert cells["compile"] == "-"
        assert (cells["scikit-learn"] == "-") == ("Dropout" in cells["training"])
        left = [cells[n] for n in ("nnlib, ms", "torch", "foreach", "fused", "products")]
        assert all(re.fullmatch(r"\d+\.\d\d\d?", cell) for cell in left)  # of any size: no timing
    assert "1 thread:" in lines[1]
    assert sum(line.startswith("to PyTorch's eager step") for line in lines) == 2


def test_a_whole_run_is_stored(bench, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "nnlib.json")
    monkeypatch.setattr(bench, "CASES", bench.CASES[:2])
    monkeypatch.setattr(bench, "compile_works", lambda: False)
    bench.main(["--store"])
    stored = json.loads((tmp_path / "nnlib.json").read_text())
    assert stored["rounds"] == 1
    assert "1" in stored["threads"]
    assert [one["training"] for one in stored["threads"]["1"]] == ["SGD", "SGD + BN + Dropout"]
    assert "stored in results/nnlib.json" in capsys.readouterr().out


@pytest.mark.parametrize("part", [["--quick"], ["--case", "XOR"], ["--no-compile"]])
def test_part_of_a_run_is_not_stored(bench, part, capsys) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--store", *part])
    assert "--store keeps a whole run" in capsys.readouterr().err


def test_the_cases_are_those_of_the_issue(bench) -> None:
    assert len(bench.CASES) == 5 * 2 * 2 == len(set(bench.CASES))
    assert {(case.sizes, case.batch) for case in bench.CASES} == {
        ((2, 4, 1), 4),
        ((64, 64, 32, 10), 32),
        ((784, 256, 128, 10), 64),
        ((784, 256, 128, 10), 512),
        ((1024, 1024, 1024, 10), 256),
    }


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("sizes", [(2, 4, 1), (64, 64, 32, 10)])
def test_nnlib_and_torch_do_the_same(bench, sizes, optimizer) -> None:
    case = bench.c.Case("both", sizes, 8, optimizer)
    mine, theirs = bench.c.nnlib_step(case), bench.c.torch_step(case)
    for _ in range(50):
        first, second = mine(), theirs().item()
    assert first.dtype == np.float32
    assert float(first) == pytest.approx(second, rel=1e-5)


def test_unequal_work_would_stop_it(bench) -> None:
    case = bench.CASES[0]
    with pytest.raises(SystemExit, match=r"nnlib's loss is 1.0, PyTorch's 2.0"):
        bench.same_first_loss(case, lambda: 1.0, lambda: 2.0)


def test_products_are_those_of_the_step(bench, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(bench.c.np, "matmul", lambda a, b, out: seen.append((a.shape, b.shape)))
    bench.c.bare_products(bench.c.Case("both", (7, 5, 3), 2))()
    forward = [((2, 7), (7, 5)), ((2, 5), (5, 3))]
    weights = [((5, 2), (2, 7)), ((3, 2), (2, 5))]
    assert sorted(seen) == sorted([*forward, *weights, ((2, 3), (3, 5))])  # no dL/dx of the input


def test_a_compiler_that_fails_is_named_in_one_line(bench, monkeypatch, capsys) -> None:
    def broken(*_, **__):
        raise RuntimeError("no compiler found\nmany\nlines")

    monkeypatch.setattr(bench.c, "torch_step", broken)
    assert not bench.compile_works()
    message = "torch.compile does not work here and is left out: no compiler found\n"
    assert capsys.readouterr().err == message


def test_unknown_cases_are_named(bench, capsys) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--case", "GPT"])
    assert "no case holds 'GPT'; the cases are XOR 2-4-1" in capsys.readouterr().err
