"""The computation of a comparison: tune all optimizers alike, evaluate them on fresh seeds, and rank them.

The stages are `design → tune → (extend) → evaluate → leaderboard → test, once → model`. The stage `extend`
adds learning rates for all optimizers if the best one of any optimizer lies at an end of its range. The test
rows are read once, for the recommended optimizer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.baselines import run_baselines, with_differences
from ravine.execution.constant_score import constant_scores
from ravine.execution.context import RunContext
from ravine.execution.divergence import all_diverged
from ravine.execution.evaluation import best_model
from ravine.execution.events import FirstScores, Noted, RangeExtended
from ravine.execution.length_advice import length_advice
from ravine.execution.loss_trend import loss_trend
from ravine.execution.model_metadata import ModelMetadata
from ravine.execution.result import Artifacts
from ravine.execution.result_parts import values_of
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.saved_model import Model
from ravine.execution.saved_network import saved_network_facts
from ravine.execution.score_summary import score_summary
from ravine.execution.training_settings import FixedTrainingSettings, WinnerSettings
from ravine.execution.training_spec import schedules_of, training_options
from ravine.execution.tuning import extend_ranges
from ravine.execution.winner_digest import winner_digest
from ravine.networks import METRICS
from ravine.optimizers import Rule
from ravine.records.record import Record
from ravine.studies.compare.design import CompareDesign
from ravine.studies.compare.leaderboard import (
    Evaluated,
    Tuned,
    leaderboard_rows,
    pairs_of,
    scores_by_schedule,
    target_score,
)
from ravine.studies.compare.recommendation import recommend, recommended_row
from ravine.studies.compare.result import CompareResult, ComparisonFacts, LeaderboardRow, WinnerScores
from ravine.studies.compare.trials import Trials
from ravine.training import Cohort

__all__ = ["best_settings", "run"]

BEST_SETTINGS = "best.toml"

Evaluations = dict[str, dict[str, Evaluated]]


def run(design: CompareDesign, context: RunContext) -> CompareResult:
    """Train all runs of a comparison of optimizers, and return its result.

    All optimizers are tuned, then evaluated on fresh seeds. Only the recommended one is scored on the test
    rows. Raises Stopped if the user requested a stop, after the state was saved. Raises NothingTrained if no
    optimizer has a median score, since its runs diverge in tuning or on at least half of the fresh seeds.
    """
    for name, text in design.spec.hyper_schedules.items():
        rules = ", ".join(rule for rule, plan in design.plans.items() if name in plan.hyper_schedules)
        context.notify(Noted(f"{name} follows {text} in {rules}"))
    tuned, extended = _tune(design, context)
    evaluated = _evaluate(design, context, tuned)
    seed, greater = design.settings.seed, design.metric.greater_is_better
    target = target_score(tuned[design.reference], evaluated.get(design.reference))
    rows = leaderboard_rows(
        tuned,
        evaluated,
        target,
        design.first_plan.steps_per_evaluation,
        _step_seconds(design, context),
        constant_scores(design.first_plan, design.batches, design.seeds),
        seed,
    )
    if all(row.median is None for row in rows):
        raise all_diverged(None, "with every optimizer")
    pairs = pairs_of(rows, greater)
    recommendation = recommend(rows, pairs, design.metric)
    winner = recommended_row(rows, recommendation)
    baselines = _baselines(design, context, winner) if design.settings.baselines else []
    context.stage("test", "the test split, read once")
    model, test = _test(design, context, winner, evaluated)
    saved = saved_network_facts(context, model, design.batches, design.metric, winner.values, test.values)
    best = best_settings(design, winner)
    facts = _facts(design, context, extended)
    return CompareResult(
        study="compare",
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        source=design.settings.source,
        split=split_sizes(context.dataset, design.batches, design.first_plan),
        metric=design.metric,
        plan=facts,
        seconds=context.seconds(
            [
                (plan, shape)
                for plan in design.plans.values()
                for shape in dict.fromkeys((design.shape, design.tuning_shape))
            ]
        ),
        leaderboard=rows,
        pairs=pairs,
        schedules=scores_by_schedule(tuned, evaluated, seed),
        test=test,
        recommendation=recommendation,
        advice=length_advice(winner.trend, facts.epochs, design.settings.early_stop),
        reference=design.reference,
        target_score=target,
        baselines=baselines,
        model_dir=context.model_dir,
        **saved.fields(),
    ).with_artifacts(
        Artifacts(
            model=model,
            records=context.records,
            configurations={BEST_SETTINGS: best},
            predictions=saved.arrays,
        )
    )


def _tune(design: CompareDesign, context: RunContext) -> tuple[dict[str, Tuned], list[str]]:
    """Return the trials and scores of every optimizer, and the sides at which the ranges were extended.

    If the best learning rate of an optimizer lies at an end of its range, the ranges of all are extended.
    """
    if design.reports_first_scores:
        context.notify(_first_scores(design, context))
    tuned = {rule.name: _try_trials(design, context, rule, ()) for rule in design.rules}

    def ends() -> dict[str, str]:
        return {name: side for name, tuning in tuned.items() if (side := tuning.range_end()) is not None}

    def extend(sides: Sequence[str], names: Sequence[str]) -> None:
        text = f"best learning rate of {', '.join(names)} at the {sides[-1]} end: one more decade for all"
        context.notify(RangeExtended(sides[-1], tuple(names), text))
        added = sum(len(design.extended(rule, sides)) for rule in design.rules)
        context.runner.total += added * len(design.tuning_seeds) * design.steps
        for rule in design.rules:
            tuned[rule.name] = _try_trials(design, context, rule, sides, tuned[rule.name])

    return tuned, extend_ranges(ends, extend)


def _try_trials(
    design: CompareDesign,
    context: RunContext,
    rule: Rule,
    sides: Sequence[str],
    before: Tuned | None = None,
) -> Tuned:
    """Return the trials of an optimizer with their scores.

    before: the earlier trials, to which the trials of the last extension are added; None for the first ones.
    """
    trials = design.extended(rule, sides) if sides else design.trials(rule)
    seeds = design.tuning_seeds
    if design.reports_first_scores and not sides:
        scores = _tuning_scores_in_parts(design, context, rule, trials)
    else:
        record = _train(design, context, rule, f"extend{len(sides)}" if sides else "tune", trials, seeds)
        scores = record.final["score"].astype(np.float64).reshape(len(trials), len(seeds))
    if before is not None:
        trials, scores = before.trials.plus(trials), np.concatenate([before.scores, scores])
        order = np.lexsort((trials.schedule, trials.rate))
        trials, scores = trials.take(order), scores[order]
    metric = METRICS[design.metric.name]
    return Tuned(trials, scores, design.range(rule, sides), metric.greater_is_better, metric.bounds)


def _first_trials(design: CompareDesign, trials: Trials) -> np.ndarray:
    """Return which runs of tuning, [trial * seed], come first: the last schedule on the first seed."""
    first_seed = np.arange(len(design.tuning_seeds)) == 0
    return np.outer(trials.schedule == design.settings.schedules[-1], first_seed).ravel()


def _first_scores(design: CompareDesign, context: RunContext) -> FirstScores:
    """Train the first trials of every optimizer, and return their best scores."""
    metric = METRICS[design.metric.name]
    best: dict[str, tuple[float, float]] = {}
    for rule in design.rules:
        trials = design.trials(rule)
        first = _first_trials(design, trials)
        values = _train_runs(design, context, rule, "first", trials, first).final["score"].astype(np.float64)
        values = np.where(np.isfinite(values), values if metric.greater_is_better else -values, -np.inf)
        place = int(np.argmax(values))
        rates = np.repeat(trials.rate, len(design.tuning_seeds))[first]
        best[rule.name] = float(values[place]), float(rates[place])
    ordered = sorted(best, key=lambda name: best[name][0], reverse=True)
    sign = 1 if metric.greater_is_better else -1
    finite = {name: bool(np.isfinite(best[name][0])) for name in ordered}
    return FirstScores(
        metric=metric.name,
        percent=metric.percent,
        scores={name: sign * best[name][0] if finite[name] else None for name in ordered},
        learning_rates={name: best[name][1] if finite[name] else None for name in ordered},
        trials=design.rate_count,
    )


def _tuning_scores_in_parts(
    design: CompareDesign, context: RunContext, rule: Rule, trials: Trials
) -> np.ndarray:
    """Train the trials that did not come first; return the scores of all, [trial, seed]."""
    first = _first_trials(design, trials)
    scores = np.empty(first.shape)
    scores[first] = context.records[f"first {rule.name}"].final["score"]
    scores[~first] = _train_runs(design, context, rule, "tune", trials, ~first).final["score"]
    return scores.reshape(len(trials), len(design.tuning_seeds))


def _evaluate(design: CompareDesign, context: RunContext, tuned: Mapping[str, Tuned]) -> Evaluations:
    """Return the runs on fresh seeds, at the best setting of each optimizer under each schedule."""
    evaluated: Evaluations = {}
    seeds = design.seeds
    for rule in design.rules:
        best = {name: tuned[rule.name].best(name) for name in design.settings.schedules}
        chosen = {name: trial for name, trial in best.items() if trial is not None}
        if not chosen:
            continue
        trials = tuned[rule.name].trials.take(list(chosen.values()))
        record = _train(design, context, rule, "evaluate", trials, seeds, keep_parameters=True)
        curves, losses = (
            record.series[name].astype(np.float64).reshape(len(chosen), len(seeds), -1)
            for name in ("score", "valid_loss")
        )
        final_losses = record.final["valid_loss"].astype(np.float64).reshape(len(chosen), len(seeds))
        plan = design.plans[rule.name]
        scores = record.final["score"].astype(np.float64).reshape(len(chosen), len(seeds))
        evaluated[rule.name] = {
            name: Evaluated(
                trial,
                scores[k],
                curves[k],
                final_losses[k],
                loss_trend(losses[k], curves[k], design.metric, plan, design.batches, name),
            )
            for k, (name, trial) in enumerate(chosen.items())
        }
    return evaluated


def _train(
    design: CompareDesign,
    context: RunContext,
    rule: Rule,
    stage: str,
    trials: Trials,
    seeds: list[int],
    keep_parameters: bool = False,
) -> Record:
    """Train the trials of one optimizer on some seeds; return the record of the runs."""
    plan, spec = design.plans[rule.name], design.spec
    runs = trials.runs(spec, plan, seeds)
    cohort = Cohort(plan, runs, design.batches, spec.initial, keep_parameters)
    return context.train(stage, rule.name, cohort, design.shape)


def _train_runs(
    design: CompareDesign, context: RunContext, rule: Rule, stage: str, trials: Trials, chosen: np.ndarray
) -> Record:
    """Train the runs of tuning where `chosen` [trial * seed] is True; return their record."""
    plan, spec = design.plans[rule.name], design.spec
    runs = trials.runs(spec, plan, design.tuning_seeds).take(np.flatnonzero(chosen))
    return context.train(
        stage, rule.name, Cohort(plan, runs, design.batches, spec.initial), design.tuning_shape
    )


def _test(
    design: CompareDesign, context: RunContext, winner: LeaderboardRow, evaluated: Evaluations
) -> tuple[Model, WinnerScores]:
    """Return the best network of the best optimizer, and the optimizer's scores on the test rows.

    The network is the best by validation score. The test scores are those of all seeds.
    """
    name, count = winner.optimizer, len(design.seeds)
    first = list(evaluated[name]).index(str(winner.schedule)) * count
    metadata = ModelMetadata(
        optimizer=str(design.optimizers[name]),
        learning_rate=winner.learning_rate,
        hyperparameters=winner.hyperparameters,
        schedule=winner.schedule,
    )
    record = context.parameters_of("evaluate", name)
    runs = np.arange(first, first + count)
    model, score, scores = best_model(
        context.dataset, design.plans[name], design.batches, record, runs, metadata
    )
    metric = METRICS[design.metric.name]
    summary = score_summary(scores, metric.greater_is_better, bounds=metric.bounds)
    return model, WinnerScores(optimizer=name, model=score, **values_of(summary))


def _baselines(design: CompareDesign, context: RunContext, winner: LeaderboardRow) -> list[BaselineRow]:
    """Return the baselines, with their differences to the recommended optimizer."""
    metric, seeds = design.metric.name, design.seeds
    scores = dict(zip(seeds, winner.values, strict=True))
    rows = run_baselines(context, design.settings, metric, seeds)
    return with_differences(rows, winner.optimizer, scores, metric)


def _facts(design: CompareDesign, context: RunContext, extended: list[str]) -> ComparisonFacts:
    """Return the settings of the trainings as the result reports them."""
    plan = design.first_plan
    runs = sum(len(record) for record in context.records.values())
    return ComparisonFacts(
        effort=design.effort.name,
        tuning_scope=design.settings.tune,
        runs=runs,
        network_steps=runs * plan.steps,
        steps=plan.steps,
        epochs=plan.steps * plan.batch_size / design.batches.sizes[0],
        batch_size=plan.batch_size,
        network=str(plan.network),
        training_options=training_options(design.settings),
        cohorts=len(context.records),
        extended_ends=extended,
    )


def _step_seconds(design: CompareDesign, context: RunContext) -> dict[str, float]:
    """Return the seconds of one step of one network by optimizer, without compilation."""
    seconds = {rule.name: context.runner.step_seconds(rule.name) for rule in design.rules}
    return {name: value for name, value in seconds.items() if value is not None}


def best_settings(design: CompareDesign, winner: LeaderboardRow) -> WinnerSettings:
    """Return settings that repeat, bit for bit, the trainings that evaluated the recommended optimizer.

    They hold its tuned hyperparameters and schedule, the number of epochs, the number of seeds, and the
    number of runs that one core or GPU trains at the same time. winner: leaderboard row of the recommended
    optimizer.
    """
    spec = design.optimizers[winner.optimizer]  # hyperparameters that the user fixed stay
    rule = next(rule for rule in design.rules if rule.name == winner.optimizer)
    plan = design.plans[winner.optimizer]
    shared = {
        name: value
        for name, value in design.settings.to_dict().items()
        if name in FixedTrainingSettings.__dataclass_fields__
    }
    best = WinnerSettings.from_dict(
        {
            **shared,
            "optimizer": str(spec._replace(keywords={**spec.keywords, **winner.hyperparameters})),
            "learning_rate": winner.learning_rate,
            "schedule": winner.schedule,
            "hyper_schedule": schedules_of(design.settings.hyper_schedule, design.spec, rule),
            "epochs": plan.steps * plan.batch_size / design.batches.sizes[0],
            "batch_size": plan.batch_size,
            "seeds": len(design.seeds),
            "group_size": design.shape.size,
            "winner_of": "compare",
        }
    )
    return replace(best, winner_digest=winner_digest(best))
