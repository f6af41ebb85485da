"""HDF5 files, through h5py where it is installed: `x.h5:/path` names a data set or a group.

a data set [N, D], or of records [N]               a table
a group of data sets [N]                           a table, one column each
a group with X [N, ...] and y [N]                  inputs and target, as in NPZ archives
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.formats import Source
from ravine.data.readers.npz import table_of
from ravine.data.table import Table
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import h5py

__all__ = ["read_hdf5"]

DEEPEST = 32  # a link may lead back to where it stands


def read_hdf5(source: Source) -> Table:
    """Read the table at `source.part` in an HDF5 file; without a part, the only table there is.

    Links to other files are not followed. Raises DataError for a damaged or unfit file.
    """
    import h5py

    name = source.name
    try:
        with h5py.File(io.BytesIO(source.content), "r") as file:
            found = _only(_at(file, source.part.strip("/"), name), name)
            arrays = _arrays(found, name)
            where = str(found.name)
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"'{name}' cannot be read as HDF5.",
            f"It is cut, damaged or of a kind h5py cannot read: {error}.",
            "Fetch or write the file again.",
        ) from error
    return table_of(arrays, name, source.sha256, f"hdf5 {where}")


def _at(file: h5py.File, inner: str, name: str) -> h5py.Group | h5py.Dataset:
    """Return what stands at a path. Raises DataError naming what there is beside it."""
    here = file
    for word in inner.split("/") if inner else ():
        members = _members(here)
        if word not in members:
            raise DataError(
                f"'{name}' has no '{word}' in '{here.name}'.",
                "",
                did_you_mean(word, members) if members else "",
            )
        here = members[word]
    return here


def _members(group: h5py.Group | h5py.Dataset) -> dict[str, h5py.Group | h5py.Dataset]:
    import h5py

    if not isinstance(group, h5py.Group):
        return {}
    inside = [each for each in group if not isinstance(group.get(each, getlink=True), h5py.ExternalLink)]
    found = {str(each): group.get(each) for each in inside}
    return {each: value for each, value in found.items() if isinstance(value, h5py.Group | h5py.Dataset)}


def _only(here: h5py.Group | h5py.Dataset, name: str) -> h5py.Group | h5py.Dataset:
    """Go down while there is one way, to a data set or a group that holds some."""
    import h5py

    for _ in range(DEEPEST):
        if isinstance(here, h5py.Dataset):
            return here
        if "pandas_type" in here.attrs:
            raise DataError(
                f"'{here.name}' of '{name}' is a frame as pandas stores it.",
                "Its blocks are no table that other programs read.",
                "Write it again: frame.to_parquet('data.parquet').",
            )
        members = _members(here)
        if any(isinstance(each, h5py.Dataset) and each.ndim for each in members.values()):
            return here
        groups = [each for each in members.values() if isinstance(each, h5py.Group)]
        if len(groups) != 1:
            shown = ", ".join(str(each.name) for each in groups[:12])
            raise DataError(
                f"Which table of '{name}'?" if groups else f"'{name}' holds no table.",
                f"'{here.name}' holds the groups {shown}." if groups else f"'{here.name}' is empty.",
                f"Name one, as in {name}.h5:{groups[0].name}." if groups else "Give a file with rows.",
            )
        here = groups[0]
    raise DataError(f"The groups of '{name}' have no end.", "A link leads back.", "Name one: FILE.h5:/path.")


def _arrays(found: h5py.Group | h5py.Dataset, name: str) -> dict[str, np.ndarray]:
    """Return the columns of a data set, or the data sets of a group (single values are passed over)."""
    import h5py

    if isinstance(found, h5py.Dataset):
        key = str(found.name).rsplit("/", 1)[-1]
        records = found.dtype.names
        if records is None:
            return {key: _values(found[()], found.dtype)}
        if found.ndim != 1:
            raise DataError(
                f"'{found.name}' of '{name}' holds records of shape {found.shape}.",
                "A table has one a row.",
                "Store records of shape [N].",
            )
        rows = found[()]
        columns: dict[str, np.ndarray] = {}
        for field in records:
            values = _values(rows[field], found.dtype[field])
            if values.ndim == 1:
                columns[field] = values
            else:  # a field of several numbers: one column each
                flat = values.reshape(len(values), -1)
                columns |= {f"{field}[{i}]": flat[:, i] for i in range(flat.shape[1])}
        return columns
    sets = {
        key: each for key, each in _members(found).items() if isinstance(each, h5py.Dataset) and each.ndim
    }
    held = [key for key, each in sets.items() if each.dtype.names is not None]
    if held:
        if len(sets) == 1:
            return _arrays(sets[held[0]], name)
        raise DataError(
            f"Which table of '{name}'?",
            f"'{found.name}' holds {', '.join(sets)}.",
            f"Name one, as in {name}.h5:{sets[held[0]].name}.",
        )
    return {key: _values(each[()], each.dtype) for key, each in sets.items()}


def _values(values: object, kind: np.dtype) -> np.ndarray:
    """Return an array in the machine's own order of bytes, text as text."""
    import h5py

    array = np.asarray(values)
    if h5py.check_string_dtype(kind) is not None:
        flat = [
            each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in array.ravel()
        ]
        return np.array(flat, object).reshape(array.shape)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"values of kind {kind}")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native.astype(np.float32) if native.dtype == np.float16 else native
