"""Keep a `state_dict` in a file: NumPy's .npz format, which holds arrays and no code."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping

import numpy as np

from .module import Array


def save(state: Mapping[str, Array], path: str | os.PathLike[str]) -> None:
    """Write a state_dict to a file.

    Parameters
    ----------
    state : mapping as `Module.state_dict` returns it
    path : str or path
        The usual ending is .npz; none is added.

    Raises
    ------
    ValueError
        If something in `state` is no array of numbers.

    Notes
    -----
    Formula: load(path) = state, bit for bit, after save(state, path).

    References
    ----------
    NumPy Enhancement Proposal 1 (2007), A simple file format for NumPy arrays.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "net.npz")
    ...     save({"0.weight": np.ones(2)}, file)
    ...     load(file)
    {'0.weight': array([1., 1.])}
    """
    objects = [name for name, array in state.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(f"save: {objects[0]} holds Python objects; expected numbers.")
    with open(path, "wb") as file:
        np.savez(file, **state)  # type: ignore[arg-type]


def load(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read a state_dict from a file that `save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict from names to arrays, for `Module.load_state_dict`

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no .npz file.

    Notes
    -----
    Formula: load(path) = state after save(state, path). Nothing in the file is executed.

    References
    ----------
    NumPy Enhancement Proposal 1 (2007), A simple file format for NumPy arrays.

    Examples
    --------
    See `save`.

    >>> load("missing.npz")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'missing.npz'
    """
    if not zipfile.is_zipfile(path) and os.path.exists(path):
        raise ValueError(f"load: {os.fspath(path)!r} is no .npz file; expected one made by save.")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)
