"""The parser of schedule texts: `cosine`, `step(0.1,every=10)`, `linear(warmup=0.1)`.

    constant(warmup)                          cosine(end, warmup)               `decay` is an alias
    step(factor, every, at, warmup)           exponential(gamma, end, warmup)   gamma: per epoch
    inverse(slope, power, end, warmup)        polynomial(power, end, warmup)    slope: per epoch
    linear(end, warmup)                       onecycle(peak, start, end)
    plateau(factor, patience, threshold, cooldown, least)

`every` and `at` are epochs, or per cent of the run: every=10, at=30+60, at=50%+75%. `warmup` and `peak` are
shares of the run. `factor`, `start`, `end` and `least` are factors on the hyperparameter. `patience` and
`cooldown` are numbers of evaluations.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ravine.errors import UsageError, did_you_mean
from ravine.optimizers.optimizer_text import split
from ravine.optimizers.schedule_kinds import SCHEDULE_ALIASES, SCHEDULES, Duration

__all__ = ["format_schedule", "read_schedule"]

EXAMPLE = "Write for example cosine, step(0.1,every=10) or linear(warmup=0.1)."


def read_schedule(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and parameters of a schedule from its text, such as `step(0.1,every=10)`.

    Parameters that the text leaves out have their defaults.

    Values are floats, a `Duration` or a tuple of `Duration`s. Raises UsageError for a text of another form,
    an unknown name, a parameter that the schedule does not have, and a value that is not allowed.
    """
    match = re.fullmatch(r"\s*([^()]*?)\s*(\((.*)\))?\s*", str(text), re.DOTALL)
    if not match:
        raise UsageError(f"'{text}' cannot be read as a schedule.", "Its brackets do not match.", EXAMPLE)
    name = SCHEDULE_ALIASES.get(match[1].lower(), match[1].lower())
    if name not in SCHEDULES:
        what = f"There is no schedule '{match[1]}'." if name else "No schedule was named."
        raise UsageError(
            what,
            "",
            did_you_mean(name, [*SCHEDULES, *SCHEDULE_ALIASES]) if name else EXAMPLE,
            allowed=tuple(SCHEDULES),
        )
    kind = SCHEDULES[name]
    values: dict[str, Any] = {}
    inside = (match[3] or "").strip()
    for place, part in enumerate(split(inside) if inside else []):
        key, value = _part(text, name, part, place)
        if key in values:
            raise UsageError(
                f"The schedule '{text}' cannot be read.", f"It gives {key} twice.", "Give it once."
            )
        values[key] = _value(name, key, value)
    if kind.either is not None:
        one, other, example = kind.either
        if (one in values) == (other in values):
            why = f"It needs '{one}' or '{other}'" + (", not both." if one in values else ".")
            raise UsageError(f"The schedule '{text}' cannot be used.", why, f"Write {example}.")
    return name, {key: values.get(key, parameter.default) for key, parameter in kind.parameters.items()}


def format_schedule(name: str, numbers: dict[str, Any]) -> str:
    """Return the text of a schedule from its name and its parameters, such as `step(0.1,every=10)`.

    Parameters at their defaults are left out, except `factor`. `read_schedule` returns the same name and
    parameters for this text.
    """
    parts = []
    for place, (key, parameter) in enumerate(SCHEDULES[name].parameters.items()):
        value = numbers[key]
        if value != parameter.default or key == "factor":  # readers expect to see the factor
            shown = "+".join(map(_shown, value)) if parameter.several else _shown(value)
            parts.append(shown if place == 0 and not parameter.durations else f"{key}={shown}")
    return name + (f"({','.join(parts)})" if parts else "")


def _part(text: str, name: str, part: str, place: int) -> tuple[str, str]:
    """Return name and value of one parameter; only the first parameter may stand without its name."""
    keys = list(SCHEDULES[name].parameters)
    key, equals, value = part.partition("=")
    if not equals:
        if place or not keys:
            why = f"'{part}' has no name." if keys else f"The schedule '{name}' has no numbers."
            raise UsageError(f"The schedule '{text}' cannot be read.", why, EXAMPLE)
        return keys[0], part
    key = key.strip().lower()
    if key not in keys:
        hint = did_you_mean(key, keys) if keys else "It has no numbers."
        raise UsageError(f"The schedule '{name}' has no number '{key}'.", "", hint)
    return key, value.strip()


def _value(name: str, key: str, text: str) -> Any:
    parameter = SCHEDULES[name].parameters[key]
    parts = re.split(r"(?<![eE])\+", text) if parameter.several else [text]
    values = tuple(_one(part.strip(), parameter.durations) for part in parts)
    value: Any = values if parameter.several else values[0]
    if any(number is None for number in values) or not parameter.allows(value):
        raise UsageError(
            f"The schedule '{name}' cannot use {key}={text}.", f"The value of {key} must be {parameter.must}."
        )
    return value


def _one(text: str, durations: bool) -> Any:
    per_cent = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    if not math.isfinite(number) or not re.fullmatch(r"[-+.\deE]+%?", text):
        return None
    if durations:
        return Duration(number, per_cent)
    return number / 100 if per_cent else number


def _shown(value: float | Duration) -> str:
    if isinstance(value, Duration):
        return _shown(value.value) + "%" * value.per_cent
    return repr(float(value)).removesuffix(".0")
