"""The table that named arrays form, as in NPZ archives and groups of HDF5 files.

X [N, ...], y [N]                     features and target, with one column for each pixel of images
x_train, y_train, x_test, y_test      the same, with a table of test rows
several arrays [N]                    one column for each array
one array [N, D], or of records [N]   one column for each column of the array, or field of the records
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.intake import native_array
from ravine.data.table import Table, unique_names
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from ravine.data.formats import Source

__all__ = ["columns_of_records", "table_of"]

INPUTS = ("x", "data", "features", "images", "inputs")
MAX_SHAPES = 12  # in a message
TARGETS = ("y", "target", "targets", "labels", "label")


def table_of(arrays: dict[str, np.ndarray], source: Source, kind: str) -> Table:
    """Return the table that the named arrays of a file form: features and target, or one column per array.

    arrays   name -> array [N] or [N, ...]
    source   the file
    kind     name of the file format, for the notes

    Raises DataError if the shapes of the arrays are not those of a table, and for types that Ravine does not
    read.
    """
    if len(arrays) == 1:
        ((_, only),) = arrays.items()
        arrays = columns_of_records(only) if only.dtype.names is not None and only.ndim == 1 else arrays
    arrays = {key: native_array(array, f"The array '{key}'") for key, array in arrays.items()}
    lower = {key.lower(): value for key, value in arrays.items()}
    for suffix in ("", "_train"):
        for inputs in INPUTS:
            for target in TARGETS:
                if inputs + suffix in lower and target + suffix in lower:
                    pair = lower[inputs + suffix], lower[target + suffix]
                    test = lower.get(inputs + "_test"), lower.get(target + "_test")
                    return _from_pair(pair, test, source, f"{kind}: {inputs}{suffix} and {target}{suffix}")
    return _from_columns(arrays, source, kind)


def columns_of_records(records: np.ndarray) -> dict[str, np.ndarray]:
    """Return the fields of records [N] as columns [N] by name. Several numbers in a field become one each."""
    columns: dict[str, np.ndarray] = {}
    for field in records.dtype.names or ():
        values = records[field]
        if values.ndim == 1:
            columns[field] = values
        else:
            flat = _flat(values)
            columns |= {f"{field}[{i}]": flat[:, i] for i in range(flat.shape[1])}
    return columns


def _flat(array: np.ndarray) -> np.ndarray:
    """Return an array [N, ...] as [N, D]."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def _from_pair(
    pair: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray | None, np.ndarray | None],
    source: Source,
    note: str,
    name: str = "",
) -> Table:
    """Return the table of inputs and target, with the table of the test arrays if there are some."""
    name = name or source.name
    test_table = None
    x_test, y_test = test
    if x_test is not None and y_test is not None:
        test_table = _from_pair(
            (x_test, y_test), (None, None), source, "test arrays of the same archive", f"{name} (test)"
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
    source.budget.check_columns(math.prod(x.shape[1:]))
    frame = _frame(_flat(x))
    frame["target"] = y
    shape = tuple(x.shape[1:]) if x.ndim > 2 else None
    return Table(frame, name, source.sha256, [note], "target", test_table, shape)


def _frame(array: np.ndarray) -> pd.DataFrame:
    """Return the columns of an array [N, D] as a table with the names c0, c1, …, which shares its memory."""
    import pandas as pd

    names = [f"c{i}" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=names, copy=not array.flags.writeable)


def _from_columns(arrays: dict[str, np.ndarray], source: Source, kind: str) -> Table:
    """Return the table with one column for each array [N], or for each column of a single array."""
    import pandas as pd

    name, sha256 = source.name, source.sha256
    if len(arrays) == 1:
        ((key, only),) = arrays.items()
        if only.ndim == 2:
            source.budget.check_columns(only.shape[1])
            return Table(_frame(only), name, sha256, [f"{kind}: the columns of '{key}'"], header=False)
    shapes = {key: value.shape for key, value in arrays.items()}
    if not arrays or any(len(s) != 1 for s in shapes.values()) or len(set(shapes.values())) != 1:
        some = [f"{key} {shape}" for key, shape in shapes.items()]
        more = f" and {len(some) - MAX_SHAPES} more" if len(some) > MAX_SHAPES else ""
        raise DataError(
            f"The arrays of '{name}' are not recognized as a table.",
            f"It holds {', '.join(some[:MAX_SHAPES]) or 'nothing'}{more}.",
            "Store X with shape [N, D] and y with shape [N]: numpy.savez('data.npz', X=X, y=y).",
        )
    source.budget.check_columns(len(arrays))
    names, renamed = unique_names(list(arrays))
    notes = [f"{kind}: one array per column"] + (
        [f"columns renamed: {', '.join(renamed)}"] if renamed else []
    )
    return Table(pd.DataFrame(dict(zip(names, arrays.values(), strict=True))), name, sha256, notes)
