"""Sensitivity strips: one line per optimizer, score against the logarithm of the learning rate.

All lines share one axis of rates and one scale of scores. A column shows the trial whose rate is nearest;
columns outside the rates tried stay blank; `x` is a rate at which the median run diverged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import cells, cut, is_number, labels, score_format

__all__ = ["strips"]

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.:-=+*#"
WIDEST = 72
NARROWEST = 12


def strips(document: Mapping[str, Any], width: int, unicode: bool = True) -> list[str]:
    """Return the lines, at most `width` columns each; [] if the document has no trials or there is no room.

    A row's trials are `sensitivity = {"learning_rate": [...], "score": [...]}`, a score null if diverged.
    """
    rows = document.get("leaderboard") or []
    greater = score_format(document).greater_is_better
    curves = [_curve(row, greater) for row in rows]
    found = [rate for curve in curves for rate, _ in curve]
    if not found:
        return []
    names = [cut(name, max(8, width // 4)) for name in labels(rows)]
    margin = max(map(cells, names)) + 2
    columns = min(WIDEST, width - margin)
    if columns < NARROWEST:
        return []
    low, high = math.floor(min(found)), math.ceil(max(found))
    high += low == high
    blocks = BLOCKS if unicode else ASCII_BLOCKS
    floor, top = _scale([score for curve in curves for _, score in curve if score is not None])
    lines = []
    for name, curve in zip(names, curves, strict=True):
        strip = _strip(curve, low, high, columns, floor, top, blocks)
        lines.append(f"{name}{' ' * (margin - cells(name))}{strip}".rstrip())
    return [*lines, " " * margin + _axis(low, high, columns)]


def _curve(row: Mapping[str, Any], greater: bool) -> list[tuple[float, float | None]]:
    """Return (log10 rate, score with greater better, None if diverged), in the order of the rates."""
    trials = row.get("sensitivity") or {}
    pairs = zip(trials.get("learning_rate") or [], trials.get("score") or [], strict=True)
    curve = [
        (math.log10(rate), (score if greater else -score) if is_number(score) else None)
        for rate, score in pairs
        if is_number(rate) and rate > 0
    ]
    return sorted(curve, key=lambda trial: trial[0])


def _scale(scores: Sequence[float]) -> tuple[float, float]:
    """Return the scores of the lowest and the highest block; far outliers below do not flatten the rest."""
    if not scores:
        return 0.0, 1.0
    ordered = sorted(scores)
    middle, top = ordered[len(ordered) // 2], ordered[-1]
    return max(ordered[0], middle - 3 * (top - middle)) if top > middle else ordered[0], top


def _strip(
    curve: Sequence[tuple[float, float | None]],
    low: int,
    high: int,
    columns: int,
    floor: float,
    top: float,
    blocks: str,
) -> str:
    if not curve:
        return ""
    half = (high - low) / columns / 2
    text = ""
    for column in range(columns):
        middle = low + (2 * column + 1) * half
        if not curve[0][0] - half <= middle <= curve[-1][0] + half:
            text += " "
            continue
        # a rate tried inside the column counts before one beside it, the best of them first
        inside = [score for rate, score in curve if abs(rate - middle) <= half]
        nearest = min(curve, key=lambda trial: abs(trial[0] - middle))[1]
        finite = [score for score in inside if score is not None]
        score = max(finite) if finite else None if inside else nearest
        if score is None:
            text += "x"
            continue
        share = (score - floor) / (top - floor) if top > floor else 1.0
        text += blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
    return text


def _axis(low: int, high: int, columns: int) -> str:
    """Return a line of decades, as many as fit, each beginning where its rate lies."""
    line = ""
    for decade in range(low, high + 1):
        place = round((decade - low) / (high - low) * columns)
        word = f"1e{decade}"
        if place >= len(line) + (1 if line else 0) and place + len(word) <= columns:
            line = line.ljust(place) + word
    return line
