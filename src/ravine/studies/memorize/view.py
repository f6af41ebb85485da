"""The memorisation test for a terminal: what was fitted, what learned by heart, what limits it, bounds."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import MISSING, cells, clean, cut, is_number, side
from ravine.render.sparkline import strip

__all__ = ["memorise_text"]

NAMES = {
    "pac_bayes": "PAC-Bayes certificate",
    "held_out": "from held-out rows",
    "lecture": "lecture's sqrt(I/N)",
    "xu_raginsky": "sqrt(I/2N)",
    "f_cmi": "f-CMI",
}
Rows = list[list[str]]


def memorise_text(document: Mapping[str, Any], width: int = 80, unicode: bool = True) -> str:
    """Return a memorise document as text, no line wider than `width` (at least 60) columns."""
    width = max(60, width)
    shares, plan, rows = document["shares"], document["plan"], document["rows"]
    ran = [each for each in shares if each["networks"]]
    head = (
        f"{clean(document['data']['name'])}: {len(plan['seeds'])} networks {plan['network']} for each line, "
        f"{plan['parameters']:,} parameters, {clean(plan['optimizer'])} at {plan['learning_rate']:.3g}, "
        f"{plan['epochs']:.3g} epochs. Each is trained on {rows['train']:,} rows, and "
        f"{rows['held_out']:,} like them are held out."
    )
    parts = [textwrap.fill(head, width), *_verdicts(document, width)]
    parts.append(_table("Labels drawn anew", _share_rows(shares), width, (2,)))
    parts.append("\n".join(["Training labels learned, by epoch", *_curves(ran, width, unicode)]))
    parts.append(_table("What limits memory", _limit_rows(document), width, (2, 4)))
    parts.extend(_bounds(ran, width))
    parts.append(textwrap.fill(_legend(document), width))
    text = "\n\n".join(part for part in parts if part)
    if not unicode:
        for sign, plain in (("±", "~"), ("…", "~"), (MISSING, "-"), ("≤", "<")):
            text = text.replace(sign, plain)
        text = text.encode("ascii", "replace").decode()
    return text


def _verdicts(document: Mapping[str, Any], width: int) -> list[str]:
    """Return what follows, a sentence each."""
    shares = [each for each in document["shares"] if each["networks"]]
    if not shares:
        return []
    said, first, last = [], shares[0], shares[-1]
    early, late = (each["fit"]["median"] for each in (first, last))
    if last is not first and is_number(early) and is_number(late):
        said.append(
            f"Random labels are fitted too, {late / early:.1f} times slower than the true ones "
            f"({late:.3g} against {early:.3g} epochs)."
        )  # fmt: skip
    elif last is not first and is_number(early):
        said.append(
            f"True labels are fitted after {early:.3g} epochs; with {last['share']:.0%} drawn anew they "
            f"are not in {document['plan']['epochs']:.3g} (more --epochs, or a larger --rate)."
        )
    memory = first["memorised"]
    if is_number(memory["mean"]):
        said.append(
            f"Of the labels as they are {_per_cent(memory)} % are right only because the row was trained on "
            f"({100 * memory['by_heart']:.1f} % of the rows learned by heart)."
        )
    risk = first["membership"]["advantage"]
    if is_number(risk["mean"]):
        leaks = risk["interval"] is not None and risk["interval"][0] > 0
        told = "can be told from new ones" if leaks else "could not be told from new ones"
        said.append(f"Training rows {told}: the attack's advantage is {_with(risk, 1, 2)} (0 none, 1 all).")
    best = _most_limiting(document)
    if best:
        said.append(best)
    return [
        "\n".join(textwrap.fill(each, width, subsequent_indent="  ", initial_indent="- ") for each in said)
    ]


def _most_limiting(document: Mapping[str, Any]) -> str:
    """Name what lowered memory of wrong labels most."""
    arms = [each for each in document["limits"] if each["networks"] and each["wrong_learned"]]
    plain = [
        each for each in document["shares"] if each["networks"] and arms and each["share"] == arms[0]["share"]
    ]
    if not arms or not plain:
        return ""
    least = min(arms, key=lambda each: each["wrong_learned"]["mean"])
    before = plain[0]
    return (
        f"With {least['share']:.0%} of the labels drawn anew, {clean(least['limit'])} limits memory most: "
        f"{_per_cent(least['wrong_learned'])} % of the wrong labels learned, not "
        f"{_per_cent(before['wrong_learned'])}; test {_per_cent(least['test'])} %, not "
        f"{_per_cent(before['test'])}."
    )


def _share_rows(shares: Sequence[Mapping[str, Any]]) -> Rows:
    table = [
        ["", "fitted after", "train", "test", "memorised", "attack's"],
        ["", "epochs", "%", "%", "%", "advantage"],
    ]
    return table + [
        [f"{each['share']:.0%}", _epochs(each["fit"]), *_scores(each)]
        if each["networks"]
        else [f"{each['share']:.0%}", "diverged", *[MISSING] * 4]
        for each in shares
    ]


def _limit_rows(document: Mapping[str, Any]) -> Rows:
    table = [
        ["", "wrong learned", "train", "test", "memorised", "attack's"],
        ["", "%", "%", "%", "%", "advantage"],
    ]
    for share in dict.fromkeys(each["share"] for each in document["limits"]):
        table.append([f"{share:.0%} drawn anew", *[""] * 5])
        plain = [each for each in document["shares"] if each["share"] == share]
        for each in [*plain, *(arm for arm in document["limits"] if arm["share"] == share)]:
            name = f"  {clean(each['limit'] or 'nothing')}"
            if not each["networks"]:
                table.append([name, "diverged", *[MISSING] * 4])
                continue
            wrong = each["wrong_learned"]
            table.append([name, MISSING if wrong is None else _per_cent(wrong), *_scores(each)])
    return table if document["limits"] else []


def _scores(facts: Mapping[str, Any]) -> list[str]:
    return [
        f"{100 * facts['train']['mean']:.1f}",
        _per_cent(facts["test"]),
        _per_cent(facts["memorised"]),
        _with(facts["membership"]["advantage"], 1, 2),
    ]


def _bounds(shares: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Return the table of bounds; where not even its outer columns fit, each column by itself."""
    rows = _bound_rows(shares)
    if not rows:
        return []
    outer = [[row[0], row[1], row[-1]] for row in rows] if len(rows[0]) > 2 else rows
    if sum(max(map(cells, column)) for column in zip(*outer, strict=True)) + len(outer[0]) - 1 <= width:
        return [_table("Bounds, in %", rows, width, (2,))]
    return [
        _table(
            f"Bounds with {rows[0][k]} of the labels drawn anew, in %",
            [[r[0], r[k]] for r in rows[1:]],
            width,
            (),
        )
        for k in range(1, len(rows[0]))
    ]


def _bound_rows(shares: Sequence[Mapping[str, Any]]) -> Rows:
    """One column for the labels as they are, one for some drawn anew, one for all."""
    shown = [shares[k] for k in dict.fromkeys((0, len(shares) // 2, len(shares) - 1))] if shares else []
    if not shown:
        return []
    table = [["", *(f"{each['share']:.0%}" for each in shown)]]
    for kind, title in (("error", "error on held-out rows"), ("gap", "gap, held out less train")):
        table.append([title, *(_measured(each, kind) for each in shown)])
        names = dict.fromkeys(b["name"] for each in shown for b in each["bounds"] if b["of"] == kind)
        for name in names:
            cells_ = [next((b for b in each["bounds"] if b["name"] == name), None) for each in shown]
            table.append([f"  ≤ {NAMES[name]}", *map(_bound, cells_, shown)])
        if kind == "gap":
            table.append(["  ≤ f-CMI", *(_information(each["information"]) for each in shown)])
    return table


def _measured(facts: Mapping[str, Any], kind: str) -> str:
    if kind == "gap":
        return _per_cent(facts["gap"])
    held, low_high = facts["held_out"]["mean"], facts["held_out"]["interval"]
    wrong = {"mean": 1 - held, "interval": None if low_high is None else [1 - low_high[1], 1 - low_high[0]]}
    return _per_cent(wrong)


def _bound(bound: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> str:
    if bound is None:
        return MISSING
    low = (facts["gap"]["interval"] or [0.0])[0]
    word = (
        " vacuous"
        if bound["vacuous"]
        else " too low"
        if bound["of"] == "gap" and bound["value"] < low
        else ""
    )
    return f"{100 * bound['value']:.3g}{word}"


def _information(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return MISSING
    return f"{100 * found['bound']:.3g} (to {100 * found['bound_high']:.3g})" + " vacuous" * found["vacuous"]


def _curves(shares: Sequence[Mapping[str, Any]], width: int, unicode: bool) -> list[str]:
    """One line a share, epochs on a logarithmic axis that all share."""
    if not shares:
        return []
    places = [math.log10(each) for each in shares[0]["curve"]["epoch"]]
    columns = min(60, width - 14)
    ends = min(places), max(places)
    lines = []
    for each in shares:
        line = strip(places, each["curve"]["train"], columns, (0.0, 1.0), ends, unicode)
        lines.append(f"{each['share']:>6.0%}  {line}  {100 * each['curve']['train'][-1]:.0f}")
    first, last = (f"{10**end:.3g}" for end in ends)
    return [*lines, f"{'epoch':>6}  {first}{last:>{columns - len(first)}}"]


def _table(title: str, rows: Rows, width: int, spare: Sequence[int]) -> str:
    """Return rows in columns under a title, the first to the left; `spare`: columns that give way."""
    if not rows:
        return ""
    widths = [max(cells(row[k]) for row in rows) for k in range(len(rows[0]))]
    if spare and sum(widths) + len(widths) - 1 > width and spare[0] < len(widths) - 1:
        column, later = spare[0], [each - 1 for each in spare[1:]]
        return _table(title, [row[:column] + row[column + 1 :] for row in rows], width, later)
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= width else 1
    lines = []
    for row in rows:
        first = row[0] + " " * (widths[0] - cells(row[0]))
        rest = "".join(
            " " * (gap + wide - cells(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True)
        )
        lines.append(cut((first + rest).rstrip(), width))
    return "\n".join([title, *lines])


def _epochs(fit: Mapping[str, Any] | None) -> str:
    if fit is None:
        return MISSING
    if not is_number(fit["median"]):
        return f"never ({fit['reached']} of {len(fit['values'])})"
    away = side(fit["median"], fit["interval"])
    return f"{fit['median']:.3g}" + ("" if away is None else f" ± {away:.2g}")


def _per_cent(values: Mapping[str, Any]) -> str:
    return _with(values, 100, 1)


def _with(values: Mapping[str, Any], scale: float, decimals: int) -> str:
    """Return `97.3 ± 0.4`."""
    if not is_number(values["mean"]):
        return MISSING
    away = side(values["mean"], values["interval"])
    more = "" if away is None else f" ± {scale * away:.{decimals}f}"
    return f"{scale * values['mean']:.{decimals}f}{more}"


def _legend(document: Mapping[str, Any]) -> str:
    delta = 0.05
    return (
        f"Fitted: {document['plan']['fitted']:.0%} of the training labels right, by the median network. "
        "Memorised: right among rows trained on less right among the same rows held out. ± are 95 % "
        "intervals. "
        f"Certificates hold with probability {1 - delta:.0%} for the first network; gaps are bounded in "
        "expectation, those with I by an estimate of the information in its weights, which can be too low. "
        "Vacuous: no better than guessing."
    )
