"""Scores of trained runs against a direct computation from their outputs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, root_mean_squared_error

from ravine.data import from_arrays
from ravine.engines import find_devices
from ravine.execution.evaluation import best_model, best_run, test_scores
from ravine.execution.model_metadata import ModelMetadata, TrainingData
from ravine.execution.prepared_training import prepare_training
from ravine.execution.saved_model import Model
from ravine.records.record import Status
from ravine.studies.train.settings import TrainSettings
from ravine.training import Cohort, TrainedNetwork, run_cohort, shape_for

SEEDS = [5, 6, 7]
RATES = [0.01, 1e30, 0.1]  # the second diverges


def run(dataset, **settings):
    """Train one network for each seed; return its preparation and the record."""
    made = prepare_training(TrainSettings(net="4", epochs=3, optimizer="sgd", **settings), dataset)
    runs = made.spec.runs(made.plan, np.array(RATES), np.full(3, made.schedule), np.array(SEEDS), {})
    cohort = Cohort(made.plan, runs, made.batches, made.spec.initial, True)
    devices = find_devices("cpu")
    return made, run_cohort(cohort, shape_for(made.plan, made.batches, 3, 3, devices), devices)


@pytest.fixture(scope="module")
def classes(blobs):
    return run(blobs, metric="log_loss")


def predictions(made, record, dataset, place):
    """Return what the model of one run predicts for the test rows, from their encoded inputs."""
    network = TrainedNetwork.from_record(made.plan.network, record, place)
    model = Model.of(dataset, network, made.batches.scaling_of(SEEDS[place]), ModelMetadata())
    z = network.outputs(model.scaler.apply(dataset.x[dataset.test]).astype(np.float32)).astype(np.float64)
    return z, model


def test_test_scores_are_those_of_the_test_rows(blobs, classes):
    made, record = classes
    scores = test_scores(made.plan, made.batches, record, range(3))
    assert record.status[1] == Status.DIVERGED and np.isnan(scores[1])
    for place in (0, 2):
        z, _ = predictions(made, record, blobs, place)
        share = np.exp(z - z.max(axis=1, keepdims=True))
        expected = log_loss(blobs.y[blobs.test], share / share.sum(axis=1, keepdims=True))
        assert scores[place] == pytest.approx(expected, rel=1e-5)


def test_scores_of_a_regression_are_in_the_unit_of_the_target():
    random = np.random.default_rng(2)
    x = random.normal(size=(120, 3))
    line = from_arrays(x, 1e3 + 500 * x[:, 0] + 20 * random.normal(size=120), name="line")
    made, record = run(line, metric="rmse")
    scores = test_scores(made.plan, made.batches, record, [2])
    z, model = predictions(made, record, line, 2)
    expected = root_mean_squared_error(line.y[line.test], z[:, 0] * model.target_scale + model.target_mean)
    assert scores == pytest.approx([expected], rel=1e-5)


def test_the_best_run_is_the_best_finite_one():
    scores = np.array([0.3, np.nan, 0.9, -np.inf, 0.1])
    assert best_run(scores, True) == 2
    assert best_run(scores, False) == 4


def test_the_best_model_is_chosen_by_validation_and_says_what_it_is(rows, blobs, classes):
    made, record = classes
    found = best_model(blobs, made.plan, made.batches, record, np.arange(3), ModelMetadata(optimizer="sgd"))
    model, score, tests = found
    valid = record.final["score"]
    best = 0 if valid[0] < valid[2] else 2  # log_loss: less is better
    np.testing.assert_array_equal(tests, test_scores(made.plan, made.batches, record, range(3)))
    assert model.metadata.seed == SEEDS[best] and model.metadata.steps == made.plan.steps
    assert model.metadata.validation == pytest.approx(float(valid[best]))
    assert model.metadata.test == score == pytest.approx(tests[best])
    assert model.metadata.optimizer == "sgd"
    assert model.metadata.data == TrainingData(name=blobs.name, sha256=blobs.sha256)
    z, _ = predictions(made, record, blobs, best)
    np.testing.assert_array_equal(model.predict(rows[0][blobs.test]), np.argmax(z, axis=1))
