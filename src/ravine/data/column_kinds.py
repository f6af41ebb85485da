"""What each column is: a number, a category, a date; or an identifier, a constant, empty, and so left out.

Decided on development rows alone. Everything guessed or left out is said in the notes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.encoder import FLOAT32, Column, as_days, as_labels, as_numbers, row_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fit_column", "missing_codes"]

MOST_LEVELS = 50
LARGE = 1e100  # squares of larger numbers overflow, of smaller than its inverse vanish
FAR = 1e20  # beyond float32 and this many times the usual size: no number of this column
FLAT = 1e-3  # the middle half of a column within this share of its spread is flattened by a few values
ENOUGH = 100_000  # values for a quartile
CODES = (-99.0, -999.0, -9999.0, -99999.0, -999999.0)
IDENTIFIER = re.compile(
    r"(^|[^a-z])(id|ids|uid|uuid|guid|key|index|idx|sku|no|nr|event|rowid|row)$|^unnamed", re.I
)
CAMEL = re.compile(
    r"[a-z](ID|Id|No|Key)$|^(id|uuid)[_ .A-Z]|(obj|spec|customer|user|item|patient|event)id$", re.I
)
DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?|\d{4}/\d{1,2}/\d{1,2}( .*)?"
)
DRESSED = re.compile(r"[-+(]?[$€£¥]? ?[-+]?\d+([,.' ]\d+)*[,.]? ?[%$€£¥]?\)?")  # $1,000.50  12 %  (3.1)
FORMS = (
    "ISO8601",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M",
)


class Notes:
    """Collects what was found for many columns, one line for each kind of finding."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, kind: str, column: str) -> None:
        """Remember a finding."""
        self.found.setdefault(kind, []).append(column)

    def lines(self) -> list[str]:
        """Return one line for each kind."""
        return [f"{kind}: {shorten(columns)}" for kind, columns in self.found.items()]


def shorten(names: list[str], most: int = 12) -> str:
    """Return names as one list, cut after `most`."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def fit_column(
    column: pd.Series,
    notes: Notes,
    *,
    keep: bool = False,
    missing: tuple[float | str, ...] = (),
    whole: pd.Series | None = None,
) -> Column | None:
    """Return how a column's development rows `[n]` become numbers, or None to leave it out.

    `keep`: the user named it, so identifiers and constants stay. `missing`: further codes for "missing".
    `whole`: the column with its test rows too. Of those only their number is used, and that they hold values
    no float32 can: what such a value is, the development rows say.
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
        return _number(column, as_numbers(column, drop=True), notes, keep, missing, (), whole)
    nested = (list, dict, set, tuple, np.ndarray, bytes)
    if column.dtype == object and any(isinstance(each, nested) for each in column.array):
        notes.add("left out (nested values)", name)
        return None
    text, gaps = as_labels(column, words)
    seen = text[~gaps]
    if not len(seen):
        notes.add("left out (no values)", name)
        return None
    numbers = pd.to_numeric(seen, errors="coerce")
    strange = seen[numbers.isna().to_numpy()].unique()
    if len(strange) <= 3 and numbers.isna().mean() <= 0.02:
        odd = tuple(dict.fromkeys((*words, *map(str, strange))))
        if len(strange):
            shown = shorten([repr(str(word)) for word in strange])
            notes.add("words among numbers taken as missing", f"{name} ({shown})")
        elif gaps.any():
            codes = sorted({repr(each) for each in text[gaps & column.notna().to_numpy()].unique()})
            if codes:
                notes.add("numbers with missing codes", f"{name} ({shorten(codes)})")
        return _number(column, as_numbers(column, (), odd, drop=True), notes, keep, missing, odd, whole)
    if all(DATE.fullmatch(each) for each in seen.unique()):
        form = _date_form(seen)
        if form:
            return _dates(column, form, notes, keep)
        notes.add("left out (dates in no single form)", name)
        return None
    return _category(column, text, gaps, words, notes, keep)


def _number(
    column: pd.Series,
    numbers: np.ndarray,
    notes: Notes,
    keep: bool,
    missing: tuple[float | str, ...],
    words: tuple[str, ...],
    whole: pd.Series | None,
) -> Column | None:
    name = str(column.name)
    codes = [float(code) for code in missing if _is_float(code)]
    found = missing_codes(numbers[~np.isin(numbers, codes)])
    for code in found:
        notes.add("taken as missing", f"{name} ({code:g}, {np.mean(numbers == code):.0%})")
    codes += [code for code in found if code not in codes]
    numbers = np.where(np.isin(numbers, codes), np.nan, numbers)
    empty = float(np.mean(np.isnan(numbers)))
    limit = _limit(name, numbers, column if whole is None else whole, notes)
    if limit is not None:
        numbers = np.where(np.abs(numbers) > limit, np.nan, numbers)
    seen = numbers[~np.isnan(numbers)]
    if not len(seen):
        notes.add("left out (no values)", name)
        return None
    gaps = len(seen) < len(numbers)
    if empty and not found:
        notes.add("missing, filled with the median and marked", f"{name} ({empty:.1%})")
    if seen.min() == seen.max() and not gaps and not keep:
        notes.add("left out (constant)", name)
        return None
    if not keep and is_identifier(name, seen, len(column if whole is None else whole)):
        notes.add("left out (identifiers; --features keeps them)", name)
        return None
    if not keep and np.all(seen == np.floor(seen)):
        _suspect_group(name, len(np.unique(seen)), notes)
    _suspect_code(name, seen, notes)
    center, scale = center_and_scale(seen)
    _suspect_flat(column, numbers, scale, notes)
    median = middle(seen)
    return Column(name, "number", center, scale, gaps, tuple(codes), words, limit=limit, median=median)


def _is_float(code: object) -> bool:
    try:
        float(str(code))
    except ValueError:
        return False
    return True


def center_and_scale(seen: np.ndarray) -> tuple[float, float]:
    """Return mean and sd in float64, safe for values up to 1e308; a constant has scale 1."""
    low, high = float(seen.min()), float(seen.max())
    if low == high:
        return low, max(abs(low), 1.0) if abs(low) > LARGE else 1.0
    unit = max(abs(low), abs(high))
    unit = unit if unit > LARGE or unit < 1 / LARGE else 1.0
    spread = float(np.std(seen / unit)) * unit
    return float(np.mean(seen / unit)) * unit, spread or 1.0


def middle(seen: np.ndarray) -> float:
    """Return the median, safe for values up to 1e308."""
    low, high = (float(np.quantile(seen, 0.5, method=end)) for end in ("lower", "higher"))
    return low / 2 + high / 2


def _limit(name: str, numbers: np.ndarray, whole: pd.Series, notes: Notes) -> float | None:
    """Return float32's largest number where `whole` holds larger ones that cannot belong to the column.

    They cannot where they are `FAR` times its usual size, the median of |value| over the development rows
    `numbers` `[n]`. A column of large numbers alone is scaled as any other.
    """
    import pandas as pd

    if isinstance(whole.dtype, np.dtype) and (whole.dtype.kind in "iub" or whole.dtype == np.float32):
        return None
    every = np.abs(pd.to_numeric(whole, errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=False))
    far = np.flatnonzero((every > FLOAT32) & np.isfinite(every))
    size = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    usual = float(np.quantile(size, 0.5, method="lower")) if len(size) else 0.0
    if not len(far) or usual * FAR > FLOAT32:
        return None
    first = f"{pd.to_numeric(whole.iloc[far[0]]):g} in row {row_number(whole, int(far[0])):,}"
    rows = "1 row" if len(far) == 1 else f"{len(far):,} rows, the first"
    notes.add("beyond the range of numbers, taken as missing", f"{name} ({rows}: {first})")
    return FLOAT32


def _suspect_flat(column: pd.Series, numbers: np.ndarray, scale: float, notes: Notes) -> None:
    """Say where a few values are so far from all others that these become one number."""
    seen = numbers[~np.isnan(numbers)]
    some = seen[:: max(1, len(seen) // ENOUGH)]
    low, median, high = np.quantile(some / scale, [0.25, 0.5, 0.75])
    if not 0 < high - low < FLAT:
        return
    away = np.abs(numbers / scale - median)
    away[np.isnan(away)] = 0
    first = int(np.argmax(away))
    far = int(np.sum(away > (high - low) / FLAT))
    notes.add(
        "flattened by values far from all others (if wrong, leave them empty or name them: --missing)",
        f"{column.name} ({far:,} row{'s' * (far != 1)}: {numbers[first]:g} in row "
        f"{row_number(column, first):,})",
    )


def missing_codes(numbers: np.ndarray) -> list[float]:
    """Return those of -99, -999 … that come twice or more and lie far below all other values."""
    found: list[float] = []
    values = numbers[~np.isnan(numbers)]
    for _ in CODES:
        if not len(values):
            break
        low = float(values.min())
        rest = values[values > low]
        if low not in CODES or len(values) - len(rest) < 2 or len(rest) < 2:
            break
        quarter, half = np.quantile(rest, [0.25, 0.75])
        # A quantity that is never negative has no -999; any other must leave a wide gap above it.
        if not (rest.min() >= 0 or rest.min() in CODES or rest.min() - low > 3 * max(half - quarter, 1e-300)):
            break
        found.append(low)
        values = rest
    return found


def _suspect_code(name: str, seen: np.ndarray, notes: Notes) -> None:
    for value in (seen.min(), seen.max()):
        rest = seen[seen != value]
        share = 1 - len(rest) / len(seen)
        if share < 0.01 or len(seen) - len(rest) < 5 or len(rest) < 5 or value != np.floor(value):
            continue
        with np.errstate(over="ignore"):  # ends of float64: too wide to tell
            width = rest.max() - rest.min()
            gap = min(abs(value - rest.min()), abs(value - rest.max()))
        if width > 0 and gap > 2 * width and abs(value) >= 9 and len(np.unique(rest)) > 2:
            notes.add("a code for missing? (--missing CODE)", f"{name} ({value:g}, {share:.0%})")


def is_identifier(name: str, seen: np.ndarray, rows: int | None = None) -> bool:
    """Tell whether whole numbers only count or name the rows: unique, and dense or named like it.

    A column that counts the `rows` of the table lies, wherever some are held out, within as many steps.
    """
    if len(seen) < 10 or not np.all(seen == np.floor(seen)):
        return False
    distinct = len(np.unique(seen))
    if distinct >= 0.95 * len(seen) and named_identifier(name):
        return True
    return distinct == len(seen) and bool(seen.max() / 2 - seen.min() / 2 < (rows or len(seen)) / 2)


def named_identifier(name: str) -> bool:
    """Tell whether a name is that of an identifier (`id`, `EventId`, `sku`)."""
    return IDENTIFIER.search(name) is not None or CAMEL.search(name) is not None


def _suspect_group(name: str, distinct: int, notes: Notes) -> None:
    """Say where the rows of one event, patient or shop may lie on both sides of a split."""
    if distinct >= 10 and named_identifier(name):
        notes.add("named like identifiers, kept (--drop, or --groups if rows of one belong together)", name)


def _category(
    column: pd.Series, text: pd.Series, gaps: np.ndarray, words: tuple[str, ...], notes: Notes, keep: bool
) -> Column | None:
    name = str(column.name)
    counts = text[~gaps].value_counts()
    if not keep:
        unique = len(counts) > 0.5 * counts.sum() and len(counts) > 10
        if unique and all(DRESSED.fullmatch(each) for each in counts.index):
            notes.add(
                "left out (numbers with other signs: write them plain)", f"{name} ('{counts.index[0]}')"
            )
            return None
        if unique and (len(counts) > 0.95 * counts.sum() or named_identifier(name)):
            notes.add("left out (identifiers; --features keeps them)", name)
            return None
        if unique:
            notes.add("left out (free text, mostly unique; --features keeps it)", name)
            return None
        if len(counts) == 1 and not gaps.any():
            notes.add("left out (constant)", name)
            return None
        _suspect_group(name, len(counts), notes)
    other = len(counts) > MOST_LEVELS
    if other:
        notes.add(
            f"levels beyond the {MOST_LEVELS} most frequent grouped as 'other'", f"{name} ({len(counts):,})"
        )
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    if gaps.any():
        codes = sorted({repr(each) for each in text[gaps & column.notna().to_numpy()].unique()} or {"empty"})
        notes.add("missing, kept as a level of its own", f"{name} ({shorten(codes)}, {gaps.mean():.1%})")
    return Column(
        name,
        "category",
        words=words,
        levels=tuple(sorted(ordered[:MOST_LEVELS])),
        other=other,
        missing=bool(gaps.any()),
    )


def _dates(column: pd.Series, form: str, notes: Notes, keep: bool) -> Column | None:
    days = as_days(column, form)
    seen = days[~np.isnan(days)]
    if not len(seen) or (seen.min() == seen.max() and not keep):
        notes.add("left out (constant)" if len(seen) else "left out (no values)", str(column.name))
        return None
    notes.add(
        "dates, as days since 1970", str(column.name) + (f" ({form})" if form and form != "ISO8601" else "")
    )
    center, scale = center_and_scale(seen)
    median = middle(seen)
    gaps = bool(np.isnan(days).any())
    return Column(str(column.name), "date", center, scale, gaps, form=form, median=median)


def _date_form(seen: pd.Series) -> str:
    """Return the only form that reads every date; none where two forms read them differently."""
    import pandas as pd

    fits = [
        form for form in FORMS if pd.to_datetime(seen, format=form, errors="coerce", utc=True).notna().all()
    ]
    return fits[0] if len(fits) == 1 or (fits and fits[0] == "ISO8601") else ""
