"""Detection of the kind of each feature column (number, category or date), and fit of its encoding.

Identifiers, constants and empty columns are left out. The values of the development rows decide, which are
all rows except the test rows. Of the test rows, only their number counts, and whether they hold numbers
beyond float32. Notes for the user report every guess and every column that is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.column import DATE_FORMATS, Column
from ravine.data.encoder import FLOAT32_MAX, as_days, as_numbers, row_number
from ravine.data.labels import Labels, as_labels, parsed_numbers
from ravine.data.missing_codes import Extreme, as_float, extremes, missing_codes, suspects

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Notes", "fit_column", "shorten_list"]

MAX_LEVELS = 50  # of a category; rarer levels become one level 'other'
LARGE = 1e100  # the square of a larger number overflows; that of a number below 1 / LARGE becomes 0
FAR_FACTOR = 1e20  # a number beyond float32 does not fit a column if it is this many times the usual size
FLAT_SHARE = 1e-3  # a column is flattened if its middle half covers a smaller share of its spread
QUARTILE_VALUES = 100_000  # number of values that quartiles are computed from
IDENTIFIER = re.compile(
    r"(^|[^a-z])(id|ids|uid|uuid|guid|key|index|idx|sku|no|nr|event|rowid|row)$|^unnamed", re.I
)
CAMEL = re.compile(
    r"[a-z](ID|Id|No|Key)$|^(id|uuid)[_ .A-Z]|(obj|spec|customer|user|item|patient|event)id$", re.I
)
DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?|\d{4}/\d{1,2}/\d{1,2}( .*)?"
)
DECORATED_NUMBER = re.compile(
    # numbers with other signs: $1,000.50  12 %  (3.1)
    r"[-+(]?[$€£¥]? ?[-+]?\d++(?:[,.' ]\d++)*+[,.]? ?[%$€£¥]?\)?"
)


class Notes:
    """Findings about the columns of a table, such as "left out (constant)", collected for notes to the user.

    columns: kind of finding -> names of its columns, with details. extremes: frequent smallest and largest
    values of columns, which may be codes for "missing". lowest: smallest value of each column of numbers.
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[str]] = {}
        self.extremes: list[Extreme] = []
        self.lowest: dict[str, float] = {}

    def add(self, kind: str, column: str) -> None:
        """Record a finding about a column; `kind` is its text, such as `left out (constant)`."""
        self.columns.setdefault(kind, []).append(column)

    def extend(self, other: Notes) -> None:
        """Add the findings about further columns."""
        for kind, columns in other.columns.items():
            self.columns.setdefault(kind, []).extend(columns)
        self.extremes += other.extremes
        self.lowest |= other.lowest

    def lines(self) -> list[str]:
        """Return the notes for the user, one line for each kind of finding: `left out (constant): c1, c7`.

        One more line lists the numbers that may be codes for "missing", if there are any.
        """
        kinds = dict(self.columns)
        if possible := suspects(self.extremes):
            kinds["possibly a code for missing (--missing CODE)"] = [
                f"{extreme.name} ({extreme.value:g}, {extreme.share:.0%})" for extreme in possible
            ]
        return [f"{kind}: {shorten_list(columns)}" for kind, columns in kinds.items()]


def shorten_list(names: list[str], most: int = 12) -> str:
    """Return the first `most` names, separated by commas, and the number of the others: `a, b and 3 more`."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def fit_column(
    column: pd.Series,
    notes: Notes,
    *,
    keep: bool = False,
    missing: tuple[float | str, ...] = (),
    shared: tuple[float, ...] = (),
    whole: pd.Series | None = None,
) -> Column | None:
    """Return the encoding of a feature column, fitted to its development rows [n]; None leaves it out.

    A column is left out if it has no values, is constant, identifies rows, holds mostly unique text, or
    cannot be encoded, such as complex numbers. `notes` then holds the reason.

    column    development rows of the column, which are all rows except the test rows
    notes     collection to which this function adds its findings
    keep      whether the column stays even if it is constant, an identifier or unique text, as one that the
              user named
    missing   numbers and words that stand for "missing", in addition to those that are recognized
    shared    codes for "missing" found in other columns; here they count if they are the lowest value
    whole     the column with its test rows. Of the test rows, only their number is used, and whether
              they hold values beyond float32.

    Raises DataError for infinite values.
    """
    import pandas as pd

    name = str(column.name)
    words = tuple(str(code) for code in missing)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _dates(column, "", notes, keep)
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        if column.dtype.kind == "c":
            notes.add("left out (complex numbers)", name)
            return None
        return _number(column, as_numbers(column, drop=True), notes, keep, missing, shared, (), whole)
    nested = (list, dict, set, tuple, np.ndarray, bytes)
    if column.dtype == object and any(isinstance(value, nested) for value in column.array):
        notes.add("left out (nested values)", name)
        return None
    labels = as_labels(column, words)
    present, counts = labels.present, labels.counts
    if not present:
        notes.add("left out (no values)", name)
        return None
    is_word = np.isnan(parsed_numbers(present))
    if is_word.sum() <= 3 and counts[is_word].sum() / counts.sum() <= 0.02:
        no_numbers = [word for word, wordy in zip(present, is_word, strict=True) if wordy]
        missing_words = tuple(dict.fromkeys((*words, *no_numbers)))
        if no_numbers:
            notes.add(
                "words among numbers taken as missing",
                f"{name} ({shorten_list(list(map(repr, no_numbers)))})",
            )
        elif codes := sorted(map(repr, labels.missing_words)):
            notes.add("numbers with missing codes", f"{name} ({shorten_list(codes)})")
        numbers_or_gaps = as_numbers(column, (), missing_words, drop=True)
        return _number(column, numbers_or_gaps, notes, keep, missing, shared, missing_words, whole)
    if all(DATE.fullmatch(word) for word in present):
        form = _date_form(present)
        if form:
            return _dates(column, form, notes, keep)
        notes.add("left out (dates in several or unclear formats)", name)
        return None
    return _category(name, labels, words, notes, keep)


def _number(
    column: pd.Series,
    numbers: np.ndarray,
    notes: Notes,
    keep: bool,
    missing: tuple[float | str, ...],
    shared: tuple[float, ...],
    words: tuple[str, ...],
    whole: pd.Series | None,
) -> Column | None:
    """Return the encoding of a column of `numbers` [n], NaN where missing, or None if it is left out."""
    name = str(column.name)
    codes = [number for code in missing if (number := as_float(code)) is not None]
    detected = missing_codes(numbers[~np.isin(numbers, codes)], shared)
    for code in detected:
        notes.add("taken as missing", f"{name} ({code:g}, {np.mean(numbers == code):.0%})")
    codes += [code for code in detected if code not in codes]
    numbers = np.where(np.isin(numbers, codes), np.nan, numbers)
    empty = float(np.mean(np.isnan(numbers)))
    limit = _limit(name, numbers, column if whole is None else whole, notes)
    if limit is not None:
        numbers = np.where(np.abs(numbers) > limit, np.nan, numbers)
    values = numbers[~np.isnan(numbers)]
    if not len(values):
        notes.add("left out (no values)", name)
        return None
    gaps = len(values) < len(numbers)
    if empty and not detected:
        notes.add("missing, filled with the median and marked", f"{name} ({empty:.1%})")
    if values.min() == values.max() and not gaps and not keep:
        notes.add("left out (constant)", name)
        return None
    if not keep and is_identifier(name, values, len(column if whole is None else whole)):
        notes.add("left out (identifiers; --features keeps them)", name)
        return None
    if not keep and np.all(values == np.floor(values)):
        _suspect_group(name, len(np.unique(values)), notes)
    notes.lowest[name] = float(values.min())
    notes.extremes += extremes(name, values)
    center, scale = center_and_scale(values)
    _suspect_flat(column, numbers, scale, notes)
    median = median_of(values)
    return Column(name, "number", center, scale, gaps, tuple(codes), words, limit=limit, median=median)


def center_and_scale(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and the standard deviation of a column with the `values` [n], both in float64.

    Values up to 1e308 cause no overflow. If all values are equal, the second number is 1, or their absolute
    value if it is above 1e100.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low, max(abs(low), 1.0) if abs(low) > LARGE else 1.0
    unit = max(abs(low), abs(high))
    unit = unit if unit > LARGE or unit < 1 / LARGE else 1.0
    spread = float(np.std(values / unit)) * unit
    return float(np.mean(values / unit)) * unit, spread or 1.0


def median_of(values: np.ndarray) -> float:
    """Return the median of a column with the `values` [n]; values up to 1e308 cause no overflow."""
    below, above = (len(values) - 1) // 2, len(values) // 2
    middle = np.partition(values, [below, above])
    return float(middle[below]) / 2 + float(middle[above]) / 2


def quartiles(values: np.ndarray) -> tuple[float, float, float]:
    """Return the quartiles of `values` [n], linear between two values. `numpy.quantile` takes much longer."""
    places = [(len(values) - 1) * share for share in (0.25, 0.5, 0.75)]
    below = [int(place) for place in places]
    above = [min(place + 1, len(values) - 1) for place in below]
    ordered = np.partition(values, sorted({*below, *above}))
    low, median, high = (
        float(ordered[a] + (ordered[b] - ordered[a]) * (place - a))
        for a, b, place in zip(below, above, places, strict=True)
    )
    return low, median, high


def _limit(name: str, numbers: np.ndarray, whole: pd.Series, notes: Notes) -> float | None:
    """Return the largest float32 number if `whole` holds larger ones that do not fit the column, else None.

    Such numbers are at least `FAR_FACTOR` times the usual size, the median of |value| over the development
    rows `numbers` [n]. A column of large numbers only is scaled like any other.
    """
    import pandas as pd

    if isinstance(whole.dtype, np.dtype) and (whole.dtype.kind in "iub" or whole.dtype == np.float32):
        return None
    every = np.abs(pd.to_numeric(whole, errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=False))
    far = np.flatnonzero((every > FLOAT32_MAX) & np.isfinite(every))
    if not len(far):
        return None
    size = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    usual = float(np.quantile(size, 0.5, method="lower")) if len(size) else 0.0
    if usual * FAR_FACTOR > FLOAT32_MAX:
        return None
    first = f"{pd.to_numeric(whole.iloc[far[0]]):g} in row {row_number(whole, int(far[0])):,}"
    rows = "1 row" if len(far) == 1 else f"{len(far):,} rows, the first"
    notes.add("beyond the range of numbers, taken as missing", f"{name} ({rows}: {first})")
    return FLOAT32_MAX


def _suspect_flat(column: pd.Series, numbers: np.ndarray, scale: float, notes: Notes) -> None:
    """Note a column with a few values so far from the others that scaling makes the others almost equal."""
    values = numbers[~np.isnan(numbers)]
    sample = values[:: max(1, len(values) // QUARTILE_VALUES)]
    low, median, high = quartiles(sample / scale)
    if not 0 < high - low < FLAT_SHARE:
        return
    away = np.abs(numbers / scale - median)
    away[np.isnan(away)] = 0
    first = int(np.argmax(away))
    far = int(np.sum(away > (high - low) / FLAT_SHARE))
    notes.add(
        "flattened by values far from all others (if wrong, leave them empty or name them: --missing)",
        f"{column.name} ({far:,} row{'s' * (far != 1)}: {numbers[first]:g} in row "
        f"{row_number(column, first):,})",
    )


def is_identifier(name: str, values: np.ndarray, rows: int | None = None) -> bool:
    """Return whether a column of numbers is an identifier, which only counts or names the rows.

    There are two cases, both with at least 10 numbers, all of them integers. Either at least 95 % of them
    are distinct, and the name of the column is that of an identifier. Or all are distinct, and their range,
    largest minus smallest, is smaller than the number of rows.

    name     name of the column
    values   numbers [n] of the column, without missing values
    rows     number of rows of the table, by default n
    """
    if len(values) < 10 or not np.all(values == np.floor(values)):
        return False
    distinct = len(np.unique(values))
    if distinct >= 0.95 * len(values) and named_identifier(name):
        return True
    return distinct == len(values) and bool(values.max() / 2 - values.min() / 2 < (rows or len(values)) / 2)


def named_identifier(name: str) -> bool:
    """Return whether the name of a column is that of an identifier, such as `id`, `EventId` or `sku`."""
    return IDENTIFIER.search(name) is not None or CAMEL.search(name) is not None


def _suspect_group(name: str, distinct: int, notes: Notes) -> None:
    """Note a column whose name suggests that several rows belong to one event, patient or shop."""
    if distinct >= 10 and named_identifier(name):
        notes.add("named like identifiers, kept (--drop, or --groups if rows of one belong together)", name)


def _category(name: str, labels: Labels, words: tuple[str, ...], notes: Notes, keep: bool) -> Column | None:
    """Return the encoding of a column of text [n] with this name, or None if it is left out."""
    counts = dict(zip(labels.present, labels.counts.tolist(), strict=True))
    rows, gaps = sum(counts.values()), labels.gaps
    if not keep:
        unique = len(counts) > 0.5 * rows and len(counts) > 10
        if unique and all(DECORATED_NUMBER.fullmatch(word) for word in counts):
            first = f"{name} ('{max(counts, key=lambda word: counts[word])}')"
            notes.add("left out (numbers with other signs; remove the signs)", first)
            return None
        if unique and (len(counts) > 0.95 * rows or named_identifier(name)):
            notes.add("left out (identifiers; --features keeps them)", name)
            return None
        if unique:
            notes.add("left out (free text, mostly unique; --features keeps it)", name)
            return None
        if len(counts) == 1 and not gaps.any():
            notes.add("left out (constant)", name)
            return None
        _suspect_group(name, len(counts), notes)
    other = len(counts) > MAX_LEVELS
    if other:
        notes.add(
            f"levels beyond the {MAX_LEVELS} most frequent grouped as 'other'", f"{name} ({len(counts):,})"
        )
    ordered = sorted(counts, key=lambda level: (-counts[level], level))
    if gaps.any():
        codes = sorted(map(repr, labels.missing_words)) or ["empty"]
        notes.add("missing, kept as a level of its own", f"{name} ({shorten_list(codes)}, {gaps.mean():.1%})")
    return Column(
        name,
        "category",
        words=words,
        levels=tuple(sorted(ordered[:MAX_LEVELS])),
        other=other,
        missing=bool(gaps.any()),
    )


def _dates(column: pd.Series, form: str, notes: Notes, keep: bool) -> Column | None:
    """Return the encoding of a column of dates in the format `form`, or None if it is left out."""
    days = as_days(column, form)
    values = days[~np.isnan(days)]
    if not len(values) or (values.min() == values.max() and not keep):
        notes.add("left out (constant)" if len(values) else "left out (no values)", str(column.name))
        return None
    notes.add(
        "dates, as days since 1970", str(column.name) + (f" ({form})" if form and form != "ISO8601" else "")
    )
    center, scale = center_and_scale(values)
    median = median_of(values)
    gaps = bool(np.isnan(days).any())
    return Column(str(column.name), "date", center, scale, gaps, form=form, median=median)


def _date_form(words: list[str]) -> str:
    """Return the only format that reads all dates, or "" if there is none or more than one."""
    import pandas as pd

    def reads_all(form: str) -> bool:
        return bool(
            pd.to_datetime(pd.Series(words, dtype=object), format=form, errors="coerce", utc=True)
            .notna()
            .all()
        )

    fits = [form for form in DATE_FORMATS if reads_all(form)]
    return fits[0] if len(fits) == 1 or (fits and fits[0] == "ISO8601") else ""
