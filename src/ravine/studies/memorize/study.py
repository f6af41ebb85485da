"""The memorization study: random labels, held-out rows, a membership attack, bounds and limits."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from ravine.execution.context import RunContext
from ravine.execution.divergence import all_diverged
from ravine.execution.result import Artifacts
from ravine.execution.result_parts import DivergedRuns
from ravine.execution.run_files import data_facts
from ravine.execution.score_summary import finite_or_none
from ravine.records.record import Record, Status
from ravine.studies.memorize.bounds import bounds
from ravine.studies.memorize.design import Arm, MemorizeDesign
from ravine.studies.memorize.measures import arm_result, predict_pairs
from ravine.studies.memorize.result import (
    ArmResult,
    Bound,
    LearningCurve,
    MemorizeResult,
    RandomLabelsResult,
)
from ravine.training import Batches, Plan, TrainedNetwork, initial_params

__all__ = ["run"]


def run(design: MemorizeDesign, context: RunContext) -> MemorizeResult:
    """Train all networks of a memorization study, measure how much they memorized, and return the result.

    Raises Stopped, after saving, if a stop was requested; NothingTrained if all runs diverge.
    """
    results: list[ArmResult] = []
    planned = zip(design.arms, design.plans, strict=True)
    for _, group in groupby(planned, key=lambda item: (item[0].share, item[0].watch)):
        same_rows = list(group)
        batches = design.batches(same_rows[0][0])  # those of the group before are let go
        results += [_measure(design, context, arm, plan, batches) for arm, plan in same_rows]
    if not any(arm.networks for arm in results):
        raise all_diverged(design.learning_rate, "on every seed")
    return MemorizeResult(
        study="memorize",
        data=data_facts(context.dataset),
        source=design.settings.source,
        run_dir=context.run_dir,
        rows=design.row_counts,
        metric=design.metric,
        plan=design.facts(),
        shares=[arm for arm in results if isinstance(arm, RandomLabelsResult)],
        limits=[arm for arm in results if not isinstance(arm, RandomLabelsResult)],
        result=DivergedRuns(diverged=sum(arm.diverged for arm in results)),
        seconds=context.seconds([(plan, design.shape) for plan in dict.fromkeys(design.plans)]),
        pictures=[],
    ).with_artifacts(Artifacts(records=context.records))


def _stage(arm: Arm) -> str:
    return f"memorize {arm.name}"


def _measure(
    design: MemorizeDesign, context: RunContext, arm: Arm, plan: Plan, batches: Batches
) -> ArmResult:
    """Train a group of networks that differ in their seed; return their measures of memorization."""
    stage, name = _stage(arm), design.rule.name
    context.train(stage, name, design.cohort(arm, plan, batches), design.shape)
    record = context.parameters_of(stage, name)
    is_watched = arm.watch == "train"
    predictions = predict_pairs(record, plan, batches, design.pairs, design.dataset.y, is_watched)
    diverged = len(design.seeds) - len(predictions.test)
    result = arm_result(predictions, is_watched, share=arm.share, limit=arm.limit or None, diverged=diverged)
    if arm.limit:
        return result
    bounds_of_arm: list[Bound] = []
    if result.networks:
        context.stage("bounds", arm.name)
        bounds_of_arm = _bounds(design, arm, record, plan, batches, result)
    return RandomLabelsResult(**vars(result), curve=_curve(record, plan, batches), bounds=bounds_of_arm)


def _bounds(
    design: MemorizeDesign, arm: Arm, record: Record, plan: Plan, batches: Batches, result: ArmResult
) -> list[Bound]:
    """Return the bounds on error and gap of the first network that did not diverge."""
    run = int(np.flatnonzero(record.status == Status.FINISHED)[0])
    seed = int(record.hyper["seed"][run])
    gate = arm.spec.numbers.get("gate_bias")
    first = initial_params(plan.network, batches.root, seed, *arm.spec.initial, plan.precision, gate)
    train = batches.data(seed).train
    commonest = np.bincount(train.y).max() / len(train.y)
    right = result.held_out.values[0]
    assert right is not None  # a share of rows
    return bounds(
        TrainedNetwork.from_record(plan.network, record, run),
        first,
        train,
        1 - right,
        design.rows,
        float(1 - commonest),
    )


def _curve(record: Record, plan: Plan, batches: Batches) -> LearningCurve:
    """Return the share of training labels that the networks predict, by epoch, mean over networks."""
    score = record.series["score"][record.status == Status.FINISHED].astype(np.float64)
    epochs = (
        plan.steps_per_evaluation * (1 + np.arange(plan.evaluations)) * batches.batch_size / batches.sizes[0]
    )
    means = score.mean(axis=0) if len(score) else np.full(plan.evaluations, np.nan)
    return LearningCurve(epoch=epochs.tolist(), train=[finite_or_none(mean) for mean in means])
