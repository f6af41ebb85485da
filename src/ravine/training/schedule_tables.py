"""The schedules of the runs of a cohort as tables: one factor for each step, computed on the host.

    hyperparameter at step t  =  its value x its factor at t            (1)

The factors enter the compiled program as data, so all schedules share one program. The factor of the schedule
`plateau` depends on the validation loss. It is constant between two evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Any

import numpy as np

from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.optimizers import PlateauState, plateau_next, schedule
from ravine.training.plan import Plan
from ravine.training.runs import Runs

__all__ = ["ScheduleTables"]

MAX_TABLES = 256  # tables of schedules that a process keeps


class ScheduleTables:
    """Factors of the learning rate and of all other scheduled hyperparameters of the runs of a cohort.

    depends_on_loss: whether any run has a schedule that depends on the validation loss. state: `PlateauState`
    of arrays [run], which stays at its start for runs without such a schedule.

    Raises UsageError if a schedule that depends on the loss belongs to another hyperparameter than the
    learning rate.
    """

    def __init__(self, plan: Plan, runs: Runs, steps_per_epoch: float) -> None:
        self.clock = plan.steps, steps_per_epoch, plan.precision
        self.segment, self.precision = plan.steps_per_evaluation, plan.precision
        self.texts = {"rate": np.asarray(runs.schedule, str)}
        self.texts |= {name: np.asarray(runs.hyper_schedules[name], str) for name in plan.hyper_schedules}
        on_loss = {text for text in np.unique(self.texts["rate"]) if schedule(str(text)).depends_on_loss}
        for name in plan.hyper_schedules:
            for text in np.unique(self.texts[name]):
                if schedule(str(text)).depends_on_loss:
                    raise UsageError(
                        f"'{name}' cannot follow the schedule '{text}'.",
                        "Only the learning rate can have a schedule that depends on the validation loss.",
                        "Choose another schedule, for example linear.",
                    )
        self.depends_on_loss = bool(on_loss)
        count = len(runs)
        waited: Any = np.zeros(count, np.int32)
        best: Any = np.full(count, np.inf)
        factor: Any = np.ones(count)
        self.state: Any = PlateauState(best, waited, waited.copy(), factor)
        self.loss_runs = np.isin(self.texts["rate"], sorted(on_loss))
        self.numbers: dict[str, Any] = self._numbers() if self.depends_on_loss else {}

    def _numbers(self) -> dict[str, np.ndarray]:
        """Return the parameters of the plateau of every run, [run] each.

        Runs without a `plateau` schedule get the parameters of a run that has one, and never use these
        parameters.
        """
        some = str(self.texts["rate"][self.loss_runs][0])
        texts = np.where(self.loss_runs, self.texts["rate"], some)
        specs = [schedule(str(text)).numbers for text in texts]
        return {name: np.array([spec[name] for spec in specs], float) for name in specs[0]}

    def take(self, runs: np.ndarray) -> ScheduleTables:
        """Return the schedules of some runs alone, as copies. runs: indices [n] of the runs."""
        other = copy(self)
        other.texts = {name: texts[runs] for name, texts in self.texts.items()}
        other.state = PlateauState(*(values[runs] for values in self.state))
        other.loss_runs = self.loss_runs[runs]
        other.numbers = {name: values[runs] for name, values in self.numbers.items()}
        return other

    def put(self, runs: np.ndarray, other: ScheduleTables) -> None:
        """Take over the state of the schedules `other` of some runs. runs: indices [n] of the runs."""
        for values, new in zip(self.state, other.state, strict=True):
            values[runs] = new

    def of(self, runs: np.ndarray, evaluation: int) -> dict[str, np.ndarray]:
        """Return the factors of all schedules for the steps that precede an evaluation.

        They are {name of the hyperparameter: [steps, run]}. runs: indices of the runs, which may repeat.
        evaluation: number of the evaluation, from 0.
        """
        segment = slice(evaluation * self.segment, (evaluation + 1) * self.segment)
        factors = {
            name: np.stack([_table(str(text), *self.clock)[segment] for text in texts[runs]], axis=1)
            for name, texts in self.texts.items()
        }
        if self.depends_on_loss:
            factors["rate"] = factors["rate"] * self.state.factor[runs].astype(self.precision)
        return factors

    def update(self, runs: np.ndarray, loss: np.ndarray) -> None:
        """Update the schedules that depend on the loss by the validation losses of one more evaluation.

        runs: indices [run] of the evaluated runs. loss: their validation losses [run].
        """
        on_loss = self.loss_runs[runs]
        if not on_loss.any():
            return
        runs, loss = runs[on_loss], loss[on_loss].astype(np.float64)
        before: Any = PlateauState(*(values[runs] for values in self.state))
        losses: Any = loss
        with precision_context("float64"):  # also where the runs are trained in float32
            numbers = {name: values[runs] for name, values in self.numbers.items()}
            after = plateau_next(numbers, before, losses)
        for values, new in zip(self.state, after, strict=True):
            values[runs] = np.asarray(new)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the state of the schedules for a checkpoint, arrays [run] by name.

        It is empty if no schedule depends on the loss.
        """
        if not self.depends_on_loss:
            return {}
        return {name: values.copy() for name, values in self.state._asdict().items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over the state of the schedules from a checkpoint, as `arrays` returned it."""
        if arrays:
            fields: dict[str, Any] = dict(arrays)
            self.state = PlateauState(**fields)


@lru_cache(maxsize=MAX_TABLES)
def _table(text: str, steps: int, steps_per_epoch: float, precision: str) -> np.ndarray:
    """Return the factor at every step, [steps]; 1 for a schedule that depends on the loss."""
    spec = schedule(text)
    table = np.ones(steps) if spec.depends_on_loss else spec.factors(steps, steps_per_epoch)
    return table.astype(precision)
