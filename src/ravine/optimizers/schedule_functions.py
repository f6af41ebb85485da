"""The functions of schedules: a factor for every step.  Lecture: "Learning rate annealing".

    step          factor^k after k drops                  (1)      "in multiple steps"
    exponential   gamma^e  or  end^p                      (2)
    inverse       (1 + slope e)^-power                    (3)      Robbins & Monro 1951
    polynomial    end + (1 - end) (1 - p)^power           (4)
    cosine        end + (1 - end) (1 + cos(pi p)) / 2     (5)      Loshchilov & Hutter 2017
    onecycle      from start up to 1, then down to end    (6)      Smith & Topin 2019; both parts as in (5)
    warm-up       (t + 1) / (W + 1) for t < W             (7)      Goyal et al. 2017

t is the number of steps done, W that of the warm-up, p the share done of the steps after the warm-up, and e
the number of epochs after it. Drops in (1) count from the start of the run. The other names are parameters of
the schedules. A warm-up starts with a factor above 0, since a step with 0 would be wasted. Every function
works on NumPy arrays and on traced arrays: it takes a `Clock` of t [...] and returns the factors [...].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pkgutil import resolve_name
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ravine.errors import UsageError
from ravine.optimizers.schedule_kinds import SCHEDULES

if TYPE_CHECKING:
    import jax

__all__ = [
    "Clock", "constant", "cosine", "exponential", "inverse", "linear", "onecycle", "polynomial",
    "schedule_factors", "step",
]  # fmt: skip

SLACK = 1e-6  # steps; a duration times the steps per epoch is a whole number only up to rounding

MAX_LOG_SLOPE = 700.0  # logarithm of a slope; its exponential is still finite in float64


class Clock(NamedTuple):
    """The progress of a run, in steps, from which a schedule computes its factors.

    xp: numpy or jax.numpy, the module of the arrays. t: steps done, [...]. steps: steps of the whole run.
    per_epoch: steps of one epoch.
    """

    xp: ModuleType
    t: Any
    steps: int
    per_epoch: float

    @property
    def done(self) -> Any:
        """Share of the run that is done, [...]."""
        return self.t / self.steps

    @property
    def remaining(self) -> Any:
        """Share of the run that remains, [...]."""
        return 1 - self.t / self.steps

    @property
    def epochs(self) -> Any:
        """Number of epochs done, [...]."""
        return self.t / self.per_epoch


def constant(clock: Clock, numbers: Mapping[str, float]) -> Any:
    """Return the factors of the constant schedule on a hyperparameter: 1 at every step, [...]."""
    return clock.xp.ones_like(clock.t)


def cosine(clock: Clock, numbers: Mapping[str, float]) -> Any:
    """Return the factors of a cosine schedule, [...].

    They fall from 1 at the start of the run along half a cosine to the number `end`, by default 0.
    """
    return _ease(clock.xp, numbers.get("end", 0.0), clock.remaining)  # (5)


def polynomial(clock: Clock, numbers: Mapping[str, float]) -> Any:
    """Return the factors of a polynomial schedule, [...]: end + (1 - end) (1 - p)^power.

    p is the share of the run that is done. `end` and `power` are given in `numbers`.
    """
    return numbers["end"] + (1 - numbers["end"]) * clock.remaining ** numbers["power"]  # (4)


def linear(clock: Clock, numbers: Mapping[str, float]) -> Any:
    """Return the factors of a schedule that falls linearly during the run, from 1 to `end`, [...]."""
    return numbers["end"] + (1 - numbers["end"]) * clock.remaining


def exponential(clock: Clock, numbers: Mapping[str, Any]) -> Any:
    """Return the factors of an exponential schedule, [...].

    They are end^p at the share p of the run, or gamma^e after e epochs if `end` is None.
    """
    if numbers["end"] is not None:
        return clock.xp.exp(math.log(numbers["end"]) * clock.done)  # (2)
    return clock.xp.exp(math.log(numbers["gamma"]) * clock.epochs)


def inverse(clock: Clock, numbers: Mapping[str, Any]) -> Any:
    """Return the factors of an inverse schedule, [...]: (1 + slope e)^-power after e epochs.

    If `end` is not None, the slope follows from the condition that the factor is `end` at the end of the run.
    Raises UsageError if this slope is too large for float64.
    """
    power = numbers["power"]
    if numbers["end"] is not None:
        if -math.log(numbers["end"]) / power > MAX_LOG_SLOPE:
            raise UsageError(
                f"The schedule inverse cannot go to {numbers['end']:g} with power={power:g}.",
                "Its slope would be too large for a number.",
                "Give a larger power, or a larger end.",
            )
        return (1 + (numbers["end"] ** (-1 / power) - 1) * clock.done) ** -power  # (3)
    return (1 + numbers["slope"] * clock.epochs) ** -power


def onecycle(clock: Clock, numbers: Mapping[str, float]) -> Any:
    """Return the factors of a one-cycle schedule, [...].

    They rise from `start` to 1 at the share `peak` of the run, then fall to `end`, both along half a cosine.
    """
    top = numbers["peak"] * clock.steps
    up = _ease(clock.xp, numbers["start"], clock.xp.minimum(clock.t / top, 1))  # (6)
    down = _ease(clock.xp, numbers["end"], clock.xp.minimum((clock.steps - clock.t) / (clock.steps - top), 1))
    return clock.xp.where(clock.t < top, up, down)


def _ease(xp: ModuleType, low: float, way: np.ndarray | jax.Array) -> Any:
    # sin^2(pi way / 2) = (1 - cos(pi way)) / 2, without the cancellation for a small `way`
    return low + (1 - low) * xp.sin(math.pi / 2 * way) ** 2


def step(clock: Clock, numbers: Mapping[str, Any]) -> Any:
    """Return the factors of a step schedule, [...]: `factor`^k after k drops.

    The drops lie at the times `at`, or come once in every period `every`. Raises UsageError for a period
    below one step.
    """
    # The drops are counted. A quotient t / period can round to the wrong side of a whole number.
    drops = clock.xp.searchsorted(
        clock.xp.asarray(_drops(clock, numbers), clock.t.dtype), clock.t, side="right"
    )
    return clock.xp.power(numbers["factor"], drops.astype(clock.t.dtype))  # (1)


def _drops(clock: Clock, numbers: Mapping[str, Any]) -> np.ndarray:
    """Return the steps at which the factor drops, in increasing order, [drop]."""
    if numbers["at"] is not None:
        steps = np.array([duration.in_steps(clock.steps, clock.per_epoch) for duration in numbers["at"]])
    else:
        period = numbers["every"].in_steps(clock.steps, clock.per_epoch)
        if period < 1 - SLACK:
            raise UsageError(
                f"The schedule cannot drop every {period:.3g} steps, which is less than one step.",
                f"An epoch has {clock.per_epoch:.6g} steps here, and the run {clock.steps:,}.",
                "Give more epochs between two drops, for example every=10.",
            )
        steps = period * np.arange(1, math.floor((clock.steps + SLACK) / period) + 1)
    return np.ceil(steps - SLACK)


def schedule_factors(clock: Clock, numbers: Mapping[str, Any], name: str) -> Any:
    """Return the factors of a schedule at the steps of a clock, [...], with a linear warm-up if it has one.

    name: name of the schedule in `SCHEDULES`. numbers: its parameters by name; `warmup` is the share of the
    run that the warm-up takes.
    """
    xp, kind = clock.xp, SCHEDULES[name]
    function = resolve_name(kind.function)
    warm = min(round(numbers.get("warmup", 0.0) * clock.steps), clock.steps - 1)
    after = Clock(xp, xp.maximum(clock.t - warm, 0), clock.steps - warm, clock.per_epoch)
    factors = function(clock if kind.counts_warmup else after, numbers)
    return factors * xp.minimum((clock.t + 1) / (warm + 1), 1) if warm else factors  # (7)
