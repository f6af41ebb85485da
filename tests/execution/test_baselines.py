"""Scores of baselines against hand calculation and scikit-learn, and their place in a run."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from ravine.baselines import BASELINES, Size, find_baseline
from ravine.data import Scaler, from_arrays, split
from ravine.engines import find_devices
from ravine.execution import baselines as module
from ravine.execution.baselines import (
    BASELINE_FILE,
    baseline_scores,
    run_baselines,
    with_differences,
)
from ravine.execution.context import RunContext
from ravine.execution.events import ignore, never
from ravine.execution.runner import Runner
from ravine.execution.seeds import RANGES
from ravine.records.run_directory import RunDirectory
from ravine.studies.train.settings import TrainSettings

SEEDS = [2_000, 2_001, 2_002]
pytestmark = pytest.mark.usefixtures("all_baselines")


def rows_by_name(dataset, metric, seeds=SEEDS, **more):
    return {row.model: row for row in baseline_scores(dataset, metric, seeds, **more)}


@pytest.fixture(scope="module")
def blobs():
    """Two overlapping clouds, 200 rows, one third of them of class 1."""
    random = np.random.default_rng(0)
    y = (random.random(200) < 1 / 3).astype(int)
    return from_arrays(random.normal(size=(200, 3)) + y[:, None], y, name="blobs")


@pytest.fixture(scope="module")
def line():
    """A target that is an exact linear function of the inputs, in large units."""
    x = np.random.default_rng(1).normal(size=(150, 3))
    return from_arrays(x, 1e3 + x @ [500.0, -20.0, 3.0], name="line")


def test_the_constant_scores_the_share_of_the_largest_class(blobs):
    row = rows_by_name(blobs, "accuracy", names=["constant"])["constant"]
    for seed, value in zip(SEEDS, row.values, strict=True):
        y = blobs.y[split(blobs, seed, 0.2).valid]
        assert value == pytest.approx(np.mean(y == 0), abs=1e-7)
    assert row.test.mean == pytest.approx(np.mean(blobs.y[blobs.test] == 0), abs=1e-7)
    assert rows_by_name(blobs, "auc", names=["constant"])["constant"].mean == 0.5
    assert rows_by_name(blobs, "balanced_accuracy", names=["constant"])["constant"].mean == 0.5


def test_the_constant_of_numbers_is_the_mean_of_the_training_rows(line):
    row = rows_by_name(line, "r2", names=["constant"])["constant"]
    for seed, value in zip(SEEDS, row.values, strict=True):
        parts = split(line, seed, 0.2)
        y, mean = line.y[parts.valid], line.y[parts.train].mean()
        assert value == pytest.approx(1 - np.mean((y - mean) ** 2) / np.var(y), abs=1e-5)


def test_where_the_linear_model_is_exactly_right_nothing_is_better(line):
    rows = rows_by_name(line, "rmse")
    assert rows["linear model"].mean < 0.5 < 20 < rows["boosted trees"].mean < rows["constant"].mean
    spread = np.std(line.y)
    assert rows["constant"].mean == pytest.approx(spread, rel=0.2)
    assert rows["linear model"].test.mean < 0.5


def test_a_rule_without_slope_is_found_by_trees_alone():
    x = np.random.default_rng(2).uniform(-1, 1, size=(400, 2))
    rows = rows_by_name(from_arrays(x, (x[:, 0] * x[:, 1] > 0).astype(int), name="xor"), "accuracy")
    assert rows["boosted trees"].mean > 0.9 > 0.65 > rows["linear model"].mean


@pytest.mark.parametrize("metric", ["log_loss", "auc"])
def test_scores_are_those_of_scikit_learn_for_the_chosen_setting(blobs, metric):
    row = rows_by_name(blobs, metric, names=["linear model"])["linear model"]
    for seed, value in zip(SEEDS, row.values, strict=True):
        parts = split(blobs, seed, 0.2)
        scaler = Scaler.fit(blobs.x[parts.train])
        model = LogisticRegression(C=row.hyperparameters["C"], tol=1e-8, max_iter=1000)
        model.fit(scaler.apply(blobs.x[parts.train]).astype(float), blobs.y[parts.train])
        p = model.predict_proba(scaler.apply(blobs.x[parts.valid]).astype(float))
        y = blobs.y[parts.valid]
        expected = log_loss(y, p) if metric == "log_loss" else roc_auc_score(y, p[:, 1])
        assert value == pytest.approx(expected, rel=2e-3)


def test_weights_count_in_fit_and_score():
    y = np.array([0, 0, 0, 1] * 25)
    heavy = from_arrays(np.zeros((100, 1)) + y[:, None] * 0.0 + np.arange(100)[:, None] % 7, y,
                        weights=np.where(y == 1, 9.0, 1.0), name="heavy")  # fmt: skip
    row = rows_by_name(heavy, "accuracy", names=["constant"])["constant"]
    for seed, value in zip(SEEDS, row.values, strict=True):
        rows = split(heavy, seed, 0.2).valid
        assert value == pytest.approx(
            heavy.weights[rows][heavy.y[rows] == 1].sum() / heavy.weights[rows].sum()
        )


def test_negative_weights_leave_out_the_models_that_cannot_use_them(blobs):
    weights = np.where(np.arange(200) % 10 == 0, -0.5, 1.0)
    rows = rows_by_name(replace(blobs, weights=weights), "accuracy")
    assert rows["constant"].n_seeds == 3
    for name in ("linear model", "boosted trees"):
        assert rows[name].note == "left out: it cannot be fitted with negative weights"
        assert rows[name].values == [] and rows[name].test is None and rows[name].mean is None


def test_rows_state_their_looks_and_seeds(blobs):
    rows = rows_by_name(blobs, "accuracy", [*range(1_000, 1_020)])
    assert {row.n_seeds for row in rows.values()} == {10}
    assert rows["constant"].looks == 1 and rows["constant"].tuning_seeds == []
    assert rows["linear model"].looks == 6 and rows["boosted trees"].looks == 16
    assert rows["linear model"].tuning_seeds == [0, 1, 2] and rows["boosted trees"].tuning_seeds == [0, 1]
    assert set(rows["linear model"].hyperparameters) == {"C"}


def test_no_evaluation_uses_a_tuning_seed():
    most = max(find_baseline(name).plan(Size(10, 1, 0)).tuning_seeds for name in BASELINES)
    evaluations = [held for purpose, held in RANGES.items() if not purpose.endswith(".tune")]
    assert most < min(held.first for held in evaluations)


def test_missing_values_and_one_feature():
    x = np.random.default_rng(5).normal(size=(60, 1))
    y = (x[:, 0] > 0).astype(int)
    x[::7] = np.nan
    rows = rows_by_name(from_arrays(x, y, name="gaps"), "accuracy")
    assert all(np.isfinite(row.mean) for row in rows.values())


# ------------------------------------------------------------------------------------------------ differences


def test_differences_are_paired_by_seed(line):
    rows = baseline_scores(line, "rmse", SEEDS, names=["constant"])
    network = {
        seed: value - 10.0 - k for k, (seed, value) in enumerate(zip(SEEDS, rows[0].values, strict=True))
    }
    found = with_differences(rows, "adam", network, "rmse")[0].against_network
    assert found.difference == pytest.approx(11.0, rel=1e-6) and found.n_seeds == 3
    assert found.p_better == 0.0 and found.network == "adam"


def test_a_diverged_network_has_no_difference(line):
    rows = baseline_scores(line, "rmse", SEEDS, names=["constant"])
    network = dict(zip(SEEDS, [None, 1.0, 1.0], strict=True))
    found = with_differences(rows, "sgd", network, "rmse")[0].against_network
    assert found.difference is None and found.interval is None
    assert found.p_better == pytest.approx(1 / 3)


def test_without_common_seeds_there_is_no_difference(line):
    rows = baseline_scores(line, "rmse", SEEDS, names=["constant"])
    assert with_differences(rows, "adam", {7: 1.0}, "rmse")[0].against_network is None


# -------------------------------------------------------------------------------------------------- in a run


@pytest.fixture
def context(blobs, tmp_path):
    run = RunDirectory.create(out=tmp_path / "run", name="blobs")
    runner = Runner(run, ignore, never)
    yield RunContext(blobs, find_devices("cpu"), run, ignore, runner, time.perf_counter())
    run.close()


def test_a_resumed_run_does_not_fit_again(context, monkeypatch):
    first = run_baselines(context, TrainSettings(), "accuracy", SEEDS)
    assert [row.model for row in first] == list(BASELINES)

    def refuse(*arguments, **more):
        raise AssertionError("fitted again")

    monkeypatch.setattr(module, "baseline_scores", refuse)
    assert run_baselines(context, TrainSettings(), "accuracy", SEEDS) == first
    with pytest.raises(AssertionError, match="fitted again"):  # other seeds, other scores
        run_baselines(context, TrainSettings(), "accuracy", SEEDS[:2])


def test_a_changed_file_is_not_used(context):
    first = run_baselines(context, TrainSettings(), "accuracy", SEEDS)
    path = context.run.path / BASELINE_FILE
    document = json.loads(path.read_text())
    document["rows"][0]["mean"] = 0.99
    path.write_text(json.dumps(document))
    assert run_baselines(context, TrainSettings(), "accuracy", SEEDS) == first
    path.write_text(path.read_text()[:50])
    assert run_baselines(context, TrainSettings(), "accuracy", SEEDS) == first
    assert "damaged" in (context.run.path / "log.txt").read_text()


def test_finished_baselines_are_saved_before_a_stop(context, monkeypatch):
    fitted = []

    def stop_at_trees(dataset, metric, seeds, validation, *, names, **more):
        fitted.extend(names)
        if names == ["boosted trees"]:
            raise KeyboardInterrupt
        return baseline_scores(dataset, metric, seeds, validation, names=names)

    monkeypatch.setattr(module, "baseline_scores", stop_at_trees)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_baselines(context, TrainSettings(), "accuracy", SEEDS)
    assert fitted == ["constant", "linear model", "boosted trees", "boosted trees"]
