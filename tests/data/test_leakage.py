"""Columns that give the target away, and honest ones."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from ravine.data import leakage, prepare, read
from ravine.data.leakage import find_leaks


def test_leaks_are_named_and_kept(table, notes_of):
    y = np.arange(300) % 3
    noise = np.random.default_rng(1).normal(size=(4, 300))
    marks = {f"is{k}": np.where(y == k, 1, -1) for k in range(3)}
    data = prepare(table(a=noise[0], copy=y * 2.0 + 0.1 * np.tanh(noise[1]), **marks, b=noise[2], y=y))
    assert notes_of(
        data, "suspected leak: copy (it gives the target away alone; to leave out: --drop 'copy')"
    )
    assert notes_of(data, "suspected leak: is0, is1, is2 (together")
    assert "copy" in data.features
    z = noise[3]
    data = prepare(table(a=noise[0], up=np.exp(z), sign=np.where(z > 0.3, "s", "u"), b=z + noise[1], y=z))
    (note,) = notes_of(data, "suspected leak")
    assert "up, sign (each" in note


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_found_where_its_bins_lie_across_two_classes(table, notes_of, seed):
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, 640)
    given, close = y + 0.01 * random.normal(size=640), y + 1.0 * random.normal(size=640)
    data = prepare(table(a=random.normal(size=640), given=given, close=close, y=y))
    (note,) = notes_of(data, "suspected leak")
    assert "given" in note and "close" not in note


def test_honest_columns_are_not_accused(table, notes_of):
    for name in ("iris", "wine", "breast_cancer", "diabetes"):
        assert not notes_of(prepare(read(name)), "leak")
    noise = np.random.default_rng(1).normal(size=(2, 300))
    assert not notes_of(prepare(table(a=noise[0], b=noise[1], y=np.arange(300) % 2)), "leak")


def seven_classes(rows=4000, seed=0):
    """Classes 0 to 6 of falling frequency, and columns: one separates class 3, one nearly, one does not."""
    random = np.random.default_rng(seed)
    y = np.minimum(random.geometric(0.35, rows) - 1, 6)
    exact = np.where(y == 3, 1.0, random.choice([0.0, 2.0, 5.0], rows))
    wrong = np.arange(rows) == rows // 2  # far fewer than 1/20 of the class
    middle = np.where((y == 4) ^ wrong, random.normal(0, 0.1, rows), random.choice([-3, 3], rows))
    rough = (y == 3) + 0.5 * random.normal(size=rows)
    return y, {"exact": exact, "nearly": middle, "rough": rough, "noise": random.normal(size=rows)}


@pytest.mark.parametrize("seed", range(4))
def test_a_column_that_separates_one_class_is_named_with_the_class(table, notes_of, seed):
    y, columns = seven_classes(seed=seed)
    found = find_leaks({name: pd.Series(values) for name, values in columns.items()}, y, True).separating
    assert found == {"exact": [3], "nearly": [4]}
    labels = np.array([f"type {k}" for k in range(7)])
    notes = notes_of(prepare(table(**columns, y=labels[y])), "suspected leak")
    assert notes == [
        "suspected leak: exact (it separates class 'type 3' from all others; to leave out: --drop 'exact')",
        "suspected leak: nearly (it separates class 'type 4' from all others; to leave out: --drop 'nearly')",
    ]


def test_a_rare_class_is_found_by_the_area_under_its_curve(table, notes_of):
    random = np.random.default_rng(0)
    y = np.arange(8000) % 100 == 7  # 80 rows
    value = np.where(y, 10.0, random.normal(size=8000))
    value[random.choice(np.flatnonzero(~y), 8, replace=False)] = 10.0  # 1/10 of the class
    found = find_leaks({"value": pd.Series(value)}, y.astype(int), True).separating
    assert found == {"value": [0, 1]}
    (note,) = notes_of(prepare(table(a=random.normal(size=8000), value=value, y=y)), "suspected leak")
    assert note.startswith("suspected leak: value (it gives the target away alone")


def test_classes_with_few_rows_are_not_examined():
    random = np.random.default_rng(0)
    y = np.concatenate([np.zeros(30, int), random.integers(1, 4, 2000)])
    assert (
        find_leaks({"a": pd.Series(np.where(y == 0, 1.0, random.normal(5, 0.1, 2030)))}, y, True).separating
        == {}
    )


def test_a_million_rows_take_a_moment():
    y, columns = seven_classes(1_000_000)
    begin = time.process_time()
    assert find_leaks({name: pd.Series(values) for name, values in columns.items()}, y, True).separating
    assert time.process_time() - begin < 1.0


@pytest.mark.parametrize("count", [2, 7, 512])
def test_quantiles_are_those_of_numpy(count):
    ordered = np.sort(np.random.default_rng(count).standard_normal(1_001).round(2))
    expected = np.quantile(ordered, np.linspace(0, 1, count))
    np.testing.assert_allclose(leakage._quantiles(ordered, count), expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(leakage._distinct(ordered), np.unique(ordered))
