"""The computation of a sweep: tune and evaluate all configurations, and rank them.

The stages are `design → tune → (extend) → evaluate → leaderboard, effects → test, once → model`. Every
configuration is evaluated on the same fresh seeds, at its own tuned learning rate, or without tuning at the
given one. The stage `extend` adds learning rates at one end of the range, if the best one of any
configuration lies there. The test rows are read once, for the best configuration.

Configurations that differ only in numeric hyperparameters train side by side in one compiled program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ravine.execution.constant_score import ConstantScores, constant_scores
from ravine.execution.context import RunContext
from ravine.execution.divergence import all_diverged
from ravine.execution.evaluation import best_model
from ravine.execution.events import Noted, RangeExtended
from ravine.execution.length_advice import length_advice
from ravine.execution.loss_trend import loss_trend
from ravine.execution.model_metadata import ModelMetadata
from ravine.execution.result import Artifacts
from ravine.execution.result_parts import MetricFacts
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.saved_model import Model
from ravine.execution.saved_network import saved_network_facts
from ravine.execution.score_summary import score_summary
from ravine.execution.training_settings import WinnerSettings
from ravine.execution.training_spec import with_structure
from ravine.execution.tuning import extend_ranges
from ravine.execution.winner_digest import winner_digest
from ravine.render.numbers import count
from ravine.studies.sweep.design import DesignPoint, SweepDesign
from ravine.studies.sweep.effects import Scores, leaderboard, level_effects
from ravine.studies.sweep.result import BestScores, ConfigurationRow, SweepFacts, SweepResult, best_row
from ravine.training import Batches

__all__ = ["best_settings", "run"]

LONG_S = 3600  # estimated seconds above which a note says how to save time


def run(design: SweepDesign, context: RunContext) -> SweepResult:
    """Tune and evaluate all configurations of a sweep, test the best one, and return the result.

    Raises Stopped if the user requested a stop, after the state was saved. Raises NothingTrained if the runs
    of all configurations diverge.
    """
    settings, metric = design.settings, design.metric
    greater = metric.greater_is_better
    if design.estimated_seconds > LONG_S:
        hours = f"About {design.estimated_seconds / 3600:.1f} hours."
        context.notify(Noted(f"{hours} To save time, give fewer values, --random N or a lower --effort."))
    scores = [Scores(point.configuration) for point in design.points]
    sides = _tune(design, context, scores) if design.tuning_runs else []
    places = _evaluate(design, context, scores)
    if not any(np.isfinite(part.values).any() for part in scores):
        raise all_diverged(settings.learning_rate, "in every configuration")
    rows = leaderboard(scores, greater, settings.seed, metric.bounds)
    names = [factor.name for factor in design.factors]
    facts = MetricFacts.of(metric, settings.smallest_difference)
    effects = level_effects(scores, names, facts) if design.is_grid else []
    context.stage("test", "the test split, read once")
    row = best_row(rows)
    winner = design.points[row.index]
    model, test = _test(design, context, row, places[winner.index])
    saved = saved_network_facts(context, model, winner.batches, facts, row.values, test.values)
    best = best_settings(design, winner, row)
    programs = {
        (point.plan, shape)
        for name, members in design.cohorts.items()
        for point in members
        for shape in (design.shapes[name], design.tuning_shape(name))
    }
    return SweepResult(
        study="sweep",
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        source=settings.source,
        split=replace(split_sizes(context.dataset, design.points[0].batches), curves=design.curve_rows),
        metric=facts,
        design=design.facts(),
        plan=SweepFacts(
            effort=design.effort.name,
            runs=sum(len(record) for record in context.records.values()),
            network_steps=context.runner.total,
            steps=max(point.plan.steps for point in design.points),
            epochs=max(point.epochs for point in design.points),
            programs=design.programs,
            cohorts=len(context.records),
            extended_ends=sides,
        ),
        seconds=context.seconds(programs),
        leaderboard=rows,
        effects=effects,
        test=test,
        winner=row.setting,
        advice=length_advice(row.trend, winner.epochs, winner.configuration.settings.early_stop),
        model_dir=context.model_dir,
        **saved.fields(),
    ).with_artifacts(
        Artifacts(
            model=model,
            records=context.records,
            configurations={"best.toml": best},
            predictions=saved.arrays,
        )
    )


def _tune(design: SweepDesign, context: RunContext, scores: Sequence[Scores]) -> list[str]:
    """Tune the learning rates of all configurations; return the sides of the extended ranges."""
    greater = design.metric.greater_is_better

    def ends() -> dict[str, str]:
        sides = {part.configuration.label: part.range_end(greater) for part in scores}
        return {name: side for name, side in sides.items() if side is not None}

    def extend(sides: Sequence[str], names: Sequence[str]) -> None:
        lie = count(len(names), "best learning rate lies", "best learning rates lie")
        best = f"{lie} at the {sides[-1]} end"
        context.notify(RangeExtended(sides[-1], tuple(names), f"{best}: more learning rates for all"))
        offsets = design.extra_offsets(sides)
        context.runner.total += design.tuning_steps(len(offsets))
        _try_rates(design, context, f"extend{len(sides)}", offsets, scores)

    _try_rates(design, context, "tune", design.log_rate_offsets, scores)
    return extend_ranges(ends, extend)


def _try_rates(
    design: SweepDesign, context: RunContext, stage: str, offsets: np.ndarray, scores: Sequence[Scores]
) -> None:
    """Train every configuration at its usual learning rate times 10^offset, for each offset.

    The validation scores [rate, seed] are added to `scores`.
    """
    seeds = design.tuning_seeds
    for name, members in design.cohorts.items():
        points = [point for point in members if point.learning_rate is None]
        if not points:
            continue
        rates = {point.index: point.configuration.rule.rate_center * 10**offsets for point in points}
        cohort = design.cohort(points, rates, seeds, keep=False)
        record = context.train(stage, name, cohort, design.tuning_shape(name))
        scores_of_cohort = (
            record.final["score"].astype(np.float64).reshape(len(points), len(offsets), len(seeds))
        )
        for point, part in zip(points, scores_of_cohort, strict=True):
            scores[point.index].add_trials(rates[point.index], part)


def _evaluate(
    design: SweepDesign, context: RunContext, scores: Sequence[Scores]
) -> dict[int, tuple[str, np.ndarray]]:
    """Train every configuration at its best learning rate on the fresh seeds, and store the scores.

    Returns, by index of the configuration, the name of its cohort and the indices [seed] of its runs in the
    record of the cohort. A configuration whose runs all diverged in tuning is left out.
    """
    seeds, greater = design.seeds, design.metric.greater_is_better
    facts = MetricFacts.of(design.metric, design.settings.smallest_difference)
    places: dict[int, tuple[str, np.ndarray]] = {}
    constants: dict[Batches, ConstantScores] = {}
    for name, members in design.cohorts.items():
        rates = {
            point.index: np.array([rate])
            for point in members
            if (rate := point.learning_rate or scores[point.index].best_rate(greater)) is not None
        }
        points = [point for point in members if point.index in rates]
        if not points:
            continue
        cohort = design.cohort(points, rates, seeds, keep=True)
        record = context.train("evaluate", name, cohort, design.shapes[name])
        values = record.final["score"].astype(np.float64).reshape(len(points), len(seeds))
        final_losses = record.final["valid_loss"].astype(np.float64).reshape(len(points), len(seeds))
        best = record.final["evaluation"].reshape(len(points), len(seeds))
        curves, losses = (
            record.series[key].astype(np.float64).reshape(len(points), len(seeds), -1)
            for key in ("score", "valid_loss")
        )
        for k, point in enumerate(points):
            part = scores[point.index]
            part.rate, part.values = float(rates[point.index][0]), values[k]
            if point.batches not in constants:
                constants[point.batches] = constant_scores(point.plan, point.batches, seeds)
            part.constants = constants[point.batches]
            part.losses = final_losses[k]
            part.trend = loss_trend(
                losses[k], curves[k], facts, point.plan, point.batches, point.configuration.settings.schedule
            )
            part.stops = point.epochs * (1 + best[k]) / point.plan.evaluations
            places[point.index] = name, k * len(seeds) + np.arange(len(seeds))
    return places


def _test(
    design: SweepDesign, context: RunContext, row: ConfigurationRow, place: tuple[str, np.ndarray]
) -> tuple[Model, BestScores]:
    """Return the best network of the best configuration, and its scores on the test rows.

    The network is the best by validation score. The test scores are those of all seeds.
    """
    point, metric, (name, runs) = design.points[row.index], design.metric, place
    metadata = ModelMetadata(
        optimizer=point.configuration.settings.optimizer,
        setting=row.setting,
        learning_rate=row.learning_rate,
        schedule=row.schedule,
    )
    record = context.parameters_of("evaluate", name)
    model, score, tests = best_model(context.dataset, point.plan, point.batches, record, runs, metadata)
    summary = score_summary(tests, metric.greater_is_better, design.settings.seed, metric.bounds)
    return model, BestScores(setting=row.setting, model=score, **vars(summary))


def best_settings(design: SweepDesign, winner: DesignPoint, row: ConfigurationRow) -> WinnerSettings:
    """Return settings that repeat the trainings of the best configuration on fresh seeds, bit for bit.

    They hold its learning rate, numbers of epochs and seeds, and the number of runs that one core or GPU
    trains at the same time. They also hold options without effect, such as a penalty of 0, with which other
    configurations shared the compiled program.

    winner: the best configuration. row: its row of the leaderboard.
    """
    cohort = next(name for name, points in design.cohorts.items() if winner in points)
    settings = with_structure(winner.configuration.settings, winner.configuration.spec)
    best = WinnerSettings.from_dict(
        {
            **settings.to_dict(),
            "learning_rate": row.learning_rate,
            "epochs": winner.epochs,
            "batch_size": winner.plan.batch_size,
            "seeds": len(design.seeds),
            "group_size": design.shapes[cohort].size,
            "winner_of": "sweep",
        }
    )
    return replace(best, winner_digest=winner_digest(best))
