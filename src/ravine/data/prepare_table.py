"""`prepare`: from a table to a data set, with columns named or guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ravine.data.build_dataset import Columns, Options, build_dataset
from ravine.data.column_kinds import shorten
from ravine.data.dataset import Dataset
from ravine.data.encoder import near
from ravine.data.splits import TEST_SHARE
from ravine.data.table import Table
from ravine.data.target import choose_column, choose_target
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["inputs_of", "prepare"]


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
    _refuse_repeated(table, target, name, "--target")
    others = {name}
    if weights is not None:
        given, weights = weights, choose_column(table.frame, weights, "weights", "--weights")
        _refuse_repeated(table, given, weights, "--weights")
        others.add(weights)
    if groups is not None:
        given, groups = groups, choose_column(table.frame, groups, "groups", "--groups")
        _refuse_repeated(table, given, groups, "--groups")
        others.add(groups)
    if weights == name or groups == name:
        raise DataError(
            f"'{name}' is the target.", "It cannot be weights or groups too.", "Name another column.",
            option="weights" if weights == name else "groups", value=name,
            allowed=tuple(str(column) for column in table.frame.columns if str(column) != name),
        )  # fmt: skip
    inputs = inputs_of(table.frame, features, drop, others)
    if test is None and table.test is not None:
        test = table.test
    parts = _take(table, inputs, name, weights, groups)
    # one column named in another place, or used otherwise, and the rows are no images any more
    pixels = [str(each) for each in table.frame.columns if each != table.target]
    shape = table.shape if table.shape and inputs == pixels else None
    held = None
    if isinstance(test, Table):
        if shape and test.shape not in (None, shape):
            raise DataError(
                f"The images of '{test.name}' have shape {test.shape}.",
                f"Those of '{table.name}' have {shape}.",
                "Give test images of the same shape.",
            )
        held = _take(_aligned(test, table, [*inputs, *others], notes), inputs, name, weights, groups)
    choices = Options(
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
    return build_dataset(table.name, table.sha256, parts, held, share, choices)


def _refuse_repeated(table: Table, given: str | int | None, name: str, option: str) -> None:
    """Refuse a name that stands above two columns; an index says which is meant. Raises DataError."""
    by_name = given is None or (isinstance(given, str) and given.strip() == name)
    if not by_name or name not in table.repeated:
        return
    again = re.compile(re.escape(name) + r"(\.\d+)?")
    at = [i for i, each in enumerate(table.frame.columns) if again.fullmatch(str(each))]
    raise DataError(
        f"{len(at)} columns are named '{name}'.",
        "Which of them is meant cannot be told.",
        f"Name it by its index: {' or '.join(f'{option} {i}' for i in at)}.",
        option=option.lstrip("-"),
        value=name,
        allowed=tuple(at),
    )


def _take(table: Table, inputs: list[str], target: str, weights: str | None, groups: str | None) -> Columns:
    frame = table.frame
    return Columns(
        frame[inputs],
        frame[target],
        None if weights is None else frame[weights],
        None if groups is None else frame[groups],
    )


def inputs_of(
    frame: pd.DataFrame,
    features: Sequence[str | int] | None,
    drop: Sequence[str | int] | None,
    others: set[str],
) -> list[str]:
    """Return the names of the input columns: all but `others`, or those chosen. Raises DataError."""
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
                option="features",
                value=both[0],
                allowed=tuple(str(column) for column in frame.columns if str(column) not in others),
            )
    else:
        names = [str(each) for each in frame.columns if each not in others]
    names = [each for each in names if each not in dropped]
    if not names:
        raise DataError(
            "No input column is left.",
            "The table has no column beside the target." if not dropped else "All others are dropped.",
            "Drop fewer columns." if dropped else "Learning needs inputs: name a table that has some.",
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
            near(absent[0], has),
        )
    if not test.header and not table.header and test.frame.shape[1] != table.frame.shape[1]:
        raise DataError(
            f"The test file '{test.name}' has {test.frame.shape[1]} columns.",
            f"'{table.name}' has {table.frame.shape[1]}, and neither names them.",
            "Give a test file with the same columns.",
        )
    return test
