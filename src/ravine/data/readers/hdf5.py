"""Reader of HDF5 files, with h5py. In `x.h5:/path`, the path names a data set or a group inside the file.

data set of numbers [N, D]               table with D columns
data set of records [N]                  table with one column for each field of the records
group of data sets [N]                   table with one column for each data set
group with X [N, ...] and y [N]          table of features X and target y, as in NPZ archives
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

MAX_DEPTH = 32  # most nested groups, since a link may lead back to a group above it


def read_hdf5(source: Source) -> Table:
    """Return the table at a path inside an HDF5 file; without a path, the only table of the file.

    source: bytes of the file, and the path as `source.part`. Links to other files are ignored.

    Raises DataError if the file is damaged, and if there is no table or more than one at the path.
    """
    import h5py

    name = source.name
    try:
        with h5py.File(io.BytesIO(source.content), "r") as file:
            table = _only(_at(file, source.part.strip("/"), name), name)
            arrays = _arrays(table, name)
            path = str(table.name)
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"'{name}' cannot be read as HDF5.",
            f"It is cut, damaged or of a kind that h5py cannot read: {error}.",
            "Download or write the file again.",
        ) from error
    return table_of(arrays, name, source.sha256, f"hdf5 {path}")


def _at(file: h5py.File, inner: str, name: str) -> h5py.Group | h5py.Dataset:
    """Return the group or data set at the path `inner`. Raises DataError if there is none."""
    here = file
    for word in inner.split("/") if inner else ():
        members = _members(here)
        if word not in members:
            raise DataError(
                f"'{name}' has no '{word}' in '{here.name}'.",
                f"'{here.name}' holds {', '.join(list(members)[:12]) or 'no group and no data set'}.",
                did_you_mean(word, members) if members else f"Type a path up to {here.name}.",
            )
        here = members[word]
    return here


def _members(group: h5py.Group | h5py.Dataset) -> dict[str, h5py.Group | h5py.Dataset]:
    """Return the groups and data sets in a group, by name, without links to other files."""
    import h5py

    if not isinstance(group, h5py.Group):
        return {}
    names = [name for name in group if not isinstance(group.get(name, getlink=True), h5py.ExternalLink)]
    members = {str(name): group.get(name) for name in names}
    return {name: member for name, member in members.items() if isinstance(member, h5py.Group | h5py.Dataset)}


def _only(here: h5py.Group | h5py.Dataset, name: str) -> h5py.Group | h5py.Dataset:
    """Return the only table at or below a group: a data set, or a group of data sets.

    Raises DataError if there is none or more than one.
    """
    import h5py

    for _ in range(MAX_DEPTH):
        if isinstance(here, h5py.Dataset):
            return here
        if "pandas_type" in here.attrs:
            raise DataError(
                f"'{here.name}' of '{name}' is a DataFrame that pandas stored.",
                "Its internal blocks cannot be read as a table.",
                "Write it again with frame.to_parquet('data.parquet').",
            )
        members = _members(here)
        if any(isinstance(member, h5py.Dataset) and member.ndim for member in members.values()):
            return here
        groups = [member for member in members.values() if isinstance(member, h5py.Group)]
        if len(groups) != 1:
            shown = ", ".join(str(group.name) for group in groups[:12])
            raise DataError(
                f"Which table of '{name}'?" if groups else f"'{name}' holds no table.",
                f"'{here.name}' holds the groups {shown}." if groups else f"'{here.name}' is empty.",
                f"Name one, as in {name}.h5:{groups[0].name}." if groups else "Use a file with rows.",
            )
        here = groups[0]
    raise DataError(
        f"'{name}' has too many nested groups, perhaps since a link leads back to a group above it.",
        f"At most {MAX_DEPTH} nested groups are followed.",
        "Name a data set or group, as in FILE.h5:/path.",
    )


def _arrays(node: h5py.Group | h5py.Dataset, name: str) -> dict[str, np.ndarray]:
    """Return the columns of a data set, or the data sets of a group without single values, by name."""
    import h5py

    if isinstance(node, h5py.Dataset):
        key = str(node.name).rsplit("/", 1)[-1]
        records = node.dtype.names
        if records is None:
            return {key: _values(node[()], node.dtype)}
        if node.ndim != 1:
            raise DataError(
                f"'{node.name}' of '{name}' holds records of shape {node.shape}.",
                "A table needs one record for each row, [N].",
                "Store records of shape [N].",
            )
        rows = node[()]
        columns: dict[str, np.ndarray] = {}
        for field in records:
            values = _values(rows[field], node.dtype[field])
            if values.ndim == 1:
                columns[field] = values
            else:  # several numbers in a field become one column each
                flat = values.reshape(len(values), -1)
                columns |= {f"{field}[{i}]": flat[:, i] for i in range(flat.shape[1])}
        return columns
    sets = {
        key: member
        for key, member in _members(node).items()
        if isinstance(member, h5py.Dataset) and member.ndim
    }
    of_records = [key for key, data in sets.items() if data.dtype.names is not None]
    if of_records:
        if len(sets) == 1:
            return _arrays(sets[of_records[0]], name)
        raise DataError(
            f"Which table of '{name}'?",
            f"'{node.name}' holds {', '.join(sets)}.",
            f"Name one, as in {name}.h5:{sets[of_records[0]].name}.",
        )
    return {key: _values(data[()], data.dtype) for key, data in sets.items()}


def _values(values: object, kind: np.dtype) -> np.ndarray:
    """Return values as an array with the byte order of this machine, and text as Python text."""
    import h5py

    array = np.asarray(values)
    if h5py.check_string_dtype(kind) is not None:
        texts = [
            text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in array.ravel()
        ]
        return np.array(texts, object).reshape(array.shape)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"values of kind {kind}")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native.astype(np.float32) if native.dtype == np.float16 else native
