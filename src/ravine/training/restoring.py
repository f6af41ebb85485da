"""Early stopping of the runs of a cohort: who waits, who has stopped, and the best weights of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ravine.networks.parameters import Params, Statistics
from ravine.training.runs import Runs
from ravine.training.stopping import Stopping, patient, watch

__all__ = ["Best", "Watch"]


class Watch:
    """What every run of a cohort has waited; runs without patience never stop."""

    def __init__(self, runs: Runs) -> None:
        count = len(runs)
        patience = np.zeros(count) if runs.patience is None else np.asarray(runs.patience)
        self.used = bool((patience > 0).any())
        never = np.iinfo(np.int32).max
        self.patience = np.where(patience > 0, patience, never).astype(np.int32)
        change = np.zeros(count) if runs.min_change is None else np.asarray(runs.min_change)
        self.min_change = change.astype(np.float64)
        self.restores = patience > 0
        self.state = patient((count,))

    def see(self, runs: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Take the losses of one more evaluation [n]; return whose parameters are now those to keep."""
        before = Stopping(*(each[runs] for each in self.state))
        after = watch(before, loss.astype(np.float64), self.patience[runs], self.min_change[runs])
        for mine, new in zip(self.state, after, strict=True):
            mine[runs] = new
        return (after.best_epoch != before.best_epoch) | ~self.restores[runs]

    def stopped(self, runs: np.ndarray) -> np.ndarray:
        """Return who has stopped early."""
        return self.state.stopped[runs]

    def ends(self, runs: np.ndarray, otherwise: int) -> np.ndarray:
        """Return after how many evaluations each run stopped early; `otherwise` if it has not."""
        ends = self.state.best_epoch[runs] + self.state.waited[runs] + 1
        return np.where(self.stopped(runs), ends, otherwise)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the state to keep."""
        return {name: each.copy() for name, each in self.state._asdict().items()} if self.used else {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state that was kept."""
        if arrays:
            self.state = Stopping(**arrays)


class Best(NamedTuple):
    """Parameters and running statistics to keep of each member of a group."""

    params: Params
    stats: Statistics

    @classmethod
    def of(cls, before: Best | None, params: Params, stats: Statistics, better: np.ndarray) -> Best:
        """Return those of now where better [member], else those of before."""
        now = params, stats  # a copy even at first: the next stretch takes the statistics' memory over
        return cls(*_chosen(better, now, now if before is None else tuple(before)))


@jax.jit
def _chosen(
    better: jax.Array, now: tuple[Params, Statistics], before: tuple[Params, Statistics]
) -> tuple[Params, Statistics]:
    def choose(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, now, before)
