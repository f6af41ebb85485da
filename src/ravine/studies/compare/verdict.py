"""The verdict of a comparison in words: the best optimizer, its ties, the worse ones, and the recommendation.

The first sentence names the length of training, because a ranking of optimizers holds for this length only.
The interval of a difference of two optimizers comes from the same rank test as its p value
(`ravine.statistics.paired_tests`). So a sentence never states that an optimizer is worse by a difference
whose interval contains 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.evaluated_scores import few_seeds_text, median_cell, tied_with_best
from ravine.execution.length_advice import length_text, still_falling_text
from ravine.execution.result_parts import MetricFacts
from ravine.render.numbers import ScoreFormat, fold, learning_rate, listed, number
from ravine.significance import MIN_TEST_SEEDS
from ravine.studies.compare.result import CompareResult, LeaderboardRow, Pair, Recommendation

__all__ = ["recommendation_text", "verdict"]


def verdict(result: CompareResult, style: ScoreFormat) -> str:
    """Return the verdict of a comparison as one paragraph: the best optimizer, its ties, and the worse ones.

    The paragraph also names the length of training for which it holds, warns of few seeds, and tells for how
    many optimizers the validation loss still fell at the end. style: format of the scores.
    """
    rows = result.leaderboard
    first = rows[0]
    length = length_text(result.plan.steps, result.plan.epochs)
    sentences = [f"Within {length}, {_best(rows, style)}"]
    sentences += _worse(rows, result.pairs, result.metric, style)
    if len(rows) > 1:
        sentences.append(few_seeds_text(first.n_seeds))
    sentences.append(still_falling_text([row.trend for row in rows], "optimizer"))
    return " ".join(filter(None, sentences))


def recommendation_text(recommendation: Recommendation, rows: Sequence[LeaderboardRow]) -> str:
    """Return the sentences that name the recommended optimizer of a comparison, its setting and the reason.

    rows: the leaderboard.
    """
    row = next(row for row in rows if row.optimizer == recommendation.optimizer)
    setting = f"{row.optimizer} at learning rate {learning_rate(row.learning_rate)}, schedule {row.schedule}"
    if recommendation.reason == "best":
        return f"Recommended: {setting}."
    if recommendation.reason == "fewest_failures":
        return f"Recommended: {setting}. Of the optimizers of tier 1, it failed on the fewest seeds."
    reason = {
        "widest_rates": f"it has the widest range of good learning rates ({fold(row.sensitivity_width)})",
        "fewest_steps": f"it needs the fewest steps to the target score ({number(row.steps_to_target, 4)})",
        "least_spread": "its scores differ least between seeds",
        "best_median": "it has the best median",
    }[recommendation.reason]
    failing = recommendation.failing
    group, more = "the tied optimizers", ""
    if failing:
        group = "the optimizers of tier 1 with the fewest failed seeds"
        more = f" {listed(failing)} failed on more seeds."
    return f"Recommended: {setting}. Of {group}, {reason}.{more}"


def _best(rows: Sequence[LeaderboardRow], style: ScoreFormat) -> str:
    """Return the sentences about the best median, and the optimizers not distinguishable from it.

    rows: best median first. An optimizer that failed on more or fewer seeds than the first does not tie.
    """
    best, total = rows[0], len(rows)
    score = " ".join(filter(None, (median_cell(best, style), style.unit)))
    if total == 1:
        return f"{best.optimizer} reaches {style.metric} {score}; nothing was compared with it."
    same_tier = [row for row in rows if row.tier == best.tier]
    if len(same_tier) == 1:
        return f"{best.optimizer} is best ({style.metric} {score}), and distinguishable from all others."
    others = [row.optimizer for row in tied_with_best(rows)[1:]]
    fewer = [row.optimizer for row in same_tier if row.failed < best.failed]
    more = [row.optimizer for row in same_tier if row.failed > best.failed]
    if others:
        place = "best median" if fewer else "best"
        text = f"{_not_distinguishable(others)} from the {place}, {best.optimizer}"
        text += f" ({style.metric} {score}){_ties(1 + len(others), total, best.n_seeds)}."
    elif fewer:
        text = f"{best.optimizer} has the best median ({style.metric} {score})."
    else:
        text = f"{best.optimizer} is best ({style.metric} {score})."
    if fewer:
        text += f" {_not_distinguishable(fewer)} from {best.optimizer}, and failed on fewer seeds."
    if more:
        text += f" {_not_distinguishable(more)} from {best.optimizer}, but failed on more seeds."
    return text


def _ties(tied: int, total: int, seeds: int) -> str:
    """Return `: they tie` in words for the numbers of tied and of all optimizers.

    Returns "" if there are too few seeds for a test: then no difference could have been found.
    """
    if seeds < MIN_TEST_SEEDS:
        return ""
    if tied < total:
        return ": they tie"
    return f": all {total} tie" if total > 2 else ": a tie"


def _not_distinguishable(names: Sequence[str]) -> str:
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} not distinguishable"


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
