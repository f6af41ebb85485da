"""The verdict of a comparison in words: the best optimizer, its ties, and the worse ones with differences."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.render.numbers import MIN_INTERVAL_SEEDS, ScoreFormat, is_number, longer_side
from ravine.studies.compare.result import LeaderboardRow, Pair

__all__ = ["verdict"]

FEW_SEEDS = 10
"""Number of seeds below which similar optimizers cannot be distinguished."""


def verdict(rows: Sequence[LeaderboardRow], pairs: Sequence[Pair], style: ScoreFormat) -> str:
    """Return one paragraph on the best optimizer, its ties, and the worse optimizers.

    rows: the leaderboard, best first. pairs: the paired differences of its optimizers.
    """
    first = rows[0]
    tied = [row.optimizer for row in rows if row.tier == first.tier]
    sentences = [_best(tied, first, len(rows), style), *_worse(rows, pairs, style)]
    if first.n_seeds < FEW_SEEDS and len(rows) > 1:
        seeds = "1 seed" if first.n_seeds == 1 else f"{first.n_seeds} seeds"
        limit = "only large differences are visible"
        if first.n_seeds < MIN_INTERVAL_SEEDS:
            limit = "no difference can be distinguished from chance"
        sentences.append(f"With {seeds} {limit}.")
    return " ".join(sentences)


def _best(tied: Sequence[str], best: LeaderboardRow, count: int, style: ScoreFormat) -> str:
    """Return the sentence about the optimizers that are not distinguishable from the best.

    count: number of all optimizers.
    """
    score = style.with_unit(best.mean, best.interval)
    if not is_number(best.mean):
        score = f"median {style.with_unit(best.median)}"
    if count == 1:
        return f"{best.optimizer} reaches {style.metric} {score}; nothing was compared with it."
    if len(tied) == 1:
        return f"{best.optimizer} is best ({style.metric} {score}), and distinguishable from all others."
    others = tied[1:]
    verb = "is" if len(others) == 1 else "are"
    start = f"{_listed(others)} {verb} not distinguishable from the best, {best.optimizer}"
    start += f" ({style.metric} {score})"
    if len(tied) == count:
        return f"{start}: all {count} tie." if count > 2 else f"{start}: a tie."
    return f"{start}: they tie."


def _worse(rows: Sequence[LeaderboardRow], pairs: Sequence[Pair], style: ScoreFormat) -> list[str]:
    """Return sentences about the worse optimizers, with paired differences if they were measured."""
    measured, unmeasured, diverged = [], [], []
    best = rows[0]
    for row in rows:
        if row.tier == best.tier:
            continue
        difference, longer = _difference(pairs, best.optimizer, row.optimizer)
        if difference is not None and longer is not None:
            measured.append((row.optimizer, f"by {style.number(abs(difference))} ± {style.number(longer)}"))
        elif row.diverged:
            diverged.append(row.optimizer)
        else:
            unmeasured.append(row.optimizer)
    sentences = []
    if measured:
        (name, amount), *others = measured
        parts = [f"{name} is worse {amount}", *(f"{name} {amount}" for name, amount in others)]
        sentences.append(f"{_listed(parts)} {style.step}.")
    for names, reason in ((unmeasured, ""), (diverged, ", with runs that diverged")):
        if names:
            sentences.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} worse{reason}.")
    return sentences


def _difference(pairs: Sequence[Pair], best: str, other: str) -> tuple[float | None, float | None]:
    """Return the paired difference of two optimizers, and the longer side of its interval.

    None if the difference was not measured.
    """
    for pair in pairs:
        if {pair.a, pair.b} == {best, other}:
            return pair.difference, longer_side(pair.difference, pair.interval)
    return None, None


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
