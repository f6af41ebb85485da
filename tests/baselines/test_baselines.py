"""All baselines: outputs of the right form, with weights, absent classes and missing values."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.baselines import BASELINES, Inputs, Size, TrainingRows, find_baseline, simple_baselines
from ravine.baselines.baseline import class_logits

RANDOM = np.random.default_rng(0)


def inputs_of(x):
    """Return inputs whose standardized form has 0 where a value is missing."""
    x = np.asarray(x, np.float32)
    return Inputs(x, np.arange(len(x)), np.nan_to_num)


def problem(classes, rows=200):
    """Return training rows with a gap, of numbers or of classes that depend on the first input."""
    x = RANDOM.normal(size=(rows, 3))
    x[7, 1] = np.nan
    y = np.clip(np.floor(x[:, 0] + classes / 2), 0, classes - 1).astype(int) if classes else 2 * x[:, 0]
    return TrainingRows(inputs_of(x), y, None, classes)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("classes", [0, 2, 4])
def test_each_look_gives_finite_outputs_for_all_inputs(name, classes):
    baseline, train = find_baseline(name), problem(classes)
    looks = baseline.plan(train.size).looks
    others = [inputs_of(RANDOM.normal(size=(5, 3))), inputs_of(np.full((1, 3), np.nan))]
    found = baseline.outputs(train, others, looks)
    assert len(found) == len(looks)
    for of_look in found:
        assert [z.shape for z in of_look] == [(5, max(classes, 1)), (1, max(classes, 1))]
        assert all(np.isfinite(z).all() for z in of_look)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("classes", [0, 3])
def test_a_row_of_weight_0_does_not_count(name, classes):
    baseline, train = find_baseline(name), problem(classes)
    changed = train.y.copy()
    changed[50:] = 0  # other targets where the weight is 0
    weight = np.where(np.arange(200) < 50, 4.0, 0.0)
    look = baseline.plan(train.size).looks[:1]
    other = [inputs_of(RANDOM.normal(size=(6, 3)))]
    with_weights = baseline.outputs(TrainingRows(train.inputs, changed, weight, classes), other, look)
    few = train.take(slice(50))
    weighted = TrainingRows(few.inputs, few.y, np.full(50, 4.0), classes)
    np.testing.assert_allclose(with_weights[0][0], baseline.outputs(weighted, other, look)[0][0], rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_training_rows_of_one_class_predict_that_class(name):
    baseline = find_baseline(name)
    x = RANDOM.normal(size=(30, 2))
    train = TrainingRows(inputs_of(x), np.full(30, 1), None, 3)
    looks = baseline.plan(train.size).looks
    for (z,) in baseline.outputs(train, [inputs_of(x[:4])], looks):
        assert z.shape == (4, 3) and (z.argmax(axis=1) == 1).all() and np.isfinite(z).all()


@pytest.mark.parametrize("name", BASELINES)
def test_a_class_without_training_rows_is_never_predicted(name):
    baseline = find_baseline(name)
    x = RANDOM.normal(size=(60, 2))
    train = TrainingRows(inputs_of(x), np.where(x[:, 0] > 0, 2, 0), None, 3)
    (z,) = baseline.outputs(train, [inputs_of(x)], baseline.plan(train.size).looks[:1])[0]
    assert z.shape == (60, 3) and set(z.argmax(axis=1)) <= {0, 2}
    assert (z[:, 1] < z.min(axis=1) + 1).all()


@pytest.mark.parametrize("name", BASELINES)
def test_five_rows_are_enough(name):
    baseline = find_baseline(name)
    x = RANDOM.normal(size=(5, 2))
    for y, classes in (([0, 1, 0, 1, 1], 2), ([0.1, 2.0, -1.0, 0.0, 5.0], 0)):
        train = TrainingRows(inputs_of(x), np.array(y), None, classes)
        (z,) = baseline.outputs(train, [inputs_of(x)], baseline.plan(train.size).looks[:1])[0]
        assert np.isfinite(z).all()


@pytest.mark.parametrize("name", BASELINES)
def test_larger_tables_get_at_most_as_many_fits(name):
    plans = [find_baseline(name).plan(Size(rows, 20, 2)) for rows in (100, 10_000, 100_000, 10**6)]
    for field in ("tuning_seeds", "seeds"):
        counts = [getattr(plan, field) for plan in plans]
        assert counts == sorted(counts, reverse=True)
    looks = [len(plan.looks) for plan in plans]
    assert looks == sorted(looks, reverse=True) and looks[-1] >= 1


def test_a_large_table_is_cut_and_a_huge_one_left_out():
    trees = find_baseline("boosted trees")
    assert trees.plan(Size(1_000, 30, 2)).rows == 1_000
    cut = trees.plan(Size(10**6, 100, 0))
    assert 2_000 <= cut.rows < 10**6 and cut.seeds == 3
    assert trees.plan(Size(48_000, 784, 10)).rows == 0  # fewer than 2,000 rows would be left
    assert find_baseline("constant").plan(Size(10**7, 784, 10)).rows == 10**7


def test_logits_of_two_classes_are_log_odds():
    z = class_logits(np.array([-1.0, 2.0]), np.array([0, 1]), 2)
    np.testing.assert_allclose(z, [[0, -1], [0, 2]])


def test_a_network_should_beat_all_models_but_the_flexible_one():
    assert simple_baselines() == ["constant", "linear model"]


def test_more_flexible_models_take_longer():
    times = {name: find_baseline(name).seconds(Size(1_000, 4, 2), 400, 10) for name in BASELINES}
    assert times["boosted trees"] > times["linear model"] > times["constant"] == 0
