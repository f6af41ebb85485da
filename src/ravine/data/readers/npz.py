"""Reader of NPZ archives, which makes a table of the arrays in an archive. Left: arrays; right: the table.

X [N, ...], y [N]                            features and target; other usual names are accepted too
x_train, y_train, x_test, y_test             the same, with a table of test rows
several arrays [N]                           one column for each array
one array [N, D], or of records [N]          one column for each column of the array, or field of the records
"""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np

from ravine.data.formats import Source
from ravine.data.table import Table, unique_names
from ravine.errors import DataError

__all__ = ["read_npz", "table_of"]

INPUTS = ("x", "data", "features", "images", "inputs")
TARGETS = ("y", "target", "targets", "labels", "label")


def read_npz(source: Source) -> Table:
    """Return the table in an NPZ archive. Pickled objects are not read, since they could run code.

    Raises DataError if the archive is damaged, or holds pickled objects or no table.
    """
    try:
        with np.load(io.BytesIO(source.content), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"'{source.name}' cannot be read as NPZ.",
            f"It is cut, damaged or holds pickled objects: {error}.",
            "Write it again: numpy.savez('data.npz', X=X, y=y).",
        ) from error
    return table_of(arrays, source.name, source.sha256, "npz")


def table_of(arrays: dict[str, np.ndarray], name: str, sha256: str, kind: str) -> Table:
    """Return the table that the named arrays of a file form: features and target, or one column per array.

    arrays   name -> array [N] or [N, ...]
    name     name of the table
    sha256   hash of the file
    kind     name of the file format, for the notes

    Raises DataError if the shapes of the arrays are not those of a table.
    """
    arrays = {k: np.char.decode(v, "latin-1") if v.dtype.kind == "S" else v for k, v in arrays.items()}
    lower = {key.lower(): value for key, value in arrays.items()}
    for suffix in ("", "_train"):
        for inputs in INPUTS:
            for target in TARGETS:
                if inputs + suffix in lower and target + suffix in lower:
                    pair = lower[inputs + suffix], lower[target + suffix]
                    test = lower.get(inputs + "_test"), lower.get(target + "_test")
                    return _from_pair(
                        pair, test, name, sha256, f"{kind}: {inputs}{suffix} and {target}{suffix}"
                    )
    return _from_columns(arrays, name, sha256, kind)


def _from_pair(
    pair: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray | None, np.ndarray | None],
    name: str,
    sha256: str,
    note: str,
) -> Table:
    """Return the table of inputs and target, with the table of the test arrays if there are some."""
    test_table = None
    x_test, y_test = test
    if x_test is not None and y_test is not None:
        test_table = _from_pair(
            (x_test, y_test), (None, None), f"{name} (test)", sha256, "test arrays of the same archive"
        )
    x, y = pair
    if y.ndim == 2 and 1 in y.shape:
        y = y.ravel()
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim == 0 or y.ndim != 1 or len(x) != len(y):
        raise DataError(
            f"The inputs of '{name}' have shape {x.shape}, and the target has shape {y.shape}.",
            "They must have the shapes [N, ...] and [N], with the same N.",
            "Store X with shape [N, D] and y with shape [N].",
        )
    return _image_table(x, y, name, sha256, [note], test_table)


def _image_table(
    x: np.ndarray, y: np.ndarray, name: str, sha256: str, notes: list[str], test: Table | None = None
) -> Table:
    """Return the table of inputs [N, ...] and target [N], with one column for each pixel of images."""
    import pandas as pd

    flat = x.reshape(len(x), -1)
    frame = pd.DataFrame(flat, columns=[f"c{i}" for i in range(flat.shape[1])])
    frame["target"] = y
    shape = tuple(x.shape[1:]) if x.ndim > 2 else None
    return Table(frame, name, sha256, notes, "target", test, shape)


def _from_columns(arrays: dict[str, np.ndarray], name: str, sha256: str, kind: str) -> Table:
    """Return the table with one column for each array [N], or for each column of a single array."""
    import pandas as pd

    if len(arrays) == 1:
        ((key, only),) = arrays.items()
        if only.dtype.names is not None:
            arrays = {field: only[field] for field in only.dtype.names}
        elif only.ndim == 2:
            frame = pd.DataFrame(only, columns=[f"c{i}" for i in range(only.shape[1])])
            return Table(frame, name, sha256, [f"{kind}: the columns of '{key}'"], header=False)
    shapes = {key: value.shape for key, value in arrays.items()}
    if not arrays or any(len(s) != 1 for s in shapes.values()) or len(set(shapes.values())) != 1:
        raise DataError(
            f"The arrays of '{name}' are not recognized as a table.",
            "It holds " + (", ".join(f"{key} {shape}" for key, shape in shapes.items()) or "nothing") + ".",
            "Store X with shape [N, D] and y with shape [N]: numpy.savez('data.npz', X=X, y=y).",
        )
    names, renamed = unique_names(list(arrays))
    notes = [f"{kind}: one array per column"] + (
        [f"columns renamed: {', '.join(renamed)}"] if renamed else []
    )
    return Table(pd.DataFrame(dict(zip(names, arrays.values(), strict=True))), name, sha256, notes)
