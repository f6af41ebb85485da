"""The report of a landscape study, and the report of its dry run, as lists of blocks.

A block is a heading, a paragraph or a table, which the terminal, a notebook or the web page renders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ravine.execution.describe import data_text, time_row, training_option_rows
from ravine.execution.next_steps import files_and_commands, source_or_example
from ravine.execution.result import ARRAYS
from ravine.networks import find_loss
from ravine.options.paths import relative_path
from ravine.render.blocks import Block, Column, Facts, Heading, Items, Paragraph, Table
from ravine.render.numbers import count, is_number, learning_rate, number, with_error
from ravine.studies.landscape.result import (
    BarrierRow,
    Center,
    LandscapePlan,
    LandscapePlanFacts,
    LandscapeResult,
    PlaneRow,
    PlannedTraining,
    Sharpness,
    TrajectoryRow,
)

__all__ = ["next_steps", "plan_view", "view"]

VERDICTS = {True: "stable", False: "steps grow", None: "at the edge"}


def view(result: LandscapeResult) -> list[Block]:
    """Return the report of a landscape study as blocks (heading, tables, paragraphs).

    It shows the loss at the center, sharpness and stability limit, and tables of the directions, planes,
    paths of optimizers and barriers between solutions. At the end, it names the parts that could not be
    measured.
    """
    center, sharp = result.center, result.sharpness
    blocks: list[Block] = [
        Heading(f"{result.data.name}: the loss around {_where(center)}"),
        Facts([("loss at the center", _loss(center)), *_limits(sharp, center)]),
        _directions(result),
        _planes(result.planes),
    ]
    for plane in result.planes:
        if plane.explained is not None:
            blocks.append(Paragraph(_explained(plane.explained)))
    if result.trajectories:
        blocks.append(_trajectories(result.trajectories))
    if result.barriers:
        blocks.append(_barriers(result.barriers))
    reasons = dict.fromkeys(row.why_not for row in result.barriers if row.why_not)
    sentences = [*result.notes, *(f"Not aligned: {reason}" for reason in reasons)]
    sentences += [f"Not drawn: {part.what}. {part.why}" for part in result.not_drawn]
    return blocks + [Items(sentences, style="plain")] * bool(sentences)


def next_steps(result: LandscapeResult) -> list[Block]:
    """Return the end of the report of a landscape study: the files of its run, and commands to type next."""
    run = str(result.run_dir)
    files = [("Arrays", str(Path(run) / ARRAYS))]
    files += [("Pictures" if k == 0 else "", path) for k, path in enumerate(result.pictures)]
    commands = []
    if result.center.origin != "trained here":
        source = source_or_example(result.source)
        commands = [("Predict with the model", ["predict", result.center.origin, source])]
    return files_and_commands(run, files, commands)


def plan_view(plan: LandscapePlan) -> list[Block]:
    """Return the report of a dry run of a landscape study: data, network, trainings, planned measurements."""
    facts = plan.plan
    rows = [("data", data_text(plan.data))]
    if plan.model is not None:
        rows.append(("model", relative_path(plan.model)))
    rows.append(("network", f"{facts.network}, {count(facts.parameters, 'parameter')}"))
    if facts.training is None:
        rows.append(("training", "no training: the model is measured as it is"))
    else:
        rows += _training_rows(facts.training)
    return [Facts([*rows, *_measurement_rows(facts), time_row(plan)])]


def _training_rows(training: PlannedTraining) -> list[tuple[str, str]]:
    rules = (
        f"{planned.optimizer} at {learning_rate(planned.learning_rate)}, {count(planned.runs, 'start')}"
        for planned in training.optimizers
    )
    length = f"{count(training.steps, 'step')} of {count(training.batch_size, 'row')}"
    total = f"{count(training.runs, 'network')}, {training.network_steps:,} network steps"
    return [
        ("optimizers", "; ".join(rules)),
        ("schedule", training.schedule),
        *training_option_rows(training.training_options),
        ("training", f"{total}, each {length}"),
    ]


def _measurement_rows(facts: LandscapePlanFacts) -> list[tuple[str, str]]:
    across, up = facts.points
    rows = [
        ("loss", f"mean of {count(facts.rows, 'row')}"),
        ("slices", ", ".join(facts.slices)),
        ("planes", f"{', '.join(facts.planes)}; {across} by {up} points each"),
    ]
    if facts.barriers:
        rows.append(("barriers", f"on {count(facts.barriers, 'line')} between solutions"))
    return rows


def _where(center: Center) -> str:
    optimizer = "" if center.optimizer is None else f"{center.optimizer}, "
    origin = "" if center.origin == "trained here" else f"{center.origin}: "
    steps = "" if center.steps is None else f", {count(center.steps, 'step')}"
    return f"{origin}{optimizer}{center.network}, {count(center.parameters, 'parameter')}{steps}"


def _loss(center: Center) -> str:
    unit = find_loss(center.loss_name).unit
    rows = f"on {count(center.rows, 'row')} (by chance {number(center.chance)})"
    return f"{number(center.loss)} {unit} {rows}, gradient {number(center.gradient)}"


def _limits(sharp: Sharpness, center: Center) -> list[tuple[str, str]]:
    """Return lines of text with sharpness, stability limit, and the ratio of the two."""
    short = "" if sharp.converged else ", not converged: a lower bound"
    rows = [("sharpness", f"{with_error(sharp.value, sharp.error)}, top eigenvalue of the Hessian{short}")]
    if sharp.limit is None:
        return [*rows, ("stability limit", f"not known. {sharp.reason or ''}".strip())]
    scaled = " for the preconditioned Hessian" if sharp.preconditioned else ""
    at = (
        f" at the last step's learning rate {number(center.current_learning_rate)}"
        if is_number(center.current_learning_rate)
        else ""
    )
    rows.append(("stability limit", f"{number(sharp.limit)} = {sharp.formula}{scaled}{at}"))
    if center.decayed:
        first = number(center.learning_rate)
        why = f"the schedule has decayed the learning rate ({first}) to almost 0 at this point"
        return [*rows, ("share of the limit", f"not compared: {why}")]
    if sharp.ratio is None:
        return [*rows, ("share of the limit", f"not known. {sharp.reason or ''}".strip())]
    own = f" (top eigenvalue {number(sharp.measured)})" if sharp.preconditioned else ""
    share = f"{with_error(sharp.ratio, sharp.ratio_error)}{own}: {VERDICTS[sharp.stable]}"
    return [*rows, ("share of the limit", share)]


def _directions(result: LandscapeResult) -> Table:
    rows, center = result.directions, result.center
    columns = [
        Column("direction", [result.title_of(row) for row in rows], align="left"),
        Column("length", [number(row.length) for row in rows], priority=1),
        Column("slope", [number(row.slope) for row in rows], priority=2),
        Column("curvature", [with_error(row.curvature, row.error) for row in rows]),
    ]
    if not center.decayed:
        columns.append(Column("limit there", [number(row.limit) for row in rows], priority=3))
    return Table(columns)


def _planes(rows: Sequence[PlaneRow]) -> Table:
    return Table(
        [
            Column("plane", [row.name for row in rows], align="left"),
            Column("points", [f"{row.points[0]}×{row.points[1]}" for row in rows], priority=1),
            Column("loss", [_losses(row) for row in rows]),
            Column("shown", [f"{_length(row.x)} by {_length(row.y)}" for row in rows], priority=2),
        ]
    )


def _losses(row: PlaneRow) -> str:
    lost = f", {row.not_finite:,} not finite" if row.not_finite else ""
    return f"{number(row.lowest)} to {number(row.highest)}{lost}"


def _length(ends: Sequence[float]) -> str:
    return number(ends[1] - ends[0])


def _explained(shares: Sequence[float]) -> str:
    first, second = (100 * share for share in shares)
    both = f"{first + second:.1f} % of their variance about the center ({first:.1f} + {second:.1f} %)"
    return f"The plane of the trajectories contains {both}."


def _trajectories(rows: Sequence[TrajectoryRow]) -> Table:
    losses = ["diverged" if row.diverged else number(row.loss) for row in rows]
    return Table(
        [
            Column("path of", [row.optimizer for row in rows], align="left", shrink=16),
            Column("last learning rate", [number(row.current_learning_rate) for row in rows], priority=1),
            Column("steps", [f"{row.steps:,}" for row in rows], priority=2),
            Column("loss", losses),
            Column("off the plane", [number(row.outside) for row in rows], priority=3),
        ]
    )


def _barriers(rows: Sequence[BarrierRow]) -> Table:
    return Table(
        [
            Column("solutions", [f"{row.a} to {row.b}" for row in rows], align="left"),
            Column("barrier", [with_error(row.before, row.before_error) for row in rows], unit="as trained"),
            Column("barrier", [with_error(row.after, row.after_error) for row in rows], unit="aligned"),
            Column("distance", [number(row.distance_before) for row in rows], unit="as trained", priority=1),
            Column("distance", [number(row.distance_after) for row in rows], unit="aligned", priority=2),
        ]
    )
