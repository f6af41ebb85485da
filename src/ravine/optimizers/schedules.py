"""Schedules: hyperparameters as functions of the step t = 0, 1, 2, ...  Lecture: "Learning rate annealing".

    hyperparameter at step t  =  its value x factor(t)            (1)

The hyperparameter is the learning rate in most cases. A schedule gives its factors in two forms. The array of
the factors of all steps, computed on the host, is data for a compiled program, so that all schedules can
share one program. The factor as a function of t can be used in any loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ravine.errors import UsageError
from ravine.optimizers.schedule_functions import Clock, schedule_factors
from ravine.optimizers.schedule_kinds import SCHEDULES
from ravine.optimizers.schedule_text import format_schedule, read_schedule

__all__ = ["Schedule", "ScheduleSpec", "factors", "schedule"]

Schedule = Callable[[Any], jax.Array]
"""A function of the step t, a scalar. It returns the factor, or in optax the learning rate, a scalar."""


@dataclass(frozen=True)
class ScheduleSpec:
    """A schedule, hashable: its kind and the values of all of its parameters.

    name: name in `SCHEDULES`. values: values in the order of the parameters in `SCHEDULES`. `str()` returns
    the text.
    """

    name: str
    values: tuple[Any, ...]

    @property
    def numbers(self) -> dict[str, Any]:
        """The values of the parameters of the schedule, by name."""
        return dict(zip(SCHEDULES[self.name].parameters, self.values, strict=True))

    @property
    def depends_on_loss(self) -> bool:
        """Whether the factors depend on the validation losses and are therefore unknown before training."""
        return SCHEDULES[self.name].depends_on_loss

    def factors(self, steps: int, steps_per_epoch: float) -> np.ndarray:
        """Return the factor of the schedule at every step of a run: [steps], float64, on the host.

        Raises UsageError for a schedule that depends on the loss, and for a number of steps or of steps per
        epoch that is not above 0.
        """
        self._check(steps, steps_per_epoch)
        return schedule_factors(
            Clock(np, np.arange(steps, dtype=np.float64), steps, steps_per_epoch), self.numbers, self.name
        )

    def at(self, steps: int, steps_per_epoch: float) -> Schedule:
        """Return the factor of the schedule as a function of the step t [...], which may be traced.

        From the end of the run, `steps`, the factor is constant. Raises UsageError for a schedule that
        depends on the loss, and for a number of steps or of steps per epoch that is not above 0.
        """
        self._check(steps, steps_per_epoch)

        def factor(t: ArrayLike) -> jax.Array:
            now = jnp.clip(jnp.asarray(t).astype(jnp.result_type(float)), 0, steps)
            return schedule_factors(Clock(jnp, now, steps, steps_per_epoch), self.numbers, self.name)

        return factor

    def _check(self, steps: int, steps_per_epoch: float) -> None:
        if self.depends_on_loss:
            raise UsageError(
                f"The factors of the schedule '{self}' are not known before training.",
                "They depend on the validation loss.",
                "Compute them with `plateau_next`.",
            )
        if not steps >= 1 or steps != int(steps) or not 0 < steps_per_epoch < np.inf:
            raise UsageError(
                f"A run of {steps} steps with {steps_per_epoch} per epoch has no schedule.",
                "Steps must be a whole number above 0, and steps per epoch must be above 0.",
            )

    def __str__(self) -> str:
        return format_schedule(self.name, self.numbers)


def schedule(text: str | ScheduleSpec) -> ScheduleSpec:
    """Return the schedule that a text names: `cosine`, `step(0.1,every=10)`, `linear(warmup=0.1)`.

    Raises UsageError for an unknown name, with the nearest known one, and for values that are not allowed.
    """
    if isinstance(text, ScheduleSpec):
        return text
    name, numbers = read_schedule(text)
    return ScheduleSpec(name, tuple(numbers.values()))


def factors(text: str | ScheduleSpec, steps: int, steps_per_epoch: float) -> np.ndarray:
    """Return the factor of a schedule at every step of a run of `steps` steps: [steps], float64.

    text: the schedule, such as `cosine`. Raises UsageError for a text that is no schedule, for a schedule
    that depends on the loss, and for an invalid number of steps.
    """
    return schedule(text).factors(steps, steps_per_epoch)
