"""Parsing of the fields of CSV-like text with pandas, and conversion of words such as 1,234.5 to numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.readers import delimited_dialect as dialect
from ravine.data.readers.delimited_records import BLANKS, Records
from ravine.data.size_limits import check_text_columns
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_fields"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHECKED_ROWS = 1000  # parsed together in the search for the first row that pandas reads otherwise
MANY_COLUMNS = 100  # above which work for each column is avoided
SHORT_ROWS = 10_000  # of a table with many columns that is stored in few blocks
BLANK_BYTES = (b" ", b"\t", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x1f")


def parse_fields(
    data: bytes,
    records: Records,
    places: np.ndarray,
    separator: str,
    decimal: str,
    names: list[str],
    name: str,
    notes: list[str],
) -> pd.DataFrame:
    """Return the columns of a text whose dialect is known.

    data      the text in UTF-8
    records   its records
    places    indices [N] of the records that are rows of the table
    names     names of the columns
    name      name of the table, for messages
    notes     list to which notes on grouped thousands are added

    Raises DataError if pandas finds another number of rows than there are records, and for too many columns
    of words.
    """
    import pandas as pd

    options: dict[str, Any] = {
        "sep": r"\s+" if separator == BLANKS else separator,
        "header": None,
        "names": list(range(len(names))),
        "decimal": decimal,
        "skipinitialspace": True,
        "skip_blank_lines": False,
        "index_col": False,
        "keep_default_na": False,
        "na_values": ["", "nan", "NaN", "NA"],
        "low_memory": False,
    }
    frame = _parse(_body(data, records, places), options)
    if len(frame) != len(places):
        raise _other_rows(data, records, places, len(frame), options, name)
    texts = [place for place, kind in enumerate(frame.dtypes) if pd.api.types.is_string_dtype(kind)]
    check_text_columns(name, len(texts))
    wide = len(names) > MANY_COLUMNS and len(frame) < SHORT_ROWS
    frame = frame.copy() if wide else frame  # all columns in one block, which makes selections fast
    many = len(texts) > MANY_COLUMNS
    strip = not many or not data.isascii() or any(blank in data for blank in BLANK_BYTES)
    mark = "," if decimal == "." else "."
    grouped = not many or (mark.encode() in data and (separator != mark or b'"' in data))
    columns: dict[int, Any] = {}
    for place in texts:
        column = _of_text(frame[place], names[place], strip, grouped, decimal, notes)
        is_text = wide and not pd.api.types.is_numeric_dtype(column.dtype)
        # Python objects share a block, text of pandas does not
        columns[place] = column.astype(object) if is_text else column
    if not many:
        for place, column in columns.items():
            frame.isetitem(place, column)
        return frame.set_axis(names, axis=1)
    every = {place: frame[place] for place in frame.columns} | columns
    return pd.DataFrame(every, copy=wide).set_axis(names, axis=1)


def _parse(body: bytes | memoryview, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    if bytes(body[:3]) == BYTE_ORDER_MARK:  # pandas would take it for the mark of a file
        return pd.read_csv(io.BytesIO(b"\n" + bytes(body)), skiprows=1, **options)
    return pd.read_csv(io.BytesIO(body), **options)


def _body(data: bytes, records: Records, places: np.ndarray) -> bytes | memoryview:
    """Return the text of the records with these indices, which are sorted."""
    start, end = int(records.starts[places[0]]), int(records.ends[places[-1]])
    starts, ends = records.starts[places], records.ends[places]
    gaps = np.flatnonzero(starts[1:] != ends[:-1] + 1)  # lines are left out between these records
    if not len(gaps):
        return memoryview(data)[start:end]
    firsts = np.concatenate([[start], starts[gaps + 1]]).tolist()
    lasts = np.concatenate([ends[gaps], [end]]).tolist()
    return b"\n".join([data[first:last] for first, last in zip(firsts, lasts, strict=True)])


def _other_rows(
    data: bytes, records: Records, places: np.ndarray, found: int, options: dict[str, Any], name: str
) -> DataError:
    """Return the error for a text in which pandas finds another number of rows than there are records.

    It names the line of the first record that pandas does not read as one row.
    """
    line = 0
    for at in range(0, len(places), CHECKED_ROWS):
        block = places[at : at + CHECKED_ROWS]
        if len(_parse(_body(data, records, block), options)) != len(block):
            single = (p for p in block if len(_parse(_body(data, records, np.array([p])), options)) != 1)
            first = int(records.starts[next(single, block[0])])
            line = data.count(b"\n", 0, first) + 1
            break
    return DataError(
        f"The rows of '{name}' are not clear{f', first in line {line:,}' if line else ''}.",
        f"The file has {len(places):,} records, but {found:,} rows result from its quotes and line ends.",
        f"Correct the quotes{f' in line {line:,}' if line else ''}.",
    )


def _of_text(
    values: pd.Series, name: str, strip: bool, grouped: bool, decimal: str, notes: list[str]
) -> pd.Series:
    """Return a column of text without blanks around the words, or as numbers if it holds grouped thousands.

    A column of True, False and missing values is no text, and stays as it is.
    """
    import pandas as pd

    if values.dtype == object and not pd.api.types.is_string_dtype(values.dropna()):
        return values
    values = values.str.strip() if strip else values
    return _ungrouped(values, name, decimal, notes) if grouped else values


def _ungrouped(values: pd.Series, name: str, decimal: str, notes: list[str]) -> pd.Series:
    """Return a column with words such as 1,234.5 as numbers, if it holds only such words and numbers."""
    import pandas as pd

    codes, distinct = pd.factorize(values)
    words = [str(word) for word in distinct]
    missing = [word.lower() in dialect.MISSING_WORDS for word in words]
    present = [word for word, gap in zip(words, missing, strict=True) if not gap]
    pattern = dialect.THOUSANDS_PATTERNS[decimal]
    grouped = next((word for word in present if pattern.fullmatch(word)), None)
    if grouped is None or not all(pattern.fullmatch(w) or dialect.is_number(w, decimal) for w in present):
        return values
    notes.append(f"thousands are grouped in '{name}' ({grouped})")
    mark = "," if decimal == "." else "."
    plain = [
        None if gap else w.replace(mark, "").replace(decimal, ".")
        for w, gap in zip(words, missing, strict=True)
    ]
    numbers = pd.to_numeric(pd.Series([*plain, None] if (codes < 0).any() else plain))
    return pd.Series(numbers.to_numpy()[codes], index=values.index)
