"""Curves on a sample of the validation rows, and final scores on all of them."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.networks import METRICS
from ravine.records.record import Status
from ravine.training import Batches, TrainedNetwork
from ravine.training import batches as batches_module
from ravine.training import full_evaluation as full_evaluation_module
from ravine.training import plan as plan_module

SAMPLE = 6


@pytest.fixture(params=[4, 7, 1024])
def sampled(request, monkeypatch):
    """Measure curves on few rows, and all rows in blocks that divide their number, do not, or are larger."""
    monkeypatch.setattr(plan_module, "MIN_CURVE_ROWS", SAMPLE)
    monkeypatch.setattr(plan_module, "CURVE_SHARE", 0.0)
    monkeypatch.setattr(batches_module, "RARE_ROWS", 0)
    monkeypatch.setattr(full_evaluation_module, "BLOCK_ROWS", request.param)
    full_evaluation_module._evaluated.clear_cache()
    yield
    full_evaluation_module._evaluated.clear_cache()


def kept(asked, record, index):
    """Return score and mean loss of the network that a run kept, on all validation rows."""
    seed = int(asked.runs.seed[index])
    rows = asked.batches.data(seed).valid
    network = TrainedNetwork.from_record(asked.plan.network, record, index)
    outputs = network.outputs(rows.x)
    picked = outputs[np.arange(len(rows.y)), rows.y]
    high = outputs.max(1)
    losses = high + np.log(np.exp(outputs - high[:, None]).sum(1)) - picked
    return np.mean(outputs.argmax(1) == rows.y), losses.mean()


@pytest.mark.parametrize("patience", [None, 2])
def test_final_scores_are_those_of_all_validation_rows(patience, cohort, run, sampled):
    asked = cohort(precision="float64", patience=None if patience is None else np.full(13, patience))
    valid = asked.batches.sizes[1]
    assert valid > SAMPLE
    record = run(asked)
    for index in np.flatnonzero(record.status == Status.FINISHED):
        score, loss = kept(asked, record, index)
        assert record.final["score"][index] == pytest.approx(score, rel=1e-12)
        assert record.final["valid_loss"][index] == pytest.approx(loss, rel=1e-9)
        on_sample = record.series["score"][index, record.final["evaluation"][index]]
        assert record.final["curve_error"][index] == pytest.approx(on_sample - score, abs=1e-12)
    assert np.abs(record.final["curve_error"]).max() > 0


def test_the_sample_changes_no_training(cohort, run, monkeypatch, sampled):
    asked = cohort()
    few = run(asked)
    monkeypatch.setattr(plan_module, "MIN_CURVE_ROWS", 1000)
    every = run(asked)
    assert "curve_error" not in every.final
    np.testing.assert_array_equal(few.series["train_loss"], every.series["train_loss"])
    np.testing.assert_array_equal(few.final["parameters"], every.final["parameters"])
    np.testing.assert_allclose(few.final["valid_loss"], every.final["valid_loss"], rtol=1e-5)


def test_all_optimizers_see_the_same_sample_of_a_seed(cohort, sampled):
    one, other = cohort("sgd").batches, cohort("adam").batches
    device = jax.devices()[0]
    for seed in (0, 1):
        drawn, again = one.valid(seed, device, SAMPLE), other.valid(seed, device, SAMPLE)
        np.testing.assert_array_equal(drawn.x, again.x)
        assert drawn.x.shape[0] == SAMPLE
        rows = {tuple(row) for row in np.asarray(one.data(seed).valid.x)}
        assert {tuple(row) for row in np.asarray(drawn.x)} <= rows


def test_the_sample_is_unbiased(dataset):
    """Over many seeds, the mean of a sample differs from the mean of all rows by chance alone."""
    batches = Batches(dataset("regress", rows=200), 3, 8)
    device, errors, spread = jax.devices()[0], [], []
    for seed in range(400):
        y = batches.data(seed).valid.y
        sample = np.asarray(batches.valid(seed, device, SAMPLE).y)
        errors.append(sample.mean() - y.mean())
        spread.append(np.var(y, ddof=1) * (1 / SAMPLE - 1 / len(y)))
    assert abs(np.mean(errors)) < 4 * np.sqrt(np.mean(spread) / len(errors))
    assert np.var(errors) == pytest.approx(np.mean(spread), rel=0.3)  # as drawn without replacement


@pytest.mark.parametrize("found", [(np.inf, 0.5), (1.0, np.nan)])
def test_a_run_that_is_infinite_on_one_row_has_diverged(found, cohort, run, monkeypatch, sampled):
    asked = cohort()

    def full_scores(key, params, stats, numbers, rows):
        return found if numbers["rate"] > 0.05 else (1.0, 0.5)

    monkeypatch.setattr("ravine.training.chunk.full_scores", full_scores)
    record = run(asked)
    infinite = asked.runs.rate > 0.05
    assert infinite.any() and not infinite.all()
    assert (record.status[infinite] == Status.DIVERGED).all()
    assert np.isnan(record.final["score"][infinite]).all()
    assert np.isnan(record.final["parameters"][infinite]).all()
    assert np.isfinite(record.final["score"][~infinite & (record.status == Status.FINISHED)]).all()
    assert METRICS[asked.plan.metric].greater_is_better


def test_a_rare_class_and_unequal_weights_enlarge_the_sample(cohort):
    rng, rows = np.random.default_rng(0), 20_000
    x, plan = rng.standard_normal((rows, 2)), replace(cohort().plan, steps_per_evaluation=1)

    def sample(y, weights=None, task="classify"):
        batches = Batches(from_arrays(x, y, task=task, weights=weights, test=0.1), 0, 8)
        return batches.curve_rows(plan), batches.sizes[1]

    common = rng.integers(0, 2, rows)
    assert sample(common)[0] == 1000
    rare = np.where(np.arange(rows) % 200 == 0, 1, 0)  # 20 of 4,000 rows in the mean
    assert sample(rare)[0] == pytest.approx(sample(rare)[1], rel=0.15) and sample(rare)[1] == 3600
    assert sample(np.where(rng.random(rows) < 0.002, 1.0, 0.0) * x[:, 0], task="regress")[0] == 3600
    assert sample(common, np.ones(rows))[0] == 1000
    few = np.where(rng.random(rows) < 0.5, 1.0, 1e-9)
    assert sample(common, few)[0] == pytest.approx(2000, rel=0.05)


@pytest.mark.parametrize(
    ("steps", "size", "rows", "expected"),
    [(1, 32, 360, 360), (1, 32, 5000, 1000), (100, 128, 200_000, 3840), (100, 128, 3000, 3000)],
)
def test_the_sample_grows_with_the_training_between_evaluations(steps, size, rows, expected, cohort):
    plan = replace(cohort().plan, steps_per_evaluation=steps, batch_size=size)
    assert plan.curve_rows(rows) == expected
