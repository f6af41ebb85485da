"""What a sweep varies: factors as text, and the settings that a grid or a random design takes of them.

    l2=0,1e-4                          values; commas in brackets and quotes do not part them
    net=64-64; 64,64 dropout=0.2       where there is a semicolon, it parts instead
    moving=none, b1=linear + b2=decay  schedules of other numbers, several joined by `+`
    rate=1e-4..1e-1                    a range: evenly in the logarithm; of decay rates b in that of 1 - b,
                                       of shares and of ranges that begin at 0 in the value itself
    l2=0,1e-4 | dropout=0,0.2          several factors in one text

A grid takes every value with every other, a range at evenly spaced points with both ends. A random design
takes quasi-random points (Halton), each value of a list as often as another but for rounding.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ravine.errors import UsageError

__all__ = ["Factor", "designed", "factors_as_text", "read_factors", "split"]

EXAMPLE = "Write for example --vary 'l2=0,1e-4' or --vary 'rate=1e-4..1e-1'."
WHOLE = ("batch_size", "early_stop", "width", "depth")
SHARES = ("dropout", "smoothing")
MOST = 1_000  # settings of a design: beyond it no table can be read and no correction leaves anything
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Factor:
    """What is varied: `levels` as text, or a range (low, high)."""

    name: str
    levels: tuple[str, ...] = ()
    range: tuple[float, float] | None = None

    def at(self, share: float, one_minus: Collection[str] = ()) -> str:
        """Return the value at a share in [0, 1] of the range, or of the list. one_minus: spaced in 1 - b."""
        if self.range is None:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        low, high = self.range
        if self.name in one_minus:
            value = 1 - _spaced(1 - low, 1 - high, share, log=high < 1)
        else:
            value = _spaced(low, high, share, log=low > 0 and self.name not in SHARES)
        if self.name in WHOLE:
            return str(round(value))
        return f"{value:.6g}" if self.name in one_minus else f"{value:.3g}"  # as many as a table can bear

    def values(self, points: int, one_minus: Collection[str] = ()) -> tuple[str, ...]:
        """Return the values of a grid; whole numbers that come twice once."""
        if self.range is None:
            return self.levels
        shares = [k / (points - 1) for k in range(points)]
        return tuple(dict.fromkeys(self.at(share, one_minus) for share in shares))

    def describe(self) -> dict[str, Any]:
        """Return it as plain values."""
        kept = {"levels": list(self.levels)} if self.range is None else {"range": list(self.range)}
        return {"name": self.name, **kept}


def _spaced(low: float, high: float, share: float, log: bool) -> float:
    if share in (0, 1):  # the ends exactly
        return high if share else low
    return low * (high / low) ** share if log else low + (high - low) * share


def read_factors(texts: Sequence[str]) -> tuple[Factor, ...]:
    """Read factors, one or more a text. Raises UsageError for what is no factor, or comes twice."""
    parts = [part for text in texts for part in split(text, "|\n") if part]
    found = [_factor(part) for part in parts]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"'{name}' is varied twice.", "", f"Write all its values in one: {name}=A,B,C.")
    if not found:
        raise UsageError("Nothing is varied.", "A sweep needs a factor.", EXAMPLE)
    return tuple(found)


def factors_as_text(vary: Mapping[str, Any] | Sequence[str] | str) -> list[str]:
    """Return factors given in Python as texts: {"l2": [0, 1e-4], "rate": "1e-4..1e-1"}, or texts as they are.

    None among the values stands for `none`. Raises UsageError.
    """
    if isinstance(vary, str):
        return [vary]
    if not isinstance(vary, Mapping):
        return [str(each) for each in vary]
    texts = []
    for name, values in vary.items():
        if isinstance(values, str):  # as on the command line
            texts.append(f"{name}={values}")
            continue
        several = [values] if isinstance(values, int | float) or values is None else list(values)
        words = ["none" if each is None else str(each) for each in several]
        texts.append(f"{name}={'; '.join(words)};")
    return texts


def split(text: str, marks: str) -> list[str]:
    """Split at any of `marks` that stands outside brackets and quotes; quotes around a part are dropped."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter in "([{") - (letter in ")]}")
        if letter in marks and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [_bare(part.strip()) for part in parts]


def _bare(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1].strip() if quoted and text[0] not in text[1:-1] else text


def _factor(text: str) -> Factor:
    name, equals, rest = text.partition("=")
    name = name.strip().lower().replace("-", "_")
    if not equals or not name.isidentifier():
        raise UsageError(f"'{text}' is no factor.", "A factor is KEY=VALUES.", EXAMPLE)
    ends = re.fullmatch(rf"\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*", rest.lower())
    if ends:
        low, high = float(ends[1]), float(ends[2])
        if not 0 <= low < high or math.isinf(high):
            raise UsageError(
                f"'{text}' is no range.", "It begins at 0 or above, and ends above where it began.", EXAMPLE
            )
        return Factor(name, range=(low, high))
    levels = split(rest, ";" if len(split(rest, ";")) > 1 else ",")
    while levels and not levels[-1]:
        levels.pop()  # a semicolon may end the list
    if not levels or not all(levels):
        raise UsageError(f"'{text}' has an empty value.", "", EXAMPLE)
    for level in levels:
        if levels.count(level) > 1:
            raise UsageError(f"'{name}' takes the value '{level}' twice.", "", "Write it once.")
    return Factor(name, tuple(levels))


def designed(
    factors: Sequence[Factor],
    points: int,
    random: int | None = None,
    seed: int = 0,
    one_minus: Collection[str] = (),
) -> list[dict[str, str]]:
    """Return the settings: {factor: value} each, the first values first. Raises UsageError for too many."""
    if random is None:
        values = [each.values(points, one_minus) for each in factors]
        count = math.prod(map(len, values))
        if count > MOST:
            raise UsageError(
                f"The grid has {count:,} settings.",
                f"More than {MOST:,} leave no difference that could be told from luck.",
                "Draw some of them, --random 30, or vary less.",
            )
        return [dict(zip((f.name for f in factors), row, strict=True)) for row in itertools.product(*values)]
    if random > MOST:
        raise UsageError(f"{random:,} settings are too many.", f"At most {MOST:,}.", "Draw fewer.")
    return _drawn(factors, random, seed, one_minus)


def _drawn(
    factors: Sequence[Factor], random: int, seed: int, one_minus: Collection[str]
) -> list[dict[str, str]]:
    """Return that many different settings, by quasi-random points."""
    from ravine.statistics.quasirandom import halton

    if all(each.range is None for each in factors):
        there = math.prod(len(each.levels) for each in factors)
        if there <= random:
            raise UsageError(
                f"There are only {there} settings to draw {random} from.", "", "Leave --random out."
            )
    found: dict[tuple[str, ...], None] = {}
    tries = 64 * random  # lists and whole numbers repeat themselves
    for row in halton(tries, len(factors), seed):
        found[tuple(each.at(float(u), one_minus) for each, u in zip(factors, row, strict=True))] = None
        if len(found) == random:
            break
    if len(found) < random:
        raise UsageError(
            f"Only {len(found)} different settings were found, not {random}.",
            "Lists and whole numbers repeat themselves.",
            "Draw fewer, or leave --random out.",
        )
    return [dict(zip((f.name for f in factors), row, strict=True)) for row in found]
