"""MNIST, fetched once by pooch, which keeps a copy and checks it against a known checksum."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_SHA256 = {
    "train-images-idx3": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
Digits = tuple[NDArray[np.float32], NDArray[np.int64]]


def mnist(split: str = "train", *, folder: str | Path | None = None) -> Digits:
    """Handwritten digits of 28 x 28 pixels: 60,000 to train and 10,000 to test.

    The first call downloads about 12 MB; later ones read the kept files.

    Parameters
    ----------
    split : {"train", "test"}
    folder : str or Path, optional
        Where the files are kept; the user's cache folder if left out.

    Returns
    -------
    X : ndarray of float32, shape (N, 784)
        Ink in [0, 1], row by row; float32 because the training part takes 188 MB even so.
    y : ndarray of int64, shape (N,)
        The digit, 0 to 9.

    Raises
    ------
    ValueError
        If `split` is unknown, or a file does not have the known checksum.
    OSError
        If a file is neither in the folder nor can be downloaded.

    References
    ----------
    LeCun, Y., Bottou, L., Bengio, Y. and Haffner, P. (1998). Gradient-based learning applied to
    document recognition. Proceedings of the IEEE 86(11), 2278-2324. doi:10.1109/5.726791

    Examples
    --------
    >>> mnist("validation")
    Traceback (most recent call last):
        ...
    ValueError: mnist: split must be "train" or "test", got 'validation'.
    """
    if split not in ("train", "test"):
        raise ValueError(f'mnist: split must be "train" or "test", got {split!r}.')
    start = {"train": "train", "test": "t10k"}[split]
    images = _fetch(f"{start}-images-idx3", folder)
    labels = _fetch(f"{start}-labels-idx1", folder)
    # The format: four bytes of which the last is the number of axes, each length as a big-endian
    # 32-bit integer, then one byte a pixel or label.
    X = np.frombuffer(gzip.decompress(images.read_bytes()), dtype=np.uint8, offset=16)
    y = np.frombuffer(gzip.decompress(labels.read_bytes()), dtype=np.uint8, offset=8)
    return np.divide(X.reshape(len(y), -1), 255, dtype=np.float32), y.astype(np.int64)


def _fetch(name: str, folder: str | Path | None) -> Path:
    """Return the path of the checked file, downloading it if it is not there."""
    import pooch

    place = Path(pooch.os_cache("nnlib") if folder is None else folder)
    file, checksum = f"{name}-ubyte.gz", f"sha256:{_SHA256[name]}"
    try:
        return Path(pooch.retrieve(_URL + file, checksum, fname=file, path=place))
    except ValueError as error:  # pooch keeps no file that fails the check
        raise ValueError(f"mnist: {_URL}{file} is not the known file: {error}") from error
    except OSError as error:
        raise OSError(
            f"mnist: could not download {_URL}{file} ({type(error).__name__}); connect to the "
            f"internet once, or put the four *-ubyte.gz files into {place}."
        ) from error
