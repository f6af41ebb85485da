"""From named columns to numbers `[N, D]`: fitted on development rows, plain JSON to store.

number     (value - center) / scale; NaN where missing, and 1 in `NAME missing` there; if no development row
           was missing, the median in its place
category   one column for each level; `other` for rare ones, `missing` for missing ones
date       days since 1970, then as a number
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.readers.delimited_dialect import MISSING
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["Column", "Encoder", "as_days", "as_labels", "as_numbers"]

FLOAT32 = float(np.finfo(np.float32).max)
ROWS = 4096  # plain numbers are converted in blocks of this many rows
TRUTH = {"true": 1.0, "false": 0.0}  # a column of booleans with a gap is read as words


@dataclass(frozen=True)
class Column:
    """How one input column becomes numbers. `kind`: number, category or date."""

    name: str
    kind: str
    center: float = 0.0
    scale: float = 1.0
    indicator: bool = False
    codes: tuple[float, ...] = ()  # numbers that stand for "missing"
    words: tuple[str, ...] = ()  # words that stand for "missing" beside the usual ones
    levels: tuple[str, ...] = ()
    other: bool = False
    missing: bool = False
    form: str = ""  # of a date
    limit: float | None = None  # larger numbers are taken as missing
    median: float | None = None  # of the development rows

    @property
    def filler(self) -> float:
        """Return the encoded value of a gap: NaN where gaps were learned, else the median."""
        if self.indicator or self.median is None:
            return float("nan")
        return (self.median - self.center) / self.scale

    @property
    def outputs(self) -> list[str]:
        """Return the names of the encoded columns."""
        if self.kind != "category":
            return [self.name] + ([f"{self.name} missing"] if self.indicator else [])
        names = [f"{self.name}={level}" for level in self.levels]
        return names + [f"{self.name} other"] * self.other + [f"{self.name} missing"] * self.missing


@dataclass(frozen=True)
class Encoder:
    """All input columns of a data set and how each becomes numbers."""

    columns: tuple[Column, ...]

    @property
    def inputs(self) -> list[str]:
        """Return the names of the columns that a frame must have."""
        return [column.name for column in self.columns]

    @property
    def features(self) -> list[str]:
        """Return the names of the D encoded columns."""
        return [name for column in self.columns for name in column.outputs]

    def transform(self, frame: pd.DataFrame | np.ndarray, *, what: str = "The data") -> np.ndarray:
        """Encode rows as float32 `[N, D]`; columns in any order, further columns ignored.

        An array is taken by position. Raises DataError for a missing column, words where numbers were,
        an infinite value or one no float32 can hold, naming the column and the first row (counted from 1).
        """
        frame = self._frame(frame, what)
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
        """Tell whether all columns are plain numbers, as pixels are."""
        return all(
            c.kind == "number" and not (c.indicator or c.codes or c.limit) for c in self.columns
        ) and all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in frame[self.inputs].dtypes)

    def _scaled(self, frame: pd.DataFrame) -> np.ndarray:
        values = frame.to_numpy()
        center = np.array([column.center for column in self.columns])
        scale = np.array([column.scale for column in self.columns])
        filler = np.array([column.filler for column in self.columns])
        x = np.empty(values.shape, np.float32)
        for at in range(0, len(values), ROWS):
            block = values[at : at + ROWS].astype(np.float64)
            with np.errstate(over="ignore"):
                block -= center
                block /= scale
            far = np.abs(block) > FLOAT32
            if far.any():
                row, column = (int(each) for each in np.argwhere(far)[0])
                for name in frame.columns:
                    as_numbers(frame[name])  # an infinite value comes first
                raise too_large(frame.iloc[:, column], at + row)
            x[at : at + ROWS] = np.where(np.isnan(block), filler, block)
        return x

    def _frame(self, frame: pd.DataFrame | ArrayLike, what: str) -> pd.DataFrame:
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            array = np.asarray(frame)
            array = array.reshape(len(array), -1) if array.ndim > 2 else array
            if array.ndim != 2 or array.shape[1] != len(self.columns):
                raise DataError(
                    f"{what} has shape {array.shape}.",
                    f"Rows of {len(self.columns)} columns were learned: {_some(self.inputs)}.",
                    "Give an array [N, columns], or a frame with named columns.",
                )
            return pd.DataFrame(array, columns=self.inputs)
        if not all(isinstance(name, str) for name in frame.columns):
            frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
        twice = [name for name in self.inputs if name in frame.columns[frame.columns.duplicated()]]
        if twice:
            raise DataError(
                f"{what} has two columns '{twice[0]}'.",
                "Which is meant cannot be told.",
                "Rename or remove one.",
            )
        absent = [name for name in self.inputs if name not in frame.columns]
        if absent:
            has = [str(each) for each in frame.columns]
            raise DataError(
                f"{what} has no column '{absent[0]}'"
                + (f" (and {len(absent) - 1} more: {_some(absent[1:])})." if len(absent) > 1 else "."),
                f"The model reads it; {what[0].lower() + what[1:]} has {_some(has)}.",
                near(absent[0], has),
            )
        return frame

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = Column("", "")
        shown = []
        for column in self.columns:
            values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(column).items()}
            default = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(plain).items()}
            shown.append({k: v for k, v in values.items() if k in ("name", "kind") or v != default[k]})
        return {"columns": shown}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Encoder:
        """Return the encoder that `to_json` described."""
        columns = []
        for each in plain["columns"]:
            values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in each.items()}
            columns.append(Column(**values))
        return cls(tuple(columns))


def as_numbers(
    column: pd.Series, codes: tuple[float, ...] = (), words: tuple[str, ...] = (), *, drop: bool = False
) -> np.ndarray:
    """Return float64 `[N]`, NaN where missing. Raises DataError for words or infinite values.

    `drop`: the column may still be left out, and the message says how.
    """
    import pandas as pd

    if column.dtype.kind in "iufb" and isinstance(column.dtype, np.dtype):
        values = column.to_numpy(np.float64)
    elif pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan)
    else:
        text, gaps = _text(column, words)
        seen = text.mask(gaps, other=None)
        if {each.lower() for each in seen.dropna().unique()} <= TRUTH.keys():
            seen = seen.str.lower().map(TRUTH)
        values = pd.to_numeric(seen, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        bad = np.flatnonzero(np.isnan(values) & ~gaps.to_numpy())
        if len(bad):
            raise DataError(
                f"Column '{column.name}' holds '{text.iloc[bad[0]]!s:.40}' in row "
                f"{row_number(column, bad[0]):,}.",
                "It was learned as numbers.",
                "Mend the value or leave it empty.",
            )
    infinite = np.isinf(values)
    if infinite.any():
        row = row_number(column, int(np.argmax(infinite)))
        raise DataError(
            f"Column '{column.name}' is infinite in row {row:,} ({int(infinite.sum()):,} such values).",
            "A network cannot learn from infinite values.",
            f"Mend them, leave them empty, or type --drop '{column.name}'."
            if drop
            else "Mend them or leave them empty.",
        )
    if codes:
        values = np.where(np.isin(values, codes), np.nan, values)
    return values


def too_large(column: pd.Series, position: int) -> DataError:
    """Return the error for a finite number that is beyond float32 once it is scaled."""
    value, row = float(column.iloc[position]), row_number(column, position)
    return DataError(
        f"Column '{column.name}' is {value:g} in row {row:,}.",
        "Beside what was learned such a value is beyond the range of numbers.",
        "Mend it or leave it empty.",
    )


def as_labels(column: pd.Series, words: tuple[str, ...] = ()) -> tuple[pd.Series, np.ndarray]:
    """Return the column as stripped text and where it is missing."""
    text, gaps = _text(column, words)
    return text, gaps.to_numpy(bool)


def as_days(column: pd.Series, form: str) -> np.ndarray:
    """Return days since 1970 as float64 `[N]`, NaN where missing. Raises DataError for other words."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        times, gaps = column, column.isna()
    else:
        text, gaps = _text(column, ())
        times = pd.to_datetime(
            text.mask(gaps, other=None), format=form or "ISO8601", errors="coerce", utc=True
        )
    if getattr(times.dt, "tz", None) is not None:
        times = times.dt.tz_convert(None)
    bad = np.flatnonzero(times.isna().to_numpy() & ~gaps.to_numpy(bool))
    if len(bad):
        raise DataError(
            f"Column '{column.name}' holds '{column.iloc[bad[0]]}' in row {row_number(column, bad[0]):,}.",
            "It was learned as dates.",
            "Mend the value or leave it empty.",
        )
    days = (times - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return days.to_numpy(np.float64, na_value=np.nan)


def _text(column: pd.Series, words: tuple[str, ...]) -> tuple[pd.Series, pd.Series]:
    """Return stripped text `[N]` and where it is missing; each distinct value is looked at once."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    whole = column.dtype.kind == "f" and all(float(each).is_integer() for each in distinct)
    # A whole number read as 1.0 (for a gap elsewhere in its column) is the level '1'.
    texts = [str(int(each)) if whole else str(each).strip() for each in distinct]
    empty = MISSING | {word.lower() for word in words}
    gaps = np.array([text.lower() in empty for text in texts] + [True])
    text = pd.Series(
        np.array([*texts, ""], object)[codes], index=column.index, name=column.name, dtype=object
    )
    return text, pd.Series(gaps[codes], index=column.index)


def row_number(column: pd.Series, position: int) -> int:
    """Return the row, counted from 1 in the table as it was read."""
    label = column.index[position]
    return int(label) + 1 if isinstance(label, (int, np.integer)) else position + 1


def _number(column: Column, values: pd.Series) -> np.ndarray:
    numbers = as_numbers(values, column.codes, column.words)
    if column.limit is not None:
        numbers = np.where(np.abs(numbers) > column.limit, np.nan, numbers)
    return _with_indicator(column, numbers, values)


def _date(column: Column, values: pd.Series) -> np.ndarray:
    return _with_indicator(column, as_days(values, column.form), values)


def _with_indicator(column: Column, numbers: np.ndarray, values: pd.Series) -> np.ndarray:
    with np.errstate(over="ignore"):
        scaled = (numbers - column.center) / column.scale
    far = np.abs(scaled) > FLOAT32
    if far.any():
        raise too_large(values, int(np.argmax(far)))
    if not column.indicator:
        return np.where(np.isnan(scaled), column.filler, scaled)[:, None]
    return np.stack([scaled, np.isnan(numbers)], 1)


def _category(column: Column, values: pd.Series) -> np.ndarray:
    import pandas as pd

    text, gaps = as_labels(values, column.words)
    code = pd.Index(column.levels, dtype=object).get_indexer(pd.Index(text, dtype=object))
    k = len(column.levels)
    if column.other:
        code[code < 0] = k
        k += 1
    code[gaps] = k if column.missing else -1
    x = np.zeros((len(code), k + column.missing), np.float32)
    known = np.flatnonzero(code >= 0)
    x[known, code[known]] = 1
    return x


ENCODE: dict[str, Callable[[Column, Any], np.ndarray]] = {
    "number": _number,
    "category": _category,
    "date": _date,
}


def near(absent: str, has: list[str]) -> str:
    """Return what to do about an absent column, without repeating those there are."""
    said = did_you_mean(absent, has)
    return said if said.startswith("Did") else "Add the column, or rename the one that holds it."


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
