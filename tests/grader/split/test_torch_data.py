"""Data loaders, files in memory and random numbers."""

import inspect
import io

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from tests.grader.split.torch_pair import Pair

SOURCE = """
def make_loader(X, y, size, shuffle, generator):
    rows = torch.as_tensor(X, dtype=torch.float32)
    return DataLoader(TensorDataset(rows, torch.as_tensor(y)), size, shuffle, generator=generator)

def batches(loader):
    return [[part.tolist() for part in batch] for batch in loader]

def about(loader):
    return len(loader), loader.batch_size, len(loader.dataset), isinstance(loader, DataLoader)

def data(X):
    return TensorDataset(X)

def draw(generator):
    return torch.rand(2, generator=generator)

def draw_globally():
    return torch.rand(2)

def seed():
    torch.manual_seed(3)

def write(file, text):
    file.write(text)

def shut(file):
    file.close()

def save(file, value):
    torch.save(value, file)
"""


@pytest.fixture(scope="module")
def pair():
    made = Pair(SOURCE)
    yield made
    made.close()


def test_a_students_loader(pair):
    loader = pair.make_loader(np.arange(5.0)[:, None], np.arange(5), 2, False, None)
    assert isinstance(loader, DataLoader)
    assert (len(loader), loader.batch_size) == (3, 2)
    got = [(x.dtype, x.flatten().tolist(), t.tolist()) for x, t in loader]
    assert got == [(torch.float32, [0, 1], [0, 1]), (torch.float32, [2, 3], [2, 3]),
                   (torch.float32, [4], [4])]
    assert pair.batches(loader)[2] == [[[4.0]], [4]]
    data = pair.data(torch.arange(3.0))
    assert isinstance(data, TensorDataset)
    assert (len(data), data[1][0].item()) == (3, 1)
    assert [x.tolist() for (x,) in DataLoader(data, 2)] == [[0, 1], [2]]


def test_orders_come_from_the_generator_as_in_one_process(pair):
    X, y = np.arange(8.0)[:, None], np.arange(8)
    ours = TensorDataset(torch.arange(8.0)[:, None], torch.arange(8))

    def orders(make, seed):
        loader = make(torch.Generator().manual_seed(seed))
        return [[t for _, batch in loader for t in batch.tolist()] for _ in range(3)]

    got = orders(lambda g: pair.make_loader(X, y, 3, True, g), 5)
    assert got == orders(lambda g: DataLoader(ours, 3, True, generator=g), 5)
    assert got[0] != got[1]


@pytest.mark.parametrize("make", [
    lambda data: DataLoader(data, batch_size=2),
    lambda data: DataLoader(data, batch_size=2, drop_last=True),
    lambda data: DataLoader(data, batch_size=2, shuffle=True,
                            generator=torch.Generator().manual_seed(1)),
    lambda data: DataLoader(data, batch_size=2, sampler=[3, 1, 0]),
    lambda data: DataLoader(data, batch_sampler=[[0, 4], [2]]),
    lambda data: DataLoader(data, batch_size=2, collate_fn=lambda rows: [sum(r[0] for r in rows)]),
    lambda data: [(torch.ones(1), torch.zeros(2))],
])
def test_a_loader_of_the_tests(pair, make):
    data = TensorDataset(torch.arange(5.0), torch.arange(5) * 10)
    wanted = [[part.tolist() for part in batch] for batch in make(data)]
    assert pair.batches(make(data)) == wanted
    assert pair.batches(iter(make(data))) == wanted
    if isinstance(make(data), DataLoader):
        loader = make(data)
        assert pair.about(loader) == (len(loader), loader.batch_size, 5, True)


def test_data_sets_of_a_test(pair):
    class Stream(IterableDataset):
        def __iter__(self):
            return iter([(torch.tensor(k), torch.tensor(k * k)) for k in range(3)])

    class Squares(torch.utils.data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, k):
            return torch.tensor(k), torch.tensor(k * k)

    wanted = [[[0, 1], [0, 1]], [[2], [4]]]
    assert pair.batches(DataLoader(Stream(), 2)) == wanted
    assert pair.batches(DataLoader(Squares(), 2)) == wanted


def test_a_generator_is_drawn_from_and_moves_on(pair):
    mine, other = (torch.Generator().manual_seed(4) for _ in range(2))
    before = mine.get_state()
    assert torch.equal(pair.draw(mine), torch.rand(2, generator=other))
    assert not torch.equal(mine.get_state(), before)  # the test sees that it was used
    fresh = torch.rand(2, generator=mine)
    mine.manual_seed(4)
    assert torch.equal(pair.draw(mine), torch.rand(2, generator=other.manual_seed(4)))
    unused = mine.get_state()
    pair.batches([])
    assert torch.equal(mine.get_state(), unused)
    assert fresh.shape == (2,)


def test_the_global_generator(pair):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        wanted = [torch.rand(2), torch.rand(2)]
        torch.manual_seed(1)
        assert torch.equal(pair.draw_globally(), wanted[0])
        assert torch.equal(pair.draw_globally(), wanted[1])  # the student's numbers go on
        torch.manual_seed(1)
        before = torch.get_rng_state()
        assert torch.equal(pair.draw_globally(), wanted[0])
        assert not torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(1)
        pair.batches([])
        assert torch.equal(torch.get_rng_state(), before)


def test_a_student_cannot_choose_the_tests_numbers(pair):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        pair.seed()
        assert not torch.equal(torch.rand(2), torch.rand(2, generator=_at(3)))


def _at(seed):
    return torch.Generator().manual_seed(seed)


def test_files_in_memory(pair):
    file = io.BytesIO(b"abc")
    file.seek(1)
    pair.write(file, b"XYZ")
    assert (file.getvalue(), file.tell()) == (b"aXYZ", 4)
    pair.shut(file)
    assert file.closed


def test_files_of_a_student_are_read_as_plain_values_only(pair):
    file = io.BytesIO()
    pair.save(file, {"w": torch.ones(2)})
    file.seek(0)
    with pytest.raises(TypeError, match=r"weights_only=False\) in a test is not supported"):
        torch.load(file, weights_only=False)
    assert torch.load(file)["w"].tolist() == [1, 1]


def test_a_judge_s_guard_on_torch_load_ends_with_its_pair(monkeypatch):
    plain = inspect.unwrap(torch.load)
    monkeypatch.setattr(torch, "load", plain)
    pair = Pair()
    try:
        assert torch.load is not plain
    finally:
        pair.close()
    assert torch.load is plain
