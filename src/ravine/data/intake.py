"""The intake of values, from files and from Python alike: every column becomes one of a few native types.

After the intake a column holds one of the following, with the byte order of this machine:

numbers      bool, int8 ... int64, uint8 ... uint64, float32, float64, or a nullable type of pandas
dates        datetime64 in s, ms, us or ns, without a time zone (UTC)
text         text of pandas or Python objects; categories of pandas
others       complex numbers and nested values, which `fit_column` leaves out by name

Values are converted exactly: float16 to float32, durations to seconds, dates to seconds or finer units,
masked values to missing ones. Values without an exact form are refused by name.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.size_limits import check_text_columns
from ravine.data.table import Table
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["native_array", "native_column", "native_frame", "native_table", "refuse_unusable"]

MANY_COLUMNS = 100  # above which work for each column is avoided
EXACT_INTEGER = 2**53  # largest size up to which float64 holds every integer
DATE_UNITS = ("s", "ms", "us", "ns")  # of pandas
NESTED = (list, dict, set, frozenset, tuple, np.ndarray)


def native_table(table: Table) -> Table:
    """Return a table whose columns, and those of its test table, have native types.

    Raises DataError if a table has no rows, no columns or too many columns of words, and for values that have
    no exact form.
    """
    import pandas as pd

    if not len(table.frame) or not len(table.frame.columns):
        missing = "columns" if len(table.frame) else "rows"
        raise DataError(
            f"'{table.name}' has no {missing}.", "A table needs rows and columns.", "Use a file with rows."
        )
    words = sum(not pd.api.types.is_numeric_dtype(kind) for kind in table.frame.dtypes)
    check_text_columns(table.name, words)
    frame = native_frame(table.frame)
    test = None if table.test is None else native_table(table.test)
    return table if frame is table.frame and test is table.test else replace(table, frame=frame, test=test)


def native_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with columns of native types; the table itself if it has no others.

    Raises DataError for values that have no exact form.
    """
    import pandas as pd

    kinds = list(frame.dtypes)
    others = [place for place, kind in enumerate(kinds) if not _is_native(kind)]
    if not others:
        return frame
    objects = [place for place in others if kinds[place] == np.object_]
    if len(objects) > MANY_COLUMNS:  # one look at all of them saves time
        values = frame.iloc[:, objects].to_numpy().ravel()
        if pd.api.types.infer_dtype(values) == "string":
            others = sorted(set(others) - set(objects))
    columns = {place: frame.iloc[:, place] for place in others}
    changed: dict[int, Any] = {place: native_column(column) for place, column in columns.items()}
    changed = {place: column for place, column in changed.items() if column is not columns[place]}
    if not changed:
        return frame
    if len(changed) > MANY_COLUMNS:
        changed = {place: frame.iloc[:, place] for place in range(frame.shape[1])} | changed
        return pd.DataFrame(changed, index=frame.index).set_axis(frame.columns, axis=1)
    frame = frame.copy(deep=False)
    for place, column in changed.items():
        frame.isetitem(place, column)
    return frame


def _is_native(kind: Any) -> bool:
    """Return whether columns of a type need no conversion. Columns of objects need a look at their values."""
    if not isinstance(kind, np.dtype):
        return str(kind) in ("str", "string") or _is_nullable(kind)
    if kind.kind == "M":
        return kind.isnative and np.datetime_data(kind)[0] in DATE_UNITS
    return kind.isnative and (kind.kind in "biu" or kind in (np.float32, np.float64))


def _is_nullable(kind: Any) -> bool:
    """Return whether a type of pandas is a number or boolean with a mask for missing values."""
    import pandas as pd

    return isinstance(kind, (
        pd.BooleanDtype, pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype, pd.UInt8Dtype,
        pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype, pd.Float32Dtype, pd.Float64Dtype,
    ))  # fmt: skip


def native_column(column: pd.Series) -> pd.Series:
    """Return a column [N] with values of a native type; the column itself if it has one.

    Raises DataError for values that have no exact form, with the name of the column.
    """
    import pandas as pd

    kind, what = column.dtype, f"Column '{column.name}'"
    if _is_native(kind) or isinstance(kind, pd.CategoricalDtype | pd.StringDtype):
        return column
    if isinstance(kind, np.dtype):
        values = column.to_numpy()
        native = _of_objects(values, what) if kind == np.object_ else native_array(values, what)
        return column if native is values else pd.Series(native, column.index, name=column.name)
    if isinstance(kind, pd.SparseDtype):
        return native_column(column.astype(kind.subtype))
    if isinstance(kind, pd.DatetimeTZDtype):
        return column.dt.tz_convert(None)
    if isinstance(kind, pd.PeriodDtype):
        return native_column(column.dt.to_timestamp())
    if isinstance(kind, pd.ArrowDtype):
        return _of_arrow(column)
    return native_column(column.astype(object))


def native_array(values: ArrayLike, what: str) -> np.ndarray:
    """Return values as an array of a native type, [N] or [N, ...].

    Bytes become text, masked values missing. what: name of the values at the start of a sentence.

    Raises DataError for values that are no array of numbers, dates or text, such as rows of different lengths
    or records, and for values without an exact form.
    """
    if isinstance(values, np.ma.MaskedArray):
        return _of_masked(values, what)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{what} is no array, since its rows differ in length.",
            "All rows must have the same length.",
            "Pass rows of equal length.",
        ) from error
    convert = CONVERSIONS.get(array.dtype.kind)
    if convert is None:
        raise _unknown_type(what, array.dtype)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return convert(array, what)


def refuse_unusable(values: pd.Series | np.ndarray, role: str) -> None:
    """Raise DataError if values [N, ...] that Ravine needs are complex numbers, or nested, such as lists.

    role: the values in a sentence, such as "The target 'y'".
    """
    if values.dtype.kind == "c":
        raise DataError(
            f"{role} is complex.",
            "The values must be real numbers or words.",
            "Use the real part, the imaginary part or the absolute value.",
        )
    if values.dtype == object and any(isinstance(value, NESTED) for value in np.asarray(values).flat):
        raise DataError(
            f"{role} holds nested values, such as lists.",
            "The values must be single numbers or words.",
            "Use one value for each row.",
        )


def _unknown_type(what: str, kind: np.dtype) -> DataError:
    if kind.names is not None:
        return DataError(
            f"{what} holds records with the fields {', '.join(kind.names)}.",
            "Ravine needs an array of single numbers, dates or words.",
            "Pass a table with a column for each field: pandas.DataFrame(X).",
        )
    return DataError(
        f"{what} has values of the type {kind}.",
        "Ravine reads numbers, dates and words.",
        "Convert the values to one of these types.",
    )


# ------------------------------------------------------------------------------------------ kinds of NumPy


def _unchanged(array: np.ndarray, what: str) -> np.ndarray:
    return array


def _of_floats(array: np.ndarray, what: str) -> np.ndarray:
    """Return floating-point numbers as float32 or float64. Raises DataError if digits would be lost."""
    if array.dtype.itemsize <= 8:
        return array.astype(np.float32) if array.dtype == np.float16 else array
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64)
    if not ((numbers == array) | np.isnan(array)).all():
        raise DataError(
            f"{what} holds numbers with more digits than float64 has.",
            "Ravine computes with float64 at most.",
            "Convert the numbers: X.astype('float64').",
        )
    return numbers


def _of_dates(array: np.ndarray, what: str) -> np.ndarray:
    """Return dates in a unit that pandas has. Raises DataError for dates that no such unit holds."""
    unit, step = np.datetime_data(array.dtype)
    if unit in DATE_UNITS and step == 1:
        return array
    if unit == "generic":  # holds only NaT
        return array.astype("M8[s]")
    finer = unit in ("ps", "fs", "as")
    dates = array.astype("M8[ns]" if finer else f"M8[{unit if unit in DATE_UNITS else 's'}]")
    if not ((dates.astype(array.dtype) == array) | np.isnat(array)).all():
        raise DataError(
            f"{what} holds dates that no unit of pandas can hold.",
            "Ravine reads dates in seconds to nanoseconds.",
            "Convert the dates: X.astype('datetime64[s]').",
        )
    return dates


def _of_durations(array: np.ndarray, what: str) -> np.ndarray:
    """Return durations in seconds, float64. Raises DataError for months and years, whose length varies."""
    unit, step = np.datetime_data(array.dtype)
    if unit in ("M", "Y"):
        raise DataError(
            f"{what} holds durations in {'months' if unit == 'M' else 'years'}.",
            "Their length in seconds is not fixed.",
            "Convert them to numbers: X.astype('int64').",
        )
    second = 1 if unit == "generic" else np.array(step, f"m8[{unit}]") / np.timedelta64(1, "s")
    return np.where(np.isnat(array), np.nan, array.astype(np.int64) * second)


def _of_bytes(array: np.ndarray, what: str) -> np.ndarray:
    return np.char.decode(array, "latin-1")


def _of_strings(array: np.ndarray, what: str) -> np.ndarray:
    """Return text of variable length, a type of NumPy, as Python objects."""
    return array.astype(object)


CONVERSIONS: dict[str, Callable[[np.ndarray, str], np.ndarray]] = {
    **dict.fromkeys("biucUO", _unchanged),
    "f": _of_floats,
    "M": _of_dates,
    "m": _of_durations,
    "S": _of_bytes,
    "T": _of_strings,
}
"""Kind of a NumPy type -> conversion of an array of this kind to a native type."""


def _of_masked(values: np.ma.MaskedArray[Any, Any], what: str) -> np.ndarray:
    """Return a masked array as an array whose masked values are missing."""
    mask, plain = np.ma.getmaskarray(values), native_array(values.data, what)
    if not mask.any():
        return plain
    if plain.dtype.kind in "iu" and (np.abs(plain.astype(np.float64)) > EXACT_INTEGER).any():
        raise DataError(
            f"{what} has masked values and integers beyond 2^53.",
            "Masked values become NaN in float64, which cannot hold such integers.",
            "Pass a pandas DataFrame of the type Int64.",
        )
    if plain.dtype.kind in "biuf":
        return np.where(mask, np.nan, plain)
    if plain.dtype.kind == "M":
        return np.where(mask, np.datetime64("NaT"), plain)
    objects = plain.astype(object)
    objects[mask] = None
    return objects


# ----------------------------------------------------------------------------------------- Python objects


def _of_objects(values: np.ndarray, what: str) -> np.ndarray:
    """Return a column of Python objects [N] as numbers or dates if it holds nothing else; else unchanged."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("date", "datetime", "datetime64"):
        return _of_date_objects(values)
    if kind in ("timedelta", "timedelta64"):
        return _of_durations(pd.to_timedelta(values).to_numpy(), what)
    if kind == "complex":
        return np.array([complex("nan") if pd.isna(value) else complex(value) for value in values])
    if kind == "bytes":
        return np.array([v.decode("latin-1") if isinstance(v, bytes) else v for v in values], object)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal") or (
        kind == "mixed" and all(_is_real(value) for value in values)
    ):
        return _of_numbers(values, kind == "integer")
    return values


def _is_real(value: object) -> bool:
    """Return whether a value is a real number, such as a fraction, or missing, but no boolean."""
    import pandas as pd

    if isinstance(value, Real | Decimal):
        return not isinstance(value, bool | np.bool_)
    return value is None or value is pd.NA


def _of_numbers(values: np.ndarray, whole: bool) -> np.ndarray:
    """Return objects that are real numbers, or missing, as an array of a native type."""
    import pandas as pd

    gaps = pd.isna(values)
    if whole and not gaps.any():
        low, high = min(values), max(values)
        if low >= -(2**63) and high < 2**63:
            return values.astype(np.int64)
        if low >= 0 and high < 2**64:
            return values.astype(np.uint64)
    return np.array([np.nan if gap else _float(value) for value, gap in zip(values, gaps, strict=True)])


def _float(value: Any) -> float:
    """Return a real number as a float; an infinite one if it is beyond float64."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _of_date_objects(values: np.ndarray) -> np.ndarray:
    """Return dates of Python, NumPy or pandas as an array in microseconds, or nanoseconds if they need it."""
    import pandas as pd

    plain: list[Any] = []
    unit = "us"
    for value in values:
        if pd.isna(value):
            plain.append(np.datetime64("NaT"))
            continue
        if getattr(value, "nanosecond", 0):
            unit = "ns"
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        plain.append(value.to_datetime64() if isinstance(value, pd.Timestamp) else np.datetime64(value))
    return np.array(plain, f"M8[{unit}]")


# ------------------------------------------------------------------------------------------ types of Arrow


def _of_arrow(column: Any) -> pd.Series:
    """Return a column of pandas that Arrow stores as a column of a native type."""
    import pandas as pd

    kind: Any = column.dtype
    name = str(kind.pyarrow_dtype)
    if kind.kind in "biuf":
        sizes = {"b": "boolean", "i": f"Int{8 * kind.itemsize}", "u": f"UInt{8 * kind.itemsize}"}
        plain: Any = column.astype(sizes.get(kind.kind, "Float32" if kind.itemsize < 8 else "Float64"))
        return plain if plain.isna().any() else plain.astype(plain.dtype.numpy_dtype)
    if name.startswith("timestamp"):
        unit = kind.pyarrow_dtype.unit
        zone: Any = pd.DatetimeTZDtype(unit, "UTC") if kind.pyarrow_dtype.tz else f"datetime64[{unit}]"
        return native_column(column.astype(zone))
    return native_column(column.astype(object))
