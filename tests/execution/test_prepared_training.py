"""A training made ready: its length, its batches, its rate, and one run for each seed."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.execution.effort import TRAIN, batch_size_for
from ravine.execution.prepared_training import batches_for, prepare_training
from ravine.studies.train.settings import TrainSettings

TRAIN_ROWS = 77  # 120 rows: 24 to test, a fifth of the other 96 to validate


def prepared(blobs, **settings):
    return prepare_training(TrainSettings(net="4", **settings), blobs)


def test_without_settings_the_usual_values_hold(blobs):
    made = prepared(blobs)
    assert made.batches.sizes == (TRAIN_ROWS, 96 - TRAIN_ROWS)
    assert made.plan.batch_size == batch_size_for(TRAIN_ROWS)
    assert made.plan.steps >= TRAIN.min_steps  # few rows: epochs alone would be too short
    assert made.learning_rate == made.rule.rate_center
    assert made.schedule == "cosine"


def test_what_is_asked_for_is_taken(blobs):
    made = prepared(blobs, epochs=40, batch_size=7, learning_rate=0.25, optimizer="momentum(rho=0.8)", seed=3)
    assert made.plan.steps == pytest.approx(40 * TRAIN_ROWS / 7, abs=20)  # whole evaluations
    assert (made.plan.batch_size, made.learning_rate, made.batches.root) == (7, 0.25, 3)
    assert made.rule.defaults["rho"] == 0.8


def test_there_is_one_run_for_each_seed(blobs):
    made = prepared(blobs, learning_rate=0.25, l2=1e-3)
    runs = made.runs([4, 9])
    columns = runs.columns()
    np.testing.assert_array_equal(runs.seed, [4, 9])
    np.testing.assert_array_equal(runs.rate, [0.25, 0.25])
    np.testing.assert_array_equal(columns["l2"], [1e-3, 1e-3])


def test_batches_and_structure_can_be_those_of_others(blobs):
    first = prepared(blobs)
    second = prepare_training(
        TrainSettings(net="4", learning_rate=0.5), blobs, batches=first.batches, spec=first.spec
    )
    assert second.batches is first.batches and second.spec is first.spec
    assert second.learning_rate == 0.5


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_batches_hold_out_the_validation_share(blobs, share):
    train, valid = batches_for(TrainSettings(validation=share), blobs).sizes
    assert train + valid == len(blobs.development) == 96
    assert valid == pytest.approx(96 * share, abs=1)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hyper_schedule": ["rho=linear"]}, "no hyperparameter 'rho'"),
        ({"min_change": 0.1}, "min_change=0.1 does nothing"),
    ],
)
def test_what_does_not_fit_together_is_refused(blobs, settings, says):
    with pytest.raises(UsageError, match=says):
        prepared(blobs, **settings)
