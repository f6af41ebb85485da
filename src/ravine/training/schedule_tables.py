"""What schedules make of the numbers of a run: a factor for every step, made on the host and given as data.

So all schedules share one program. The one that follows training, `plateau`, is moved on between stretches.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.optimizers import PlateauState, plateau_next, schedule
from ravine.training.plan import Plan
from ravine.training.runs import Runs

__all__ = ["ScheduleTables"]


class ScheduleTables:
    """Factors of the learning rate, and of every hyperparameter that moves, of the runs of a cohort."""

    def __init__(self, plan: Plan, runs: Runs, steps_per_epoch: float) -> None:
        self.plan, self.per_epoch = plan, steps_per_epoch
        self.texts = {"rate": np.asarray(runs.schedule, str)}
        self.texts |= {name: np.asarray(runs.moving[name], str) for name in plan.moving}
        self.table = lru_cache(maxsize=256)(self._table)
        on_loss = {text for text in np.unique(self.texts["rate"]) if schedule(str(text)).depends_on_loss}
        for name in plan.moving:
            for text in np.unique(self.texts[name]):
                if schedule(str(text)).depends_on_loss:
                    raise UsageError(
                        f"'{name}' cannot follow '{text}'.", "Only the learning rate can.", "Choose another."
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
        """The numbers of every run's plateau; those of runs that follow nothing are never used."""
        some = str(self.texts["rate"][self.loss_runs][0])
        texts = np.where(self.loss_runs, self.texts["rate"], some)
        specs = [schedule(str(text)).numbers for text in texts]
        return {name: np.array([spec[name] for spec in specs], float) for name in specs[0]}

    def _table(self, text: str) -> np.ndarray:
        spec = schedule(text)
        steps = self.plan.steps
        table = np.ones(steps) if spec.depends_on_loss else spec.factors(steps, self.per_epoch)
        return table.astype(self.plan.precision)

    def of(self, runs: np.ndarray, evaluation: int) -> dict[str, np.ndarray]:
        """Return the factors of the stretch before an evaluation: {name: [steps, run]}."""
        steps = self.plan.steps_per_evaluation
        part = slice(evaluation * steps, (evaluation + 1) * steps)
        found = {
            name: np.stack([self.table(str(text))[part] for text in texts[runs]], axis=1)
            for name, texts in self.texts.items()
        }
        if self.depends_on_loss:
            found["rate"] = found["rate"] * self.state.factor[runs].astype(self.plan.precision)
        return found

    def update(self, runs: np.ndarray, loss: np.ndarray) -> None:
        """Move the schedules on that follow training, by the validation losses [run] of an evaluation."""
        mine = self.loss_runs[runs]
        if not mine.any():
            return
        runs, loss = runs[mine], loss[mine].astype(np.float64)
        before: Any = PlateauState(*(each[runs] for each in self.state))
        losses: Any = loss
        with precision_context("float64"):  # whatever the runs are trained in
            after = plateau_next({name: each[runs] for name, each in self.numbers.items()}, before, losses)
        for all_, new in zip(self.state, after, strict=True):
            all_[runs] = np.asarray(new)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the state to keep."""
        return (
            {name: each.copy() for name, each in self.state._asdict().items()} if self.depends_on_loss else {}
        )

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state that was kept."""
        if arrays:
            fields: dict[str, Any] = dict(arrays)
            self.state = PlateauState(**fields)
