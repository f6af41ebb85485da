"""Encoder, which turns the named columns of a table into numbers [N, D], for the first rows and for new ones.

It is fitted to the development rows (all except the test rows) and stored as JSON.

number     (value - center) / scale, with mean and standard deviation as center and scale. A missing value
           becomes NaN, and 1 in a further column `NAME missing`. If every development row has a value, a
           missing value becomes the median instead, and there is no further column.
category   one column of 0 and 1 for each of the 50 most frequent levels, one `NAME other` for rarer levels,
           one `NAME missing`; the last two only if development rows need them
date       days since 1970, then like a number
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.cores import map_on_cores
from ravine.data.column import Column
from ravine.data.intake import native_array, native_frame, refuse_unusable
from ravine.data.labels import as_labels, parsed_numbers
from ravine.errors import DataError, did_you_mean
from ravine.records.documents import check_document

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["Encoder", "as_days", "as_numbers"]

FLOAT32_MAX = float(np.finfo(np.float32).max)
BLOCK_VALUES = 1 << 17  # of a block, 1 MB in float64, which a core keeps in its cache
BOOLEAN_WORDS = {"true": 1.0, "false": 0.0}  # a column of booleans with a missing value is read as text


@dataclass(frozen=True)
class Encoder:
    """Encodings of all feature columns of a data set, which turn a table into numbers [N, D].

    Raises ValueError if two columns have the same name.
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if len(set(self.inputs)) != len(self.columns):
            raise ValueError("two columns have the same name")

    @property
    def inputs(self) -> list[str]:
        """Return the names of the feature columns that a table needs, so that it can be encoded."""
        return [column.name for column in self.columns]

    @property
    def features(self) -> list[str]:
        """Return the names of the D columns after encoding: `age`, `color=red`, `color missing` and so on."""
        return [name for column in self.columns for name in column.outputs]

    def transform(self, frame: pd.DataFrame | np.ndarray, *, what: str = "The data") -> np.ndarray:
        """Return the rows of a table as encoded numbers, float32 [N, D].

        The columns of a DataFrame may have any order, and further columns are ignored. The columns of an
        array [N, columns] are taken by position. `what` names the table in messages.

        Raises DataError if a column is missing or occurs twice, if an array has another number of columns,
        and for values that cannot be encoded: text in a column of numbers or dates, infinite values, and
        numbers beyond float32 after scaling.
        """
        frame = self.frame(frame, what)
        if self._plain(frame):
            return self._scaled(frame[self.inputs])
        blocks = [ENCODE[column.kind](column, frame[column.name]) for column in self.columns]
        x = np.empty((len(frame), len(self.features)), np.float32)
        at = 0
        for block in blocks:
            x[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        return x

    def _plain(self, frame: pd.DataFrame) -> bool:
        """Return whether all columns are numbers without missing values, such as pixels."""
        return all(
            c.kind == "number" and not (c.indicator or c.codes or c.limit) for c in self.columns
        ) and all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in frame[self.inputs].dtypes)

    def _scaled(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the rows of a frame of plain numbers, in blocks, which saves memory."""
        values = frame.to_numpy()
        center = np.array([column.center for column in self.columns])
        scale = np.array([column.scale for column in self.columns])
        filler = np.array([column.filler for column in self.columns])
        x = np.empty(values.shape, np.float32)
        rows = max(1, BLOCK_VALUES // max(1, values.shape[1]))

        def scale_block(at: int) -> None:
            block = values[at : at + rows].astype(np.float64)
            with np.errstate(over="ignore"):
                block -= center
                block /= scale
            far = np.abs(block) > FLOAT32_MAX
            if far.any():
                row, column = (int(index) for index in np.argwhere(far)[0])
                for name in frame.columns:
                    as_numbers(frame[name])  # raises the error for an infinite value, if there is one
                raise too_large(frame.iloc[:, column], at + row)
            x[at : at + rows] = np.where(np.isnan(block), filler, block)

        map_on_cores(scale_block, range(0, len(values), rows))
        return x

    def frame(self, frame: pd.DataFrame | ArrayLike, what: str = "The data") -> pd.DataFrame:
        """Return a table as a DataFrame with every feature column; an array [N, columns] gets their names.

        `what` names the table in messages. Raises DataError if a column is missing or occurs twice, and for
        an array with another number of columns.
        """
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            array = native_array(frame, what)
            array = array.reshape(len(array), -1) if array.ndim > 2 else array
            if array.ndim != 2 or array.shape[1] != len(self.columns):
                raise DataError(
                    f"{what} has shape {array.shape}.",
                    f"The model needs {len(self.columns)} columns: {_some(self.inputs)}.",
                    f"Pass an array [N, {len(self.columns)}], or a frame with named columns.",
                )
            return self._native(pd.DataFrame(array, columns=self.inputs), what)
        if not all(isinstance(name, str) for name in frame.columns):
            frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
        repeated = set(frame.columns[frame.columns.duplicated()])
        twice = [name for name in self.inputs if name in repeated]
        if twice:
            raise DataError(
                f"{what} has two columns '{twice[0]}'.",
                "Every column that the model reads must have a name of its own.",
                "Rename or remove one of them.",
            )
        known = set(frame.columns)
        absent = [name for name in self.inputs if name not in known]
        if absent:
            present = [str(name) for name in frame.columns]
            raise DataError(
                f"{what} has no column '{absent[0]}'"
                + (f" (and {len(absent) - 1} more: {_some(absent[1:])})." if len(absent) > 1 else "."),
                f"The model needs all its features; {what[0].lower() + what[1:]} has {_some(present)}.",
                suggest_column(absent[0], present),
            )
        return self._native(frame, what)

    def _native(self, frame: pd.DataFrame, what: str) -> pd.DataFrame:
        """Return a table with native types in the feature columns. Raises DataError for complex numbers."""
        import pandas as pd

        plain = frame[self.inputs]
        native = native_frame(plain)
        complex_columns = [name for name, kind in native.dtypes.items() if kind.kind == "c"]
        if complex_columns:
            refuse_unusable(native[complex_columns[0]], f"{what}, column '{complex_columns[0]}',")
        if native is plain:
            return frame
        others = frame.drop(columns=self.inputs)
        return pd.concat([native, others], axis=1) if len(others.columns) else native

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a dictionary for JSON, without the fields that have their default value."""
        plain = Column("", "number")
        shown = []
        for column in self.columns:
            values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(column).items()}
            default = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(plain).items()}
            shown.append({k: v for k, v in values.items() if k in ("name", "kind") or v != default[k]})
        return {"columns": shown}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Encoder:
        """Return the encoder that `to_json` turned into the dictionary `plain`.

        Raises DamagedFile for a missing or wrong entry.
        """
        return check_document(plain, cls, "An encoder", exact=True)


def as_numbers(
    column: pd.Series, codes: tuple[float, ...] = (), words: tuple[str, ...] = (), *, drop: bool = False
) -> np.ndarray:
    """Return a column of a table as numbers, float64 [N], NaN where missing; true is 1 and false 0.

    codes   numbers that stand for "missing"
    words   words that stand for "missing", in addition to the usual ones
    drop    whether the message of an error advises the user to leave the column out (`--drop`)

    Raises DataError for text that is neither a number nor one of these words, and for infinite values.
    """
    import pandas as pd

    if column.dtype.kind in "iufb" and isinstance(column.dtype, np.dtype):
        values = column.to_numpy(np.float64)
    elif pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan)
    else:
        labels = as_labels(column, words)
        values = labels.spread(_numbers_of(labels.present), np.nan)
        bad = np.flatnonzero(np.isnan(values) & ~labels.gaps)
        if len(bad):
            raise DataError(
                f"Column '{column.name}' holds '{labels.word(bad[0]):.40}' in row "
                f"{row_number(column, bad[0]):,}.",
                "The column is numeric in the training data, so only numbers are allowed.",
                "Correct the value or leave it empty.",
            )
    infinite = np.isinf(values)
    if infinite.any():
        row = row_number(column, int(np.argmax(infinite)))
        raise DataError(
            f"Column '{column.name}' is infinite in row {row:,} ({int(infinite.sum()):,} such values).",
            "Only finite values are allowed.",
            f"Correct them, leave them empty, or type --drop '{column.name}'."
            if drop
            else "Correct them or leave them empty.",
        )
    if codes:
        values = np.where(np.isin(values, codes), np.nan, values)
    return values


def _numbers_of(words: list[str]) -> np.ndarray:
    """Return words as numbers, float64 [K]; NaN for a word that is no number.

    If the words are all "true" or "false", they are 1 and 0.
    """
    if all(word.lower() in BOOLEAN_WORDS for word in words):
        return np.array([BOOLEAN_WORDS[word.lower()] for word in words], np.float64)
    return parsed_numbers(words)


def too_large(column: pd.Series, position: int) -> DataError:
    """Return the error for a number in `column` [N] that, scaled by the encoder, is beyond float32.

    position: index of the number in the column. The message names the column, the value and its row.
    """
    value, row = float(column.iloc[position]), row_number(column, position)
    return DataError(
        f"Column '{column.name}' is {value:g} in row {row:,}.",
        "Scaled like the training rows, this value is beyond the range of float32.",
        "Correct the value or leave it empty.",
    )


def as_days(column: pd.Series, form: str) -> np.ndarray:
    """Return the dates of a column as days since 1970, float64 [N], NaN where missing.

    form: format of dates that are text. Raises DataError for text that is no date in this format.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        dates, gaps = column.to_numpy(), column.isna().to_numpy(bool)
    else:
        labels = as_labels(column)
        words = pd.Series(labels.present, dtype=object)
        times = pd.to_datetime(words, format=form or "ISO8601", errors="coerce", utc=True)
        dates = labels.spread(times.dt.tz_convert(None).to_numpy(), np.datetime64("NaT"))
        gaps = labels.gaps
    bad = np.flatnonzero(np.isnat(dates) & ~gaps)
    if len(bad):
        raise DataError(
            f"Column '{column.name}' holds '{column.iloc[bad[0]]}' in row {row_number(column, bad[0]):,}.",
            "The column holds dates in the training data, so only dates of the same format are allowed.",
            "Correct the value or leave it empty.",
        )
    a_day = np.timedelta64(1, "D") / np.array(1, f"m8[{np.datetime_data(dates.dtype)[0]}]")
    return np.where(np.isnat(dates), np.nan, dates.astype(np.int64) / a_day)


def row_number(column: pd.Series, position: int) -> int:
    """Return the number of a row in the table as it was read, counted from 1.

    position: place of the row in `column`, from which other rows may have been left out since.
    """
    label = column.index[position]
    return int(label) + 1 if isinstance(label, (int, np.integer)) else position + 1


def _number(column: Column, values: pd.Series) -> np.ndarray:
    """Return the encoded values of a column of numbers, [N, 1] or [N, 2]."""
    numbers = as_numbers(values, column.codes, column.words)
    if column.limit is not None:
        numbers = np.where(np.abs(numbers) > column.limit, np.nan, numbers)
    return _with_indicator(column, numbers, values)


def _date(column: Column, values: pd.Series) -> np.ndarray:
    """Return the encoded values of a column of dates, [N, 1] or [N, 2]."""
    return _with_indicator(column, as_days(values, column.form), values)


def _with_indicator(column: Column, numbers: np.ndarray, values: pd.Series) -> np.ndarray:
    """Return `numbers` [N] scaled, [N, 1], or with the indicator of missing values, [N, 2]."""
    with np.errstate(over="ignore"):
        scaled = (numbers - column.center) / column.scale
    far = np.abs(scaled) > FLOAT32_MAX
    if far.any():
        raise too_large(values, int(np.argmax(far)))
    if not column.indicator:
        return np.where(np.isnan(scaled), column.filler, scaled)[:, None]
    return np.stack([scaled, np.isnan(numbers)], 1)


def _category(column: Column, values: pd.Series) -> np.ndarray:
    """Return the encoded values of a category, one column of 0 and 1 for each level, [N, levels]."""
    labels = as_labels(values, column.words)
    known = {level: place for place, level in enumerate(column.levels)}
    k = len(known) + column.other
    others = len(known) if column.other else -1
    of_words = np.array([known.get(word, others) for word in labels.present], np.int64)
    code = labels.spread(of_words, k if column.missing else -1)
    x = np.zeros((len(code), k + column.missing), np.float32)
    known_rows = np.flatnonzero(code >= 0)
    x[known_rows, code[known_rows]] = 1
    return x


ENCODE: dict[str, Callable[[Column, Any], np.ndarray]] = {
    "number": _number,
    "category": _category,
    "date": _date,
}


def suggest_column(absent: str, has: list[str]) -> str:
    """Return advice for a message about a missing column: `Did you mean 'x'?`, or to add or rename one.

    absent: name of the missing column. has: names of the columns that the table has.
    """
    advice = did_you_mean(absent, has)
    return advice if advice.startswith("Did") else "Add the column, or rename the one that holds it."


def _some(names: list[str]) -> str:
    """Return at most 12 names, and the number of the others."""
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
