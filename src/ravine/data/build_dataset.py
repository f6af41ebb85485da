"""`build_dataset`, which encodes the columns of a table as numbers and holds out test rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.dataset import Dataset
from ravine.data.drawn_rows import check_drawn_rows, draw_rows
from ravine.data.encoder import as_numbers, row_number
from ravine.data.fit_encoder import fit_encoder
from ravine.data.intake import refuse_unusable
from ravine.data.random_keys import keyed_generator
from ravine.data.splits import divide
from ravine.data.target import (
    choose_task,
    class_labels,
    label_index,
    missing_by_code,
    missing_target,
    plain_labels,
    target_codes,
    target_numbers,
)
from ravine.data.unseen_values import new_gap_shares, new_level_shares, unseen_values
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "Options", "build_dataset"]

NEGATIVE_WEIGHTS = ("error", "keep", "abs", "drop")


@dataclass
class Columns:
    """The feature columns of a table, with the target, event weights and groups of the same rows.

    frame     features, one column each, not yet encoded
    y         target
    weights   event weights, one for each row, or None
    groups    group of each row, or None; the rows of a group stay together in every split
    """

    frame: pd.DataFrame
    y: pd.Series
    weights: pd.Series | None = None
    groups: pd.Series | None = None

    def rows(self, keep: np.ndarray) -> Columns:
        """Return features, target, weights and groups of the rows in which the mask `keep` [N] is True.

        The index of each pandas object still holds the numbers of these rows in the table as it was read.
        """
        weights, groups = (None if part is None else part[keep] for part in (self.weights, self.groups))
        return Columns(self.frame[keep], self.y[keep], weights, groups)


@dataclass
class Options:
    """Settings of `build_dataset`: choices of the user, facts about the source, and notes for the user.

    task               "auto", "classify" or "regress"
    seed               random seed of all splits
    keep               whether constant columns and identifiers are kept, as for an array or for features that
                       the user named
    missing            numbers and words that stand for "missing", in addition to those that are recognized
    negative_weights   treatment of negative event weights: "error", "keep", "abs" or "drop"
    rows               number of development rows to use, drawn at random; 0 for all of them
    images             shape of one image, or None if the rows are no images
    known              whether the rows are images whose target the source names; a guess of the task then
                       gives no note
    notes              notes of the reader; `build_dataset` adds its own
    """

    task: str
    seed: int
    keep: bool
    missing: tuple[float | str, ...]
    negative_weights: str
    rows: int = 0
    images: tuple[int, ...] | None = None
    known: bool = False
    notes: list[str] = field(default_factory=list)


def build_dataset(
    name: str, sha256: str, columns: Columns, test_columns: Columns | None, share: float, options: Options
) -> Dataset:
    """Return the `Dataset` of a table's columns: features encoded as numbers, test rows held out.

    name           name of the data set
    sha256         hash of the bytes or arrays from which the data set is made
    columns        features, target, weights and groups of the rows
    test_columns   the same columns of the test rows; None holds out a `share` of the rows
    share          share of test rows, between 0 and 1
    options        the user's choices, and the list to which notes on the data are added

    Raises DataError if the target, the weights or the groups cannot be used, if a feature is infinite, or if
    too few rows are left.
    """
    import pandas as pd

    notes = options.notes
    target = str(columns.y.name)
    _refuse_unusable(columns)
    if test_columns is not None:
        _refuse_unusable(test_columns)
    codes = _codes_of_target(columns, options.missing)
    left_out = (*options.missing, *(f"{code:g}" for code in codes))
    columns = _with_target(columns, left_out, notes, "")
    if test_columns is not None:
        test_columns = _with_target(test_columns, left_out, notes, " of the test file")
    if len(columns.frame) < 2:
        raise DataError(
            f"'{name}' has {'one row' if len(columns.frame) else 'no row'} with a target.",
            "At least two rows are needed, and useful results need many more.",
            "Use a table with more rows.",
        )
    if options.negative_weights == "drop":
        columns = without_negative(columns)
        test_columns = None if test_columns is None else without_negative(test_columns)
    _refuse_infinite(columns.frame)
    if any(not isinstance(kind, np.dtype) or kind.kind not in "iufb" for kind in columns.frame.dtypes):
        options.images = None  # pixels are numbers
    task = choose_task(columns.y, options.task, [] if options.known else notes)
    classes, y, y_test = _target(columns, test_columns, task, notes)
    groups = group_numbers(columns, test_columns)
    weights = None
    if columns.weights is not None:
        every = (
            columns.weights if test_columns is None else pd.concat([columns.weights, test_columns.weights])
        )
        weights = event_weights(every, options.negative_weights)
    n = len(columns.frame)
    if test_columns is None:
        first = divide(
            n, share, keyed_generator(options.seed, "test", 0), y if task == "classify" else None, groups
        )
        development, test = np.sort(first[0]), np.sort(first[1])
    else:
        development, test = np.arange(n), np.arange(0)
    unused = 0
    if 0 < options.rows < len(development):
        labels = y if task == "classify" else None
        drawn = draw_rows(development, labels, groups, options.rows, options.seed)
        unused = len(development) - len(drawn)
        drawn_groups, drawn_weights = (None if part is None else part[drawn] for part in (groups, weights))
        check_drawn_rows(y[drawn], classes, drawn_groups, drawn_weights, options.rows)
        used = np.zeros(n, bool)
        used[drawn] = used[test] = True
        columns, y, place = columns.rows(used), y[used], np.cumsum(used) - 1
        development, test = place[drawn], place[test]
        groups, weights = (
            None if part is None else np.concatenate([part[:n][used], part[n:]]) for part in (groups, weights)
        )
        n = len(y)
        notes.append(
            f"{len(drawn):,} training and validation rows drawn at random, {unused:,} left out (--rows)"
        )
    if test_columns is not None:
        test = np.arange(n, n + len(test_columns.frame))
        y = np.concatenate([y, y_test])
    if classes is not None and len(np.unique(y[development])) < len(classes):
        lost = sorted(set(range(len(classes))) - set(y[development].tolist()))
        raise DataError(
            f"No row of class '{classes[lost[0]]}' is left to train on, since whole groups are held out.",
            "Every class must have rows for training and validation.",
            "Use another --seed, or a --groups column with smaller groups.",
        )
    encoder = fit_encoder(
        columns.frame,
        development,
        y[development],
        task == "classify",
        notes,
        keep=options.keep,
        missing=options.missing,
        images=options.images is not None,
        target=target,
        target_codes=codes,
        classes=classes or (),
    )
    x = encoder.transform(columns.frame)
    if test_columns is not None:
        x = np.concatenate([x, encoder.transform(test_columns.frame, what="The test file")])
        notes += [f"in the test rows, {note}" for note in unseen_values(encoder, test_columns.frame)]
    held_out = columns.frame.iloc[test] if test_columns is None else test_columns.frame
    return Dataset(
        name, sha256, task, target, encoder.features, x, y, classes, weights, groups,
        development, test, notes, encoder, options.seed, options.images, tuple(map(str, left_out)),
        None if columns.weights is None else str(columns.weights.name),
        np.concatenate([_row_numbers(part) for part in (columns, test_columns) if part is not None]),
        new_level_shares(encoder, columns.frame.iloc[development], held_out),
        new_gap_shares(encoder, held_out), unused,
    )  # fmt: skip


def _refuse_unusable(columns: Columns) -> None:
    """Raise DataError if target, weights or groups hold complex numbers or nested values."""
    refuse_unusable(columns.y, f"The target '{columns.y.name}'")
    for role, column in (("weights", columns.weights), ("groups", columns.groups)):
        if column is not None:
            refuse_unusable(column, f"The {role} column '{column.name}'")


def _row_numbers(columns: Columns) -> np.ndarray:
    """Return the number of each row in the table as it was read, counted from 1: [N]."""
    return columns.frame.index.to_numpy(np.int64) + 1


def _codes_of_target(columns: Columns, missing: tuple[float | str, ...]) -> tuple[float, ...]:
    """Return the codes for "missing" that the target holds besides those of the user."""
    present = columns.y[~(missing_target(columns.y) | missing_by_code(columns.y, missing))]
    return target_codes(present, columns.frame)


def _with_target(columns: Columns, codes: tuple[float | str, ...], notes: list[str], where: str) -> Columns:
    """Return the rows that have a target.

    codes: codes and words for "missing". where: name of the rows in notes and messages.
    """
    coded = missing_by_code(columns.y, codes)
    gaps = missing_target(columns.y) | coded
    if gaps.all():
        raise DataError(
            f"The target '{columns.y.name}'{where} is missing in every row.",
            "Some rows must have a target.",
            "Name another target with --target.",
        )
    if gaps.any():
        note = f"{int(gaps.sum()):,} rows{where} without a target left out"
        if coded.any():
            held = sorted({str(value).strip().removesuffix(".0") for value in columns.y[coded]})
            note += f" ({int(coded.sum()):,} of them hold {', '.join(held)}, taken as missing)"
        notes.append(note)
        columns = columns.rows(~gaps)
    return columns


def without_negative(columns: Columns) -> Columns:
    """Return the columns without the rows of negative event weight; all rows if there are no weights.

    Raises DataError if a weight is no finite number, and if all weights are 0.
    """
    return columns if columns.weights is None else columns.rows(~(event_weights(columns.weights, "keep") < 0))


def _refuse_infinite(frame: pd.DataFrame) -> None:
    """Raise DataError for the first infinite value, also in columns that might be left out later."""
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype) and np.isinf(column).any():
            as_numbers(column, drop=True)  # raises the error with the column and the first row


def _target(
    columns: Columns, test_columns: Columns | None, task: str, notes: list[str]
) -> tuple[list[Any] | None, np.ndarray, np.ndarray | None]:
    """Return the classes (None for regression), the target [N], and the target of the test rows or None."""
    if task == "regress":
        y = target_numbers(columns.y)
        if y.min() == y.max():
            raise DataError(
                f"The target '{columns.y.name}' is {y[0]:g} in every row.",
                "A target needs at least two different values.",
                "Name another target with --target.",
            )
        return None, y, None if test_columns is None else target_numbers(test_columns.y)
    labels = plain_labels(columns.y)
    classes = class_labels(labels, str(columns.y.name), 2 if test_columns is not None else 3)
    y = label_index(labels, classes, [])
    if test_columns is None:
        return classes, y, None
    return classes, y, label_index(plain_labels(test_columns.y), classes, notes)


def group_numbers(columns: Columns, test_columns: Columns | None) -> np.ndarray | None:
    """Return an integer for each row that identifies its group, int64 [N]; None if there are no groups.

    Rows of one group have the same integer. The rows of `test_columns` come last.

    Raises DataError if the group of a row is missing.
    """
    import pandas as pd

    if columns.groups is None:
        return None
    every = columns.groups if test_columns is None else pd.concat([columns.groups, test_columns.groups])
    if every.isna().any():
        row = row_number(every, int(np.argmax(every.isna().to_numpy())))
        raise DataError(
            f"The groups column '{every.name}' is empty in row {row:,}.",
            "Every row needs a group.",
            "Fill in a group, or use another --groups column.",
        )
    return pd.factorize(every)[0].astype(np.int64)


def event_weights(column: pd.Series, negative: str) -> np.ndarray:
    """Return the event weights, one for each row, as float64 [N].

    column     event weights as they were read
    negative   treatment of negative weights: "error" raises DataError, "abs" returns absolute values, and
               "keep" and "drop" return the weights unchanged. For "drop", the caller removes the rows.

    Raises DataError for a weight that is no finite number, for weights that are all 0, and for another value
    of `negative`.
    """
    import pandas as pd

    if negative not in NEGATIVE_WEIGHTS:
        raise DataError(
            f"Negative weights cannot be treated by '{negative}'.",
            f"Allowed are {', '.join(NEGATIVE_WEIGHTS)}.",
            did_you_mean(negative, NEGATIVE_WEIGHTS),
            option="negative_weights",
            value=negative,
            allowed=tuple(NEGATIVE_WEIGHTS),
        )
    weights = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    if column.dtype.kind == "M":  # pandas makes numbers of dates
        weights = np.full(len(column), np.nan)
    bad = ~np.isfinite(weights)
    if bad.any():
        first = int(np.argmax(bad))
        raise DataError(
            f"The weight in row {row_number(column, first):,} is '{column.iloc[first]}'.",
            "Every weight must be a finite number.",
            "Correct the weight, or remove the row.",
            option="weights",
            value=column.name,
            allowed="a column of numbers",
        )
    if (weights < 0).any() and negative == "error":
        raise DataError(
            f"{int((weights < 0).sum()):,} weights in '{column.name}' are negative.",
            "They can be kept (keep), replaced by absolute values (abs), or dropped with their rows (drop).",
            "Type --negative-weights keep, --negative-weights abs or --negative-weights drop.",
            option="negative_weights",
            value=negative,
            allowed=tuple(NEGATIVE_WEIGHTS[1:]),
        )
    weights = np.abs(weights) if negative == "abs" else weights
    if not weights.any():
        raise DataError(
            f"All weights in '{column.name}' are 0.",
            "At least one must differ from 0.",
            "Name another column with --weights.",
            option="weights",
            value=column.name,
            allowed="a column with a weight above 0",
        )
    return weights
