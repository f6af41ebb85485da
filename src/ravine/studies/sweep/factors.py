"""Factors of a sweep as text, and the configurations that a grid or a random design takes of them.

    l2=0,1e-4                          values; commas in brackets and quotes do not separate them
    net=64-64; 64,64 dropout=0.2       a semicolon separates values in place of commas
    hyper_schedule=none, b1=linear + b2=decay   schedules of other hyperparameters, several joined by `+`
    learning_rate=1e-4..1e-1           a range: evenly in the logarithm; of decay rates b in that of 1 - b,
                                       of shares and of ranges that begin at 0 in the value itself
    l2=0,1e-4 | dropout=0,0.2          several factors in one text

A grid takes every value with every other, a range at evenly spaced points with both ends. A random design
takes quasi-random points (Halton), each value of a list as often as another but for rounding.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ravine.errors import UsageError, about_option
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.options.fields import options_of

__all__ = ["MAX_CONFIGURATIONS", "Factor", "design_levels", "factors_as_text", "read_factors", "split"]

EXAMPLE = "Write for example --vary 'l2=0,1e-4' or --vary 'learning_rate=1e-4..1e-1'."
WHOLE_WORDS = ("width", "depth")  # of the network's text; options know it themselves
SHARE_WORDS = ("dropout",)
MAX_CONFIGURATIONS = 1_000  # beyond it no table can be read, and no corrected difference is left
DRAWS_PER_CONFIGURATION = 64  # lists and whole numbers repeat themselves
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Factor:
    """One factor: its `levels` as text, or a range (low, high)."""

    name: str
    levels: tuple[str, ...] = ()
    range: tuple[float, float] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        option = options_of(FixedTrainingSettings).get(self.name)
        return self.name in WHOLE_WORDS if option is None else option.kind is int

    @property
    def is_share(self) -> bool:
        """Whether its values are shares: from 0 to below 1."""
        option = options_of(FixedTrainingSettings).get(self.name)
        return self.name in SHARE_WORDS if option is None else (option.at_least, option.below) == (0, 1)

    def at(self, share: float, one_minus: Collection[str] = ()) -> str:
        """Return the value at a share in [0, 1] of the range, or of the list. one_minus: spaced in 1 - b."""
        if self.range is None:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        low, high = self.range
        if self.name in one_minus:
            value = 1 - _spaced(1 - low, 1 - high, share, log=high < 1)
        else:
            value = _spaced(low, high, share, log=low > 0 and not self.is_share)
        if self.is_whole:
            return str(round(value))
        return f"{value:.6g}" if self.name in one_minus else f"{value:.3g}"  # digits that fit in a table

    def values(self, points: int, one_minus: Collection[str] = ()) -> tuple[str, ...]:
        """Return the values of a grid; whole numbers that come twice once."""
        if self.range is None:
            return self.levels
        shares = [k / (points - 1) for k in range(points)]
        return tuple(dict.fromkeys(self.at(share, one_minus) for share in shares))


def _spaced(low: float, high: float, share: float, log: bool) -> float:
    if share in (0, 1):  # the ends exactly
        return high if share else low
    return low * (high / low) ** share if log else low + (high - low) * share


# -------------------------------------------------------------------------------------------------- texts


def read_factors(texts: Sequence[str]) -> tuple[Factor, ...]:
    """Return the factors of texts, each of which names one or more. Raises UsageError."""
    with about_option("vary", list(texts), "texts of the form KEY=VALUES"):
        return _read(texts)


def _read(texts: Sequence[str]) -> tuple[Factor, ...]:
    parts = [part for text in texts for part in split(text, "|\n") if part]
    found = [_factor(part) for part in parts]
    names = [factor.name for factor in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"'{name}' is varied twice.", "", f"Write all its values in one: {name}=A,B,C.")
    if not found:
        raise UsageError("Nothing is varied.", "A sweep needs a factor.", EXAMPLE)
    return tuple(found)


def factors_as_text(vary: object) -> list[str]:
    """Return factors given in Python as texts: {"l2": [0, 1e-4], "learning_rate": "1e-4..1e-1"}, or texts
    unchanged.

    None among the values stands for `none`. Raises UsageError for another type.
    """
    if isinstance(vary, str):
        return [vary]
    if isinstance(vary, Mapping):
        return [_as_text(str(name), values) for name, values in vary.items()]
    texts = list(vary) if isinstance(vary, Iterable) else [vary]
    words = [text for text in texts if isinstance(text, str)]
    if len(words) == len(texts):
        return words
    raise UsageError(
        f"vary={vary!r} cannot be used.",
        "It must be a mapping of names to values, or texts.",
        "Write for example vary={'l2': [0, 1e-4], 'learning_rate': '1e-4..1e-1'}.",
        option="vary",
        value=vary,
        allowed="a mapping of names to values, or texts",
    )


def _as_text(name: str, values: object) -> str:
    """Return one factor as text. The semicolon at the end keeps the commas of a single value."""
    if isinstance(values, str):  # as on the command line
        return f"{name}={values}"
    several = list(values) if isinstance(values, Iterable) else [values]
    words = ["none" if value is None else str(value) for value in several]
    return f"{name}={'; '.join(words)};"


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
                f"'{text}' is no range.",
                "A range begins at 0 or above, and ends above its beginning.",
                EXAMPLE,
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


# ------------------------------------------------------------------------------------------------ designs


def design_levels(
    factors: Sequence[Factor],
    points: int,
    random: int | None = None,
    seed: int = 0,
    one_minus: Collection[str] = (),
) -> list[dict[str, str]]:
    """Return the levels {factor: value} of every configuration, the first values first.

    points: values taken from a range. random: number of configurations drawn, None for the whole grid.
    Raises UsageError for too many.
    """
    if random is None:
        values = [factor.values(points, one_minus) for factor in factors]
        count = math.prod(map(len, values))
        if count > MAX_CONFIGURATIONS:
            raise UsageError(
                f"The grid has {count:,} configurations.",
                f"Among more than {MAX_CONFIGURATIONS:,} no difference can be told from chance.",
                "Draw some of them, --random 30, or vary less.",
            )
        return [_by_name(factors, row) for row in itertools.product(*values)]
    if random > MAX_CONFIGURATIONS:
        raise UsageError(
            f"--random {random} is too many.",
            f"At most {MAX_CONFIGURATIONS:,} configurations can be compared.",
            f"Give --random {MAX_CONFIGURATIONS} or fewer.",
            option="random",
            value=random,
            allowed=f"at most {MAX_CONFIGURATIONS}",
        )
    return _draw(factors, random, seed, one_minus)


def _draw(
    factors: Sequence[Factor], random: int, seed: int, one_minus: Collection[str]
) -> list[dict[str, str]]:
    """Return that many different configurations, by quasi-random points."""
    from ravine.statistics.quasirandom import halton  # NumPy, which settings need not import

    if all(factor.range is None for factor in factors):
        there = math.prod(len(factor.levels) for factor in factors)
        if there <= random:
            raise UsageError(
                f"There are only {there} configurations to draw {random} from.", "", "Leave --random out.",
                option="random", value=random, allowed=f"at most {there - 1}",
            )  # fmt: skip
    found: dict[tuple[str, ...], None] = {}
    for row in halton(DRAWS_PER_CONFIGURATION * random, len(factors), seed):
        levels = (factor.at(float(share), one_minus) for factor, share in zip(factors, row, strict=True))
        found[tuple(levels)] = None
        if len(found) == random:
            break
    if len(found) < random:
        raise UsageError(
            f"Only {len(found)} different configurations were found, not {random}.",
            "Lists and whole numbers repeat themselves.",
            "Draw fewer, or leave --random out.",
            option="random",
            value=random,
            allowed=f"at most {len(found)}",
        )
    return [_by_name(factors, row) for row in found]


def _by_name(factors: Sequence[Factor], row: Sequence[str]) -> dict[str, str]:
    return dict(zip((factor.name for factor in factors), row, strict=True))
