"""The part of a report on baselines: a table of scores, and a sentence on the best one and the network."""

from __future__ import annotations

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from ravine.execution.baseline_rows import BaselineDifference, BaselineRow
from ravine.execution.evaluated_scores import PAIRED
from ravine.execution.result_parts import MetricFacts, ScoreSummary
from ravine.render.blocks import Block, Column, Paragraph, Table
from ravine.render.numbers import MISSING_CELL, ScoreFormat, count, is_number
from ravine.significance import MIN_TEST_SEEDS, SIGNIFICANCE_LEVEL

if TYPE_CHECKING:
    from ravine.baselines import Baseline

__all__ = ["baseline_blocks", "baseline_sentence", "best_baseline"]

TITLE = "Is a network the right tool?"


def baseline_blocks(rows: Sequence[BaselineRow], style: ScoreFormat, metric: MetricFacts) -> list[Block]:
    """Return the table of baselines in a report, and a sentence that compares the best with the network.

    Both are in a list, which is empty without baselines (simple models). rows: results of the baselines.
    style: format of the scores. metric: metric of the scores, with the smallest difference that matters.
    """
    if not rows:
        return []
    score = " ".join(filter(None, (style.metric, style.unit)))
    columns = [
        Column("model", [row.model for row in rows], align="left"),
        Column(f"validation {score}", [_score(row, style) for row in rows]),
        Column(
            "against the network",
            [_difference(row.against_network, style) for row in rows],
            meaning=PAIRED,
        ),
        Column("seeds", [str(row.n_seeds) if row.n_seeds else MISSING_CELL for row in rows], priority=2),
        Column("looks", [str(row.looks) if row.looks else MISSING_CELL for row in rows], priority=3),
        Column("test", [_score(row.test, style) for row in rows], priority=1),
    ]
    notes = [f"{row.model}: {row.note}" for row in rows if row.note]
    note = "looks: settings tried on other seeds; the best is shown"
    blocks: list[Block] = [Table(columns, title=TITLE, note="; ".join([note, *notes]), rules=[0])]
    sentence = baseline_sentence(rows, style, metric)
    return [*blocks, Paragraph(sentence)] if sentence else blocks


def best_baseline(rows: Sequence[BaselineRow], greater: bool) -> BaselineRow | None:
    """Return the baseline with the best median validation score; None if no baseline has a median.

    greater: whether a greater score is better.
    """
    scored = [(row.median, row) for row in rows if row.median is not None]
    if not scored:
        return None
    choose = max if greater else min
    return choose(scored, key=lambda pair: pair[0])[1]


def baseline_sentence(rows: Sequence[BaselineRow], style: ScoreFormat, metric: MetricFacts) -> str:
    """Return one sentence that compares the network with the best baseline; "" without a comparison.

    rows: results of the baselines. style: format of the scores. metric: metric of the scores, with the
    smallest difference that matters.
    """
    best = best_baseline(rows, style.greater_is_better)
    if best is None or best.against_network is None:
        return ""
    found, model = best.against_network, _find_baseline(best.model)
    verb = "are" if model.plural else "is"
    name = model.title[0].lower() + model.title[1:]
    seeds = f"on the same {count(found.n_seeds, 'seed')}"
    if found.difference is None:
        return f"{model.title} {verb} the best of these models; some runs of the network diverged."
    amount = style.change(found.difference, found.interval, sign=False)
    better = found.difference > 0 if style.greater_is_better else found.difference < 0
    if found.n_seeds < MIN_TEST_SEEDS:
        order = "better than" if better else "worse than" if found.difference else "as good as"
        by = f" by {amount}" if found.difference else ""
        chance = "" if order == "as good as" else ", too few to exclude chance"
        return f"{model.title} {verb} {order} the network ({found.network}){by} {seeds}{chance}."
    if found.p_value > SIGNIFICANCE_LEVEL:
        return (
            f"The network ({found.network}) and {name}, the best of these models, are not distinguishable "
            f"{seeds} (difference {style.change(found.difference, found.interval)})."
        )
    if best.median is not None and not metric.matters(best.median - found.difference, best.median):
        order = "better" if better else "worse"
        return (
            f"{model.title} {verb} {order} than the network ({found.network}) by {amount} {seeds}: "
            "significant, but too small to matter."
        )
    if better:
        return (
            f"{model.title} {verb} better than the network ({found.network}) by {amount} {seeds}: "
            "a network is not the best tool for this table as it is trained here."
        )
    if best.model == rows[0].model and len(rows) > 1:
        return f"The network ({found.network}) is better than a constant by {amount} {seeds}."
    return (
        f"The network ({found.network}) is better than {name}, the best of these models, by {amount} {seeds}."
    )


def _score(part: ScoreSummary | None, style: ScoreFormat) -> str:
    """Return the median score with its interval, or a dash."""
    if part is None or not is_number(part.median):
        return MISSING_CELL
    return style.with_interval(part.median, part.median_interval)


def _difference(found: BaselineDifference | None, style: ScoreFormat) -> str:
    return MISSING_CELL if found is None else style.difference(found.difference, found.interval)


def _find_baseline(name: str) -> Baseline:
    """Return a baseline by its name. Its package needs NumPy, which a report without baselines does not."""
    baseline: Baseline = resolve_name("ravine.baselines:find_baseline")(name)
    return baseline
