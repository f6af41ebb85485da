"""From features and a target to a data set: targets to numbers, a test part held out, columns encoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.dataset import Dataset
from ravine.data.encoder import as_numbers, row_number
from ravine.data.fit_encoder import fit_encoder
from ravine.data.random_keys import keyed
from ravine.data.splits import divide
from ravine.data.target import (
    choose_task,
    class_labels,
    label_index,
    missing_target,
    plain_labels,
    target_numbers,
)
from ravine.data.unseen_values import unseen_values
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "Options", "build_dataset"]

NEGATIVE = ("error", "keep", "abs", "drop")


@dataclass
class Columns:
    """Features, target, weights and groups of the same rows."""

    frame: pd.DataFrame
    y: pd.Series
    weights: pd.Series | None = None
    groups: pd.Series | None = None

    def rows(self, keep: np.ndarray) -> Columns:
        """Return these rows; their index still counts as the table does."""
        weights, groups = (None if p is None else p[keep] for p in (self.weights, self.groups))
        return Columns(self.frame[keep], self.y[keep], weights, groups)


@dataclass
class Options:
    """What the user chose, and the notes so far."""

    task: str
    seed: int
    keep: bool
    missing: tuple[float | str, ...]
    negative_weights: str
    images: tuple[int, ...] | None = None
    known: bool = False  # images come with classes: nothing was guessed
    notes: list[str] = field(default_factory=list)


def build_dataset(
    name: str, sha256: str, parts: Columns, held: Columns | None, share: float, choices: Options
) -> Dataset:
    """Make the data set of `parts`, with `held` as test rows or a `share` held out. Raises DataError."""
    import pandas as pd

    notes = choices.notes
    target = str(parts.y.name)
    parts = _with_target(parts, notes, "")
    held = None if held is None else _with_target(held, notes, " of the test file")
    if len(parts.frame) < 2:
        raise DataError(
            f"'{name}' has {'one row' if len(parts.frame) else 'no row'} with a target.",
            "Learning needs many.",
            "Give more rows.",
        )
    if choices.negative_weights == "drop":
        parts = without_negative(parts)
        held = None if held is None else without_negative(held)
    _refuse_infinite(parts.frame)
    if any(not isinstance(kind, np.dtype) or kind.kind not in "iufb" for kind in parts.frame.dtypes):
        choices.images = None  # words are no pixels
    task = choose_task(parts.y, choices.task, [] if choices.known else notes)
    classes, y, y_held = _target(parts, held, task, notes)
    groups = group_numbers(parts, held)
    n = len(parts.frame)
    if held is None:
        first = divide(n, share, keyed(choices.seed, "test", 0), y if task == "classify" else None, groups)
        development, test = np.sort(first[0]), np.sort(first[1])
    else:
        development, test = np.arange(n), np.arange(n, n + len(held.frame))
        y = np.concatenate([y, y_held])
    if classes is not None and len(np.unique(y[development])) < len(classes):
        lost = sorted(set(range(len(classes))) - set(y[development].tolist()))
        raise DataError(
            f"Class '{classes[lost[0]]}' is only in groups held out for the test.",
            "Each class must be in the development rows.",
            "Use another --seed, or a finer --groups column.",
        )
    encoder = fit_encoder(
        parts.frame,
        development,
        y[development],
        task == "classify",
        notes,
        keep=choices.keep,
        missing=choices.missing,
        images=choices.images is not None,
    )
    x = encoder.transform(parts.frame)
    if held is not None:
        x = np.concatenate([x, encoder.transform(held.frame, what="The test file")])
        notes += [f"in the test rows, {each}" for each in unseen_values(encoder, held.frame)]
    weights = None
    if parts.weights is not None:
        every = parts.weights if held is None else pd.concat([parts.weights, held.weights])
        weights = event_weights(every, choices.negative_weights)
    return Dataset(
        name, sha256, task, target, encoder.features, x, y, classes, weights, groups,
        development, test, notes, encoder, choices.seed, choices.images,
    )  # fmt: skip


def _with_target(parts: Columns, notes: list[str], where: str) -> Columns:
    gaps = missing_target(parts.y)
    if gaps.all():
        raise DataError(
            f"The target '{parts.y.name}'{where} is missing in every row.",
            "There is nothing to learn from.",
            "Name another target with --target.",
        )
    if gaps.any():
        notes.append(f"{int(gaps.sum()):,} rows{where} without a target left out")
        parts = parts.rows(~gaps)
    return parts


def without_negative(parts: Columns) -> Columns:
    return parts if parts.weights is None else parts.rows(~(event_weights(parts.weights, "keep") < 0))


def _refuse_infinite(frame: pd.DataFrame) -> None:
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype) and np.isinf(column).any():
            as_numbers(column, drop=True)  # names the column and the first row


def _target(
    parts: Columns, held: Columns | None, task: str, notes: list[str]
) -> tuple[list[Any] | None, np.ndarray, np.ndarray | None]:
    if task == "regress":
        y = target_numbers(parts.y)
        if y.min() == y.max():
            raise DataError(
                f"The target '{parts.y.name}' is {y[0]:g} in every row.",
                "There is nothing to learn.",
                "Name another.",
            )
        return None, y, None if held is None else target_numbers(held.y)
    labels = plain_labels(parts.y)
    classes = class_labels(labels, str(parts.y.name), 2 if held is not None else 3)
    y = label_index(labels, classes, [])
    return classes, y, None if held is None else label_index(plain_labels(held.y), classes, notes)


def group_numbers(parts: Columns, held: Columns | None) -> np.ndarray | None:
    import pandas as pd

    if parts.groups is None:
        return None
    every = parts.groups if held is None else pd.concat([parts.groups, held.groups])
    if every.isna().any():
        row = row_number(every, int(np.argmax(every.isna().to_numpy())))
        raise DataError(
            f"The groups column '{every.name}' is empty in row {row + 1:,}.",
            "Each row needs a group.",
            "Fill it.",
        )
    return pd.factorize(every)[0].astype(np.int64)


def event_weights(column: pd.Series, negative: str) -> np.ndarray:
    import pandas as pd

    if negative not in NEGATIVE:
        raise DataError(
            f"There is no choice '{negative}' for negative weights.",
            f"Choices are {', '.join(NEGATIVE)}.",
            did_you_mean(negative, NEGATIVE),
            option="negative_weights",
            value=negative,
            allowed=tuple(NEGATIVE),
        )
    weights = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~np.isfinite(weights)
    if bad.any():
        first = int(np.argmax(bad))
        raise DataError(
            f"The weight in row {row_number(column, first):,} is '{column.iloc[first]}'.",
            "Each weight must be a number.",
            "Correct it, or name another column of weights.",
            option="weights",
            value=column.name,
            allowed="a column of numbers",
        )
    if (weights < 0).any() and negative == "error":
        raise DataError(
            f"{int((weights < 0).sum()):,} weights in '{column.name}' are negative.",
            "What they mean is your choice.",
            f"Choose negative weights: {', '.join(NEGATIVE[1:])}.",
            option="negative_weights",
            value=negative,
            allowed=tuple(NEGATIVE[1:]),
        )
    weights = np.abs(weights) if negative == "abs" else weights
    if not weights.any():
        raise DataError(
            f"All weights in '{column.name}' are 0.", "Nothing would count.", "Name another column.",
            option="weights", value=column.name, allowed="a column with a weight above 0",
        )  # fmt: skip
    return weights
