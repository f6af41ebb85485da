"""The claims of the lecture for a terminal: the list, one claim with its numbers, the table of many.

Lines are never longer than the width (at least 40 columns); what is too long for its column is wrapped in it.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import MISSING, cells, clean, cut

__all__ = ["claim_text", "claims_text", "list_text"]

GAP = "  "
NARROW = 22  # columns of text beside the numbers, below which the numbers go on a line of their own
BOLD, DIM, RED, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"
ASCII = str.maketrans({"±": "~", "≤": "<", "≥": ">", "…": "~", "–": "-", "─": "-", "∞": "inf"})
WORDS = {True: "holds", False: "does not hold", None: "reported"}


def list_text(document: Mapping[str, Any], width: int, colour: bool = False, unicode: bool = True) -> str:
    """Return the claims there are under their sections: id and title."""
    width = max(40, width)
    lines: list[str] = []
    section = None
    for each in document["claims"]:
        if each["section"] != section:
            section = each["section"]
            lines += [""] * bool(lines) + [_paint(cut(section, width), BOLD, colour)]
        lines.append(cut(f"  {each['id']:<4}{each['title']}", width))
    return _encoded("\n".join(lines), unicode)


def claim_text(claim: Mapping[str, Any], width: int, colour: bool = False, unicode: bool = True) -> str:
    """Return one measured claim: what is said, what was measured against what is expected."""
    width = max(40, width)
    parts = [
        [_paint(line, BOLD, colour) for line in _wrapped(f"{claim['id']}  {claim['title']}", width)],
        _wrapped(f"The lecture: {claim['says']}", width),
        _wrapped(f"Run: {claim['run']}", width) if claim["run"] else [],
    ]
    if claim["findings"]:
        parts.append(_numbers(claim["findings"], width, colour))
    parts.append([_paint(line, BOLD, colour) for line in _wrapped(_verdict(claim), width)])
    parts.append(_wrapped(f"Care: {claim['care']}", width))
    return _encoded("\n\n".join("\n".join(part) for part in parts if part), unicode)


def claims_text(document: Mapping[str, Any], width: int, colour: bool = False, unicode: bool = True) -> str:
    """Return one line a claim: whether it holds, of how many numbers, in how many seconds; then the sum."""
    width, lines, claims = max(40, width), [], document["claims"]
    titles = max((cells(each["title"]) for each in claims), default=0)
    titles = max(8, min(titles, width - 34))
    lines.append(_paint(f"{'':<5}{'claim':<{titles}}{GAP}{'numbers':>7}{GAP}{'s':>5}", DIM, colour))
    for each in claims:
        judged = [found for found in each["findings"] if found["holds"] is not None]
        right = sum(found["holds"] for found in judged)
        numbers = f"{right}/{len(judged)}" if each["findings"] else MISSING
        word = "failed" if each["failure"] else WORDS[each["holds"]]
        title = cut(each["title"], titles)
        title += " " * (titles - cells(title))
        line = f"{each['id']:<5}{title}{GAP}{numbers:>7}{GAP}{each['seconds']:>5.1f}{GAP}{word}"
        lines.append(_paint(line, "" if each["holds"] else RED, colour))
    for each in claims:
        if each["failure"]:
            lines += ["", *_wrapped(f"{each['id']} failed: {each['failure']}", width)]
    held = sum(each["holds"] for each in claims)
    total = f"{held} of {len(claims)} claims hold, in {document['seconds']:.0f} s."
    return _encoded("\n".join([*lines, "", *_wrapped(total, width)]), unicode)


def _verdict(claim: Mapping[str, Any]) -> str:
    judged = [each for each in claim["findings"] if each["holds"] is not None]
    wrong = sum(not each["holds"] for each in judged)
    took = f" ({claim['seconds']:.1f} s)"
    if claim["failure"]:
        return f"It could not be measured: {claim['failure']}{took}"
    if not judged:
        return f"Reported as measured; nothing is expected.{took}"
    if wrong:
        are = "are" if wrong > 1 else "is"
        return f"It does not hold: {wrong} of {len(judged)} numbers {are} not as expected.{took}"
    return f"It holds: all {len(judged)} numbers are as expected.{took}"


def _numbers(findings: Sequence[Mapping[str, Any]], width: int, colour: bool) -> list[str]:
    """The table: what, measured, expected; and a word where a number is not as expected."""
    measured = ["measured", *(_measured(each) for each in findings)]
    expected = ["expected", *(_expected(each) for each in findings)]
    marks = ["", *("" if each["holds"] else "!" if each["holds"] is False else "." for each in findings)]
    what = ["", *(_what(each) for each in findings)]
    left, right = max(map(cells, measured)), max(map(cells, expected))
    room = width - left - right - 2 * len(GAP) - 2
    stacked = room < NARROW
    room = width - 2 if stacked else min(room, max(map(cells, what)))
    lines = []
    for text, one, other, mark in zip(what, measured, expected, marks, strict=True):
        numbers = f"{one:>{left}}{GAP}{other:<{right}} {mark}".rstrip()
        wrapped = _wrapped(text, room) or [""]
        if stacked:
            said = [*wrapped, f"    {numbers}"] if text else [f"    {numbers}"]
        else:
            first = wrapped[0] + " " * (room - cells(wrapped[0]))
            said = [f"{first}{GAP}{numbers}", *(f"  {line}" for line in wrapped[1:])]
        code = RED if mark == "!" else "" if text else DIM
        lines += [_paint(cut(line, width), code, colour) for line in said]
    if "!" in marks or "." in marks:
        meant = {"!": "! not as expected", ".": ". reported, not judged"}
        lines.append(_paint("   ".join(meant[each] for each in ("!", ".") if each in marks), DIM, colour))
    return lines


def _what(finding: Mapping[str, Any]) -> str:
    extra = "; ".join(filter(None, (finding["unit"], finding["note"])))
    return finding["what"] + (f" ({extra})" if extra else "")


def _measured(finding: Mapping[str, Any]) -> str:
    error = finding["error"]
    return _number(finding["measured"]) + (f" ± {error:.2g}" if error else "")


def _expected(finding: Mapping[str, Any]) -> str:
    expected, tolerance = finding["expected"], finding["tolerance"]
    if expected is None:
        return MISSING
    sign = {"below": "≤ ", "above": "≥ ", "": ""}[finding["bound"]]
    if not tolerance or math.isinf(expected):
        return sign + _number(expected)
    allowed = f"{100 * tolerance:.3g} %" if finding["relative"] else f"{tolerance:.2g}"
    if sign:
        beyond = tolerance * abs(expected) if finding["relative"] else tolerance
        return sign + _number(expected + (beyond if finding["bound"] == "below" else -beyond))
    return f"{_number(expected)} ± {allowed}"


def _number(value: float | None) -> str:
    """Return five digits, without an exponent where that is as short."""
    if value is None or math.isnan(value):
        return "no number"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if 1e5 <= abs(value) < 1e7 and value == int(value) else f"{value:.5g}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(clean(text), width, break_on_hyphens=False)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{PLAIN}" if colour and text and code else text


def _encoded(text: str, unicode: bool) -> str:
    return text if unicode else text.translate(ASCII).encode("ascii", "replace").decode("ascii")
