"""The arrays of a table in an HDF5 file, as the helper process reads them with h5py.

The sizes that the file announces are checked before anything is read. Virtual and external data sets, whose
values lie in other files, are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import h5py
import numpy as np

from ravine.data.readers.helper_program import Plan, PlannedArray
from ravine.data.size_limits import SizeBudget
from ravine.errors import DataError, did_you_mean

__all__ = ["plan_arrays"]

MAX_DEPTH = 32  # most nested groups, since a link may lead back to a group above it


def plan_arrays(path: str, part: str, budget: SizeBudget) -> Plan:
    """Return the arrays of the table at the path `part` in an HDF5 file, or of its only table.

    path: path of the file. budget: number of bytes that the data may take.

    Raises DataError if there is no table or more than one, and for values in other files or of a type that
    is no number or text; errors of h5py for a damaged file.
    """
    # Both files stay open until the arrays are read. HDF5 cannot open a file without a name by its path.
    file = h5py.File(Path(path).open("rb", buffering=0), "r")  # noqa: SIM115
    table = _only(_at(file, part.strip("/"), budget.name), budget.name)
    return Plan(_arrays(table, budget), str(table.name))


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
    if not isinstance(group, h5py.Group):
        return {}
    names = [name for name in group if not isinstance(group.get(name, getlink=True), h5py.ExternalLink)]
    members = {str(name): group.get(name) for name in names}
    return {name: member for name, member in members.items() if isinstance(member, h5py.Group | h5py.Dataset)}


def _only(here: h5py.Group | h5py.Dataset, name: str) -> h5py.Group | h5py.Dataset:
    """Return the only table at or below a group: a data set, or a group of data sets.

    Raises DataError if there is none or more than one.
    """
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


def _arrays(node: h5py.Group | h5py.Dataset, budget: SizeBudget) -> list[PlannedArray]:
    """Return the columns of a data set, or the data sets of a group without single values."""
    if isinstance(node, h5py.Dataset):
        _refuse_other_files(node, budget.name)
        if node.dtype.names is not None:
            return _fields(node, budget)
        return [_planned(node, str(node.name).rsplit("/", 1)[-1], budget.name)]
    sets = {
        key: member
        for key, member in _members(node).items()
        if isinstance(member, h5py.Dataset) and member.ndim
    }
    budget.check_columns(len(sets))
    of_records = [key for key, data in sets.items() if data.dtype.names is not None]
    if of_records:
        if len(sets) == 1:
            return _arrays(sets[of_records[0]], budget)
        raise DataError(
            f"Which table of '{budget.name}'?",
            f"'{node.name}' holds {', '.join(list(sets)[:12])}.",
            f"Name one, as in {budget.name}.h5:{sets[of_records[0]].name}.",
        )
    for data in sets.values():
        _refuse_other_files(data, budget.name)
    return [_planned(data, key, budget.name) for key, data in sets.items()]


def _refuse_other_files(data: h5py.Dataset, name: str) -> None:
    """Raise DataError if the values of a data set lie in other files."""
    if data.is_virtual or data.external:
        raise DataError(
            f"The values of '{data.name}' of '{name}' lie in other files.",
            "A data file must hold its values itself, so virtual and external data sets are refused.",
            "Copy the values into one file, for example with h5repack.",
        )


def _planned(data: h5py.Dataset, key: str, name: str) -> PlannedArray:
    """Return the array of a data set of numbers or text. Raises DataError for another type."""
    if data.shape is None:
        raise DataError(
            f"'{data.name}' of '{name}' holds nothing.", "A table needs rows.", "Name another data set."
        )
    text = h5py.check_string_dtype(data.dtype)
    if text is not None and text.length is None:
        return PlannedArray(
            key, data.shape, data.dtype, data.read_direct, True, partial(_as_words, lambda: data[()])
        )
    _check_type(data.dtype, str(data.name), name, text is not None)
    return PlannedArray(key, data.shape, data.dtype.newbyteorder("="), partial(_fill, data), text is not None)


def _fill(data: h5py.Dataset, array: np.ndarray) -> None:
    if data.ndim:
        data.read_direct(array)
    else:
        array[()] = data[()]


def _check_type(kind: np.dtype, path: str, name: str, text: bool) -> None:
    """Raise DataError if values are neither numbers nor text."""
    if kind.kind not in "biufc" and not text:
        raise DataError(
            f"'{path}' of '{name}' holds values of the type {kind}.",
            "Ravine reads numbers and text.",
            "Name another data set, or store the values as numbers.",
        )


def _fields(data: h5py.Dataset, budget: SizeBudget) -> list[PlannedArray]:
    """Return the fields of a data set of records [N] as arrays; several numbers in a field become several."""
    if data.ndim != 1:
        raise DataError(
            f"'{data.name}' of '{budget.name}' holds records of shape {data.shape}.",
            "A table needs one record for each row, [N].",
            "Store records of shape [N].",
        )
    records = cache(lambda: data[()])  # read once, when the first field is needed
    planned: list[PlannedArray] = []
    for field in data.dtype.names:
        kind, inner = data.dtype[field].base, data.dtype[field].shape
        text = h5py.check_string_dtype(kind)
        _check_type(kind, f"{data.name}.{field}", budget.name, text is not None)
        budget.check_columns(math.prod(inner) + len(planned))
        places = list(np.ndindex(inner))
        for number, place in enumerate(places):
            key = f"{field}[{number}]" if inner else field
            column = partial(_column, records, field, place)
            if text is not None and text.length is None:
                planned.append(PlannedArray(key, data.shape, kind, column, True, partial(_as_words, column)))
            else:
                native = kind.newbyteorder("=")
                fill = partial(_fill_column, column)
                planned.append(PlannedArray(key, data.shape, native, fill, text is not None))
    return planned


def _column(records: Callable[[], np.ndarray], field: str, place: tuple[int, ...]) -> np.ndarray:
    """Return one number or word of a field of each record, [N]."""
    values: np.ndarray = records()[field]
    for index in reversed(place):
        values = values[..., index]
    return values


def _fill_column(column: Callable[[], np.ndarray], array: np.ndarray) -> None:
    array[:] = column()


def _as_words(values: Callable[[], np.ndarray]) -> list[bytes]:
    """Return text of variable length as the bytes of its words."""
    words = np.asarray(values()).ravel()
    return [word if isinstance(word, bytes) else str(word).encode() for word in words]
