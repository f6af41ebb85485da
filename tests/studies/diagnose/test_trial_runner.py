"""Trials: variants on the same seeds, alone or together in one program, and their paired comparison."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.errors import UsageError
from ravine.execution.context import RunContext
from ravine.execution.events import ignore, never
from ravine.execution.runner import Runner
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.studies.diagnose.design import DiagnoseDesign
from ravine.studies.diagnose.trial_runner import TrialRunner, source_columns, with_changes, without_columns


@pytest.fixture
def runner(blobs: Dataset, designed: Callable[..., DiagnoseDesign]) -> TrialRunner:
    made = designed(blobs, optimizer="sgd", learning_rate=0.1, seeds=3)
    work = Runner(None, ignore, never, made.network_steps)
    return TrialRunner(
        made.prepared, RunContext(blobs, made.devices, None, ignore, work, time.perf_counter())
    )


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


def test_a_change_to_the_same_schedule_changes_nothing(runner: TrialRunner) -> None:
    """Both names stand for a cosine from 1 to 0."""
    cosine = runner.with_changes({"schedule": "cosine"})
    same = TrialRunner(runner.prepare(cosine), runner.context)
    assert same.changes_nothing(cosine)
    assert same.changes_nothing(same.with_changes({"schedule": "decay"}))
    assert not same.changes_nothing(same.with_changes({"schedule": "onecycle"}))
    assert not same.changes_nothing(same.with_changes({"learning_rate": 0.05}))
    assert not same.changes_nothing(same.with_changes({"scaling": "none"}))


def test_a_variant_may_leave_out_columns(runner: TrialRunner, blobs: Dataset) -> None:
    name = blobs.features[1]
    found = runner.run("prove", {"without": runner.with_changes({"drop": [name]})}, [3_000, 3_001])["without"]
    assert found.prepared.plan.network.sizes[0] == len(blobs.features) - 1
    without = without_columns(blobs, [name])
    np.testing.assert_array_equal(without.x, np.delete(blobs.x, 1, axis=1))
    assert without.features == [other for other in blobs.features if other != name]
    assert source_columns(blobs, [name]) == (name,)
    assert without_columns(blobs, []) is blobs
