"""`from_arrays`: from NumPy arrays, lists, frames or images to a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.build_dataset import Columns, Options, build_dataset
from ravine.data.dataset import Dataset
from ravine.data.encoder import near
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
) -> Dataset:
    """Make a data set from `X` `[N, D]`, a DataFrame or images `[N, H, W(, C)]`, and `y` `[N]`.

    `weights`, `groups` `[N]`; `test` a share or a pair `(X, y)`. NaN means missing. Every column of an
    array is kept; `features`, `drop`, `missing`, `negative_weights` as in `prepare`, the columns of an array
    being c0, c1 … Raises DataError for shapes that do not fit.
    """
    parts, shape, named = _parts_of(X, y, weights, groups, names)
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
        held, other, _ = _parts_of(test[0], test[1], None, None, names)
        if other != shape or (not named and held.frame.shape[1] != parts.frame.shape[1]):
            raise DataError(
                f"The test rows have {held.frame.shape[1]} columns, X has {parts.frame.shape[1]}.",
                "They must have the same shape.",
                "Give test=(X, y) with the columns of X.",
            )
        test = None
    share = TEST_SHARE if test is None else float(test)
    sha256 = _hash(parts)
    inputs = inputs_of(parts.frame, features, drop, set())
    if len(inputs) < parts.frame.shape[1] or features is not None:
        shape = None  # some pixels alone, or in another order, are no images
        parts.frame = parts.frame[inputs]
        if held is not None:
            held.frame = _columns(held.frame, inputs)
    keep = features is not None or not named
    choices = Options(task, seed, keep, tuple(missing or ()), negative_weights, shape)
    return build_dataset(name, sha256, parts, held, share, choices)


def _columns(frame: pd.DataFrame, inputs: list[str]) -> pd.DataFrame:
    absent = [each for each in inputs if each not in frame.columns]
    if absent:
        raise DataError(
            f"The test rows have no column '{absent[0]}'.", "X has it.", near(absent[0], list(frame.columns))
        )
    return frame[inputs]


def _parts_of(
    X: ArrayLike | pd.DataFrame,
    y: ArrayLike | pd.Series,
    weights: ArrayLike | pd.Series | None,
    groups: ArrayLike | pd.Series | None,
    names: Sequence[str] | None,
) -> tuple[Columns, tuple[int, ...] | None, bool]:
    import pandas as pd

    named = isinstance(X, pd.DataFrame)
    shape = None
    if isinstance(X, pd.DataFrame):
        frame = X.reset_index(drop=True)
        frame.columns = pd.Index(unique_names([str(each) for each in frame.columns])[0])
    else:
        array = _array(X, "X")
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
        Columns(
            frame,
            target,
            None if weights is None else _one_column(weights, "weights", len(frame), "weights"),
            None if groups is None else _one_column(groups, "groups", len(frame), "groups"),
        ),
        shape,
        named,
    )


def _array(values: ArrayLike, what: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"{what} is no array.", "Its rows differ in length.", "Give rows of equal length."
        ) from error
    return np.char.decode(array, "latin-1") if array.dtype.kind == "S" else array


def _one_column(values: ArrayLike | pd.Series | pd.DataFrame, what: str, rows: int, name: str) -> pd.Series:
    import pandas as pd

    array = values.to_numpy() if isinstance(values, (pd.Series, pd.DataFrame)) else _array(values, what)
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


def _hash(parts: Columns) -> str:
    digest = hashlib.sha256()
    for column in (*(parts.frame[each] for each in parts.frame), parts.y):
        values = column.to_numpy()
        plain = values.dtype.kind in "biufM"
        digest.update(
            np.ascontiguousarray(values).tobytes() if plain else "\0".join(map(str, values)).encode()
        )
    return digest.hexdigest()
