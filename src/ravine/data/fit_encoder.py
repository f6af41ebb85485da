"""Fit the encoder on the development rows: every column judged, leaks and repeated rows named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ravine.data.column_kinds import Notes, fit_column, shorten
from ravine.data.encoder import FLOAT32, Column, Encoder
from ravine.data.leakage import suspected_leaks
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fit_encoder"]


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
) -> Encoder:
    """Return the encoder fitted on the rows `development` with target `y` `[n]`; finds go into `notes`."""
    frame = whole.iloc[development]
    if images:
        return _fit_images(frame)
    found = Notes()
    fitted = _fit_columns(whole, frame, found, keep, missing)
    if not fitted and not keep:
        # Better an input that looks like a row number than none at all.
        again = Notes()
        fitted = _fit_columns(whole, frame, again, True, missing)
        fitted = [each for each in fitted if frame[each.name].nunique(dropna=False) > 1]
        found = again if fitted else found
    if not fitted:
        raise DataError(
            "No input column is left.", "; ".join(found.lines()) + ".", "Name the inputs with --features."
        )
    notes += found.lines()
    alone, together = suspected_leaks({column.name: frame[column.name] for column in fitted}, y, classify)
    for names, what in (
        (alone, "each gives the target away alone"),
        (together, "together they copy the target"),
    ):
        if names:
            typed = ",".join(names)
            what = what if len(names) > 1 else "it gives the target away alone"
            notes.append(f"suspected leak: {shorten(names)} ({what}; to leave out: --drop '{typed}')")
    copies = int(frame[[column.name for column in fitted]].duplicated().sum())
    if copies:
        repeat = "row repeats" if copies == 1 else "rows repeat"
        notes.append(f"{copies:,} development {repeat} the inputs of another row")
    return Encoder(tuple(fitted))


def _fit_columns(
    whole: pd.DataFrame, frame: pd.DataFrame, notes: Notes, keep: bool, missing: tuple[float | str, ...]
) -> list[Column]:
    fitted = [fit_column(frame[n], notes, keep=keep, missing=missing, whole=whole[n]) for n in frame]
    return [column for column in fitted if column is not None]


def _fit_images(frame: pd.DataFrame) -> Encoder:
    """Fit pixels: one mean and one spread for all, so that rarely lit pixels do not count for more."""
    values = frame.to_numpy()
    blocks = range(0, len(values), 4096)
    plain = Encoder(tuple(Column(str(name), "number") for name in frame.columns))
    if any((np.abs(values[at : at + 4096]) > FLOAT32).any() for at in blocks):
        return plain  # transform names the value
    center = float(sum(values[at : at + 4096].sum(dtype=np.float64) for at in blocks)) / values.size
    square = sum(float(np.square(values[at : at + 4096] - center).sum()) for at in blocks) / values.size
    spread = float(np.sqrt(square)) or 1.0
    if not np.isfinite(spread):
        return plain  # pixels are missing
    return Encoder(tuple(Column(str(name), "number", center, spread) for name in frame.columns))
