"""The verdict in plain words: who is best, who ties with it, who is worse and by how much. Ties are ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import FEWEST_SEEDS, ScoreFormat, is_number, labels, score_format, side

__all__ = ["verdict"]

FEW_SEEDS = 10
"""Below this the protocol calls an evaluation too small to tell optimizers apart."""


def verdict(document: Mapping[str, Any]) -> str:
    """Return one paragraph about a compare document; see `leaderboard_text` for its fields."""
    rows = document.get("leaderboard") or []
    if not rows:
        return "Nothing was compared: the leaderboard is empty."
    names, style = labels(rows), score_format(document)
    if not any(is_number(row.get("median")) or is_number(row.get("mean")) for row in rows):
        return "Nothing can be said: every evaluation diverged. Try smaller learning rates."
    tied = [name for name, row in zip(names, rows, strict=True) if row.get("tier") == rows[0].get("tier")]
    sentences = [_best(names, tied, rows[0], style), *_worse(document, names, rows, style)]
    seeds = rows[0].get("n_seeds")
    if is_number(seeds) and seeds < FEW_SEEDS and len(rows) > 1:
        plural = "seed" if seeds == 1 else "seeds"
        none = seeds < FEWEST_SEEDS
        seen = "no difference can be told from luck" if none else "only large differences can be seen"
        sentences.append(f"With {seeds} {plural} {seen}.")
    return " ".join(sentences)


def _best(names: Sequence[str], tied: Sequence[str], best: Mapping[str, Any], style: ScoreFormat) -> str:
    score = style.with_interval(best.get("mean"), best.get("interval"))
    if not is_number(best.get("mean")):
        score = f"median {style.number(best.get('median'))}"
    score = " ".join(filter(None, [score, style.unit]))
    if len(names) == 1:
        return f"{names[0]} reaches {style.metric} {score}; nothing was compared with it."
    if len(tied) == 1:
        return f"{names[0]} is best ({style.metric} {score}), and distinguishable from all others."
    others = tied[1:]
    verb = "is" if len(others) == 1 else "are"
    start = f"{_listed(others)} {verb} not distinguishable from the best, {names[0]} ({style.metric} {score})"
    if len(tied) == len(names):
        return f"{start}: all {len(names)} tie." if len(names) > 2 else f"{start}: a tie."
    return f"{start}: they tie."


def _worse(
    document: Mapping[str, Any], names: Sequence[str], rows: Sequence[Mapping[str, Any]], style: ScoreFormat
) -> list[str]:
    """Return sentences about the rows of lower tiers, with the paired differences where there are any."""
    measured, unmeasured, lost = [], [], []
    for name, row in zip(names, rows, strict=True):
        if row.get("tier") == rows[0].get("tier"):
            continue
        difference, longer = _difference(document, rows[0], names[0], row, name)
        if difference is not None and longer is not None:
            measured.append(f"{name} by {style.number(abs(difference))} ± {style.number(longer)}")
        elif row.get("diverged"):
            lost.append(name)
        else:
            unmeasured.append(name)
    sentences = []
    if measured:
        first, by, rest = measured[0].partition(" by ")
        sentences.append(f"{_listed([f'{first} is worse{by}{rest}', *measured[1:]])} {style.step}.")
    for which, why in ((unmeasured, ""), (lost, ", with runs that diverged")):
        if which:
            sentences.append(f"{_listed(which)} {'is' if len(which) == 1 else 'are'} worse{why}.")
    return sentences


def _difference(
    document: Mapping[str, Any], best: Mapping[str, Any], best_name: str, row: Mapping[str, Any], name: str
) -> tuple[float | None, float | None]:
    """Return the paired difference of `row` to the best and the longer side of its interval, or Nones."""
    mine, other = {name, row.get("optimizer")}, {best_name, best.get("optimizer")}
    if mine & other:  # one optimizer with two schedules: only the full names tell them apart
        mine, other = {name}, {best_name}
    for pair in document.get("pairs") or []:
        sides = (pair.get("a"), pair.get("b"))
        if (sides[0] in mine and sides[1] in other) or (sides[0] in other and sides[1] in mine):
            value = pair.get("difference")
            return (value if is_number(value) else None), side(value, pair.get("interval"))
    return None, None


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
