"""The scores of one optimizer or configuration on fresh seeds, as cells and sentences of a leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ravine.execution.field_types import Count
from ravine.execution.length_advice import LossTrend
from ravine.execution.result_parts import ScoreSummary
from ravine.render.blocks import Column
from ravine.render.numbers import ScoreFormat, count, is_number
from ravine.significance import FEW_SEEDS, MIN_TEST_SEEDS

__all__ = [
    "FAILED", "PAIRED", "EvaluatedScores", "failed_cells", "failure_warning",
    "few_seeds_text", "median_cell", "tied_with_best", "tier_column",
]  # fmt: skip

FAILED = "diverged, no better than a constant prediction, or far below the median"
"""The meaning of a failed seed, in words."""
PAIRED = "median of the differences on the same seeds, which can differ from the difference of two medians"
"""The meaning of a paired difference (Hodges-Lehmann estimate), in words."""
TIE = "= marks a tie; other rows of the same tier failed on more or fewer seeds"
"""The meaning of the equals sign at a tier, in words."""


@dataclass(frozen=True, kw_only=True)
class EvaluatedScores(ScoreSummary):
    """Validation scores of an optimizer or configuration on seeds on which nothing was tuned.

    With them are the number of seeds that failed, the median score of a constant prediction, and the trend of
    the validation loss at the end of training.
    """

    failed: Count = 0
    """Number of seeds that failed: the run diverged, or scored no better than a constant prediction, or lost
    more than half of the median lead over a constant prediction as an outlier among the seeds."""
    constant: float | None = None
    """Median score of a constant prediction on the same validation rows; null if it is not known."""
    trend: LossTrend | None = None
    """Validation loss at the end of training; null if most runs diverged or stopped early."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.failed > self.n_seeds > 0:  # without seeds, the runs are those of tuning
            raise ValueError(f"failed is {self.failed}, and n_seeds is {self.n_seeds}")


def median_cell(row: ScoreSummary, style: ScoreFormat) -> str:
    """Return the table cell of a median score with interval, `97.8 ± 0.4`; "diverged" without a median."""
    return style.with_interval(row.median, row.median_interval) if is_number(row.median) else "diverged"


class RankedRow(Protocol):
    """A row of a leaderboard: an optimizer or a configuration, with its tier and its failed seeds."""

    @property
    def tier(self) -> int:
        """Number of the tier of this optimizer or configuration; 1 is the best tier.

        A tier is a set of optimizers or configurations whose scores the data cannot distinguish.
        """

    @property
    def failed(self) -> int:
        """Number of failed seeds."""


Row = TypeVar("Row", bound=RankedRow)


def tied_with_best(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a leaderboard that tie with its first row, beginning with the first row itself.

    rows: ordered by median score, best first. Rows tie if they have the same tier and equally many failed
    seeds. The scores of a tier are not distinguishable, but failed seeds are a difference.
    """
    return [row for row in rows if (row.tier, row.failed) == (rows[0].tier, rows[0].failed)]


def tier_column(rows: Sequence[RankedRow], most: int | None = None) -> Column:
    """Return the column of a leaderboard with the tier of each row; `1=` marks a row that ties with others.

    Rows of a tier tie if they failed on as many seeds as the first row of this tier. rows: ordered by median
    score, best first. most: number of rows to show, None for all.
    """
    best = {row.tier: row for row in reversed(rows)}
    agreeing = [row.tier for row in rows if row.failed == best[row.tier].failed]
    cells = [
        f"{row.tier}{'=' * (row.failed == best[row.tier].failed and agreeing.count(row.tier) > 1)}"
        for row in rows
    ]
    meaning = TIE if len(agreeing) < len(rows) else ""
    return Column("tier", cells[:most], align="left", meaning=meaning)


def few_seeds_text(seeds: int) -> str:
    """Return the warning that a comparison on fewer than 10 fresh seeds needs; "" for 10 seeds or more."""
    if seeds >= FEW_SEEDS:
        return ""
    limit = "only large differences are visible"
    if seeds < MIN_TEST_SEEDS:
        limit = "no difference can be distinguished from chance"
    return f"With {count(seeds, 'seed')} {limit}."


def failed_cells(rows: Sequence[EvaluatedScores]) -> list[str]:
    """Return one cell for each row of a leaderboard: its failed seeds, as `1/10` (1 of 10 seeds) or `0`.

    The cell is "all" for an optimizer that was not evaluated, since all its tuning runs diverged.
    """
    return [
        "all" if not row.n_seeds else f"{row.failed}/{row.n_seeds}" if row.failed else "0" for row in rows
    ]


def failure_warning(name: str, row: EvaluatedScores) -> str | None:
    """Return a warning with the number of failed seeds of an optimizer or configuration, and the reason.

    name: name of the optimizer or configuration. Returns None without failed seeds or without fresh seeds.
    """
    if not row.failed or not row.n_seeds:
        return None
    seeds = f"! {name}: {row.failed} of {count(row.n_seeds, 'seed')} failed"
    others = row.failed - row.diverged
    if not others:
        return f"{seeds}: the loss became infinite."
    reason = "no better than a constant prediction, or far below the median"
    return f"{seeds} ({f'{row.diverged} diverged; {others} ' * bool(row.diverged)}{reason})."
