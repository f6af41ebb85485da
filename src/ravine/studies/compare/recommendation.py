"""The choice of the optimizer that a comparison recommends.

The recommended optimizer belongs to tier 1: the scores do not distinguish it from the best one. Among the
optimizers of tier 1, these rules choose, in this order:

1. Only the optimizers with the fewest failed seeds remain.
2. An optimizer is dropped if it is worse than the best median of the remaining ones by a difference that
   matters. This rule is needed because with few seeds all optimizers tie.
3. An optimizer is recommended if its range of good learning rates (largest over smallest) is at least twice
   as wide as that of every other remaining optimizer.
4. Else an optimizer is recommended if it reaches the target score in at least 20 % fewer steps than every
   other.
5. Else an optimizer is recommended if its scores spread over seeds less than half as much as those of every
   other.
6. Else the optimizer with the best median is recommended.

Rules 3 to 5 leave out optimizers without the measured value, for example those that never reach the target.
If only one optimizer has the value, rules 3 and 5 recommend this optimizer. Rule 4 does not, since the target
is the score of the best one, which it reaches by definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10

from ravine.execution.evaluated_scores import tied_with_best
from ravine.execution.result_parts import MetricFacts
from ravine.studies.compare.result import LeaderboardRow, Pair, Reason, Recommendation

__all__ = ["recommend", "recommended_row"]

WIDER_DECADES = log10(2)
FEWER_STEPS = 0.8
LESS_SPREAD = 0.5
MIN_SPREAD_SEEDS = 4  # of an interquartile range


def recommend(rows: Sequence[LeaderboardRow], pairs: Sequence[Pair], metric: MetricFacts) -> Recommendation:
    """Return the optimizer that a comparison recommends, with its tuned setting and the reason.

    rows: the leaderboard, best median first; the first row must have scores on fresh seeds. pairs:
    differences of every two optimizers, paired by seed. metric: decides which differences matter.
    """
    first_tier = [row for row in rows if row.tier == rows[0].tier]
    fewest = min(row.failed for row in first_tier)
    safe = [row for row in first_tier if row.failed == fewest]
    tied = tied_with_best(rows)
    row, reason = _choose([row for row in safe if not _worse(row, safe[0], pairs, metric)])
    if len(first_tier) == 1:
        reason = "best"
    elif len(safe) == 1:
        reason = "fewest_failures"
    return Recommendation(
        optimizer=row.optimizer,
        learning_rate=row.learning_rate,
        hyperparameters=row.hyperparameters,
        schedule=row.schedule,
        tied=[other.optimizer for other in tied if row in tied and other is not row],
        reason=reason,
        failing=[other.optimizer for other in first_tier if other.failed > fewest],
    )


def recommended_row(rows: Sequence[LeaderboardRow], recommendation: Recommendation) -> LeaderboardRow:
    """Return the row of the leaderboard that belongs to the recommended optimizer of a comparison."""
    return next(row for row in rows if row.optimizer == recommendation.optimizer)


def _worse(row: LeaderboardRow, best: LeaderboardRow, pairs: Sequence[Pair], metric: MetricFacts) -> bool:
    """Return whether a row is worse than the best one by a paired difference that matters."""
    for pair in pairs:
        if {pair.a, pair.b} == {best.optimizer, row.optimizer}:
            change = pair.difference or 0.0
            gain = change if (pair.a == row.optimizer) == metric.greater_is_better else -change
            worse = pair.difference is None or gain < 0
            return worse and metric.matters(best.median, row.median, pair.difference)
    return row is not best


def _choose(rows: Sequence[LeaderboardRow]) -> tuple[LeaderboardRow, Reason]:
    """Return one of several rows, and the reason for it."""
    for reason, value, lead in CRITERIA if len(rows) > 1 else ():
        known = [(number, row) for row in rows if (number := value(row)) is not None]
        ordered = sorted(known, key=lambda item: -item[0])
        if len(ordered) == 1 and reason == "fewest_steps":
            continue
        if ordered and (len(ordered) == 1 or lead(ordered[0][0], ordered[1][0])):
            return ordered[0][1], reason
    return rows[0], "best_median"


def _steps(row: LeaderboardRow) -> float | None:
    return None if row.steps_to_target is None else -row.steps_to_target


def _spread(row: LeaderboardRow) -> float | None:
    """Return the interquartile range of the scores, negated; None with few seeds or a diverged one."""
    values = sorted(value for value in row.values if value is not None)
    if len(values) < max(MIN_SPREAD_SEEDS, row.n_seeds):
        return None
    quarter = (len(values) - 1) // 4
    return values[quarter] - values[-1 - quarter]


CRITERIA: tuple[tuple[Reason, Callable[[LeaderboardRow], float | None], Callable[[float, float], bool]], ...]
CRITERIA = (
    ("widest_rates", lambda row: row.sensitivity_width, lambda best, second: best >= second + WIDER_DECADES),
    ("fewest_steps", _steps, lambda best, second: -best <= FEWER_STEPS * -second),
    ("least_spread", _spread, lambda best, second: -best < LESS_SPREAD * -second),
)
"""Reason, value of a row (greater is better), and whether the best value is clearly ahead of the second."""
