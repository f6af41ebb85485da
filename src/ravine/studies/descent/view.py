"""Double descent for a terminal: curves against width, epochs, examples, and whether they descend twice."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import MISSING, cells, clean, cut, is_number, side
from ravine.render.sparkline import span, strip

__all__ = ["descent_text"]


def descent_text(document: Mapping[str, Any], width: int = 80, unicode: bool = True) -> str:
    """Return a descent document as text, no line wider than `width` (at least 60) columns."""
    width = max(60, width)
    plan, rows, widths = document["plan"], document["rows"], document["widths"]
    noise = (
        f"{plan['noise']:.0%} of the training labels drawn anew" if plan["noise"] else "labels as they are"
    )
    head = (
        f"{clean(document['data']['name'])}: {clean(plan['optimizer'])} at {plan['learning_rate']:.3g}, "
        f"{plan['steps']:,} steps, {rows['train']:,} training rows, {noise}, {len(plan['seeds'])} seeds."
    )
    parts = [textwrap.fill(head, width), _verdicts(document, width)]
    parts.append(_widths(document, width))
    for name, what in (
        ("loss", "Test loss by width"),
        ("error", f"Test {document['metric']['name']} by width"),
    ):
        lines = {arm["name"]: arm[f"test_{name}"] for arm in widths["arms"]}
        parts.append(_strips(what, widths["units"], lines, width, unicode, widths["threshold"]["units"]))
    epochs = document["epochs"]
    lines = {f"{each['units']} units": each["valid_loss"] for each in epochs["curves"]}
    parts.append(_strips("Validation loss by epoch", epochs["epoch"], lines, width, unicode))
    parts.append(_examples(document, width, unicode))
    parts.append(textwrap.fill(_legend(document), width))
    text = "\n\n".join(part for part in parts if part)
    if not unicode:
        for sign, plain in (("±", "~"), ("…", "~"), (MISSING, "-")):
            text = text.replace(sign, plain)
        text = text.encode("ascii", "replace").decode()
    return text


def _verdicts(document: Mapping[str, Any], width: int) -> str:
    widths, examples = document["widths"], document["examples"]
    said = [_threshold(document)]
    looked = [("in width", widths["descent"], "{} units")]
    for each in document["epochs"]["curves"]:
        looked.append((f"in epochs with {each['units']} units", each["descent"], "step {:,}"))
    looked.append((f"in examples with {examples['units']} units", examples["descent"], "{:,} rows"))
    for each in looked:
        said += _descent(*each, document)
    once = [where for where, found, _ in looked if not any(part["twice"] for part in found.values())]
    if once:
        said.append(f"No double descent that its interval bears out: {'; '.join(once)}.")
    return "\n".join(textwrap.fill(each, width, initial_indent="- ", subsequent_indent="  ") for each in said)


def _threshold(document: Mapping[str, Any]) -> str:
    found, count = document["widths"]["threshold"], document["widths"]["threshold"]["by_count"]
    if found["units"] is None:
        return f"No network fits all {document['rows']['train']:,} training rows: no threshold was reached."
    return (
        f"Training rows are fitted from {found['units']} units on ({found['parameters']:,} parameters; "
        f"rows times outputs: {count:,})."
    )


def _descent(where: str, descents: Mapping[str, Any], place: str, document: Mapping[str, Any]) -> list[str]:
    """One sentence for each measure that descends twice."""
    said = []
    names = {"loss": "loss", "error": clean(document["metric"]["name"])}
    for name, found in descents.items():
        if found["twice"]:
            rise, fall = (_with(found[key]) for key in ("rise", "fall"))
            said.append(
                f"Double descent {where}: the {names[name]} rises by {rise} to its peak at "
                f"{place.format(found['peak'])} and falls by {fall}."
            )
    return said


def _widths(document: Mapping[str, Any], width: int) -> str:
    """The table of widths: plain networks, and the error of the other arms."""
    widths = document["widths"]
    plain, others = widths["arms"][0], widths["arms"][1:]
    name = clean(document["metric"]["name"])
    error, scale = ("wrong, %", 100) if name == "share wrong" else (name, 1)
    table = [["units", "train", "test loss", f"test {error}", *(cut(each["name"], 14) for each in others)]]
    for k, units in enumerate(widths["units"]):
        mark = " <" if units == widths["threshold"]["units"] else ""
        train = plain["train_error"][k]["mean"]
        row = [f"{units}{mark}", MISSING if not is_number(train) else f"{scale * train:.3g}"]
        row += [_with(plain["test_loss"][k]), _with(plain["test_error"][k], scale)]
        table.append(row + [_with(each["test_error"][k], scale) for each in others])
    title = f"By width, {document['rows']['train']:,} rows"
    if widths["threshold"]["units"] is not None:
        title += " (< the first that fits them all)"
    return _table(title, table, width)


def _examples(document: Mapping[str, Any], width: int, unicode: bool) -> str:
    part = document["examples"]
    lines = {"test loss": part["test_loss"], f"test {document['metric']['name']}": part["test_error"]}
    title = f"By examples, {part['units']} units"
    threshold = part["threshold"]["rows"]
    return _strips(title, part["rows"], lines, width, unicode, threshold, own=True)


def _strips(
    title: str,
    places: Sequence[float],
    lines: Mapping[str, Sequence[Mapping[str, Any]]],
    width: int,
    unicode: bool,
    threshold: float | None = None,
    own: bool = False,
) -> str:
    """One line of blocks a curve on a logarithmic axis, lowest and highest behind; `^` at the threshold.

    own: each curve on a scale of its own.
    """
    logs = [math.log2(each) for each in places]
    margin = max(cells(name) for name in lines) + 4
    columns = min(60, width - margin - 18)
    half = (logs[1] - logs[0]) / 2 if len(logs) > 1 else 0.5
    ends = (logs[0] - half, logs[-1] + half) if len(places) < columns else (logs[0], logs[-1])
    values = {name: [each["mean"] for each in curve] for name, curve in lines.items()}
    shared = span(list(values.values()))
    shown = [title]
    for name, curve in values.items():
        low, high = span([curve]) if own else shared
        marks = strip(logs, curve, columns, (low, high), ends, unicode)
        seen = [each for each in curve if is_number(each)]
        ranged = f"{min(seen):.3g} to {max(seen):.3g}" if seen else "diverged"
        shown.append(f"  {name:<{margin - 2}}{marks}  {ranged}".rstrip())
    first, last = f"{places[0]:.3g}", f"{places[-1]:.4g}"
    axis = f"{first}{last:>{columns - len(first)}}"
    if threshold is not None:
        place = int((math.log2(threshold) - ends[0]) / (ends[1] - ends[0]) * columns)
        if len(first) < place < columns - len(last) - 1:
            axis = axis[:place] + "^" + axis[place + 1 :]
    shown.append(" " * margin + axis)
    return "\n".join(shown)


def _table(title: str, rows: Sequence[Sequence[str]], width: int) -> str:
    widths = [max(cells(row[k]) for row in rows) for k in range(len(rows[0]))]
    if sum(widths) + len(widths) - 1 > width and len(widths) > 4:  # the column of training rows gives way
        return _table(title, [[row[0], *row[2:]] for row in rows], width)
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= width else 1
    lines = [
        "".join(
            " " * (gap * (k > 0) + wide - cells(cell)) + cell
            for k, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([title, *(cut(line.rstrip(), width) for line in lines)])


def _with(values: Mapping[str, Any], scale: float = 1.0) -> str:
    """Return `2.63 ± 0.14`: one or two digits of the uncertainty."""
    if not is_number(values["mean"]):
        return MISSING
    middle, away = scale * values["mean"], side(values["mean"], values["interval"])
    if not away:
        return f"{middle:.3g}"
    decimals = min(6, max(0, 1 - math.floor(math.log10(scale * away) + 0.3)))
    return f"{middle:.{decimals}f} ± {scale * away:.{decimals}f}"


def _legend(document: Mapping[str, Any]) -> str:
    return (
        "Train: share of the training labels not given (root mean square for numbers), wrong labels "
        "included. ± are 95 % intervals over seeds. Ridge: L2 "
        f"{document['plan']['ridge']:g}; early stopping: where the validation loss was lowest. "
        "Descends twice: rise and fall are above 0, judged on seeds that did not choose the peak."
    )
