"""Columns that differ between test rows and other rows: planted differences, and no false alarm by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from ravine.data import from_arrays
from ravine.data.unlike_rows import unlike_rows


def dataset(train, test, y_train, y_test, **more):
    return from_arrays(train, y_train, test=(test, y_test), name="two", **more)


def frames(seed=0, rows=(600, 300)):
    """Return training and test rows of one kind: a number, another number with gaps, a category."""
    random = np.random.default_rng(seed)
    parts = []
    for count in rows:
        part = pd.DataFrame({"a": random.normal(size=count), "b": random.normal(size=count)})
        part.loc[random.random(count) < 0.1, "b"] = np.nan
        parts.append(part.assign(color=random.choice(["red", "green", "blue"], count)))
    return parts


def classes(part, seed=3):
    return np.random.default_rng(seed).integers(0, 2, len(part))


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_one_kind_do_not_differ(seed):
    train, test = frames(seed)
    found = unlike_rows(dataset(train, test, classes(train, seed), classes(test, seed + 100)))
    assert not found and found.columns == () and found.target is None


def test_a_shifted_number_is_found_with_its_medians():
    train, test = frames()
    test["a"] += 1.0
    (column,) = unlike_rows(dataset(train, test, classes(train), classes(test))).columns
    assert column.column == "a" and column.missing == (0.0, 0.0) and column.new_levels == 0.0
    assert column.medians == pytest.approx((train["a"].median(), test["a"].median()), abs=1e-4)
    assert column.distance == pytest.approx(ks_2samp(train["a"], test["a"]).statistic, abs=1e-6)


def test_more_missing_values_are_found():
    train, test = frames()
    test.loc[test.index % 2 == 0, "b"] = np.nan
    (column,) = unlike_rows(dataset(train, test, classes(train), classes(test))).columns
    assert column.column == "b"
    assert column.missing == pytest.approx((train["b"].isna().mean(), test["b"].isna().mean()))
    assert column.distance == pytest.approx(test["b"].isna().mean() - train["b"].isna().mean())


@pytest.mark.parametrize("name", ["a", "color"])
def test_gaps_that_no_training_row_has_are_missing_values(name):
    """The encoder fills them, so the encoded columns do not show them."""
    train, test = frames()
    test.loc[test.index % 4 != 0, name] = None
    (column,) = unlike_rows(dataset(train, test, classes(train), classes(test))).columns
    assert column.column == name
    assert column.missing == (0.0, 0.75)
    assert column.distance == pytest.approx(0.75, abs=0.02)


def test_categories_that_no_training_row_has_are_counted():
    train, test = frames()
    test.loc[test.index < 120, "color"] = "violet"
    (column,) = unlike_rows(dataset(train, test, classes(train), classes(test))).columns
    assert column.column == "color" and column.new_levels == pytest.approx(0.4)
    shares = [part["color"].value_counts(normalize=True) for part in (train, test)]
    assert column.distance == pytest.approx(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    assert column.medians is None


def test_other_shares_of_known_categories_are_found():
    train, test = frames()
    test.loc[test.index < 150, "color"] = "red"
    (column,) = unlike_rows(dataset(train, test, classes(train), classes(test))).columns
    assert column.column == "color" and column.new_levels == 0.0 and column.distance > 0.25


def test_other_shares_of_the_classes_are_found():
    train, test = frames()
    y = np.where(np.arange(300) < 240, "yes", "no")
    found = unlike_rows(dataset(train, test, np.where(classes(train) == 1, "yes", "no"), y))
    assert found.columns == () and found.target.values[1] == pytest.approx(
        {"yes": 0.8, "no": 0.2}[found.target.label]
    )
    assert found.target.distance == pytest.approx(abs(found.target.values[1] - found.target.values[0]))


def test_another_median_of_a_number_target_is_found():
    train, test = frames()
    random = np.random.default_rng(1)
    found = unlike_rows(dataset(train, test, random.normal(size=600), random.normal(size=300) + 2))
    assert found.target.label is None
    assert found.target.values == pytest.approx((0.0, 2.0), abs=0.3) and found.target.distance > 0.5


def test_few_test_rows_show_large_differences_only():
    train, test = frames(rows=(600, 12))
    small = unlike_rows(dataset(train, test.assign(a=test["a"] + 0.5), classes(train), classes(test)))
    large = unlike_rows(dataset(train, test.assign(a=test["a"] + 9.0), classes(train), classes(test)))
    assert small.columns == () and [column.column for column in large.columns] == ["a"]


def test_copies_of_few_groups_are_no_difference():
    random = np.random.default_rng(5)
    group = np.repeat(np.arange(12), 100)
    x = random.normal(size=12)[group][:, None]  # 12 values, each 100 times
    y = random.integers(0, 2, 1200)
    grouped = from_arrays(x, y, groups=group, name="grouped")
    assert not unlike_rows(grouped)
    assert unlike_rows(from_arrays(x[:1200], y, test=(x[:300], y[:300]), name="alone"))


def test_the_most_different_column_comes_first():
    train, test = frames()
    test["a"], test["b"] = test["a"] + 0.6, test["b"] + 3.0
    found = unlike_rows(dataset(train, test, classes(train), classes(test)))
    assert [column.column for column in found.columns] == ["b", "a"]


def test_constant_columns_and_one_test_row():
    x = np.ones((50, 2))
    x[:, 0] = np.arange(50)
    y = np.arange(50) % 2
    assert not unlike_rows(from_arrays(x, y, test=(x[:1], y[:1]), name="one"))
