"""Trials of a comparison: the combinations of learning rate, schedule and other numbers that tuning tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ravine.execution.training_spec import TrainingSpec
from ravine.training import Plan, Runs

__all__ = ["Trials"]


@dataclass(frozen=True)
class Trials:
    """Trials of one optimizer in tuning: combinations of learning rate, schedule and other numbers to try.

    rate: learning rates [trial]. schedule: learning-rate schedules as text [trial]. hyper: values of the
    other tuned hyperparameters, {name: [trial]}; empty if only learning rate and schedule are tuned.
    """

    rate: np.ndarray
    schedule: np.ndarray
    hyper: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.rate)

    def runs(self, spec: TrainingSpec, plan: Plan, seeds: Sequence[int]) -> Runs:
        """Return the runs that train every trial on every seed, trial by trial.

        Run trial * len(seeds) + k trains the trial on the k-th of the seeds.
        """
        count = len(seeds)
        return spec.runs(
            plan,
            np.repeat(self.rate, count),
            np.repeat(self.schedule, count),
            np.tile(np.asarray(seeds), len(self)),
            {name: np.repeat(values, count) for name, values in self.hyper.items()},
        )

    def take(self, index: Sequence[int] | np.ndarray) -> Trials:
        """Return a part of these trials: those at the positions `index` [trial], in the order of `index`."""
        chosen = np.asarray(index, int)
        hyper = {name: values[chosen] for name, values in self.hyper.items()}
        return Trials(self.rate[chosen], self.schedule[chosen], hyper)

    def plus(self, other: Trials) -> Trials:
        """Return one set of trials: the trials of this set, followed by those of the set `other`."""
        hyper = {name: np.concatenate([self.hyper[name], other.hyper[name]]) for name in self.hyper}
        return Trials(
            np.concatenate([self.rate, other.rate]), np.concatenate([self.schedule, other.schedule]), hyper
        )
