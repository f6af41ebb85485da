"""Trials: variants on the same seeds, alone or together in one program, and their paired comparison."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.errors import UsageError
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.context import RunContext
from ravine.execution.events import ignore, never
from ravine.execution.runner import Runner
from ravine.studies.diagnose.design import DiagnoseDesign
from ravine.studies.diagnose.trial_runner import TrialRunner, compare_with_original, with_changes


@pytest.fixture
def runner(blobs: Dataset, designed: Callable[..., DiagnoseDesign]) -> TrialRunner:
    made = designed(blobs, optimizer="sgd", learning_rate=0.1, seeds=3)
    work = Runner(None, ignore, never, made.network_steps)
    return TrialRunner(
        made.prepared, RunContext(blobs, made.devices, None, ignore, work, time.perf_counter())
    )


def test_paired_trials_confirm_and_withdraw() -> None:
    random = np.random.default_rng(0)
    before = 1 + 0.1 * random.normal(size=20)
    found = compare_with_original(
        before,
        {
            "better": before - 0.2,
            "same": before + 0.01 * random.normal(size=20),
            "gone": np.full(20, np.nan),
            "tied": np.where(np.arange(20) < 5, before, before - np.where(np.arange(20) < 12, 0.1, -0.1)),
        },
        False,
    )
    better, tied = found["better"], found["tied"]
    assert better.confirmed and better.difference == pytest.approx(-0.2)
    assert better.interval is not None and better.interval[1] is not None and better.interval[1] < -0.19
    assert (better.better, better.equal) == (20, 0)
    assert (tied.better, tied.equal, tied.seeds) == (7, 5, 20)
    assert not found["same"].confirmed
    assert not found["gone"].confirmed and found["gone"].after is None and found["gone"].interval is None
    assert found["gone"].diverged_after == 20


def test_the_center_is_the_median_where_some_diverged() -> None:
    after = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    found = compare_with_original(np.ones(5), {"some": after, "more": np.full(5, np.inf)}, False)
    assert (found["some"].before, found["some"].after) == (1.0, 0.3)
    assert (found["some"].diverged_after, found["more"].after) == (1, None)


def test_variants_that_differ_in_numbers_share_a_program(runner: TrialRunner) -> None:
    """What a penalty adds to the shared program does not change the others."""
    seeds = [3_000, 3_001, 3_002]
    variants = {
        "original": runner.original.settings,
        "faster": runner.with_changes({"learning_rate": 0.2}),
        "penalized": runner.with_changes({"l2": 0.5}),
        "wider": runner.with_changes({"net": "16"}),
    }
    planned = runner.context.runner.total
    found = runner.run("prove", variants, seeds)
    assert list(found) == list(variants)
    assert found["original"].cohort == "original, faster, penalized" and found["wider"].cohort == "wider"
    assert runner.context.runner.total == planned + 4 * 3 * runner.original.plan.steps
    alone = runner.run_original(seeds)
    assert runner.context.runner.total == planned + 4 * 3 * runner.original.plan.steps
    losses = {name: variant.record.final["valid_loss"] for name, variant in found.items()}
    # another program of the same steps: float32 sums in another order
    np.testing.assert_allclose(alone.final["valid_loss"], losses["original"], rtol=1e-5)
    assert len({values.tobytes() for values in losses.values()}) == 4
    assert all(variant.record.hyper["seed"].tolist() == seeds for variant in found.values())


def test_test_scores_are_those_of_the_variants_own_runs(runner: TrialRunner) -> None:
    """A rate of nearly zero leaves the first weights, so its scores tell the variants apart."""
    variants = {
        "original": runner.with_changes({"learning_rate": 1e-30}),
        "trained": runner.original.settings,
    }
    found = runner.run("confirm", variants, [4_000, 4_001, 4_002], keep_parameters=True)
    assert found["original"].cohort == found["trained"].cohort
    first, trained = runner.test_scores(found["original"]), runner.test_scores(found["trained"])
    alone = runner.run("confirm", {"alone": runner.original.settings}, [4_000, 4_001, 4_002], True)
    assert np.array_equal(trained, runner.test_scores(alone["alone"]))
    assert trained.mean() > first.mean() + 0.1


def test_another_optimizer_keeps_the_schedules_of_hyperparameters_that_it_has(
    runner: TrialRunner, blobs: Dataset
) -> None:
    before = FixedTrainingSettings(
        optimizer="momentum", net="8 dropout=0.1", hyper_schedule=["rho=constant", "dropout=constant"]
    )
    assert with_changes(before, {"learning_rate": 0.3}, blobs).hyper_schedule == before.hyper_schedule
    after = with_changes(before, {"optimizer": "adam", "learning_rate": 0.01}, blobs)
    assert (after.optimizer, after.learning_rate, after.hyper_schedule) == (
        "adam",
        0.01,
        ["dropout=constant"],
    )
    runner.prepare(after)
    with pytest.raises(UsageError, match="no hyperparameter 'rho'"):
        runner.prepare(FixedTrainingSettings(optimizer="adam", net="8", hyper_schedule=["rho=constant"]))
