"""The study behind `train`: one network on one or several seeds, without tuning."""

from __future__ import annotations

import numpy as np

from ravine.execution.baselines import run_baselines, with_differences
from ravine.execution.context import RunContext
from ravine.execution.divergence import all_diverged
from ravine.execution.evaluation import best_model
from ravine.execution.length_advice import length_advice
from ravine.execution.loss_trend import loss_trend
from ravine.execution.model_metadata import ModelMetadata
from ravine.execution.result import Artifacts
from ravine.execution.result_parts import TestScores, values_of
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.saved_network import saved_network_facts
from ravine.execution.score_summary import finite_or_none, score_summary
from ravine.networks import METRICS
from ravine.records.record import Record, Status
from ravine.studies.train.design import TrainDesign
from ravine.studies.train.result import Curves, Trained, TrainResult
from ravine.training import Batches, Plan

__all__ = ["run"]


def run(design: TrainDesign, context: RunContext) -> TrainResult:
    """Train a network on each seed, test the networks on the test rows, and return the result.

    Raises Stopped, after saving, if a stop was requested; NothingTrained if all runs diverge.
    """
    prepared, settings = design.prepared, design.settings
    plan, metric = prepared.plan, METRICS[prepared.plan.metric]
    record = context.train("train", prepared.rule.name, design.cohort, design.shape)
    if not np.any(record.status == Status.FINISHED):
        raise all_diverged(prepared.learning_rate, "" if len(record) == 1 else "on every seed")
    context.stage("test", "the test split, read once")
    metadata = ModelMetadata(
        optimizer=prepared.rule.text, learning_rate=prepared.learning_rate, schedule=prepared.schedule
    )
    whole = context.parameters_of("train", prepared.rule.name)
    model, score, tests = best_model(
        context.dataset, plan, prepared.batches, whole, np.arange(len(whole)), metadata
    )
    greater, bounds = metric.greater_is_better, metric.bounds
    valid = score_summary(record.final["score"].astype(np.float64), greater, settings.seed, bounds)
    tested = score_summary(tests, greater, settings.seed, bounds)
    saved = saved_network_facts(context, model, prepared.batches, design.metric, valid.values, tested.values)
    baselines = run_baselines(context, settings, metric.name, design.seeds) if settings.baselines else []
    facts = design.facts()
    losses, curves = (record.series[name].astype(np.float64) for name in ("valid_loss", "score"))
    trend = loss_trend(losses, curves, design.metric, plan, prepared.batches, prepared.schedule)
    scores = dict(zip(design.seeds, valid.values, strict=True))
    return TrainResult(
        study="train",
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        split=split_sizes(context.dataset, prepared.batches, plan),
        metric=design.metric,
        plan=facts,
        seconds=context.seconds([(plan, design.shape)]),
        result=Trained(
            optimizer=prepared.rule.name,
            learning_rate=prepared.learning_rate,
            schedule=prepared.schedule,
            **values_of(valid),
            epochs=_kept_epochs(record, plan, prepared.batches) if settings.early_stop else None,
        ),
        test=TestScores(model=score, **values_of(tested)),
        advice=length_advice(trend, facts.epochs, settings.early_stop),
        baselines=with_differences(baselines, prepared.rule.name, scores, metric.name),
        curves=_curves(record, plan),
        schedules=design.schedules(),
        source=settings.source,
        model_dir=context.model_dir,
        **saved.fields(),
    ).with_artifacts(Artifacts(model=model, records=context.records, predictions=saved.arrays))


def _kept_epochs(record: Record, plan: Plan, batches: Batches) -> list[float | None]:
    """Return the epochs after which the kept weights of each seed were saved; None if the run diverged."""
    per_evaluation = plan.steps_per_evaluation * plan.batch_size / batches.sizes[0]
    return [per_evaluation * (1 + int(place)) if place >= 0 else None for place in record.final["evaluation"]]


def _curves(record: Record, plan: Plan) -> Curves:
    """Return the learning curves as columns: one value for each seed and evaluation."""
    count, times = record.series["score"].shape
    series = {
        name: [finite_or_none(value) for value in values.ravel()] for name, values in record.series.items()
    }
    return Curves(
        seed=np.repeat(record.hyper["seed"], times).tolist(),
        step=np.tile(plan.steps_per_evaluation * (1 + np.arange(times)), count).tolist(),
        **series,
    )
