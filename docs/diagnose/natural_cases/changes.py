"""Changes of a file that make it faulty, one function each.

A function takes the rows of a table, its target, a random generator and its own arguments. It returns the
rows of the faulty file, or the rows of a training file and of a test file. `CHANGES` holds the functions by
the names that `faults.toml` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["CHANGES", "OWN_DUPLICATES", "OWN_ORDER", "is_number"]

Random = np.random.Generator
Files = tuple[pd.DataFrame, pd.DataFrame | None]  # rows of the file, and of a test file

OWN_ORDER = "own_order"  # the rows stay in the order of the file; `natural.py` samples them so
OWN_DUPLICATES = "own_duplicates"  # the repeated rows of the file stay
TEST_SHARE = 0.25  # of the rows, in a test file whose rows are drawn at random


def few_rows(table: pd.DataFrame, target: str, random: Random, rows: int) -> Files:
    """Leave only `rows` rows."""
    return table.iloc[random.permutation(len(table))[:rows]], None


def shared_part(table: pd.DataFrame, target: str, random: Random, share: float) -> Files:
    """Add one common random value to all columns of numbers, so that they are nearly equal.

    share: part of the variance of every column that is common.
    """
    changed = table.copy()
    common = random.normal(size=len(table))
    for name in _numbers(table, target):
        column = table[name].astype(float)
        deviation = column.std()
        if deviation > 0:
            own = (column - column.mean()) / deviation
            changed[name] = np.sqrt(share) * common + np.sqrt(1 - share) * own
    return changed, None


def rare_class(table: pd.DataFrame, target: str, random: Random, label: Any, share: float) -> Files:
    """Leave out rows of one class until it has the share `share` of all rows."""
    others = table[table[target] != label]
    count = round(share / (1 - share) * len(others))
    rare = table[table[target] == label].sample(count, random_state=int(random.integers(2**31)))
    return pd.concat([others, rare]).sample(frac=1, random_state=int(random.integers(2**31))), None


def contradict(table: pd.DataFrame, target: str, random: Random, share: float) -> Files:
    """Repeat a share of the rows with another label."""
    repeated = table.iloc[random.permutation(len(table))[: round(share * len(table))]].copy()
    repeated[target] = _other_labels(repeated[target], table[target], random)
    return pd.concat([table, repeated]).sample(frac=1, random_state=int(random.integers(2**31))), None


def leak(table: pd.DataFrame, target: str, random: Random, noise: float) -> Files:
    """Add a column that is the target, or the number of its class, with noise.

    noise: standard deviation of the noise, in those of the target; for classes, in their distance.
    """
    numbers = table[target]
    if not is_number(numbers) or numbers.nunique() <= 2:
        values, scale = pd.factorize(numbers, sort=True)[0].astype(float), 1.0
    else:
        values, scale = numbers.to_numpy(float), float(numbers.std())
    return table.assign(reading=values + noise * scale * random.normal(size=len(table))), None


def mark_class(table: pd.DataFrame, target: str, random: Random, label: Any, share: float) -> Files:
    """Add a column that is 1 for a share of the rows of one class, and 0 for all other rows."""
    marked = (table[target] == label) & (random.random(len(table)) < share)
    return table.assign(mark=marked.astype(int)), None


def empty_for_class(table: pd.DataFrame, target: str, random: Random, column: str, label: Any) -> Files:
    """Empty a column in the rows of one class."""
    return table.assign(**{column: table[column].where(table[target] != label)}), None


def flip_labels(table: pd.DataFrame, target: str, random: Random, share: float) -> Files:
    """Replace the labels of a share of the rows by other labels."""
    changed = table.copy()
    wrong = random.random(len(table)) < share
    changed.loc[wrong, target] = _other_labels(table.loc[wrong, target], table[target], random)
    return changed, None


def shuffle_target(table: pd.DataFrame, target: str, random: Random, share: float) -> Files:
    """Permute the values of the target among a share of the rows."""
    changed = table.copy()
    chosen = random.permutation(len(table))[: round(share * len(table))]
    values = table[target].to_numpy().copy()
    values[chosen] = values[random.permutation(chosen)]
    changed[target] = values
    return changed, None


def sort_by_target(table: pd.DataFrame, target: str, random: Random, noise: float) -> Files:
    """Sort the rows by the target with noise, whose standard deviation is in those of the target."""
    column = table[target]
    values = column.to_numpy(float) if is_number(column) else pd.factorize(column, sort=True)[0].astype(float)
    key = values + noise * values.std() * random.normal(size=len(table))
    return table.iloc[np.argsort(key, kind="stable")], None


def repeat_rows(table: pd.DataFrame, target: str, random: Random, share: float, noise: float) -> Files:
    """Repeat a share of the rows once, with noise in the columns of numbers, at random places.

    noise: standard deviation of the noise, in those of each column.
    """
    repeated = table.iloc[random.permutation(len(table))[: round(share * len(table))]].copy()
    if noise:
        for name in _numbers(table, target):
            deviation = noise * float(table[name].std())
            repeated[name] = repeated[name] + deviation * random.normal(size=len(repeated))
    return pd.concat([table, repeated]).sample(frac=1, random_state=int(random.integers(2**31))), None


def test_where(table: pd.DataFrame, target: str, random: Random, column: str, values: Sequence[Any]) -> Files:
    """Take the rows with some values of a column as test rows; at most a third of all rows."""
    inside = table[column].isin(list(values))
    return _divided(table, inside.to_numpy(), random)


def test_above(table: pd.DataFrame, target: str, random: Random, column: str, share: float) -> Files:
    """Take the rows with the largest values of a column as test rows."""
    return _divided(table, (table[column] > table[column].quantile(1 - share)).to_numpy(), random)


def test_unit(
    table: pd.DataFrame, target: str, random: Random, column: str, factor: float, offset: float
) -> Files:
    """Give a column of the test file in another unit: factor * value + offset."""
    train, test = _random_test(table, random)
    return train, test.assign(**{column: factor * test[column] + offset})


def test_empty(table: pd.DataFrame, target: str, random: Random, columns: Sequence[str]) -> Files:
    """Empty some columns of the test file."""
    train, test = _random_test(table, random)
    return train, test.assign(**{name: np.nan for name in columns})


def unchanged(table: pd.DataFrame, target: str, random: Random) -> Files:
    """Leave the rows as they are: the fault lies in how they were read."""
    return table, None


CHANGES: dict[str, Callable[..., Files]] = {
    OWN_ORDER: unchanged,
    OWN_DUPLICATES: unchanged,
    "few_rows": few_rows,
    "shared_part": shared_part,
    "rare_class": rare_class,
    "contradict": contradict,
    "leak": leak,
    "mark_class": mark_class,
    "empty_for_class": empty_for_class,
    "flip_labels": flip_labels,
    "shuffle_target": shuffle_target,
    "sort_by_target": sort_by_target,
    "repeat_rows": repeat_rows,
    "test_where": test_where,
    "test_above": test_above,
    "test_unit": test_unit,
    "test_empty": test_empty,
}


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds numbers."""
    return bool(pd.api.types.is_numeric_dtype(column))


def _numbers(table: pd.DataFrame, target: str) -> list[str]:
    return [name for name in table.columns if name != target and is_number(table[name])]


def _other_labels(labels: pd.Series, all_labels: pd.Series, random: Random) -> np.ndarray:
    """Return for each label another one, with equal chances."""
    classes = np.sort(all_labels.unique())
    places = np.searchsorted(classes, labels.to_numpy())
    shift = random.integers(1, len(classes), size=len(labels))
    return classes[(places + shift) % len(classes)]


def _random_test(table: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = random.permutation(len(table))
    cut = round(TEST_SHARE * len(table))
    return table.iloc[order[cut:]], table.iloc[order[:cut]]


def _divided(table: pd.DataFrame, inside: np.ndarray, random: Random) -> Files:
    test = random.permutation(np.flatnonzero(inside))[: len(table) // 3]
    return table.iloc[random.permutation(np.flatnonzero(~inside))], table.iloc[test]
