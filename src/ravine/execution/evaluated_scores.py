"""The scores of one row of a leaderboard on fresh seeds: failed seeds, and the trend of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ravine.execution.length_advice import LossTrend
from ravine.execution.result import ScoreSummary
from ravine.render.numbers import ScoreFormat, count, is_number

__all__ = ["FAILED", "EvaluatedScores", "failed_cells", "failure_warning", "median_cell"]

FAILED = "diverged, no better than a constant prediction, or far below the median"
"""The meaning of a failed seed, in words."""


@dataclass(frozen=True, kw_only=True)
class EvaluatedScores(ScoreSummary):
    """Scores over fresh seeds, with the seeds that failed and the trend of the validation loss."""

    failed: int = 0
    """Number of seeds that failed: the run diverged, or scored no better than a constant prediction, or lost
    more than half of the median lead over a constant prediction as an outlier among the seeds."""
    constant: float | None = None
    """Median score of a constant prediction on the same validation rows; null if it is not known."""
    trend: LossTrend | None = None
    """Validation loss at the end of training; null if most runs diverged or stopped early."""


def median_cell(row: ScoreSummary, style: ScoreFormat) -> str:
    """Return the median of a row with its interval, `97.8 ± 0.4`; "diverged" without a median."""
    return style.with_interval(row.median, row.median_interval) if is_number(row.median) else "diverged"


def failed_cells(rows: Sequence[EvaluatedScores]) -> list[str]:
    """Return the failed seeds of each row as `1/10`; 0 without any, "all" for a row without fresh seeds."""
    return [
        "all" if not row.n_seeds else f"{row.failed}/{row.n_seeds}" if row.failed else "0" for row in rows
    ]


def failure_warning(name: str, row: EvaluatedScores) -> str | None:
    """Return the sentence about the failed seeds of a row; None without any.

    name: optimizer or configuration of the row.
    """
    if not row.failed or not row.n_seeds:
        return None
    seeds = f"! {name}: {row.failed} of {count(row.n_seeds, 'seed')} failed"
    others = row.failed - row.diverged
    if not others:
        return f"{seeds}: the loss became infinite."
    reason = "no better than a constant prediction, or far below the median"
    return f"{seeds} ({f'{row.diverged} diverged; {others} ' * bool(row.diverged)}{reason})."
