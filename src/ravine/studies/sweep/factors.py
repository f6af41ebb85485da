"""Factors of a sweep as text, and the values that each configuration takes from them.

A factor is a hyperparameter or structure that a sweep varies. These texts describe factors:

    l2=0,1e-4                          a list of values; commas inside brackets and quotes do not separate
    net=64-64; 64,64 dropout=0.2       values separated by semicolons, because one of them contains a comma
    hyper_schedule=none, b1=linear + b2=cosine
                                       two values; `+` joins the schedules of several hyperparameters
    learning_rate=1e-4..1e-1           a range
    l2=0,1e-4 | dropout=0,0.2          several factors in one text

Values in a range are spaced evenly in the logarithm. Values of a momentum or averaging rate b, such as rho or
b1, are spaced evenly in the logarithm of 1 - b. Values of a share such as dropout, and of a range that begins
at 0, have equal differences.

A sweep is a grid or a random design. A grid combines every value of a factor with every value of the others;
of a range it takes some values, spaced as above, with both ends. A random design draws quasi-random points
(Halton), so that the values of a list are about equally frequent.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ravine.errors import UsageError, about_option
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.options.fields import options_of

__all__ = ["MAX_CONFIGURATIONS", "Factor", "design_levels", "factors_as_text", "read_factors", "split"]

EXAMPLE = "Write for example --vary 'l2=0,1e-4' or --vary 'learning_rate=1e-4..1e-1'."
WHOLE_WORDS = ("width", "depth")  # parts of a network that are whole numbers; an option has its own type
SHARE_WORDS = ("dropout",)
MAX_CONFIGURATIONS = 1_000  # among more, no difference remains significant
DRAWS_PER_CONFIGURATION = 64  # attempts, because lists and whole numbers repeat
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"


@dataclass(frozen=True)
class Factor:
    """A factor that a sweep varies: its name with a list of values as text, `levels`, or with a range.

    range: (lowest, highest) value; None for a list.
    """

    name: str
    levels: tuple[str, ...] = ()
    range: tuple[float, float] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the values of this factor of a sweep are whole numbers, such as those of `width`."""
        option = options_of(FixedTrainingSettings).get(self.name)
        return self.name in WHOLE_WORDS if option is None else option.kind is int

    @property
    def is_share(self) -> bool:
        """Whether the values of this factor of a sweep are shares from 0 to below 1, such as dropout."""
        option = options_of(FixedTrainingSettings).get(self.name)
        return self.name in SHARE_WORDS if option is None else (option.at_least, option.below) == (0, 1)

    def at(self, share: float, one_minus: Collection[str] = ()) -> str:
        """Return the value of this factor, as text, at a position of its range or list of values.

        share: the position, from 0 for the first value to 1 for the last. one_minus: names of the factors b,
        such as averaging rates, whose ranges are spaced in log(1 - b).
        """
        if self.range is None:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        low, high = self.range
        if self.name in one_minus:
            value = 1 - _spaced(1 - low, 1 - high, share, log=high < 1)
        else:
            value = _spaced(low, high, share, log=low > 0 and not self.is_share)
        if self.is_whole:
            return str(round(value))
        return f"{value:.6g}" if self.name in one_minus else f"{value:.3g}"  # few digits, for tables

    def values(self, points: int, one_minus: Collection[str] = ()) -> tuple[str, ...]:
        """Return the values of this factor, as text, that a grid combines with those of other factors.

        They are the list of the factor, or evenly spaced values of its range; equal values appear once.
        points: number of values to take from a range. one_minus: names of the factors b, such as averaging
        rates, whose ranges are spaced in log(1 - b).
        """
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
    """Return the factors of a sweep that texts such as `l2=0,1e-4` describe.

    One text can describe several factors, separated by `|`. Raises UsageError for a text that is not
    KEY=VALUES, for an invalid range, for an empty or repeated value, for a repeated factor, and without any
    factor.
    """
    with about_option("vary", list(texts), "texts of the form KEY=VALUES"):
        return _read(texts)


def _read(texts: Sequence[str]) -> tuple[Factor, ...]:
    parts = [part for text in texts for part in split(text, "|\n") if part]
    factors = [_factor(part) for part in parts]
    names = [factor.name for factor in factors]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"The factor '{name}' is given twice.", "", f"Write its values as one list: {name}=A,B,C."
            )
    if not factors:
        raise UsageError("Nothing is varied.", "A sweep needs a factor: a name with values.", EXAMPLE)
    return tuple(factors)


def factors_as_text(vary: object) -> list[str]:
    """Return the factors of a sweep that Python code gives, each as text such as `l2=0; 0.0001;`.

    vary: a mapping from factors to their values, such as {"l2": [0, 1e-4], "learning_rate": "1e-4..1e-1"},
    or one text or several texts, which stay unchanged. None in a list of values becomes the text `none`.
    Raises UsageError for another type.
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
    """Return one factor as text. Its final semicolon keeps a single value with commas whole."""
    if isinstance(values, str):  # as on the command line
        return f"{name}={values}"
    items = list(values) if isinstance(values, Iterable) else [values]
    words = ["none" if value is None else str(value) for value in items]
    return f"{name}={'; '.join(words)};"


def split(text: str, marks: str) -> list[str]:
    """Return the parts of a text that separators divide, without the quotes around a part.

    marks: the separators; each character is one. Separators inside brackets or quotes are ignored.
    """
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
        raise UsageError(
            f"'{text}' is not a factor to vary.",
            "A factor is an option, a hyperparameter or a word of --net, with its values: KEY=VALUES.",
            EXAMPLE,
        )
    ends = re.fullmatch(rf"\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*", rest.lower())
    if ends:
        low, high = float(ends[1]), float(ends[2])
        if not 0 <= low < high or math.isinf(high):
            raise UsageError(
                f"'{text}' is not a range.",
                "A range is LOW..HIGH with LOW at least 0 and HIGH above LOW.",
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
            raise UsageError(f"The factor '{name}' takes the value '{level}' twice.", "", "Write it once.")
    return Factor(name, tuple(levels))


# ------------------------------------------------------------------------------------------------ designs


def design_levels(
    factors: Sequence[Factor],
    points: int,
    random: int | None = None,
    seed: int = 0,
    one_minus: Collection[str] = (),
) -> list[dict[str, str]]:
    """Return the values of the factors in every configuration of a sweep, one {factor: value} for each.

    The first configuration of a grid has the first value of every factor. points: number of values that a
    grid takes from a range. random: number of configurations to draw, None for the full grid. seed: random
    seed of the draw. one_minus: names of the factors b, such as averaging rates, whose ranges are spaced in
    log(1 - b). Raises UsageError for more than 1,000 configurations, and if the factors have too few
    different configurations for the draw.
    """
    if random is None:
        values = [factor.values(points, one_minus) for factor in factors]
        count = math.prod(map(len, values))
        if count > MAX_CONFIGURATIONS:
            raise UsageError(
                f"The grid has {count:,} configurations.",
                f"At most {MAX_CONFIGURATIONS:,} configurations can be compared.",
                "Draw some of them with --random 30, or vary fewer factors.",
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
    """Return the values of `random` different configurations, from quasi-random points."""
    from ravine.statistics.quasirandom import halton  # NumPy, which settings need not import

    if all(factor.range is None for factor in factors):
        possible = math.prod(len(factor.levels) for factor in factors)
        if possible <= random:
            raise UsageError(
                f"There are only {possible} configurations to draw {random} from.", "",
                "Leave --random out to compare all of them.",
                option="random", value=random, allowed=f"at most {possible - 1}",
            )  # fmt: skip
    drawn: dict[tuple[str, ...], None] = {}
    for row in halton(DRAWS_PER_CONFIGURATION * random, len(factors), seed):
        levels = (factor.at(float(share), one_minus) for factor, share in zip(factors, row, strict=True))
        drawn[tuple(levels)] = None
        if len(drawn) == random:
            break
    if len(drawn) < random:
        raise UsageError(
            f"Only {len(drawn)} different configurations were drawn, not {random}.",
            "Lists and ranges of whole numbers have few values, so that drawn configurations repeat.",
            f"Give --random {len(drawn)} or fewer, or leave --random out for the full grid.",
            option="random",
            value=random,
            allowed=f"at most {len(drawn)}",
        )
    return [_by_name(factors, row) for row in drawn]


def _by_name(factors: Sequence[Factor], row: Sequence[str]) -> dict[str, str]:
    return dict(zip((factor.name for factor in factors), row, strict=True))
