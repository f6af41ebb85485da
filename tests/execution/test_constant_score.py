"""The score of a constant prediction against scikit-learn's dummy models on the same rows."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor

from ravine.data.arrays import from_arrays
from ravine.execution.constant_score import constant_outputs, constant_scores
from ravine.networks import LOSSES, METRICS, Network
from ravine.optimizers import resolve
from ravine.training import Batches, Plan

SEEDS = [3, 7]


def batches_of(y, weights=None):
    x = np.random.default_rng(0).normal(size=(len(y), 3))
    return Batches(from_arrays(x, y, weights=weights), root=0, batch_size=16)


def scores_of(name, batches, test=False, precision="float32"):
    """Return scores and losses of a constant prediction on the seeds."""
    task = METRICS[name].task
    network = Network((3, 3 if task == "classify" else 1))
    loss = next(loss.name for loss in LOSSES.values() if loss.task == task)
    plan = Plan(
        resolve("sgd"), network, loss, name, 16, steps_per_evaluation=1, evaluations=1, precision=precision
    )
    return constant_scores(plan, batches, SEEDS, test)


def parts(batches, seed):
    data = batches.data(seed)
    return data.train, data.valid, data.target_scale


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
def test_classes(name, weighted):
    random = np.random.default_rng(1)
    y = random.choice(3, 200, p=[0.5, 0.3, 0.2])
    batches = batches_of(y, random.uniform(0.5, 2, 200) if weighted else None)
    found = scores_of(name, batches)
    for seed, score, loss in zip(SEEDS, found.scores, found.losses, strict=True):
        train, valid, _ = parts(batches, seed)
        model = DummyClassifier(strategy="prior").fit(train.x, train.y, sample_weight=train.weight)
        if name == "accuracy":
            expected = metrics.accuracy_score(valid.y, model.predict(valid.x), sample_weight=valid.weight)
        else:
            expected = metrics.log_loss(valid.y, model.predict_proba(valid.x), sample_weight=valid.weight)
        assert score == pytest.approx(expected, rel=1e-5)
        chances = model.predict_proba(valid.x)
        assert loss == pytest.approx(metrics.log_loss(valid.y, chances, sample_weight=valid.weight), rel=1e-5)


def test_auc_and_balanced_accuracy_are_those_of_guessing():
    batches = batches_of(np.random.default_rng(2).choice(2, 200, p=[0.8, 0.2]))
    assert scores_of("auc", batches).scores == pytest.approx([0.5, 0.5])
    assert scores_of("balanced_accuracy", batches).scores == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("rmse", metrics.root_mean_squared_error),
        ("mae", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
    ],
)
def test_numbers(name, oracle):
    batches = batches_of(np.random.default_rng(3).normal(1000, 50, 200))
    found = scores_of(name, batches)
    for seed, score, loss in zip(SEEDS, found.scores, found.losses, strict=True):
        train, valid, scale = parts(batches, seed)
        target = valid.y.astype(float) * (1 if name == "r2" else scale)
        fitted = train.y.astype(float) * (1 if name == "r2" else scale)
        model = DummyRegressor().fit(train.x, fitted)
        assert score == pytest.approx(oracle(target, model.predict(valid.x)), rel=1e-4, abs=1e-6)
        squares = metrics.mean_squared_error(valid.y, np.full(len(valid.y), train.y.astype(float).mean()))
        assert loss == pytest.approx(squares, rel=1e-4)  # in variances of the target


@pytest.mark.parametrize("weighted", [False, True])
def test_test_rows(weighted):
    random = np.random.default_rng(4)
    y = random.choice(3, 300, p=[0.5, 0.3, 0.2])
    batches = batches_of(y, random.uniform(0.5, 2, 300) if weighted else None)
    found = scores_of("log_loss", batches, test=True)
    valid = scores_of("log_loss", batches)
    for seed, score, other in zip(SEEDS, found.scores, valid.scores, strict=True):
        train, rows = batches.data(seed).train, batches.test(seed)
        model = DummyClassifier(strategy="prior").fit(train.x, train.y, sample_weight=train.weight)
        chances = model.predict_proba(rows.x)
        expected = metrics.log_loss(rows.y, chances, sample_weight=rows.weight)
        assert score == pytest.approx(expected, rel=1e-5)
        assert score != pytest.approx(other, rel=1e-5)


def test_double_precision_keeps_all_digits():
    batches = batches_of(np.random.default_rng(2).choice(3, 200, p=[0.5, 0.3, 0.2]))
    found = scores_of("log_loss", batches, precision="float64")
    for seed, score in zip(SEEDS, found.scores, strict=True):
        train, valid, _ = parts(batches, seed)
        model = DummyClassifier(strategy="prior").fit(train.x, train.y)
        expected = metrics.log_loss(valid.y, model.predict_proba(valid.x))
        assert score == pytest.approx(expected, rel=1e-12)


def test_the_outputs_are_logarithms_of_shares_or_the_mean():
    labels = batches_of(np.array([0, 1, 2] * 50)).data(3).train
    shares = np.bincount(labels.y) / len(labels.y)
    np.testing.assert_allclose(constant_outputs(labels, 3), np.log(shares))
    numbers = batches_of(np.random.default_rng(3).normal(size=100)).data(3).train
    np.testing.assert_allclose(constant_outputs(numbers, 0), [np.mean(numbers.y, dtype=np.float64)])
