"""A data set ready for networks: `prepare` from a table, `from_arrays` from Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data import leaks
from ravine.data.columns import Notes, fit_column, shorten
from ravine.data.encoder import Column, Encoder, as_numbers, row_number
from ravine.data.splits import divide, keyed
from ravine.data.table import Table, unique_names
from ravine.data.target import (
    choose_column,
    choose_target,
    choose_task,
    class_labels,
    label_index,
    missing_target,
    plain_labels,
    target_numbers,
)
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset", "from_arrays", "prepare"]

TEST_SHARE = 0.2
NEGATIVE = ("error", "keep", "abs", "drop")


@dataclass(frozen=True)
class Dataset:
    """Rows as numbers, with everything needed to encode new rows alike.

    `x` float32 `[N, D]`, NaN where missing, centred by the development rows; `y` `[N]`, int32 class
    index or float64 raw values; `development` and `test` row indices; `classes` the original labels;
    `groups` int64 `[N]`; `shape` that of one image; `seed` the root of every split.
    """

    name: str
    sha256: str
    task: str
    target: str
    features: list[str]
    x: np.ndarray
    y: np.ndarray
    classes: list[Any] | None
    weights: np.ndarray | None
    groups: np.ndarray | None
    development: np.ndarray
    test: np.ndarray
    notes: list[str]
    encoder: Encoder
    seed: int = 0
    shape: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        what = f"{len(self.classes)} classes" if self.classes is not None else "numbers"
        return (
            f"Dataset({self.name}: {len(self):,} rows ({len(self.test):,} test), "
            f"{len(self.features)} inputs, target '{self.target}', {self.task}: {what})"
        )


@dataclass
class _Parts:
    """Features, target, weights and groups of the same rows."""

    frame: pd.DataFrame
    y: pd.Series
    weights: pd.Series | None = None
    groups: pd.Series | None = None

    def rows(self, keep: np.ndarray) -> _Parts:
        """Return these rows; their index still counts as the table does."""
        return _Parts(*(None if p is None else p[keep] for p in self._all()))

    def _all(self) -> tuple:
        return self.frame, self.y, self.weights, self.groups


@dataclass
class _Choices:
    task: str
    seed: int
    keep: bool
    missing: tuple
    negative_weights: str
    images: tuple[int, ...] | None = None
    known: bool = False  # images come with classes: nothing was guessed
    notes: list[str] = field(default_factory=list)


def prepare(
    table: Table,
    *,
    target: str | int | None = None,
    task: str = "auto",
    features: Sequence[str | int] | None = None,
    drop: Sequence[str | int] | None = None,
    weights: str | int | None = None,
    groups: str | int | None = None,
    test: float | Table | None = None,
    seed: int = 0,
    missing: Sequence[float | str] | None = None,
    negative_weights: str = "error",
) -> Dataset:
    """Turn a table into a data set: choose target and task, encode columns, hold out a test part.

    `target`, `weights`, `groups`, and each of `features` and `drop` name a column or give its index.
    `test`: a share of the rows (0.2 by default, or the table's own test table), or another table.
    `missing`: further codes for "missing". `negative_weights`: error, keep, abs or drop. What was
    guessed is in `notes`. Raises DataError.
    """
    notes = list(table.notes)
    name = choose_target(table.frame, target, table.target, notes)
    others = {name}
    if weights is not None:
        weights = choose_column(table.frame, weights, "weights", "--weights")
        others.add(weights)
    if groups is not None:
        groups = choose_column(table.frame, groups, "groups", "--groups")
        others.add(groups)
    if weights == name or groups == name:
        raise DataError(
            f"'{name}' is the target.", "It cannot be weights or groups too.", "Name another column."
        )
    inputs = _inputs(table.frame, features, drop, others)
    if test is None and table.test is not None:
        test = table.test
    parts = _take(table, inputs, name, weights, groups)
    held = None
    if isinstance(test, Table):
        held = _take(_aligned(test, table, [*inputs, *others], notes), inputs, name, weights, groups)
    shape = table.shape if table.shape and len(inputs) == int(np.prod(table.shape)) else None
    choices = _Choices(
        task,
        seed,
        features is not None,
        tuple(missing or ()),
        negative_weights,
        shape,
        shape is not None and table.target == name,
        notes,
    )
    share = TEST_SHARE if test is None or isinstance(test, Table) else float(test)
    return _assemble(table.name, table.sha256, parts, held, share, choices)


def _take(table: Table, inputs: list[str], target: str, weights: Any, groups: Any) -> _Parts:
    frame = table.frame
    return _Parts(
        frame[inputs],
        frame[target],
        None if weights is None else frame[weights],
        None if groups is None else frame[groups],
    )


def _inputs(frame: pd.DataFrame, features: Any, drop: Any, others: set[str]) -> list[str]:
    features = [features] if isinstance(features, (str, int)) else features
    drop = [drop] if isinstance(drop, (str, int)) else drop
    dropped = {choose_column(frame, each, "--drop", "--drop") for each in drop or ()}
    if features is not None:
        names = list(
            dict.fromkeys(choose_column(frame, each, "--features", "--features") for each in features)
        )
        both = [each for each in names if each in others]
        if both:
            raise DataError(
                f"'{both[0]}' is not an input.",
                "It is the target, the weights or the groups.",
                "Leave it out of --features.",
            )
    else:
        names = [str(each) for each in frame.columns if each not in others]
    names = [each for each in names if each not in dropped]
    if not names:
        raise DataError(
            "No input column is left.", "The table has no column beside the target.", "Drop fewer columns."
        )
    return names


def _aligned(test: Table, table: Table, needed: list[str], notes: list[str]) -> Table:
    """Return the test table with the columns of the first: by name in any order, else by position."""
    absent = [each for each in needed if each not in test.frame.columns]
    if absent:
        same_width = test.frame.shape[1] == table.frame.shape[1]
        if same_width and not (test.header and table.header):
            notes.append("test columns matched by position (one file has no header)")
            return Table(test.frame.set_axis(table.frame.columns, axis=1), test.name, test.sha256)
        has = [str(each) for each in test.frame.columns]
        raise DataError(
            f"The test file '{test.name}' has no column '{absent[0]}'.",
            f"It has {shorten(has)}.",
            did_you_mean(absent[0], has),
        )
    if not test.header and not table.header and test.frame.shape[1] != table.frame.shape[1]:
        raise DataError(
            f"The test file '{test.name}' has {test.frame.shape[1]} columns.",
            f"'{table.name}' has {table.frame.shape[1]}, and neither names them.",
            "Give a test file with the same columns.",
        )
    return test


def _assemble(
    name: str, sha256: str, parts: _Parts, held: _Parts | None, share: float, choices: _Choices
) -> Dataset:
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
        parts = _without_negative(parts)
        held = None if held is None else _without_negative(held)
    _refuse_infinite(parts.frame)
    task = choose_task(parts.y, choices.task, [] if choices.known else notes)
    classes, y, y_held = _target(parts, held, task, notes)
    groups = _groups(parts, held)
    n = len(parts.frame)
    if held is None:
        first = divide(n, share, keyed(choices.seed, "test"), y if task == "classify" else None, groups)
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
    encoder = _fit(parts.frame, development, y[development], task == "classify", choices)
    x = encoder.transform(parts.frame)
    if held is not None:
        x = np.concatenate([x, encoder.transform(held.frame, what="The test file")])
    weights = None
    if parts.weights is not None:
        every = parts.weights if held is None else pd.concat([parts.weights, held.weights])
        weights = _weights(every, choices.negative_weights)
    return Dataset(
        name, sha256, task, target, encoder.features, x, y, classes, weights, groups,
        development, test, notes, encoder, choices.seed, choices.images,
    )  # fmt: skip


def _with_target(parts: _Parts, notes: list[str], where: str) -> _Parts:
    gaps = missing_target(parts.y)
    if gaps.all():
        raise DataError(
            f"The target '{parts.y.name}'{where} is missing in every row.",
            "There is nothing to learn from.",
            "Name another target with -t.",
        )
    if gaps.any():
        notes.append(f"{int(gaps.sum()):,} rows{where} without a target left out")
        parts = parts.rows(~gaps)
    return parts


def _without_negative(parts: _Parts) -> _Parts:
    return parts if parts.weights is None else parts.rows(~(_weights(parts.weights, "keep") < 0))


def _refuse_infinite(frame: pd.DataFrame) -> None:
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype) and np.isinf(column).any():
            as_numbers(column)  # names the column and the first row


def _target(parts: _Parts, held: _Parts | None, task: str, notes: list[str]) -> tuple[Any, np.ndarray, Any]:
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


def _groups(parts: _Parts, held: _Parts | None) -> np.ndarray | None:
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


def _weights(column: pd.Series, negative: str) -> np.ndarray:
    import pandas as pd

    if negative not in NEGATIVE:
        raise DataError(
            f"There is no choice '{negative}' for negative weights.",
            f"Choices are {', '.join(NEGATIVE)}.",
            did_you_mean(negative, NEGATIVE),
        )
    weights = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~np.isfinite(weights)
    if bad.any():
        first = int(np.argmax(bad))
        raise DataError(
            f"The weight in row {row_number(column, first):,} is '{column.iloc[first]}'.",
            "Each weight must be a number.",
            "Mend it.",
        )
    if (weights < 0).any() and negative == "error":
        raise DataError(
            f"{int((weights < 0).sum()):,} weights in '{column.name}' are negative.",
            "What they mean is your choice.",
            f"Choose negative weights: {', '.join(NEGATIVE[1:])}.",
        )
    weights = np.abs(weights) if negative == "abs" else weights
    if not weights.any():
        raise DataError(
            f"All weights in '{column.name}' are 0.", "Nothing would count.", "Name another column."
        )
    return weights


def _fit(
    whole: pd.DataFrame, development: np.ndarray, y: np.ndarray, classify: bool, choices: _Choices
) -> Encoder:
    """Fit the encoder on the development rows and say what was found."""
    frame = whole.iloc[development]
    if choices.images is not None:
        return _fit_images(frame)
    found = Notes()
    fitted = _fit_columns(whole, frame, found, choices.keep, choices.missing)
    if not fitted and not choices.keep:
        # Better an input that looks like a row number than none at all.
        again = Notes()
        fitted = _fit_columns(whole, frame, again, True, choices.missing)
        fitted = [each for each in fitted if frame[each.name].nunique(dropna=False) > 1]
        found = again if fitted else found
    if not fitted:
        raise DataError(
            "No input column is left.", "; ".join(found.lines()) + ".", "Name the inputs with --features."
        )
    choices.notes += found.lines()
    alone, together = leaks.suspects({column.name: frame[column.name] for column in fitted}, y, classify)
    for names, what in (
        (alone, "each gives the target away alone"),
        (together, "together they copy the target"),
    ):
        if names:
            typed = ",".join(names)
            what = what if len(names) > 1 else "it gives the target away alone"
            choices.notes.append(f"suspected leak: {shorten(names)} ({what}; to leave out: --drop '{typed}')")
    copies = int(frame.duplicated().sum()) if len(frame) * frame.shape[1] <= 20_000_000 else 0
    if copies:
        choices.notes.append(f"{copies:,} development rows repeat the inputs of another row")
    return Encoder(tuple(fitted))


def _fit_columns(
    whole: pd.DataFrame, frame: pd.DataFrame, notes: Notes, keep: bool, missing: tuple
) -> list[Column]:
    fitted = [fit_column(frame[n], notes, keep=keep, missing=missing, whole=whole[n]) for n in frame]
    return [column for column in fitted if column is not None]


def _fit_images(frame: pd.DataFrame) -> Encoder:
    """Fit pixels: one mean and one spread for all, so that rarely lit pixels do not count for more."""
    values = frame.to_numpy()
    blocks = range(0, len(values), 4096)
    center = float(sum(values[at : at + 4096].sum(dtype=np.float64) for at in blocks)) / values.size
    square = sum(float(np.square(values[at : at + 4096] - center).sum()) for at in blocks) / values.size
    spread = float(np.sqrt(square)) or 1.0
    if not np.isfinite(spread):
        return Encoder(
            tuple(Column(str(name), "number") for name in frame.columns)
        )  # transform names the value
    return Encoder(tuple(Column(str(name), "number", center, spread) for name in frame.columns))


def from_arrays(
    X: Any,
    y: Any,
    *,
    task: str = "auto",
    weights: Any = None,
    groups: Any = None,
    test: float | tuple[Any, Any] | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
    name: str = "arrays",
) -> Dataset:
    """Make a data set from `X` `[N, D]`, a DataFrame or images `[N, H, W(, C)]`, and `y` `[N]`.

    `weights`, `groups` `[N]`; `test` a share or a pair `(X, y)`. NaN means missing. Every column of an
    array is kept. Raises DataError for shapes that do not fit.
    """
    parts, shape, named = _parts(X, y, weights, groups, names)
    held = None
    if isinstance(test, (tuple, list)):
        if len(test) != 2:
            raise DataError(
                f"test has {len(test)} parts.", "It takes a share or a pair (X, y).", "Give test=(X, y)."
            )
        if weights is not None or groups is not None:
            raise DataError(
                "Test arrays cannot be combined with weights or groups.",
                "Those of the test rows are not known.",
                "Give test as a share, or use a table.",
            )
        held, other, _ = _parts(test[0], test[1], None, None, names)
        if other != shape or (not named and held.frame.shape[1] != parts.frame.shape[1]):
            raise DataError(
                f"The test rows have {held.frame.shape[1]} columns, X has {parts.frame.shape[1]}.",
                "They must have the same shape.",
                "Give test=(X, y) with the columns of X.",
            )
        test = None
    share = TEST_SHARE if test is None else float(test)
    choices = _Choices(task, seed, not named, (), "keep", shape)
    return _assemble(name, _hash(parts), parts, held, share, choices)


def _parts(
    X: Any, y: Any, weights: Any, groups: Any, names: Any
) -> tuple[_Parts, tuple[int, ...] | None, bool]:
    import pandas as pd

    named = isinstance(X, pd.DataFrame)
    shape = None
    if named:
        frame = X.reset_index(drop=True)
        frame.columns = pd.Index(unique_names([str(each) for each in frame.columns])[0])
    else:
        array = np.asarray(X)
        if array.ndim == 1 and array.dtype != object:
            raise DataError(
                f"X has shape {array.shape}.",
                "It must be [N, D].",
                "For one input column write X.reshape(-1, 1).",
            )
        if array.ndim < 2:
            raise DataError(
                "X is no table.", "Its rows differ in length or it is a single value.", "Give X [N, D]."
            )
        shape = tuple(array.shape[1:]) if array.ndim > 2 else None
        array = array.reshape(len(array), int(np.prod(array.shape[1:])))
        frame = pd.DataFrame(array).infer_objects()
        frame.columns = pd.Index([f"c{i}" for i in range(frame.shape[1])])
    if names is not None:
        if len(names) != frame.shape[1]:
            raise DataError(
                f"There are {len(names)} names and {frame.shape[1]} columns.",
                "Each column needs one.",
                "Mend names.",
            )
        frame.columns = pd.Index(unique_names([str(each) for each in names])[0])
    if not len(frame) or not frame.shape[1]:
        raise DataError(
            f"X has shape {np.shape(X)}.", "It holds nothing.", "Give X [N, D] with rows and columns."
        )
    target = _one_column(y, "y", len(frame), "target")
    return (
        _Parts(
            frame,
            target,
            None if weights is None else _one_column(weights, "weights", len(frame), "weights"),
            None if groups is None else _one_column(groups, "groups", len(frame), "groups"),
        ),
        shape,
        named,
    )


def _one_column(values: Any, what: str, rows: int, name: str) -> pd.Series:
    import pandas as pd

    array = values.to_numpy() if isinstance(values, (pd.Series, pd.DataFrame)) else np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{what} has shape {array.shape}.",
            "It must be [N].",
            "Give class indices instead of one-hot rows: y.argmax(1)."
            if array.ndim == 2 and what == "y"
            else "",
        )
    if len(array) != rows:
        raise DataError(
            f"X has {rows:,} rows, {what} has {len(array):,}.", "Each row needs one.", "Give equally many."
        )
    title = str(values.name) if isinstance(values, pd.Series) and values.name is not None else name
    return pd.Series(array, name=title).infer_objects()


def _hash(parts: _Parts) -> str:
    digest = hashlib.sha256()
    for column in (*(parts.frame[each] for each in parts.frame), parts.y):
        values = column.to_numpy()
        plain = values.dtype.kind in "biufM"
        digest.update(
            np.ascontiguousarray(values).tobytes() if plain else "\0".join(map(str, values)).encode()
        )
    return digest.hexdigest()
