"""The verdict of a comparison in words: the best optimizer, its ties, the worse ones, and the recommendation.

The first sentence names the length of training, because a ranking holds for this length. The interval of a
difference belongs to the rank test (`ravine.statistics.paired_tests`). So a sentence never states that an
optimizer is worse by a difference whose interval contains 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.evaluated_scores import few_seeds_text, median_cell
from ravine.execution.length_advice import length_text, still_falling_text
from ravine.execution.result import MetricFacts
from ravine.render.numbers import ScoreFormat, fold, learning_rate, listed, number
from ravine.studies.compare.result import CompareResult, LeaderboardRow, Pair, Recommendation

__all__ = ["recommendation_text", "verdict"]


def verdict(result: CompareResult, style: ScoreFormat) -> str:
    """Return one paragraph on the best optimizer, its ties, the worse optimizers, and their condition."""
    rows = result.leaderboard
    first = rows[0]
    tied = [row.optimizer for row in rows if row.tier == first.tier]
    length = length_text(result.plan.steps, result.plan.epochs)
    sentences = [f"Within {length}, {_best(tied, first, len(rows), style)}"]
    sentences += _worse(rows, result.pairs, result.metric, style)
    if len(rows) > 1:
        sentences.append(few_seeds_text(first.n_seeds))
    sentences.append(still_falling_text([row.trend for row in rows], "optimizer"))
    return " ".join(filter(None, sentences))


def recommendation_text(recommendation: Recommendation, rows: Sequence[LeaderboardRow]) -> str:
    """Return the sentences that name the recommended optimizer and the reason."""
    row = next(row for row in rows if row.optimizer == recommendation.optimizer)
    setting = f"{row.optimizer} at learning rate {learning_rate(row.learning_rate)}, schedule {row.schedule}"
    if recommendation.reason == "best":
        return f"Recommended: {setting}."
    reason = {
        "fewest_failures": "it failed on the fewest seeds",
        "widest_rates": f"it has the widest range of good learning rates ({fold(row.sensitivity_width)})",
        "fewest_steps": f"it needs the fewest steps to the target score ({number(row.steps_to_target, 4)})",
        "least_spread": "its scores differ least between seeds",
        "best_median": "it has the best median",
    }[recommendation.reason]
    more = ""
    if recommendation.failing and recommendation.reason != "fewest_failures":
        more = f" {listed(recommendation.failing)} failed on more seeds."
    return f"Recommended: {setting}. Of the tied optimizers, {reason}.{more}"


def _best(tied: Sequence[str], best: LeaderboardRow, total: int, style: ScoreFormat) -> str:
    """Return the sentence about the optimizers that are not distinguishable from the best.

    total: number of all optimizers.
    """
    score = " ".join(filter(None, (median_cell(best, style), style.unit)))
    if total == 1:
        return f"{best.optimizer} reaches {style.metric} {score}; nothing was compared with it."
    if len(tied) == 1:
        return f"{best.optimizer} is best ({style.metric} {score}), and distinguishable from all others."
    others = tied[1:]
    verb = "is" if len(others) == 1 else "are"
    start = f"{listed(others)} {verb} not distinguishable from the best, {best.optimizer}"
    start += f" ({style.metric} {score})"
    if len(tied) == total:
        return f"{start}: all {total} tie." if total > 2 else f"{start}: a tie."
    return f"{start}: they tie."


def _worse(
    rows: Sequence[LeaderboardRow], pairs: Sequence[Pair], metric: MetricFacts, style: ScoreFormat
) -> list[str]:
    """Return sentences about the worse optimizers, with paired differences if they were measured."""
    measured: list[tuple[str, Pair]] = []
    small: list[tuple[str, Pair]] = []
    unmeasured, diverged = [], []
    best = rows[0]
    for row in rows:
        if row.tier == best.tier:
            continue
        pair = _pair(pairs, best.optimizer, row.optimizer)
        if pair is not None and _is_sure(pair):
            matters = metric.matters(best.median, row.median, pair.difference)
            (measured if matters else small).append((row.optimizer, pair))
        elif row.diverged:
            diverged.append(row.optimizer)
        else:
            unmeasured.append(row.optimizer)
    sentences = []
    for group, end in ((measured, ""), (small, ": significant, but too small to matter")):
        if group:
            (name, pair), *others = group  # only the first difference has its unit
            parts = [f"{name} is worse by {_size(pair, style, f' {style.step}')}"]
            parts += [f"{name} by {_size(pair, style)}" for name, pair in others]
            sentences.append(f"{listed(parts)}{end}.")
    for names, reason in ((unmeasured, ""), (diverged, ", with runs that diverged")):
        if names:
            sentences.append(f"{listed(names)} {'is' if len(names) == 1 else 'are'} worse{reason}.")
    return sentences


def _is_sure(pair: Pair) -> bool:
    """Return whether the difference of a pair was measured, with an interval that excludes 0."""
    ends = [end for end in pair.interval or () if end is not None]
    one_sided = all(end > 0 for end in ends) or all(end < 0 for end in ends)
    return pair.difference is not None and bool(ends) and one_sided


def _size(pair: Pair, style: ScoreFormat, unit: str = "") -> str:
    """Return the size of a difference with its interval, `0.8 points (0.5 to 1.1)`."""
    ends = sorted(abs(end) for end in pair.interval or () if end is not None)
    low = style.number(ends[0])
    interval = f"{low} to {style.number(ends[1])}" if len(ends) > 1 else f"at least {low}"
    return f"{style.number(abs(pair.difference or 0.0))}{unit} ({interval})"


def _pair(pairs: Sequence[Pair], best: str, other: str) -> Pair | None:
    """Return the pair of two optimizers; None if it was not measured."""
    return next((pair for pair in pairs if {pair.a, pair.b} == {best, other}), None)
