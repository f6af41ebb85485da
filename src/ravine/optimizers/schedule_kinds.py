"""The kinds of schedules, such as `cosine`: their parameters, and the function that computes the factors.

This file needs neither NumPy nor JAX, so that texts of schedules can be checked without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["SCHEDULES", "SCHEDULE_ALIASES", "Duration", "Parameter", "ScheduleKind"]


class Duration(NamedTuple):
    """A part of a run: `value` epochs, or `value` per cent of the run."""

    value: float
    per_cent: bool = False

    def in_steps(self, steps: int, steps_per_epoch: float) -> float:
        """Return the duration as a number of steps, not rounded, for a run of `steps` steps in all."""
        return self.value / 100 * steps if self.per_cent else self.value * steps_per_epoch


class Parameter(NamedTuple):
    """A parameter of a kind of schedule, such as `every`, with its default and its allowed values.

    default: value that holds if the text gives no value, possibly None. must: the allowed values in words.
    allows: function that returns whether a value is allowed. durations: whether values are `Duration`s.
    several: whether the value is a tuple.
    """

    default: Any
    must: str
    allows: Callable[[Any], bool]
    durations: bool = False
    several: bool = False


def _number(default: float | None, must: str, allows: Callable[[float], bool]) -> Parameter:
    return Parameter(default, must, allows)


def _count(default: int) -> Parameter:
    return Parameter(default, "a whole number that is not negative", lambda v: v >= 0 and v == int(v))


def _proper(default: float | None) -> Parameter:
    return _number(default, "above 0 and below 1", lambda v: 0 < v < 1)


def _end(default: float | None = 0.0) -> Parameter:
    return _number(default, "a factor from 0 to 1", lambda v: 0 <= v <= 1)


def _positive(default: float) -> Parameter:
    return _number(default, "above 0", lambda v: v > 0)


_FACTOR = _number(0.1, "above 0 and at most 1, as it lowers the value at each drop", lambda v: 0 < v <= 1)
_WARMUP = _number(0.0, "a share of the run, from 0 to below 1", lambda v: 0 <= v < 1)
_GOAL = _number(None, "a factor above 0 and at most 1, as zero is never reached", lambda v: 0 < v <= 1)
_EVERY = Parameter(None, "above 0", lambda v: v.value > 0, durations=True)
_AT = Parameter(
    None,
    "rising, above 0, and of one kind, epochs or per cent",
    lambda v: v[0].value > 0 and all(a.value < b.value and a.per_cent == b.per_cent for a, b in pairwise(v)),
    durations=True,
    several=True,
)


@dataclass(frozen=True)
class ScheduleKind:
    """A kind of schedule, such as `cosine`.

    function: "module:name" of the function that returns the factors; "" for a kind that depends on the loss.
    parameters: parameters by name, in the order in which a text gives them.
    either: two parameters of which a schedule needs exactly one, and an example of a text; or None.
    depends_on_loss: whether the factors depend on the validation losses and are unknown before training.
    counts_warmup: whether epochs count from the start of the run instead of the end of the warm-up.
    """

    function: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    either: tuple[str, str, str] | None = None
    depends_on_loss: bool = False
    counts_warmup: bool = False


_FUNCTIONS = "ravine.optimizers.schedule_functions"

# The registry. To add a kind of schedule, add a row here and its function in `schedule_functions`.
SCHEDULES: dict[str, ScheduleKind] = {
    "constant": ScheduleKind(f"{_FUNCTIONS}:constant", {"warmup": _WARMUP}),
    "step": ScheduleKind(
        f"{_FUNCTIONS}:step",
        {"factor": _FACTOR, "every": _EVERY, "at": _AT, "warmup": _WARMUP},
        either=("every", "at", "step(0.1,every=10) or step(0.1,at=30+60)"),
        counts_warmup=True,
    ),
    "exponential": ScheduleKind(
        f"{_FUNCTIONS}:exponential",
        {
            "gamma": _number(None, "above 0 and at most 1", lambda v: 0 < v <= 1),
            "end": _GOAL,
            "warmup": _WARMUP,
        },
        either=("gamma", "end", "exponential(0.95), for each epoch, or exponential(end=0.01)"),
    ),
    "inverse": ScheduleKind(
        f"{_FUNCTIONS}:inverse",
        {
            "slope": _number(None, "not negative", lambda v: v >= 0),
            "power": _positive(1.0),
            "end": _GOAL,
            "warmup": _WARMUP,
        },
        either=("slope", "end", "inverse(1), for each epoch, or inverse(end=0.1)"),
    ),
    "polynomial": ScheduleKind(
        f"{_FUNCTIONS}:polynomial", {"power": _positive(1.0), "end": _end(), "warmup": _WARMUP}
    ),
    "linear": ScheduleKind(f"{_FUNCTIONS}:linear", {"end": _end(), "warmup": _WARMUP}),
    "cosine": ScheduleKind(f"{_FUNCTIONS}:cosine", {"end": _end(), "warmup": _WARMUP}),
    "onecycle": ScheduleKind(
        f"{_FUNCTIONS}:onecycle", {"peak": _proper(0.3), "start": _end(0.04), "end": _end(4e-6)}
    ),
    "plateau": ScheduleKind(
        "",  # see `ravine.optimizers.plateau`
        {
            "factor": _proper(0.1),
            "patience": _count(10),
            "threshold": _number(1e-4, "a relative improvement from 0 to below 1", lambda v: 0 <= v < 1),
            "cooldown": _count(0),
            "least": _end(),
        },
        depends_on_loss=True,
    ),
}

SCHEDULE_ALIASES = {"decay": "cosine"}
"""Other names of schedules, from version 1 of Ravine, which users may type: alias -> name in `SCHEDULES`."""
