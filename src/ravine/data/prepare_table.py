"""`prepare`, which makes a `Dataset` of a table, and guesses a target that the user does not name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ravine.data.build_dataset import Columns, Options, build_dataset
from ravine.data.choose_column import choose_column
from ravine.data.column_kinds import shorten_list
from ravine.data.dataset import Dataset
from ravine.data.encoder import suggest_column
from ravine.data.intake import native_table
from ravine.data.splits import TEST_SHARE
from ravine.data.table import Table
from ravine.data.target import choose_target
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
    rows: int = 0,
) -> Dataset:
    """Return a table as a `Dataset` for training: columns encoded as numbers, test rows held out.

    table              table from `read`
    target             target column; by default a column with a usual name, such as "target" or "class"
    task               "classify", "regress" or "auto", which decides by the values of the target
    features           columns to use as features; by default all others but constants and identifiers
    drop               columns to leave out
    weights            column of event weights, one for each row
    groups             column with the group of each row; the rows of a group stay together in every split
    test               share of test rows to hold out, or a table of test rows; by default the test table
                       that the source contains, else 0.2
    seed               random seed of all splits
    missing            numbers and words that stand for "missing", in addition to those that are recognized
    negative_weights   treatment of negative event weights: "error", "keep", "abs" or "drop"
    rows               number of development rows to use, drawn at random; 0 for all. Test rows stay the same.

    A column is given by its name, or by its index from 0 (negative from the end). `Dataset.notes` reports all
    guesses.

    Raises DataError if a column does not exist or cannot be used, and if the columns of the test rows do not
    fit.
    """
    table = native_table(table)
    notes = list(table.notes)
    name = choose_target(table.frame, target, table.target, notes)
    _refuse_repeated(table, target, name, "--target")
    others = {name}
    if weights is not None:
        weights_column = choose_column(table.frame, weights, "weights", "--weights")
        _refuse_repeated(table, weights, weights_column, "--weights")
        weights = weights_column
        others.add(weights)
    if groups is not None:
        groups_column = choose_column(table.frame, groups, "groups", "--groups")
        _refuse_repeated(table, groups, groups_column, "--groups")
        groups = groups_column
        others.add(groups)
    if weights == name or groups == name:
        raise DataError(
            f"'{name}' is the target.",
            "The target cannot hold weights or groups.",
            "Name another column with --weights or --groups.",
            option="weights" if weights == name else "groups",
            value=name,
            allowed=tuple(str(column) for column in table.frame.columns if str(column) != name),
        )
    inputs = inputs_of(table.frame, features, drop, others)
    if test is None and table.test is not None:
        test = table.test
    columns = _take(table, inputs, name, weights, groups)
    # The rows are images only if all pixels are inputs, in their order.
    pixels = [str(column) for column in table.frame.columns if column != table.target]
    shape = table.shape if table.shape and inputs == pixels else None
    test_columns = None
    if isinstance(test, Table):
        test = native_table(test)
        if shape and test.shape not in (None, shape):
            raise DataError(
                f"The images of '{test.name}' have shape {test.shape}.",
                f"They must have the shape {shape}, like the images of '{table.name}'.",
                "Use test images of this shape.",
            )
        test_columns = _take(_aligned(test, table, [*inputs, *others], notes), inputs, name, weights, groups)
    options = Options(
        task,
        seed,
        features is not None,
        tuple(missing or ()),
        negative_weights,
        rows,
        shape,
        shape is not None and table.target == name,
        notes,
    )
    share = TEST_SHARE if test is None or isinstance(test, Table) else float(test)
    return build_dataset(table.name, table.sha256, columns, test_columns, share, options)


def _refuse_repeated(table: Table, choice: str | int | None, name: str, option: str) -> None:
    """Raise DataError if the name of a column belongs to several columns, unless `choice` is an index."""
    by_name = choice is None or (isinstance(choice, str) and choice.strip() == name)
    if not by_name or name not in table.repeated:
        return
    renamed = re.compile(re.escape(name) + r"(\.\d+)?")
    indices = [i for i, column in enumerate(table.frame.columns) if renamed.fullmatch(str(column))]
    raise DataError(
        f"{len(indices)} columns are named '{name}'.",
        "A name must belong to one column; an index is always unique.",
        f"Type the index of the column: {' or '.join(f'{option} {i}' for i in indices)}.",
        option=option.lstrip("-"),
        value=name,
        allowed=tuple(indices),
    )


def _take(table: Table, inputs: list[str], target: str, weights: str | None, groups: str | None) -> Columns:
    """Return the columns of these names."""
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
    """Return the names of the columns of `frame` that are used as features.

    These are the columns in `features`, by default all columns except `others`. Columns in `drop` are
    removed. Both lists hold names or indices. others: names of the target and of the columns of weights and
    groups.

    Raises DataError if a column does not exist, if a feature is one of `others`, and if no column is left.
    """
    features = [features] if isinstance(features, (str, int)) else features
    drop = [drop] if isinstance(drop, (str, int)) else drop
    dropped = {choose_column(frame, column, "--drop", "--drop") for column in drop or ()}
    if features is not None:
        chosen = (choose_column(frame, column, "--features", "--features") for column in features)
        names = list(dict.fromkeys(chosen))
        both = [name for name in names if name in others]
        if both:
            raise DataError(
                f"'{both[0]}' is not a feature.",
                "The column holds the target, the weights or the groups.",
                f"Leave '{both[0]}' out of --features.",
                option="features",
                value=both[0],
                allowed=tuple(str(column) for column in frame.columns if str(column) not in others),
            )
    else:
        names = [str(column) for column in frame.columns if column not in others]
    names = [name for name in names if name not in dropped]
    if not names:
        raise DataError(
            "No feature is left.",
            "All others are dropped." if dropped else "The table has no column other than the target.",
            "Drop fewer columns." if dropped else "Use a table with at least one feature.",
        )
    return names


def _aligned(test: Table, table: Table, needed: list[str], notes: list[str]) -> Table:
    """Return the test table with the column names of `table`.

    Columns are matched by name, or by position if one of the files has no header.

    Raises DataError if a needed column is missing, or if the numbers of columns differ.
    """
    absent = [name for name in needed if name not in test.frame.columns]
    if absent:
        same_width = test.frame.shape[1] == table.frame.shape[1]
        if same_width and not (test.header and table.header):
            notes.append("test columns matched by position (one file has no header)")
            return Table(test.frame.set_axis(table.frame.columns, axis=1), test.name, test.sha256)
        present = [str(column) for column in test.frame.columns]
        raise DataError(
            f"The test file '{test.name}' has no column '{absent[0]}'.",
            f"It has {shorten_list(present)}.",
            suggest_column(absent[0], present),
        )
    if not test.header and not table.header and test.frame.shape[1] != table.frame.shape[1]:
        raise DataError(
            f"The test file '{test.name}' has {test.frame.shape[1]} columns.",
            f"It needs the {table.frame.shape[1]} columns of '{table.name}', as both have no header.",
            "Use a test file with the same columns.",
        )
    return test
