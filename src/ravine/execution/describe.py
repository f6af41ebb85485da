"""Descriptions that the views of several studies share: data, penalties, the format of scores. No JAX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ravine.execution.result import DataFacts, MetricFacts, Plain, ScoreSummary
from ravine.networks.metrics import METRICS
from ravine.render.numbers import ScoreFormat, count, is_number, score_format_for

__all__ = ["data_text", "penalty_rows", "score_format_of"]


def data_text(data: DataFacts) -> str:
    """Return the data in one line: name, size, task and target."""
    size = f"{count(data.rows, 'row')}, {count(data.features, 'input')}"
    return f"{data.name}: {size}, {data.task} '{data.target}'"


Change = tuple[float | None, Sequence[float | None] | None]
"""A difference of scores and its interval."""


def score_format_of(
    metric: MetricFacts, parts: Iterable[ScoreSummary], changes: Iterable[Change] = ()
) -> ScoreFormat:
    """Return the format of the scores of a result, fine enough for the smallest of their intervals.

    changes: differences of scores that are shown in the same format.
    """
    known = METRICS.get(metric.name)
    scores: list[Change] = [(part.mean, part.interval) for part in parts]
    scores += changes
    percent = known is not None and known.percent
    return score_format_for(metric.name, percent, metric.greater_is_better, scores)


def penalty_rows(given: Mapping[str, Plain]) -> list[tuple[str, str]]:
    """Return rows on penalties, augmentation, averages, clipping and early stopping that were asked for."""
    named = (("l1", "L1 {:g}"), ("l2", "L2 {:g} (in the gradient)"), ("decay", "decay {:g} (apart from it)"))
    penalties = [words.format(given[name]) for name, words in named if name in given]
    shown = {name: f"{value:g}" if is_number(value) else str(value) for name, value in given.items()}
    others = {"average": "average", "clip": "clip", "smoothing": "label smoothing"}
    also = [f"{words} {shown[name]}" for name, words in others.items() if name in given]
    if "early_stop" in given:
        change = f", at least {shown['min_change']} better" if "min_change" in given else ""
        also.append(f"early stop after {given['early_stop']} evaluations{change}")
    rows = []
    if penalties:
        rows.append(("penalties", f"{', '.join(penalties)}; of weights only, no biases, no norms"))
    moving = given.get("moving")
    if isinstance(moving, list) and moving:
        rows.append(("moving", ", ".join(map(str, moving))))
    if "augment" in given:
        rows.append(("augmentation", shown["augment"]))
    if also:
        rows.append(("with", ", ".join(also)))
    return rows
