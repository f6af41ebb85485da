"""Fit of the encoder, which turns columns into numbers, with notes on suspected leaks and repeated rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ravine.cores import map_on_cores
from ravine.data.column import Column
from ravine.data.column_kinds import Notes, fit_column, shorten_list
from ravine.data.encoder import FLOAT32_MAX, Encoder
from ravine.data.leakage import find_leaks
from ravine.data.missing_codes import as_float, extremes
from ravine.data.repeated_rows import count_repeated_rows
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fit_encoder"]

MOST_THREADS = 4  # each of which holds several copies of a column


def fit_encoder(
    whole: pd.DataFrame,
    development: np.ndarray,
    y: np.ndarray,
    classify: bool,
    notes: list[str],
    *,
    keep: bool = False,
    missing: tuple[float | str, ...] = (),
    images: bool = False,
    target: str = "",
    target_codes: tuple[float, ...] = (),
    classes: Sequence[object] = (),
) -> Encoder:
    """Return the encoder of a table's feature columns, fitted to the development rows.

    Development rows are all rows except the test rows. Columns that are no features, such as identifiers, are
    left out.

    whole         all rows, one column for each input
    development   indices of the development rows
    y             target [n] of the development rows, to find columns that give it away (leaks)
    classify      whether the target holds classes
    notes         list to which notes for the user are added
    keep          whether constants and identifiers are kept, as for columns that the user named
    missing       numbers and words that stand for "missing", in addition to those that are recognized
    images        whether all columns are pixels, which then share one mean and one scale
    target        name of the target
    target_codes  numbers that stand for "missing" in the target
    classes       labels of the classes

    Raises DataError if no column is left, and for infinite values.
    """
    frame = whole.iloc[development]
    if images:
        return _fit_images(frame)
    columns, findings = _fit_columns(whole, frame, keep, missing, target_codes)
    if not columns and not keep:
        # A feature that looks like a row number is better than no feature.
        columns, with_identifiers = _fit_columns(whole, frame, True, missing, target_codes)
        columns = [column for column in columns if frame[column.name].nunique(dropna=False) > 1]
        findings = with_identifiers if columns else findings
    if not columns:
        raise DataError(
            "No feature is left.", "; ".join(findings.lines()) + ".", "Name the features with --features."
        )
    if not classify:
        findings.extremes += extremes(target, y)
    notes += findings.lines()
    inputs = {column.name: frame[column.name] for column in columns}
    notes += _leak_notes(inputs, y, classify, classes)
    copies = count_repeated_rows(frame[[column.name for column in columns]])
    if copies:
        repeat = "row repeats" if copies == 1 else "rows repeat"
        notes.append(f"{copies:,} development {repeat} the features of another row")
    return Encoder(tuple(columns))


def _leak_notes(
    columns: dict[str, pd.Series], y: np.ndarray, classify: bool, classes: Sequence[object]
) -> list[str]:
    """Return notes on columns that give the target, or one of its classes, away."""
    found = find_leaks(columns, y, classify)
    alone, together, separating = found.alone, found.together, found.separating
    if len(np.unique(y)) == 2:  # a column that separates one of two classes gives the target away
        alone, separating = [*alone, *separating], {}
    notes = []
    for names, reason in (
        (alone, "each gives the target away alone"),
        (together, "together they copy the target"),
    ):
        if names:
            option = ",".join(names)
            reason = reason if len(names) > 1 else "it gives the target away alone"
            notes.append(f"suspected leak: {shorten_list(names)} ({reason}; to leave out: --drop '{option}')")
    for name, marked in separating.items():
        labels = shorten_list([f"'{classes[index] if classes else index}'" for index in marked], 5)
        which = "class" if len(marked) == 1 else "each of the classes"
        notes.append(
            f"suspected leak: {name} (it separates {which} {labels} from all others; "
            f"to leave out: --drop '{name}')"
        )
    return notes


def _fit_columns(
    whole: pd.DataFrame,
    frame: pd.DataFrame,
    keep: bool,
    missing: tuple[float | str, ...],
    target_codes: tuple[float, ...],
) -> tuple[list[Column], Notes]:
    """Return the encodings of all columns of `frame` that are not left out, and the findings.

    A code for "missing" in one column is a code in every column whose lowest value it is.
    """

    def fit(shared: tuple[float, ...]) -> tuple[list[Column], Notes]:
        def fit_one(series: tuple[pd.Series, pd.Series]) -> tuple[Column | None, Notes]:
            found = Notes()
            column = fit_column(series[0], found, keep=keep, missing=missing, shared=shared, whole=series[1])
            return column, found

        notes, columns = Notes(), []
        for column, found in map_on_cores(fit_one, [(frame[n], whole[n]) for n in frame], MOST_THREADS):
            notes.extend(found)
            if column is not None:
                columns.append(column)
        return columns, notes

    columns, notes = fit(target_codes)
    named = {as_float(code) for code in missing}
    shared = {*target_codes, *(code for column in columns for code in column.codes if code not in named)}
    if shared.intersection(notes.lowest.values()):
        return fit(tuple(sorted(shared)))
    return columns, notes


def _fit_images(frame: pd.DataFrame) -> Encoder:
    """Return the encoder of pixels, with one mean and one scale for all.

    With a scale for each pixel, pixels that are rarely lit would count too much.
    """
    values = frame.to_numpy()
    blocks = range(0, len(values), 4096)
    plain = Encoder(tuple(Column(str(name), "number") for name in frame.columns))
    if any((np.abs(values[at : at + 4096]) > FLOAT32_MAX).any() for at in blocks):
        return plain  # `transform` raises the error with the value
    center = float(sum(values[at : at + 4096].sum(dtype=np.float64) for at in blocks)) / values.size
    square = sum(float(np.square(values[at : at + 4096] - center).sum()) for at in blocks) / values.size
    spread = float(np.sqrt(square)) or 1.0
    if not np.isfinite(spread):
        return plain  # some pixels are missing
    return Encoder(tuple(Column(str(name), "number", center, spread) for name in frame.columns))
