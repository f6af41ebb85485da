"""The leaderboard for a terminal: table, warnings, verdict, sensitivity strips.

Narrow terminals lose columns, the least important first; a line is never wrapped or longer than the width.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ravine.render.numbers import (
    FEWEST_SEEDS,
    MISSING,
    ScoreFormat,
    cells,
    clean,
    cut,
    is_number,
    labels,
    rate,
    score_format,
)
from ravine.studies.compare.sensitivity import strips
from ravine.studies.compare.verdict import verdict

__all__ = ["leaderboard_text"]

GAP = "  "
BOLD, DIM, YELLOW, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"
ASCII = str.maketrans({"±": "~", "…": "~", "–": "-", "─": "-"})


@dataclass(frozen=True)
class Column:
    """One column: `priority` 0 always stays, the highest goes first."""

    title: str
    priority: int
    texts: list[str]
    left: bool = False

    @property
    def width(self) -> int:
        return max(cells(self.title), *map(cells, self.texts))


def leaderboard_text(
    document: Mapping[str, Any], width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a compare document as text, no line wider than `width` (at least 40) columns.

    Beside the fields of `compare --json` a row may have `sensitivity_width` (decades) and `sensitivity`
    ({"learning_rate": [...], "score": [...]}, a score null if diverged). `diverged` is a number of runs if
    it is an integer and a share if it is a float; `reached_target` is the share of seeds that reached the
    target; `at_edge` is false, true, "low" or "high". With `colour=False` there are no escapes; with
    `unicode=False` only ASCII ("~" stands for "±").
    """
    width = max(40, width)
    rows = document.get("leaderboard") or []
    style = score_format(document)
    parts = [_heading(document, rows, style, width, colour)]
    if rows:
        parts.append(_table(rows, _shown(_columns(rows, style), width), colour))
    parts.append(_wrapped(_tuned(rows), width))
    parts.append([_paint(line, YELLOW, colour) for note in _warnings(rows) for line in _wrapped(note, width)])
    parts.append(_wrapped(verdict(document), width))
    parts.append(_wrapped(_tested(document, style), width))
    if lines := strips(document, width, unicode):
        title = f"{style.metric} against learning rate (validation; higher is better, x diverged)"
        if not style.greater_is_better:
            title = f"{style.metric} against learning rate (validation; higher block = lower {style.metric})"
        parts.append([_paint(cut(title, width), DIM, colour), *lines])
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return text if unicode else text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def _tested(document: Mapping[str, Any], style: ScoreFormat) -> str:
    """The winner on the rows held out from everything above."""
    test = document.get("test") or {}
    if not is_number(test.get("mean")):
        return ""
    score = style.with_interval(test["mean"], test.get("interval"))
    unit = f" {style.unit}" if style.unit else ""
    saved = f"; the saved network {style.number(test['model'])}{unit}" if is_number(test.get("model")) else ""
    return f"On the test rows, read once: {clean(test['optimizer'])} {style.metric} {score}{unit}{saved}."


def _tuned(rows: Sequence[Mapping[str, Any]]) -> str:
    """What was tuned beside the rate, of each rule: no column could hold it."""
    found = [
        f"{name} {', '.join(f'{clean(key)} {value:.5g}' for key, value in row['hyperparameters'].items())}"
        for name, row in zip(labels(rows), rows, strict=True)
        if row.get("hyperparameters")
    ]
    return f"tuned beside the rate: {'; '.join(found)}" if found else ""


def _heading(
    document: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    style: ScoreFormat,
    width: int,
    colour: bool,
) -> list[str]:
    data = document.get("data") or {}
    counts = {"row": data.get("rows"), "feature": data.get("features")}
    facts = [f"{each:,} {what}{'s' * (each != 1)}" for what, each in counts.items() if is_number(each)]
    facts += [clean(data["task"])] if data.get("task") else []
    seeds = rows[0].get("n_seeds") if rows else None
    what = f"validation {style.metric}"
    if is_number(seeds):
        few = seeds < FEWEST_SEEDS
        what += f", mean of {seeds} fresh seed{'s' * (seeds != 1)}"
        what += ": too few seeds for an interval" if few else " ± 95 % interval"
    if (document.get("plan") or {}).get("track") == "full":
        what += "; all numbers of each rule tuned (track full)"
    name = clean(data.get("name", "data"))
    title = cut(f"{name}: {', '.join(facts)}" if facts else name, width)
    return [_paint(title, BOLD, colour), *(_paint(line, DIM, colour) for line in _wrapped(what, width))]


def _columns(rows: Sequence[Mapping[str, Any]], style: ScoreFormat) -> list[Column]:
    """Return all columns that have something to say, in the order shown."""
    tiers = [row.get("tier") for row in rows]
    shared = [_tier(tier, tiers.count(tier) > 1) for tier in tiers]
    names = [clean(row.get("optimizer", "?")) for row in rows]
    scores = [_score(row, style) for row in rows]
    title = " ".join(filter(None, [cut(clean(style.metric), 20), style.unit]))
    columns = [
        Column("tier", 0, shared, left=True),
        Column("optimizer", 0, names, left=True),
        Column(title, 0, scores),
        Column("rate", 1, [rate(row.get("learning_rate")) + "!" * bool(row.get("at_edge")) for row in rows]),
        Column("schedule", 2, [clean(row.get("schedule") or MISSING) for row in rows], left=True),
        Column("diverged", 3, [_share(row.get("diverged"), row.get("n_seeds")) for row in rows]),
        Column("to target", 4, [_steps(row) for row in rows]),
        Column("good rates", 5, [_decades(row.get("sensitivity_width")) for row in rows]),
        Column("median", 6, [style.number(row.get("median")) for row in rows]),
        Column("with tuning", 7, [_interval(row.get("tuning_interval"), style) for row in rows]),
    ]
    silent = {MISSING, "0"}
    return [each for each in columns if each.priority == 0 or set(each.texts) - silent]


def _tier(tier: Any, shared: bool) -> str:
    return MISSING if tier is None else f"{tier}=" if shared else str(tier)


def _score(row: Mapping[str, Any], style: ScoreFormat) -> str:
    if is_number(row.get("mean")):
        return style.with_interval(row["mean"], row.get("interval"))
    return f"median {style.number(row['median'])}" if is_number(row.get("median")) else "diverged"


def _share(diverged: Any, seeds: Any) -> str:
    if not is_number(diverged):
        return MISSING
    if isinstance(diverged, float):
        return f"{100 * diverged:.0f} %" if diverged else "0"
    return f"{diverged}/{seeds}" if diverged and is_number(seeds) else str(diverged)


def _steps(row: Mapping[str, Any]) -> str:
    reached = row.get("reached_target")
    if reached is not None and not reached:
        return "never"
    if not is_number(row.get("steps_to_target")):
        return MISSING
    share = f" ({100 * reached:.0f} %)" if is_number(reached) and reached < 1 else ""
    return f"{row['steps_to_target']:,.0f}{share}"


def _decades(value: Any) -> str:
    return f"{value:.1f} dec" if is_number(value) else MISSING


def _interval(interval: Any, style: ScoreFormat) -> str:
    if not isinstance(interval, Sequence) or len(interval) != 2:
        return MISSING
    return f"{style.number(interval[0])} to {style.number(interval[1])}"


def _shown(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit, dropping by priority; long names are cut before the score is."""
    kept = list(columns)
    while _total(kept) > width and len(kept) > 3:
        least = max(kept, key=lambda each: each.priority)
        # long names of optimizers are cut down to a readable length before a column goes
        spare = kept[1].width - 16
        if spare > 0 and _total(kept) - spare <= width:
            break
        kept.remove(least)
    excess = _total(kept) - width
    for index in (1, 2):  # a name of an optimizer, then of a metric, may be as long as its user likes
        if excess > 0:
            room = max(8, kept[index].width - excess)
            texts = [cut(text, room) for text in kept[index].texts]
            kept[index] = Column(cut(kept[index].title, room), 0, texts, kept[index].left)
            excess = _total(kept) - width
    return kept


def _total(columns: Sequence[Column]) -> int:
    return sum(each.width for each in columns) + len(GAP) * (len(columns) - 1)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], colour: bool) -> list[str]:
    head = GAP.join(_padded(each.title, each) for each in columns).rstrip()
    rule = "─" * _total(columns)
    lines = [_paint(head, DIM, colour)]
    for index, row in enumerate(rows):
        if index == 0 or row.get("tier") != rows[index - 1].get("tier"):
            lines.append(_paint(rule, DIM, colour))
        line = GAP.join(_padded(each.texts[index], each) for each in columns).rstrip()
        lines.append(_paint(line, BOLD, colour and row.get("tier") == rows[0].get("tier")))
    return lines


def _padded(text: str, column: Column) -> str:
    blank = " " * (column.width - cells(text))
    return text + blank if column.left else blank + text


def _warnings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    for name, row in zip(labels(rows), rows, strict=True):
        if edge := row.get("at_edge"):
            where = {"low": "the lower edge", "high": "the upper edge"}.get(str(edge), "the edge")
            best = rate(row.get("learning_rate"))
            notes.append(
                f"! {name}: its best rate, {best}, lies at {where} of the range tried; there may be better."
            )
    return notes


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(clean(text), width, break_on_hyphens=False)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{PLAIN}" if colour and text else text
