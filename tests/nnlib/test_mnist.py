"""MNIST's download: kept, checked, clear when offline. A small copy is served on this machine."""

import gzip
import hashlib
import http.server
import re
import struct
import threading

import numpy as np
import pytest

import nnlib.mnist
from nnlib.datasets import mnist

COUNTS = {"train": 5, "t10k": 3}


def files() -> dict[str, bytes]:
    """Return four small files in MNIST's format, by name."""
    made = {}
    for start, n in COUNTS.items():
        pixels = (np.arange(n * 784) % 256).astype(np.uint8).tobytes()
        labels = bytes(range(n))
        parts = {
            f"{start}-images-idx3": struct.pack(">4I", 2051, n, 28, 28) + pixels,
            f"{start}-labels-idx1": struct.pack(">2I", 2049, n) + labels,
        }
        # Without the time of day, which would change the checksum from one second to the next.
        made |= {name: gzip.compress(part, mtime=0) for name, part in parts.items()}
    return made


@pytest.fixture
def served(monkeypatch):
    """Serve the small files on the loopback interface; the list holds what was asked for."""
    content, asked = files(), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = content[self.path.removeprefix("/").removesuffix("-ubyte.gz")]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(nnlib.mnist, "_URL", f"http://127.0.0.1:{server.server_port}/")
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in content.items()}
    monkeypatch.setattr(nnlib.mnist, "_SHA256", sums)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_files_are_fetched_once_and_read_as_the_format_says(served, tmp_path) -> None:
    X, y = mnist(folder=tmp_path)
    assert (X.shape, X.dtype, y.dtype) == ((5, 784), np.float32, np.int64)
    assert y.tolist() == [0, 1, 2, 3, 4]
    assert X[0, :3].tolist() == [0, np.float32(1) / 255, np.float32(2) / 255]
    assert X.max() == 1
    assert X[1, 0] == np.float32(784 % 256) / 255
    again, _ = mnist("train", folder=str(tmp_path))
    assert np.array_equal(again, X)
    assert sorted(served) == ["/train-images-idx3-ubyte.gz", "/train-labels-idx1-ubyte.gz"]
    assert mnist("test", folder=tmp_path)[0].shape == (3, 784)


def test_without_folder_the_users_cache_is_used(served, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    mnist("test")
    assert len([*(tmp_path / "nnlib").iterdir()]) == 2


def test_a_file_with_another_checksum_is_refused_and_not_kept(
    served, tmp_path, monkeypatch
) -> None:
    monkeypatch.setitem(nnlib.mnist._SHA256, "train-images-idx3", "0" * 64)
    with pytest.raises(ValueError, match=r"^mnist: http.*train-images-idx3-ubyte.gz is not the "):
        mnist(folder=tmp_path)
    assert not [*tmp_path.iterdir()]


def test_a_spoilt_copy_is_fetched_again(served, tmp_path) -> None:
    mnist(folder=tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"spoilt")
    assert mnist(folder=tmp_path)[1].tolist() == [0, 1, 2, 3, 4]


def test_offline_says_what_to_do(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(nnlib.mnist, "_URL", "http://127.0.0.1:9/")  # nothing listens there
    message = (
        "mnist: could not download http://127.0.0.1:9/train-images-idx3-ubyte.gz "
        "(ConnectionError); connect to the internet once, or put the four *-ubyte.gz files into "
        f"{tmp_path}."
    )
    with pytest.raises(OSError, match=f"^{re.escape(message)}$"):
        mnist(folder=tmp_path)


def test_files_put_there_by_hand_are_used_offline(served, tmp_path, monkeypatch) -> None:
    for name, body in files().items():
        (tmp_path / f"{name}-ubyte.gz").write_bytes(body)
    monkeypatch.setattr(nnlib.mnist, "_URL", "http://127.0.0.1:9/")
    assert mnist("test", folder=tmp_path)[1].tolist() == [0, 1, 2]
    assert served == []


@pytest.mark.parametrize("split", ["validation", "Train", None])
def test_an_unknown_split_is_refused_before_anything_is_fetched(split) -> None:
    message = f'mnist: split must be "train" or "test", got {split!r}.'
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        mnist(split)


def test_the_known_checksums_have_the_form_of_sha256() -> None:
    assert len(nnlib.mnist._SHA256) == len(set(nnlib.mnist._SHA256.values())) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in nnlib.mnist._SHA256.values())
    assert nnlib.mnist._URL.startswith("https://")
