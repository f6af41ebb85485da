"""The conversion of the arguments of Python functions, such as `compare(X, y)`, to settings and a data set.

Each line of the table shows forms of X and y, and the forms of the other arguments that fit them. A column
is named by its name or its index.

X and y                              weights and groups              test
file or built-in name; column        columns                         share or file
DataFrame; column                    columns                         share, file, DataFrame or (X, y)
DataFrame; column or array [N]       arrays [N], or columns of X     share
array; array [N]                     arrays [N]                      share
array or DataFrame; array [N]        none                            share or (X, y)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from ravine.data import Dataset, from_arrays
from ravine.data import Table as DataTable
from ravine.data.choose_column import choose_column
from ravine.data.intake import native_array
from ravine.data.metric_checks import check_metric_defined, check_target_scale
from ravine.data.table import repeated_names, unique_names
from ravine.engines import prepare
from ravine.errors import DataError, UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.data_settings import check_test_share
from ravine.execution.loading import load
from ravine.networks import find_metric

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "Table", "TestRows", "parse_arguments"]

Table: TypeAlias = "np.ndarray | pd.DataFrame | Sequence[Sequence[float]] | str | PathLike[str] | None"
"""Inputs: array [N, D], DataFrame, file, or built-in name."""
Columns: TypeAlias = "np.ndarray | pd.Series[Any] | Sequence[Any] | str | int | None"
"""One value per row [N], or the name or index of a column."""
TestRows: TypeAlias = "float | str | PathLike[str] | pd.DataFrame | tuple[Any, Any] | None"
"""A share of the rows, a file, a DataFrame, or (X, y)."""

AnySettings = TypeVar("AnySettings", bound=NetworkSettings)


def parse_arguments(
    kind: type[AnySettings],
    X: Any,
    y: Any,
    weights: Any,
    groups: Any,
    test: Any,
    keywords: Mapping[str, object],
) -> tuple[AnySettings, Dataset | None]:
    """Return the settings and the data set that the arguments of a function such as `compare` describe.

    kind: class of the settings. X, y, weights, groups, test: the data, as arrays or names. keywords: other
    fields of the settings. With a saved model whose data lie in a file, the data set is None and is read
    later. Raises UsageError for arguments that do not fit together, and DataError for unusable data.
    """
    settings: dict[str, Any] = dict(keywords)
    columns = {"weights": weights, "groups": groups}
    if settings.get("model") is not None:
        settings["model"] = fspath(settings["model"])
        if X is None or _is_file(X):
            named = {} if y is None else {"target": str(y)}
            return kind.from_dict({"source": "" if X is None else str(X), **named, **settings}), None
    if y is None and (_is_file(X) or _is_frame(X)):
        y = settings.pop("target", None)
    if "target" in settings:
        raise UsageError(
            "The keyword target cannot be used here.",
            "It names the target column of a file or a DataFrame if y is not given.",
            "Pass the target as y alone.",
            option="target", value=settings["target"], allowed="y or target, not both",
        )  # fmt: skip
    if _is_file(X):
        return _of_file(kind, X, y, columns, test, settings)
    if y is None:
        raise UsageError(
            "There is no target.", "An array of inputs needs an array of targets.",
            "Call compare(X, y), or give a DataFrame and the name of its target column.",
            option="target", allowed="an array [N]",
        )  # fmt: skip
    if _is_frame(X):
        repeated = repeated_names(list(X.columns))
        X = _named(X)
        if _is_name(y) and all(column is None or _is_name(column) for column in columns.values()):
            return _of_frame(kind, X, y, columns, test, settings, repeated)
        test = _named(test) if _is_frame(test) else test
        if _is_name(y):
            name = choose_column(X, y)
            test = _parted(test, name) if _is_frame(test) else test
            X, y = X.drop(columns=[name]), X[name]
        elif _is_frame(test):
            test = _parted(test, getattr(y, "name", None))
        for role, column in columns.items():
            if column is not None and _is_name(column):
                name = choose_column(X, column, role, f"{role}=")
                X, columns[role] = X.drop(columns=[name]), X[name]
    parsed = kind.from_dict(settings)
    prepare(parsed.device)
    dataset = from_arrays(
        X, y, task=parsed.task, test=_share_or_pair(test), seed=parsed.seed, features=parsed.features,
        drop=parsed.drop, missing=parsed.missing, negative_weights=parsed.negative_weights, rows=parsed.rows,
        **columns,
    )  # fmt: skip
    check_metric_defined(dataset, find_metric(parsed.metric))
    check_target_scale(dataset, parsed.precision)
    return parsed, dataset


def _of_file(
    kind: type[AnySettings],
    X: str | PathLike[str],
    y: object,
    columns: Mapping[str, object],
    test: object,
    settings: Mapping[str, object],
) -> tuple[AnySettings, Dataset]:
    for key, column in {"y": y, **columns}.items():
        if column is not None and not _is_name(column):
            raise UsageError(
                f"{key} does not name a column.",
                "X is a file.",
                "Give the name of a column, or pass X as an array too.",
                option="target" if key == "y" else key, value=column, allowed="the name of a column",
            )  # fmt: skip
    if test is not None and not _is_share_or_file(test):
        raise _wrong_test(test, "a file", "a share of the rows or a file", "'test.csv'")
    named = {"target": y, **columns, "test": test}
    named_values = {key: str(value) for key, value in named.items() if value is not None}
    parsed = kind.from_dict({"source": str(X), **named_values, **settings})
    prepare(parsed.device)
    return parsed, load(parsed)


def _of_frame(
    kind: type[AnySettings],
    X: pd.DataFrame,
    y: str | int,
    columns: Mapping[str, object],
    test: Any,
    settings: Mapping[str, object],
    repeated: frozenset[str],
) -> tuple[AnySettings, Dataset]:
    test_table = None
    if isinstance(test, tuple | list) and len(test) == 2:
        test = _joined(test, X, choose_column(X, y))
    if _is_frame(test):
        test_table, test = _table(_named(test), "test"), None
    if test is not None and not _is_share_or_file(test):
        raise _wrong_test(test, "a DataFrame", "a share, a DataFrame, (X, y) or a file", "DataFrame")
    named = {"target": y, **columns, "test": test}
    named_values = {key: str(value) for key, value in named.items() if value is not None}
    parsed = kind.from_dict({**named_values, **settings})
    prepare(parsed.device)
    return parsed, load(parsed, replace(_table(X, "table"), repeated=repeated), test_table)


def _joined(pair: Sequence[Any], X: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return the test rows (X, y) as one DataFrame with the columns of `X` and the target."""
    import pandas as pd

    rows, y = pair
    if not _is_frame(rows):
        names = [name for name in X.columns if name != target]
        rows = native_array(rows, "The array of test rows")
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise DataError(
                f"The test rows have shape {rows.shape}.",
                f"X has {len(names)} columns besides '{target}'.",
                "Give test=(X, y) with the columns of X.",
            )
        rows = pd.DataFrame(rows, columns=names)
    y = np.asarray(y) if hasattr(y, "dtypes") else native_array(y, "The target of the test rows")
    if y.shape not in ((len(rows),), (len(rows), 1)):
        raise DataError(
            f"There are {len(rows)} test rows, and their target has shape {y.shape}.",
            "Each test row needs one target.",
            "Give as many targets as test rows.",
        )
    return _named(rows).assign(**{target: y.reshape(-1)})


def _share_or_pair(test: Any) -> Any:
    """Return a share or (X, y) as `from_arrays` takes it. Raises UsageError."""
    if test is None or (isinstance(test, tuple | list) and len(test) == 2):
        return test
    if isinstance(test, str | int | float | np.number) and not isinstance(test, bool):
        try:
            share = float(test)
        except ValueError:
            raise _wrong_test(test, "arrays", "a share of the rows or (X, y)", "(X, y)") from None
        check_test_share(str(test))
        return share
    raise _wrong_test(test, "arrays", "a share of the rows or (X, y)", "(X, y)")


def _wrong_test(test: object, inputs: str, allowed: str, example: str) -> UsageError:
    """Return the error for test rows of a type that does not go with the inputs."""
    text = repr(test) if isinstance(test, str | bool | int | float) else f"of type {type(test).__name__}"
    return UsageError(
        f"test is {text}, which cannot be used.",
        f"X is {inputs}, so test must be {allowed}.",
        f"Give test=0.2 or test={example}.",
        option="test",
        value=test,
        allowed=allowed,
    )


def _parted(test: pd.DataFrame, target: object) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Return the test rows without their target, and the target."""
    if str(target) not in test.columns:
        raise UsageError(
            "The test table holds no target.",
            "The target of X has no name." if target is None else f"The test table has no column '{target}'.",
            "Give test=(X, y).",
        )
    return test.drop(columns=[str(target)]), test[str(target)]


def _is_share_or_file(test: object) -> bool:
    kinds = str | PathLike | int | float | np.number
    return isinstance(test, kinds) and not isinstance(test, bool)


def _is_file(X: object) -> bool:
    return isinstance(X, str | PathLike)


def _is_name(value: object) -> bool:
    return isinstance(value, str | int | np.integer) and not isinstance(value, bool)


def _is_frame(X: object) -> bool:
    return hasattr(X, "columns") and hasattr(X, "iloc")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns have unique names of type str."""
    return frame.set_axis(unique_names([str(name) for name in frame.columns])[0], axis=1)


def _table(frame: pd.DataFrame, name: str) -> DataTable:
    """Return a DataFrame as a table, with a hash of its content."""
    import hashlib

    import pandas as pd

    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    digest.update(repr(list(frame.columns)).encode())
    return DataTable(frame, name, digest.hexdigest())
