"""The result of `sweep` for a terminal: settings best first, what each level does, and a verdict.

Narrow terminals lose columns, the least important first; no line is longer than the width.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import (
    FEWEST_SEEDS,
    MISSING,
    ScoreFormat,
    cells,
    clean,
    cut,
    is_number,
    rate,
    score_format,
    side,
)

__all__ = ["sweep_plan_text", "sweep_text", "sweep_verdict"]

GAP = "  "
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
ASCII = str.maketrans({"±": "~", "…": "~", "–": "-", "─": "-"})
FEW_SEEDS = 10
SHOWN = 40  # settings of the table; the rest is in the documents


def sweep_text(
    document: Mapping[str, Any], width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a sweep document as text, no line wider than `width` (at least 40) columns."""
    width = max(40, width)
    rows, style = document["leaderboard"], _style(document)
    parts = [_heading(document, style, width, colour), _settings(document, rows, style, width, colour)]
    if several := _effects(document, style, width, colour):
        parts.append(several)
    parts += [_wrapped(note, width) for note in _notes(document, rows)]
    parts += [_wrapped(sentence, width) for sentence in [" ".join(sweep_verdict(document))]]
    parts.append(_wrapped(_tested(document, style), width))
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return text if unicode else text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def _style(document: Mapping[str, Any]) -> ScoreFormat:
    """One format for scores and differences, fine enough for the smallest uncertainty of either."""
    changes = [
        {"mean": each["difference"], "interval": each["interval"]}
        for row in document["leaderboard"]
        if (each := row.get("against_first"))
    ]
    return score_format({**document, "leaderboard": [*document["leaderboard"], *changes]})


def _heading(document: Mapping[str, Any], style: ScoreFormat, width: int, colour: bool) -> list[str]:
    data, design = document["data"], document["design"]
    features = f"{data['features']:,} feature{'s' * (data['features'] != 1)}"
    title = f"{clean(data['name'])}: {data['rows']:,} rows, {features}, {data['task']}"
    seeds = max(row["n_seeds"] for row in document["leaderboard"])
    what = f"validation {style.metric}, mean of {seeds} fresh seeds"
    what += " ± 95 % interval" if seeds >= FEWEST_SEEDS else ": too few for an interval"
    what += "; each setting at its own tuned learning rate" if design["rate"] == "tuned" else ""
    return [_paint(cut(title, width), BOLD, colour), *(_paint(e, DIM, colour) for e in _wrapped(what, width))]


def _settings(
    document: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    style: ScoreFormat,
    width: int,
    colour: bool,
) -> list[str]:
    names = [each["name"] for each in document["design"]["factors"]]
    tiers = [row["tier"] for row in rows]
    title = " ".join(filter(None, [cut(style.metric, 20), style.unit]))
    # (title, priority, left, texts): priority 0 stays, the highest goes first
    columns: list[tuple[str, int, bool, list[str]]] = [
        ("tier", 0, True, [f"{t}{'=' * (tiers.count(t) > 1)}" for t in tiers]),
        *((clean(name), 0, True, [clean(row["levels"][name]) for row in rows]) for name in names),
        (title, 0, False, [_score(row, style) for row in rows]),
        ("against first", 1, False, [_against(row, style) for row in rows]),
        (
            "epochs",
            4,
            False,
            [f"{row['epochs']:.3g}" if is_number(row["epochs"]) else MISSING for row in rows],
        ),
        ("diverged", 2, False, [f"{row['diverged']}" if row["diverged"] else MISSING for row in rows]),
    ]
    if "rate" not in names:
        tried = [rate(row["learning_rate"]) + "!" * bool(row["at_edge"]) for row in rows]
        columns.append(("rate", 3, False, tried))
    silent = {"epochs": len({row["epochs"] for row in rows}) == 1}
    columns = [
        c for c in columns if c[1] == 0 or (set(c[3]) - {MISSING} and not silent.get(c[0]))
    ]  # fmt: skip
    lines = _table(columns, tiers, width, colour, len(names))
    if len(rows) > SHOWN:
        lines = [*lines[: SHOWN + 3], f"and {len(rows) - SHOWN} more; all are in the JSON document"]
    return lines


def _table(
    columns: list[tuple[str, int, bool, list[str]]],
    tiers: Sequence[Any],
    width: int,
    colour: bool,
    factors: int,
) -> list[str]:
    def wide(column: tuple[str, int, bool, list[str]]) -> int:
        return max(cells(column[0]), *map(cells, column[3]))

    def total() -> int:
        return sum(map(wide, columns)) + len(GAP) * (len(columns) - 1)

    while total() > width and any(c[1] for c in columns):
        columns.remove(max(columns, key=lambda c: c[1]))
    while total() > width:  # then the widest level gives way, and the last factors go
        index = max(range(1, 1 + factors), key=lambda k: wide(columns[k]))
        name, priority, left, texts = columns[index]
        room = max(6, wide(columns[index]) - (total() - width))
        if room >= wide(columns[index]):
            if factors == 1:
                break
            del columns[factors]
            factors -= 1
            continue
        columns[index] = cut(name, room), priority, left, [cut(text, room) for text in texts]
    widths = [wide(column) for column in columns]

    def line(texts: Sequence[str]) -> str:
        cell = [
            text + " " * (w - cells(text)) if c[2] else " " * (w - cells(text)) + text
            for text, w, c in zip(texts, widths, columns, strict=True)
        ]
        return cut(GAP.join(cell).rstrip(), width)

    lines, rule = [_paint(line([c[0] for c in columns]), DIM, colour)], "─" * min(width, total())
    for k in range(len(tiers)):
        if k == 0 or tiers[k] != tiers[k - 1]:
            lines.append(_paint(rule, DIM, colour))
        lines.append(_paint(line([c[3][k] for c in columns]), BOLD, colour and tiers[k] == tiers[0]))
    return lines


def _effects(document: Mapping[str, Any], style: ScoreFormat, width: int, colour: bool) -> list[str]:
    """Levels of every factor, the others averaged over; with one factor the table has said it."""
    if len(document["design"]["factors"]) < 2 or not document["effects"]:
        return []
    lines = []
    for row in document["effects"]:
        mean = style.number(row["mean"]) if is_number(row["mean"]) else "diverged"
        change = "first" if row["first"] else _change(row["effect"], style)
        lines.append((clean(row["factor"]), clean(row["level"]), mean, change))
    columns = [
        (title, 0, left, [line[k] for line in lines])
        for k, (title, left) in enumerate(
            (("factor", True), ("level", True), ("mean", False), ("effect", False))
        )
    ]
    # a rule between factors, as between tiers
    table = _table(columns, [row["factor"] for row in document["effects"]], width, False, 1)
    title = cut("Every level, all other factors averaged over:", width)
    return [_paint(title, DIM, colour), *table]


def _score(row: Mapping[str, Any], style: ScoreFormat) -> str:
    if is_number(row["mean"]):
        return style.with_interval(row["mean"], row["interval"])
    return f"median {style.number(row['median'])}" if is_number(row["median"]) else "diverged"


def _against(row: Mapping[str, Any], style: ScoreFormat) -> str:
    return "first" if row["first"] else _change(row["against_first"], style)


def _change(part: Mapping[str, Any] | None, style: ScoreFormat) -> str:
    """`+0.4 ± 0.3`; a dash where a run diverged."""
    if not part or not is_number(part["difference"]):
        return MISSING
    longer = side(part["difference"], part["interval"])
    sign = "+" if part["difference"] > 0 else "-"
    number = f"{abs(part['difference']) * style.scale:.{style.decimals}f}"
    sign = sign if float(number) else ""
    return f"{sign}{number}" + (f" ± {style.number(longer)}" if longer is not None else "")


def _notes(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    edges = [clean(row["setting"]) for row in rows if row["at_edge"]]
    if not edges:
        return []
    which = edges[0] if len(edges) == 1 else f"{len(edges)} settings"
    return [f"! {which}: the best rate lies at the end of those tried; there may be better."]


def sweep_verdict(document: Mapping[str, Any]) -> list[str]:
    """Return sentences: what each level does, which setting is best and who ties with it."""
    rows, style = document["leaderboard"], _style(document)
    unit = f" {style.step}"
    sentences = []
    first = {row["factor"]: row["level"] for row in document["effects"] if row["first"]}
    for row in document["effects"]:
        if row["first"]:
            continue
        name, change = f"{clean(row['factor'])}={clean(row['level'])}", _change(row["effect"], style)
        against = f"{clean(row['factor'])}={clean(first[row['factor']])}"
        if change == MISSING:
            sentences.append(f"{name}: nothing can be said against {against}, runs diverged.")
        elif row["helps"] is None:
            low, high = row["effect"]["interval"] or (0.0, 0.0)
            if low <= 0 <= high:
                said = f"makes no difference that can be seen ({change}{unit} against {against})."
            else:  # by itself it does, among so many comparisons it may be chance
                more = sum(not each["first"] for each in document["effects"])
                said = (
                    f"may {'help' if row['effect']['p_better'] > 0.5 else 'hurt'}: {change}{unit} against "
                    f"{against}, not certain among {more} comparisons; more seeds would tell."
                )
            sentences.append(f"{name} {said}")
        else:
            sentences.append(
                f"{name} {'helps' if row['helps'] else 'hurts'}: {change}{unit} against {against}."
            )
    tied = [row for row in rows if row["tier"] == rows[0]["tier"]]
    score = " ".join(filter(None, [_score(rows[0], style), style.unit]))
    best = f"Best: {clean(rows[0]['setting'])} ({style.metric} {score})"
    if len(tied) == 1:
        sentences.append(f"{best}, distinguishable from all others." if len(rows) > 1 else f"{best}.")
    elif len(tied) == len(rows):
        sentences.append(f"{best}; all {len(rows)} settings tie.")
    else:
        others = "one other ties" if len(tied) == 2 else f"{len(tied) - 1} others tie"
        sentences.append(f"{best}; {others} with it.")
    if rows[0]["n_seeds"] < FEW_SEEDS:
        sentences.append(f"With {rows[0]['n_seeds']} seeds only large differences can be seen.")
    return sentences


def _tested(document: Mapping[str, Any], style: ScoreFormat) -> str:
    """The winner on the rows held out from everything above."""
    test = document["test"]
    if not is_number(test["mean"]):
        return ""
    unit = f" {style.unit}" if style.unit else ""
    score = style.with_interval(test["mean"], test["interval"])
    return (
        f"On the test rows, read once: {clean(test['setting'])} {style.metric} {score}{unit}; "
        f"the saved network {style.number(test['model'])}{unit}."
    )


def sweep_plan_text(document: Mapping[str, Any], width: int = 80) -> str:
    """Return what a sweep would do, from its plan document, as text."""
    data, rows, settings = document["data"], document["rows"], document["settings"]
    tuned = document["rates"]
    facts = {
        "Data": f"{clean(data['name'])}: {data['rows']:,} rows, {data['features']:,} inputs, {data['task']}",
        "Split": f"{rows['train']:,} rows to train, {rows['validation']:,} to validate, the rest to test",
        "Metric": document["metric"],
        "Design": f"{document['design']} of {len(settings)} settings: "
        + ", ".join(clean(each["name"]) for each in document["factors"]),
        "Rate": f"{len(tuned)} rates for each, on {len(document['tuning_seeds'])} seeds"
        if tuned
        else "as given",
        "Evaluation": f"each setting on the same {len(document['seeds'])} fresh seeds",
        "Networks": f"{document['runs']:,} in all, {document['network_steps']:,} network steps",
        "Programs": f"{document['programs']} to compile",
        "Time": f"about {max(1, round(document['estimated_seconds'])):,} s on this machine",
        "First": clean(settings[0]["setting"]),
    }
    lines = []
    for name, value in facts.items():
        first = f"{name:<12}"
        lines += textwrap.wrap(
            str(value), width, initial_indent=first, subsequent_indent=" " * 12, break_on_hyphens=False
        )
    lines += [
        cut(f"{'' if k else 'Settings':<12}{clean(s['setting'])}", width)
        for k, s in enumerate(settings[:SHOWN])
    ]
    if len(settings) > SHOWN:
        lines.append(f"{'':<12}and {len(settings) - SHOWN} more")
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(clean(text), width, break_on_hyphens=False)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{PLAIN}" if colour and text else text
