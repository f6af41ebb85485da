"""A landscape for a terminal: where it is seen from, curvature, planes, ways, barriers, files."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.networks import LOSSES
from ravine.render.numbers import MISSING, cells, clean, cut, is_number

__all__ = ["faded", "landscape_text"]

GAP = "  "
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
ASCII = str.maketrans({"±": "~", "…": "~", "–": "-", "─": "-", "×": "x"})
FADED = 0.01  # share of the rate asked for; at a smaller one anything is stable, and says nothing of training

Rows = Sequence[Sequence[str]]


def landscape_text(
    document: Mapping[str, Any], width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a landscape document as text, no line wider than `width` (at least 40) columns."""
    width = max(40, width)
    centre = document["centre"]
    head = f"{clean(document['data']['name'])}: the loss around {_where(centre)}"
    parts = [
        [_paint(line, BOLD, colour) for line in _wrapped(head, width)],
        _facts([("loss at the centre", _loss(centre)), *_limits(document["sharpness"], centre)], width),
        _table(
            ("along", "length", "slope", "curvature", *["limit there"] * (not faded(centre))),
            [_along(each, faded(centre)) for each in document["directions"]], width, colour,
        ),
        _table(
            ("plane", "points", "loss", "shown"),
            [_plane(each) for each in document["planes"]], width, colour,
        ),
        _explained(document, width),
        _table(
            ("way of", "last rate", "steps", "loss", "off the plane"),
            [_way(each) for each in document["trajectories"]], width, colour,
        ),
        _table(
            ("solutions", "barrier", "aligned", "distance", "aligned"),
            [_barrier(each) for each in document["barriers"]], width, colour,
        ),
    ]  # fmt: skip
    whys = list(dict.fromkeys(each["why_not"] for each in document["barriers"] if each["why_not"]))
    said = [*document["notes"], *(f"Not aligned: {each}" for each in whys)]
    said += [f"Not drawn: {each['what']}. {each['why']}" for each in document["not_drawn"]]
    parts.append([line for each in said for line in _wrapped(each, width)])
    parts.append(_files(document, width))
    text = "\n\n".join("\n".join(part) for part in parts if part)
    return text if unicode else text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def faded(centre: Mapping[str, Any]) -> bool:
    """Whether the schedule had all but taken the rate away at the last step."""
    rate, asked = centre["rate"], centre["learning_rate"]
    return is_number(rate) and is_number(asked) and rate < FADED * asked


def _where(centre: Mapping[str, Any]) -> str:
    how = "" if centre["optimizer"] is None else f"{clean(centre['optimizer'])}, "
    origin = "" if centre["origin"] == "trained here" else f"{clean(centre['origin'])}: "
    steps = "" if centre["steps"] is None else f", {centre['steps']:,} steps"
    return f"{origin}{how}{centre['network']}, {centre['parameters']:,} parameters{steps}"


def _loss(centre: Mapping[str, Any]) -> str:
    unit = LOSSES[centre["loss_name"]].unit
    chance = f"(by chance {_number(centre['chance'])})"
    rows = f"on {centre['rows']:,} rows {chance}, gradient {_number(centre['gradient'])}"
    return f"{_number(centre['loss'])} {unit} {rows}"


def _limits(sharp: Mapping[str, Any], centre: Mapping[str, Any]) -> list[tuple[str, str]]:
    short = "" if sharp["converged"] else ", not converged: a lower bound"
    rows = [
        ("sharpness", f"{_measured(sharp['value'], sharp['error'])}, top eigenvalue of the Hessian{short}")
    ]
    if sharp["limit"] is None:
        return [*rows, ("stability limit", f"none. {sharp['reason'] or ''}".strip())]
    seen = " for the preconditioned Hessian" if sharp["preconditioned"] else ""
    at = f" at the last step's rate {_number(centre['rate'])}" if is_number(centre["rate"]) else ""
    rows.append(("stability limit", f"{_number(sharp['limit'])} = {sharp['formula']}{seen}{at}"))
    if faded(centre):
        asked = _number(centre["learning_rate"])
        return [*rows, ("against it", f"not compared: of the rate {asked} next to nothing is left there")]
    if sharp["ratio"] is None:
        return [*rows, ("against it", f"not known. {sharp['reason'] or ''}".strip())]
    own = f"{_number(sharp['measured'])}, " if sharp["preconditioned"] else ""
    verdict = {True: "stable", False: "steps grow", None: "at the edge"}[sharp["stable"]]
    share = f"{_measured(sharp['ratio'], sharp['ratio_error'])} of the limit: {verdict}"
    return [*rows, ("against it", own + share)]


def _along(each: Mapping[str, Any], faded: bool) -> tuple[str, ...]:
    row = each["name"], _number(each["length"]), _number(each["slope"])
    return (*row, _measured(each["curvature"], each["error"]), *[_number(each["limit"])] * (not faded))


def _plane(each: Mapping[str, Any]) -> tuple[str, ...]:
    shown = f"{_span(each['x'])} by {_span(each['y'])}"
    lost = f", {each['not_finite']:,} not finite" if each["not_finite"] else ""
    points = f"{each['points'][0]}×{each['points'][1]}"
    losses = f"{_number(each['lowest'])} to {_number(each['highest'])}{lost}"
    return each["name"], points, losses, shown


def _span(ends: Sequence[float]) -> str:
    return _number(ends[1] - ends[0])


def _explained(document: Mapping[str, Any], width: int) -> list[str]:
    for each in document["planes"]:
        if each["explained"] is not None:
            one, two = (100 * share for share in each["explained"])
            return _wrapped(
                f"The plane of the trajectories holds {one + two:.1f} % of their variance about the centre "
                f"({one:.1f} + {two:.1f} %).",
                width,
            )
    return []


def _way(each: Mapping[str, Any]) -> tuple[str, ...]:
    loss = "diverged" if each["diverged"] else _number(each["loss"])
    return (
        clean(each["optimizer"]), _number(each["rate"]), f"{each['steps']:,}", loss, _number(each["outside"]),
    )  # fmt: skip


def _barrier(each: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{each['a']} to {each['b']}", _measured(each["before"], each["before_error"]),
        _measured(each["after"], each["after_error"]),
        _number(each["distance_before"]), _number(each["distance_after"]),
    )  # fmt: skip


def _files(document: Mapping[str, Any], width: int) -> list[str]:
    files = [clean(each) for each in document["files"]]
    if not files:
        return []
    return [f"{'Files' if k == 0 else '':<7}{cut(each, width - 7)}" for k, each in enumerate(files)]


def _facts(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    margin = max(len(name) for name, _ in rows) + 2
    return [
        line
        for name, text in rows
        for line in textwrap.wrap(
            text, width, initial_indent=f"{name:<{margin}}", subsequent_indent=" " * margin,
            break_on_hyphens=False,
        )
    ]  # fmt: skip


def _table(head: Sequence[str], rows: Rows, width: int, colour: bool) -> list[str]:
    """Return a table, the first column to the left; columns at the right go where there is no room."""
    if not rows:
        return []
    count = len(head)
    while True:
        widths = [max(cells(row[k]) for row in (head, *rows)) for k in range(count)]
        if sum(widths) + len(GAP) * (count - 1) <= width or count == 1:
            break
        count -= 1

    def line(row: Sequence[str]) -> str:
        parts = [
            f"{cut(row[k], width)}{' ' * (widths[k] - cells(row[k]))}"
            if k == 0
            else f"{' ' * (widths[k] - cells(row[k]))}{row[k]}"
            for k in range(count)
        ]
        return GAP.join(parts).rstrip()

    return [_paint(line(head), DIM, colour), *map(line, rows)]


def _number(value: Any) -> str:
    if not is_number(value):
        return MISSING
    return "0" if value == 0 else f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"


def _measured(value: Any, error: Any) -> str:
    """Return a value with its error."""
    if not is_number(value):
        return MISSING
    if not is_number(error):
        return f"{value:.4g}"
    return f"{value:.{4 if error < 5e-4 * abs(value) else 3}g} ± {error:.1g}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(clean(text), width, break_on_hyphens=False)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{PLAIN}" if colour and text else text
