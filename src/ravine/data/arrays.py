"""`from_arrays`, which makes a `Dataset` for training from NumPy arrays, lists, pandas frames or images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.build_dataset import Columns, Options, build_dataset
from ravine.data.dataset import Dataset
from ravine.data.encoder import suggest_column
from ravine.data.intake import native_array, native_column, native_frame, refuse_unusable
from ravine.data.prepare_table import inputs_of
from ravine.data.splits import TEST_SHARE
from ravine.data.table import unique_names
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["from_arrays"]


def from_arrays(
    X: ArrayLike | pd.DataFrame,
    y: ArrayLike | pd.Series,
    *,
    task: str = "auto",
    weights: ArrayLike | pd.Series | None = None,
    groups: ArrayLike | pd.Series | None = None,
    test: float | tuple[ArrayLike | pd.DataFrame, ArrayLike | pd.Series] | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
    name: str = "arrays",
    features: Sequence[str | int] | None = None,
    drop: Sequence[str | int] | None = None,
    missing: Sequence[float | str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
) -> Dataset:
    """Return the inputs `X` and the target `y` [N] as a `Dataset`: encoded as numbers, test rows held out.

    X         array [N, D], DataFrame, or images [N, H, W] or [N, H, W, C]; NaN means missing
    y         class labels or numbers [N]
    task      "classify", "regress" or "auto", which decides by the values of `y`
    weights   event weights [N], one for each row
    groups    group of each row [N]; the rows of a group stay together in every split
    test      share of the rows to hold out as test rows, by default 0.2, or a pair (X, y) of test rows
    names     names of the columns; by default those of a DataFrame, and c0, c1, … for an array
    seed      random seed of all splits
    name      name of the data set

    `features`, `drop`, `missing`, `negative_weights` and `rows` are those of the function `prepare`, which
    does the same for tables in files. Constant columns and identifiers are left out of a DataFrame, unless
    `features` names them. An array keeps them.

    Raises DataError if the shapes of the arguments do not fit together, if test rows (X, y) are combined with
    weights or groups, and for columns and targets that `prepare` refuses.
    """
    columns, shape, named = _parts_of(X, y, weights, groups, names)
    test_columns = None
    if isinstance(test, (tuple, list)):
        if len(test) != 2:
            raise DataError(
                f"`test` has {len(test)} parts.", "It must be a share or a pair (X, y).", "Pass test=(X, y)."
            )
        if weights is not None or groups is not None:
            raise DataError(
                "Test rows as arrays, test=(X, y), cannot be combined with row weights or groups.",
                "The weights and groups of the test rows would be unknown.",
                "Pass the share of the rows to hold out, test=0.2, or pass tables to `prepare`.",
            )
        test_columns, other, _ = _parts_of(test[0], test[1], None, None, names)
        if other != shape or (not named and test_columns.frame.shape[1] != columns.frame.shape[1]):
            raise DataError(
                f"The test rows have {test_columns.frame.shape[1]} columns, X has {columns.frame.shape[1]}.",
                "Both must have the same shape per row.",
                "Pass test=(X, y) with the columns of X.",
            )
        test = None
    share = TEST_SHARE if test is None else float(test)
    sha256 = _hash(columns)
    inputs = inputs_of(columns.frame, features, drop, set())
    if len(inputs) < columns.frame.shape[1] or features is not None:
        shape = None  # a selection of the pixels, or another order, is no image
        columns.frame = columns.frame[inputs]
        if test_columns is not None:
            test_columns.frame = _columns(test_columns.frame, inputs)
    keep = features is not None or not named
    options = Options(task, seed, keep, tuple(missing or ()), negative_weights, rows, shape)
    return build_dataset(name, sha256, columns, test_columns, share, options)


def _columns(frame: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    """Return the columns `inputs` of the test rows, or raise DataError if one is missing."""
    absent = [name for name in inputs if name not in frame.columns]
    if absent:
        raise DataError(
            f"The test rows have no column '{absent[0]}'.",
            "They need all columns of X that are used.",
            suggest_column(absent[0], list(frame.columns)),
        )
    return frame[inputs]


def _parts_of(
    X: ArrayLike | pd.DataFrame,
    y: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None,
    groups: ArrayLike | pd.Series | None,
    names: Sequence[str] | None,
) -> tuple[Columns, tuple[int, ...] | None, bool]:
    """Return the columns, the shape of an image or None, and whether X names its columns."""
    import pandas as pd

    named = isinstance(X, pd.DataFrame)
    shape = None
    if isinstance(X, pd.DataFrame):
        frame = native_frame(X.reset_index(drop=True))
        frame.columns = pd.Index(unique_names([str(column) for column in frame.columns])[0])
    else:
        array = native_array(X, "X")
        if array.ndim == 1 and array.dtype != object:
            raise DataError(
                f"X has shape {array.shape}.",
                "It must be [N, D].",
                "For one feature, pass X.reshape(-1, 1).",
            )
        if array.ndim < 2:
            raise DataError(
                "X is a single value, or an array [N] of Python objects, such as rows of different lengths.",
                "It must be an array [N, D].",
                "Pass rows of equal length.",
            )
        if array.dtype.kind == "c":
            refuse_unusable(array, "X")
        shape = tuple(array.shape[1:]) if array.ndim > 2 else None
        array = array.reshape(len(array), int(np.prod(array.shape[1:])))
        frame = native_frame(pd.DataFrame(array).infer_objects())
        frame.columns = pd.Index([f"c{i}" for i in range(frame.shape[1])])
    if names is not None:
        if len(names) != frame.shape[1]:
            raise DataError(
                f"There are {len(names)} names and {frame.shape[1]} columns.",
                "Every column needs one name.",
                f"Pass {frame.shape[1]} names.",
            )
        frame.columns = pd.Index(unique_names([str(column) for column in names])[0])
    if not len(frame) or not frame.shape[1]:
        raise DataError(
            f"X has shape {np.shape(X)} and holds nothing.",
            "It needs at least one row and one column.",
            "Pass X [N, D] with rows and columns.",
        )
    target = _one_column(y, "y", len(frame), "target")
    return (
        Columns(
            frame,
            target,
            None if weights is None else _one_column(weights, "weights", len(frame), "weights"),
            None if groups is None else _one_column(groups, "groups", len(frame), "groups"),
        ),
        shape,
        named,
    )


def _one_column(values: ArrayLike | pd.Series | pd.DataFrame, what: str, rows: int, name: str) -> pd.Series:
    """Return `values` as a column of `rows` rows, or raise DataError, which calls them `what`."""
    import pandas as pd

    array = values.to_numpy() if isinstance(values, (pd.Series, pd.DataFrame)) else native_array(values, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{what} has shape {array.shape}.",
            "It must be [N].",
            "Pass class indices instead of one-hot rows: y.argmax(1)."
            if array.ndim == 2 and what == "y"
            else f"Pass {what} with one value for each row.",
        )
    if len(array) != rows:
        raise DataError(
            f"X has {rows:,} rows, {what} has {len(array):,}.",
            "Both need the same number of rows.",
            f"Pass {what} with {rows:,} values.",
        )
    title = str(values.name) if isinstance(values, pd.Series) and values.name is not None else name
    return native_column(pd.Series(array, name=title).infer_objects())


def _hash(columns: Columns) -> str:
    """Return the SHA-256 of inputs and target, column by column."""
    digest = hashlib.sha256()
    for column in (*(columns.frame[name] for name in columns.frame), columns.y):
        values = column.to_numpy()
        binary = values.dtype.kind in "biufM"
        digest.update(
            np.ascontiguousarray(values).tobytes() if binary else "\0".join(map(str, values)).encode()
        )
    return digest.hexdigest()
