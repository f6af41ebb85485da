"""The chart of a comparison that shows how sensitive each optimizer is to its learning rate, drawn as text.

Each optimizer has one line, which shows its validation score in tuning against the logarithm of the learning
rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from ravine.render.blocks import Sparkline, Sparklines
from ravine.render.numbers import ScoreFormat, is_number
from ravine.studies.compare.result import LeaderboardRow

__all__ = ["sensitivity_curves"]

MAX_COLUMNS = 72  # of text
OUTLIER = 3.0  # distance below the median score, over that from the median to the best


def sensitivity_curves(rows: Sequence[LeaderboardRow], style: ScoreFormat) -> Sparklines:
    """Return the chart of validation score against learning rate, with one line for each optimizer.

    All lines share their axes. rows: the leaderboard of a comparison. style: format of the scores.
    """
    scores = [score for row in rows for score in row.sensitivity.score if is_number(score)]
    worst, best = _scale(scores, style.greater_is_better)
    better = "higher is better; x = diverged"
    if not style.greater_is_better:
        better = f"a higher block is a lower {style.metric}"
    return Sparklines(
        [
            Sparkline(row.optimizer, row.sensitivity.learning_rate, row.sensitivity.score)  # type: ignore[arg-type]
            for row in rows
        ],
        note=f"{style.metric} against learning rate (validation; {better})",
        low=min(worst, best),
        high=max(worst, best),
        downward=not style.greater_is_better,
        axis="log",
        ticks="decades",
        columns=MAX_COLUMNS,
    )


def _scale(scores: Sequence[float], greater: bool) -> tuple[float, float]:
    """Return the scores of the lowest and the highest mark. Outliers are cut, so that the rest differs."""
    if not scores:
        return 0.0, 1.0
    ordered = sorted(scores, reverse=not greater)  # the best last
    worst, middle, best = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    limit = middle - OUTLIER * (best - middle)
    if middle == best:
        return worst, best
    return (max(worst, limit) if greater else min(worst, limit)), best
