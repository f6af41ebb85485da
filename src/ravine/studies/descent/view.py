"""The report of a double-descent study, and that of its dry run, as blocks such as tables and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ravine.execution.describe import data_text, time_row, training_option_rows
from ravine.execution.next_steps import files_and_commands
from ravine.execution.result_parts import Measure
from ravine.render.blocks import (
    Block,
    Column,
    Facts,
    Items,
    Paragraph,
    Sparkline,
    Sparklines,
    Table,
)
from ravine.render.numbers import MISSING_CELL, count, is_number, learning_rate, with_interval
from ravine.studies.descent.result import (
    FITTED_BELOW,
    SHARE_WRONG,
    Change,
    DescentPlan,
    DescentResult,
    SecondDescents,
)

__all__ = ["next_steps", "plan_view", "view"]

LONGEST_NAME = 14  # columns of text


def view(result: DescentResult) -> list[Block]:
    """Return the report of a double-descent study: findings, a table of widths, and error curves.

    The curves show errors against width, epochs and number of training rows.
    """
    plan, rows, widths, epochs = result.plan, result.rows, result.widths, result.epochs
    noise = f"{plan.label_noise:.0%} random training labels" if plan.label_noise else "no label noise"
    head = (
        f"{result.data.name}: {plan.optimizer} at {learning_rate(plan.learning_rate)}, "
        f"{count(plan.steps, 'step')}, {count(rows.train, 'training row')}, {noise}, {len(plan.seeds)} seeds."
    )
    threshold = widths.threshold.units
    losses = {arm.name: arm.test_loss for arm in widths.arms}
    errors = {arm.name: arm.test_error for arm in widths.arms}
    by_epoch = {count(curve.units, "unit"): curve.valid_loss for curve in epochs.curves}
    examples, metric = result.examples, result.metric.name
    by_rows = {"test loss": examples.test_loss, f"test {metric}": examples.test_error}
    title = f"By number of training rows, {count(examples.units, 'unit')}"
    if examples.threshold.rows is not None:
        title += f" (up to {examples.threshold.rows:,} rows are fitted)"
    return [
        Paragraph(head),
        Items(_findings(result)),
        _width_table(result),
        _curves("Test loss by width", widths.units, losses, threshold),
        _curves(f"Test {metric} by width", widths.units, errors, threshold),
        _curves("Validation loss by epoch", epochs.epoch, by_epoch, None),
        _curves(title, examples.rows, by_rows, examples.threshold.rows, own_scale=True),
        Paragraph(_legend(result), tone="dim"),
    ]


def next_steps(result: DescentResult) -> list[Block]:
    """Return the end of the report of a double-descent study: its files, and the commands to type next."""
    run = str(result.run_dir)
    commands = []
    if result.metric.name == SHARE_WRONG:
        commands = [("Measure what such a network memorizes", ["memorize", "-c", f"{run}/config.toml"])]
    return files_and_commands(run, [("Picture", path) for path in result.pictures], commands)


def plan_view(plan: DescentPlan) -> list[Block]:
    """Return the facts that a dry run of a double-descent study shows: networks, training and rows."""
    facts, rows = plan.plan, plan.rows
    examples = ", ".join(f"{size:,}" for size in facts.examples)
    networks = f"{count(facts.runs, 'network')}, {facts.network_steps:,} network steps"
    lines = [
        ("data", data_text(plan.data)),
        ("rows", f"{rows.train:,} to train, {rows.validation:,} to validate, {rows.test:,} to test"),
        ("metric", plan.metric.name),
        ("effort", facts.effort),
        ("network", facts.network),
        ("optimizer", f"{facts.optimizer} at {learning_rate(facts.learning_rate)}, {facts.schedule}"),
        *training_option_rows(facts.training_options),
        (
            "labels",
            f"{facts.label_noise:.0%} of the training labels random"
            if facts.label_noise
            else "no label noise",
        ),
        ("widths", f"{', '.join(map(str, facts.widths))} units: {', '.join(facts.arms)}"),
        ("examples", f"{examples} rows, at the first width that fits its rows"),
        (
            "training",
            f"{networks}: {count(len(facts.seeds), 'seed')}, each {count(facts.steps, 'step')} of "
            f"{count(facts.batch_size, 'row')}",
        ),
        ("measured", "loss and error on training, validation and test rows"),
        time_row(plan),
    ]
    return [Facts(lines)]


# -------------------------------------------------------------------------------------------------- findings


def _findings(result: DescentResult) -> list[str]:
    """Return a sentence on the threshold, and one for each error curve that descends twice."""
    examples = result.examples
    sweeps = [("in width", result.widths.descent, "{} units")]
    sweeps += [
        (f"in epochs with {count(curve.units, 'unit')}", curve.descent, "step {:,}")
        for curve in result.epochs.curves
    ]
    sweeps.append((f"in examples with {count(examples.units, 'unit')}", examples.descent, "{:,} rows"))
    findings = [_threshold(result)]
    for where, descents, place in sweeps:
        findings += _descents(where, descents, place, result.metric.name)
    once = [
        where
        for where, descents, _ in sweeps
        if not (descents.loss.double_descent or descents.error.double_descent)
    ]
    if once:
        findings.append(f"No significant double descent: {'; '.join(once)}.")
    return findings


def _close(result: DescentResult) -> str:
    """Return the condition in words under which a network fits its training rows."""
    if result.metric.name == SHARE_WRONG:
        return f"at most {100 * FITTED_BELOW:g} % wrong"
    return f"squared error at most {FITTED_BELOW:g} of the target's variance"


def _threshold(result: DescentResult) -> str:
    threshold = result.widths.threshold
    if threshold.units is None:
        rows = f"{result.rows.train:,} training rows"
        return f"No network fits the {rows} ({_close(result)}): no threshold was reached."
    return (
        f"The training rows are fitted ({_close(result)}) from {count(threshold.units, 'unit')} on "
        f"({threshold.parameters:,} parameters; rows times outputs: {threshold.by_count:,})."
    )


def _descents(where: str, descents: SecondDescents, place: str, metric: str) -> list[str]:
    """Return one sentence for the loss and one for the error, if the curve descends twice."""
    return [
        f"Double descent {where}: the {name} rises by {_change(descent.rise)} to its peak at "
        f"{place.format(descent.peak)} and falls by {_change(descent.fall)}."
        for name, descent in (("loss", descents.loss), (metric, descents.error))
        if descent.double_descent
    ]


def _change(change: Change | None) -> str:
    return MISSING_CELL if change is None else with_interval(change.mean, change.interval)


# ---------------------------------------------------------------------------------------- table and curves


def _width_table(result: DescentResult) -> Table:
    """Return the table of loss and error by width, with the errors of ridge and early stopping."""
    widths = result.widths
    plain, others = widths.arms[0], widths.arms[1:]
    is_share = result.metric.name == SHARE_WRONG
    scale, unit = (100, "wrong, %") if is_share else (1, result.metric.name)
    marked = [f"{units} <" if units == widths.threshold.units else f"{units}" for units in widths.units]
    train = [
        MISSING_CELL if value.mean is None else f"{scale * value.mean:.3g}" for value in plain.train_error
    ]
    title = f"By width, {count(result.rows.train, 'row')}"
    if widths.threshold.units is not None:
        title += " (< the first that fits them all)"
    return Table(
        [
            Column("units", marked),
            Column("train", train, unit=unit, priority=1),
            Column("test", _texts(plain.test_loss, 1), unit="loss"),
            Column("test", _texts(plain.test_error, scale), unit=unit),
            *(
                Column(arm.name, _texts(arm.test_error, scale), unit=unit, widest=LONGEST_NAME)
                for arm in others
            ),
        ],
        title=title,
        tight=True,
    )


def _texts(measures: Sequence[Measure], scale: float) -> list[str]:
    return [with_interval(value.mean, value.interval, scale) for value in measures]


def _curves(
    title: str,
    places: Sequence[float],
    curves: Mapping[str, Sequence[Measure]],
    threshold: float | None,
    own_scale: bool = False,
) -> Sparklines:
    """Return one line of blocks for each curve, over a logarithmic axis with `^` at the threshold."""
    lines = [
        Sparkline(name, places, [value.mean for value in curve], after=_range(curve))
        for name, curve in curves.items()
    ]
    return Sparklines(
        lines,
        title=title,
        scale="own" if own_scale else "shared",
        axis="log",
        ticks="ends",
        ends=(f"{places[0]:.3g}", f"{places[-1]:.4g}"),
        marker=threshold,
    )


def _range(curve: Sequence[Measure]) -> str:
    """Return the lowest and the highest mean of a curve, as text."""
    means = [value.mean for value in curve if is_number(value.mean)]
    return f"{min(means):.3g} to {max(means):.3g}" if means else "diverged"


def _legend(result: DescentResult) -> str:
    plan = result.plan
    error = "share of wrong training labels" if result.metric.name == SHARE_WRONG else "rmse"
    return (
        f"Train: {error}, random labels included. ± is a 95 % interval over seeds. Ridge: L2 {plan.ridge:g}. "
        "Early stopping: weights of the lowest validation loss. ^ marks the threshold. A curve descends "
        "twice if the intervals of its rise and its fall lie above 0. Each seed is measured at a peak that "
        "the other seeds choose."
    )
