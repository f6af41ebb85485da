"""Texts that the reports of several commands share: data, training options, times, and formats of scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ravine.execution.result import Plain, StudyPlan
from ravine.execution.result_parts import DataFacts, DevelopmentSizes, MetricFacts, ScoreSummary
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.networks.metrics import METRICS
from ravine.options.fields import options_of
from ravine.render.blocks import Block, Paragraph
from ravine.render.numbers import ScoreFormat, count, is_number, score_format_for, seconds

__all__ = [
    "curve_rows_blocks", "data_text", "score_format_of", "time_row", "time_text", "training_option_rows",
    "validation_text",
]  # fmt: skip

ROW_NOTES = {"penalties": "; of weights only, no biases, no norms"}


def data_text(data: DataFacts) -> str:
    """Return a description of a data set in one line: name, numbers of rows and features, task and target."""
    size = f"{count(data.rows, 'row')}, {count(data.features, 'feature')}"
    return f"{data.name}: {size}, {data.task} '{data.target}'"


def validation_text(sizes: DevelopmentSizes, use: str = "validation") -> str:
    """Return the words of a dry run on validation rows: `12,000 validation (curves on 1,000 of them)`."""
    curves = "" if sizes.curves is None else f" (curves on {sizes.curves:,} of them)"
    return f"{sizes.validation:,} {use}{curves}"


def curve_rows_blocks(sizes: DevelopmentSizes) -> list[Block]:
    """Return the sentence on the validation rows for curves and scores; empty if these are the same rows."""
    if sizes.curves is None:
        return []
    return [
        Paragraph(
            f"Learning curves and early stopping use {sizes.curves:,} of the {sizes.validation:,} validation "
            "rows, scores all of them."
        )
    ]


def time_row(plan: StudyPlan) -> tuple[str, str]:
    """Return the row (name, text) in which a dry run shows the estimated time of the command."""
    return "time", f"about {time_text(plan.estimated_seconds)} on this machine"


def time_text(estimate: float) -> str:
    """Return an estimated time [s] as text, rounded to whole seconds: `40 s` or `3 min 20 s`."""
    return seconds(max(1, round(estimate)))


Change = tuple[float | None, Sequence[float | None] | None]
"""A difference of scores and its interval."""


def score_format_of(
    metric: MetricFacts, parts: Iterable[ScoreSummary], changes: Iterable[Change] = ()
) -> ScoreFormat:
    """Return the number format for the scores of a result, with enough digits for their smallest interval.

    parts: summaries of the scores. changes: differences of scores that are shown in the same format.
    """
    registered = METRICS.get(metric.name)
    scores: list[Change] = [(part.mean, part.interval) for part in parts]
    scores += changes
    if registered is None:
        return score_format_for(metric.name, False, metric.greater_is_better, scores)
    return score_format_for(
        metric.name, registered.percent, metric.greater_is_better, scores, registered.bounds
    )


def training_option_rows(values: Mapping[str, Plain]) -> list[tuple[str, str]]:
    """Return the rows (name, text) in which a dry run lists options of training, such as L2 or clipping.

    values: values of the options that are switched on, by key. The fields of the settings define the row, the
    order and the text of each option.
    """
    rows: dict[str, list[str]] = {}
    for key, option in options_of(FixedTrainingSettings).items():
        if option.plan_row and key in values:
            rows.setdefault(option.plan_row, []).append(option.plan_text.format(_shown(values[key])))
    return [(name, ", ".join(texts) + ROW_NOTES.get(name, "")) for name, texts in rows.items()]


def _shown(value: Plain) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if is_number(value) else str(value)
