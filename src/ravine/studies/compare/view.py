"""The report of a comparison of optimizers, and the report of its dry run, as lists of blocks.

A block is a heading, a paragraph, a table or a chart, which the terminal, a notebook or the web page renders.
"""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.baseline_view import baseline_blocks
from ravine.execution.describe import (
    curve_rows_blocks,
    data_text,
    score_format_of,
    time_row,
    training_option_rows,
    validation_text,
)
from ravine.execution.evaluated_scores import FAILED, failed_cells, failure_warning, median_cell, tier_column
from ravine.execution.length_advice import advice_text, trend_cell
from ravine.execution.next_steps import after_ranking
from ravine.execution.test_rows import test_rows_sentence
from ravine.networks.metrics import METRICS
from ravine.optimizers.optimizer_text import parse_optimizer
from ravine.render.blocks import Block, Column, Facts, Heading, Items, Paragraph, Table
from ravine.render.numbers import (
    MISSING_CELL,
    ScoreFormat,
    count,
    fold,
    is_number,
    learning_rate,
    number,
)
from ravine.significance import MIN_TEST_SEEDS
from ravine.studies.compare.result import ComparePlan, CompareResult, LeaderboardRow
from ravine.studies.compare.sensitivity import sensitivity_curves
from ravine.studies.compare.verdict import recommendation_text, verdict

__all__ = ["details", "next_steps", "plan_view", "view"]

TUNING_SCOPES = {
    "learning-rate": "learning rate and schedule; other hyperparameters as in the lecture",
    "all": "all hyperparameters: momentum, averaging rates and eps too, in as many trials",
}
RANGE_ENDS = {"low": "the lower end", "high": "the upper end"}
LOSS_AT_END = "trend of the validation loss: still fell at the end, or rose from its lowest value to the end"
MIN_NAME_WIDTH = 16  # columns; longer names are cut to it before another column is dropped


def view(result: CompareResult) -> list[Block]:
    """Return the report of a comparison of optimizers as blocks (heading, tables, paragraphs, chart).

    It shows leaderboard, warnings, verdict, recommendation, advice on the length of training, test scores,
    baselines, and the sensitivity of each optimizer to its learning rate.
    """
    rows = result.leaderboard
    style = style_of(result)
    blocks: list[Block] = [_heading(result, style), _table(result, style)]
    if tuned := _tuned(rows):
        blocks.append(Paragraph(tuned))
    if warnings := _warnings(rows):
        blocks.append(Items(warnings, style="plain", tone="warning"))
    blocks.append(Paragraph(verdict(result, style)))
    blocks.append(Paragraph(recommendation_text(result.recommendation, rows)))
    if result.advice is not None:
        blocks.append(Paragraph(advice_text(result.advice, result.best)))
    blocks += curve_rows_blocks(result.split)
    if is_number(result.test.median):
        blocks.append(Paragraph(_tested(result, style)))
    if result.test_rows is not None:
        blocks.append(Paragraph(test_rows_sentence(result.test_rows, style), tone="warning"))
    return [
        *blocks,
        *baseline_blocks(result.baselines, style, result.metric),
        sensitivity_curves(rows, style),
    ]


def style_of(result: CompareResult) -> ScoreFormat:
    """Return the number format for all scores in the report of a comparison.

    It has enough digits for the smallest interval of a median in the leaderboard.
    """
    return score_format_of(
        result.metric, [], [(row.median, row.median_interval) for row in result.leaderboard]
    )


def next_steps(result: CompareResult) -> list[Block]:
    """Return the end of the report of a comparison: the files of its run, and commands to type next."""
    unused = result.data.unused
    return after_ranking(str(result.run_dir), str(result.model_dir), result.source, result.advice, unused)


def plan_view(plan: ComparePlan) -> list[Block]:
    """Return the report of a dry run of a comparison: data, optimizers, seeds, runs and estimated time."""
    optimizers = list(dict.fromkeys(evaluation.optimizer for evaluation in plan.evaluate))
    schedules = list(dict.fromkeys(evaluation.schedule for evaluation in plan.evaluate))
    rows = [
        ("data", data_text(plan.data)),
        (
            "split",
            f"{plan.rows.train:,} rows to train, {validation_text(plan.rows, 'to validate')}, "
            "the rest to test",
        ),
        ("metric", plan.metric),
        ("effort", f"{plan.effort} ({plan.effort_chosen})"),
        ("optimizers", ", ".join(optimizers)),
        ("schedules", ", ".join(schedules)),
        *training_option_rows(plan.training_options),
        ("tuned", TUNING_SCOPES[plan.tuning_scope]),
        (
            "tuning",
            f"{count(len(plan.tune) // len(optimizers), 'setting')} of each optimizer, on "
            f"{count(len(plan.tuning_seeds), 'seed')}",
        ),
        ("evaluation", f"every optimizer at its best setting, on {count(len(plan.seeds), 'fresh seed')}"),
        ("networks", f"{plan.runs:,} in all of {_steps_of_each(plan)}, {plan.network_steps:,} network steps"),
        time_row(plan),
    ]
    return [Facts(rows)]


def details(result: CompareResult) -> list[Block]:
    """Return the further table of a detailed report (option -v): the differences of every two optimizers.

    Each row shows the difference of the scores of two optimizers on the same seeds, its interval, and its p
    value, adjusted by Holm's method for the number of pairs.
    """
    style, pairs = style_of(result), result.pairs
    if not pairs:
        return []
    unit = " ".join(filter(None, (style.metric, style.unit)))
    columns = [
        Column("pair", [f"{pair.a} - {pair.b}" for pair in pairs], align="left"),
        Column("difference", [style.number(pair.difference) for pair in pairs], unit=unit),
        Column("95 % interval", [_interval(pair.interval, style) for pair in pairs]),
        Column("p (Holm)", [number(pair.p_holm, 2) for pair in pairs]),
    ]
    return [Table(columns, title="Differences on the same seeds")]


def _interval(ends: Sequence[float | None] | None, style: ScoreFormat) -> str:
    return MISSING_CELL if ends is None else " to ".join(style.number(end) for end in ends)


def _steps_of_each(plan: ComparePlan) -> str:
    """Return the steps of each network, such as `720 steps (20 epochs)`."""
    steps = plan.network_steps // plan.runs
    sizes = [facts["batch_size"] for facts in plan.plans.values()]
    batch_size = sizes[0] if isinstance(sizes[0], int) else 0
    return f"{count(steps, 'step')} ({steps * batch_size / plan.rows.train:.3g} epochs)"


def _heading(result: CompareResult, style: ScoreFormat) -> Heading:
    data, seeds = result.data, result.leaderboard[0].n_seeds
    scores = f"validation {style.metric}, median of {count(seeds, 'fresh seed')}"
    scores += ", too few for an interval" if seeds < MIN_TEST_SEEDS else " ± 95 % interval"
    if result.plan.tuning_scope == "all":
        scores += "; all hyperparameters of each optimizer tuned (--tune all)"
        others = [row.optimizer for row in result.leaderboard if parse_optimizer(row.optimizer).source]
        if others:
            scores += f", of {', '.join(others)} the learning rate only"
    size = f"{count(data.rows, 'row')}, {count(data.features, 'feature')}"
    return Heading(f"{data.name}: {size}, {data.task}", [scores])


def _table(result: CompareResult, style: ScoreFormat) -> Table:
    """Return the leaderboard without empty columns, with a horizontal line before each tier."""
    rows = result.leaderboard
    target = style.with_unit(result.target_score)
    tiers = [row.tier for row in rows]
    score = " ".join(filter(None, (style.metric, style.unit)))
    columns = [
        tier_column(rows),
        Column("optimizer", [row.optimizer for row in rows], align="left", shrink=MIN_NAME_WIDTH),
        Column(score, [median_cell(row, style) for row in rows]),
        Column("failed", failed_cells(rows), priority=1, meaning=FAILED),
        Column("learning rate", [_rate(row) for row in rows], priority=2),
        Column("schedule", [row.schedule or MISSING_CELL for row in rows], align="left", priority=3),
        Column("loss at the end", [trend_cell(row.trend) for row in rows], priority=4, meaning=LOSS_AT_END),
        Column(
            f"steps to {target}", [_steps(row) for row in rows], priority=5,
            meaning=f"median over seeds; {target} is the best score that half of the seeds of "
            f"{result.reference} reach; never: on half of the seeds or more",
        ),
        Column(
            "rates within 5 %", [fold(row.sensitivity_width) for row in rows], priority=6,
            meaning="largest over smallest learning rate whose score in tuning is within 5 % of the best",
        ),
        Column(
            "tuned anew", [_tuning_interval(row, result, style) for row in rows], priority=7,
            meaning="95 % interval of the median if tuning and evaluation were repeated",
        ),
    ]  # fmt: skip
    empty = {MISSING_CELL, "0"}
    fewest = min(row.failed for row in rows if row.tier == tiers[0])
    return Table(
        [column for column in columns if column.priority == 0 or set(column.texts) - empty],
        rules=[k for k, tier in enumerate(tiers) if k == 0 or tier != tiers[k - 1]],
        strong=[k for k, row in enumerate(rows) if row.tier == tiers[0] and row.failed == fewest],
    )


def _rate(row: LeaderboardRow) -> str:
    return learning_rate(row.learning_rate) + "!" * bool(row.at_edge)


def _steps(row: LeaderboardRow) -> str:
    if row.steps_to_target is not None:
        return f"{row.steps_to_target:,.0f}"
    return MISSING_CELL if row.reached_target is None else "never"


def _tuning_interval(row: LeaderboardRow, result: CompareResult, style: ScoreFormat) -> str:
    """Return the interval that includes tuning; a dash if an end is missing or is a bound of the metric."""
    metric = METRICS.get(result.metric.name)
    ends = row.tuning_interval or [None]
    if not all(map(is_number, ends)) or (metric is not None and set(ends) & set(metric.bounds)):
        return MISSING_CELL
    return style.ends(ends)


def _tuned(rows: Sequence[LeaderboardRow]) -> str:
    """Return the tuned hyperparameters besides the learning rate of each optimizer; "" without any."""
    tuned = [
        f"{row.optimizer} {', '.join(f'{name} {value:.5g}' for name, value in row.hyperparameters.items())}"
        for row in rows
        if row.hyperparameters
    ]
    return f"tuned besides the learning rate: {'; '.join(tuned)}" if tuned else ""


def _warnings(rows: Sequence[LeaderboardRow]) -> list[str]:
    failures = [failure_warning(row.optimizer, row) for row in rows]
    return [warning for warning in failures if warning is not None] + [
        f"! {row.optimizer}: its best learning rate, {learning_rate(row.learning_rate)}, lies at "
        f"{RANGE_ENDS[row.at_edge]} of the range tried; a better one may lie beyond."
        for row in rows
        if isinstance(row.at_edge, str)
    ]


def _tested(result: CompareResult, style: ScoreFormat) -> str:
    """Return the sentence about the winner's score on the test rows."""
    test = result.test
    score = style.with_unit(test.median, test.median_interval)
    model = style.with_unit(test.model)
    return f"On the test rows, read once: {test.optimizer} {style.metric} {score}; the saved network {model}."
