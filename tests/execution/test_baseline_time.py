"""The estimated time of the baselines: counts of trees, and a time for each."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.baselines import Size, linear, trees
from ravine.data import from_arrays
from ravine.execution import baseline_time, machine_speed
from ravine.execution.baseline_time import baseline_seconds


@pytest.fixture(autouse=True)
def constants(monkeypatch):
    """Let a bin take one unit of time, and nothing else any."""
    monkeypatch.setattr(machine_speed, "slowness", lambda: 1.0)
    monkeypatch.setattr(baseline_time, "IMPORT_S", 0.0)
    monkeypatch.setattr(trees, "BIN_S", 1.0)
    for module, name in (
        (trees, "TREE_S"), (trees, "ROW_S"), (trees, "VALUE_S"), (linear, "NEWTON_S"), (linear, "GRADIENT_S"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 0.0)


def table(classes: int, values: int):
    x = np.tile(np.arange(values), 1_000 // values)[:, None].astype(float)
    return from_arrays(x, np.arange(1_000) % classes, task="classify")


def test_every_tree_of_tuning_and_evaluation_is_counted():
    # 4 shapes of 31, 8, 16 and 4 leaves, 200 trees each, on 2 tuning seeds; then 100 trees of 14.75 leaves
    tuning, evaluation = 2 * 200 * (31 + 8 + 16 + 4), 100 * (31 + 8 + 16 + 4) / 4
    assert baseline_seconds(table(2, 10), 640, 10) == pytest.approx(10 * (tuning + 10 * evaluation))
    assert baseline_seconds(table(2, 20), 640, 4) == pytest.approx(20 * (tuning + 4 * evaluation))


def test_each_class_has_its_own_trees():
    assert baseline_seconds(table(5, 10), 640, 10) == pytest.approx(
        5 * baseline_seconds(table(2, 10), 640, 10)
    )


def test_a_table_that_is_too_large_for_trees_takes_only_the_import(monkeypatch):
    monkeypatch.setattr(baseline_time, "IMPORT_S", 2.5)
    assert baseline_seconds(table(2, 10), 640, 10) > 2.5
    monkeypatch.setattr(trees, "MAX_CELLS", 2_000)
    assert baseline_seconds(table(2, 10), 640, 10) == 2.5
    monkeypatch.setattr(machine_speed, "slowness", lambda: 2.0)
    assert baseline_seconds(table(2, 10), 640, 10) == 5.0


def test_every_fit_of_the_linear_model_is_counted(monkeypatch):
    monkeypatch.setattr(linear, "NEWTON_S", 2.0)
    monkeypatch.setattr(linear, "GRADIENT_S", 3.0)
    # 6 strengths on 3 seeds, then 4 seeds; 2 classes have one set of coefficients
    assert linear.seconds(Size(100, 5, 2), 0, 4) == (6 * 3 + 4) * 100 * 5**2 * 2.0
    assert linear.seconds(Size(100, 64, 10), 0, 4) == (6 * 3 + 4) * 100 * 640 * 3.0
    assert linear.seconds(Size(100, 5, 0), 0, 4) == 0.0


def test_trees_take_time_for_trees_rows_and_values(monkeypatch):
    monkeypatch.setattr(trees, "BIN_S", 0.0)
    size, count = Size(1_000, 4, 2), 2 * 4 * 200 + 10 * 100
    monkeypatch.setattr(trees, "TREE_S", 2.0)
    assert trees.seconds(size, 0, 10) == count * 2.0
    monkeypatch.setattr(trees, "TREE_S", 0.0)
    monkeypatch.setattr(trees, "ROW_S", 3.0)
    assert trees.seconds(size, 0, 10) == count * 1_000 * 3.0
    monkeypatch.setattr(trees, "ROW_S", 0.0)
    monkeypatch.setattr(trees, "VALUE_S", 5.0)
    assert trees.seconds(size, 0, 10) == (2 * 4 + 10) * 1_000 * 4 * 5.0
