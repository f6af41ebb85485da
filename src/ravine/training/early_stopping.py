"""Early stopping with patience.  Lecture: "Early stopping".

Source: Prechelt 1998, "Early stopping - but when?".

    better     L_e < L_best - min_change                                (1)      NaN is never better
    waited     0 where better, waited + 1 otherwise                     (2)
    stopped    as soon as waited >= patience                            (3)
    restored   the weights of the best epoch                            (4)

In this file, L_e is the validation loss of epoch e, and an epoch is the time between two evaluations. The
same function `stopping_next` serves compiled loops over single runs (scalars) and checks of many finished
curves (arrays [run] of NumPy or JAX).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.networks.parameters import Params, Statistics
from ravine.training.runs import Runs

__all__ = ["BestWeights", "EarlyStopping", "StoppingState", "stop_epoch", "stopping_next", "stopping_start"]

Array: TypeAlias = "np.ndarray | jax.Array"


class StoppingState(NamedTuple):
    """The state of early stopping, of one run (scalars) or of many ([run]).

    best_loss: loss of the best epoch, inf before the first epoch.
    best_epoch: int32, last epoch that was better than all before, counted from 0; -1 without such an epoch.
    waited: int32, epochs since the best epoch, so that best_epoch + waited is the last epoch.
    stopped: bool, whether the run has stopped.
    """

    best_loss: Any
    best_epoch: Any
    waited: Any
    stopped: Any


def stopping_start(shape: tuple[int, ...] = (), dtype: str = "float64") -> StoppingState:
    """Return the state of early stopping before the first validation loss, as NumPy arrays.

    shape: shape of each array, () for one run or [run] for many. dtype: data type of the losses.
    """
    return StoppingState(
        best_loss=np.full(shape, np.inf, dtype),
        best_epoch=np.full(shape, -1, np.int32),
        waited=np.zeros(shape, np.int32),
        stopped=np.zeros(shape, bool),
    )


def stopping_next(state: StoppingState, loss: Array, patience: Array, min_change: Array) -> StoppingState:
    """Return the state of early stopping after the validation loss of one more epoch.

    The loss is better if it is below the loss of the best epoch so far by more than `min_change`. A run stops
    after `patience` epochs in a row without a better loss. The state of a stopped run does not change.

    loss, patience, min_change: scalars or arrays [run], like the state. `patience` is int32; `loss` and
    `min_change` have the data type of the state. All may be traced by JAX.
    """
    xp = loss.__array_namespace__()
    better = loss < state.best_loss - min_change  # (1)
    epoch = state.best_epoch + state.waited + 1
    waited = xp.where(better, 0, state.waited + 1).astype(state.waited.dtype)  # (2)
    after = StoppingState(
        best_loss=xp.where(better, loss, state.best_loss),
        best_epoch=xp.where(better, epoch, state.best_epoch),
        waited=waited,
        stopped=waited >= patience,  # (3)
    )
    return StoppingState(*(xp.where(state.stopped, old, new) for old, new in zip(state, after, strict=True)))


def stop_epoch(
    losses: npt.ArrayLike, patience: int, min_change: float = 0.0
) -> tuple[int | None, int | None]:
    """Return the epoch after which early stopping ends a run, and the epoch whose weights are restored.

    losses: validation losses [epoch] of the run, NaN where it diverged. Epochs count from 0. patience: epochs
    without a better loss that end the run. min_change: a better loss is lower than the best one so far by
    more than this. The first epoch is None if the run does not stop early, and the second is None if all
    losses are infinite or NaN. Raises UsageError for a patience that is not a whole number above 0, a
    negative or infinite `min_change`, or losses that are not [epoch].
    """
    curve = np.asarray(losses, np.float64)
    if curve.ndim != 1:
        raise UsageError(
            f"Losses of shape {curve.shape} are not those of one run.", "Give one number per epoch."
        )
    check_patience(patience, min_change)
    state = stopping_start()
    for loss in curve:
        state = stopping_next(
            state, np.asarray(loss), np.asarray(patience), np.asarray(min_change, np.float64)
        )
        if state.stopped:
            break
    best, waited = int(state.best_epoch), int(state.waited)
    return (best + waited if state.stopped else None), (None if best < 0 else best)  # (4)


def check_patience(patience: object, min_change: float = 0.0) -> None:
    """Raise UsageError for settings of early stopping that cannot be used.

    The patience must be an integer above 0, and `min_change` must be finite and not negative.
    """
    if isinstance(patience, bool) or not isinstance(patience, int | np.integer) or patience < 1:
        raise UsageError(
            f"A patience of {patience!r} cannot be used.",
            "It is the number of epochs without improvement after which training ends.",
            "Give a whole number, 1 or more.",
        )
    if not 0 <= min_change < np.inf:
        raise UsageError(
            f"A min_change of {min_change!r} cannot be used.",
            "The validation loss counts as improved if it is below its lowest value by more than min_change.",
            "Give a finite number, 0 or more.",
        )


class EarlyStopping:
    """Early stopping of all runs of a cohort. Runs without patience never stop.

    used: whether any run of the cohort has patience. state: `StoppingState` of arrays [run].
    """

    def __init__(self, runs: Runs) -> None:
        count = len(runs)
        patience = np.zeros(count) if runs.patience is None else np.asarray(runs.patience)
        self.used = bool((patience > 0).any())
        never = np.iinfo(np.int32).max
        self.patience = np.where(patience > 0, patience, never).astype(np.int32)
        change = np.zeros(count) if runs.min_change is None else np.asarray(runs.min_change)
        self.min_change = change.astype(np.float64)
        self.restores = patience > 0
        self.state = stopping_start((count,))

    def update(self, runs: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Take the validation losses of one more evaluation; return whether to keep new weights: bools [n].

        runs: indices [n] of the runs. loss: their validation losses [n]. The new weights of a run with
        patience are kept if this evaluation is its best so far. Those of other runs are always kept.
        """
        before = StoppingState(*(values[runs] for values in self.state))
        after = stopping_next(before, loss.astype(np.float64), self.patience[runs], self.min_change[runs])
        for values, new in zip(self.state, after, strict=True):
            values[runs] = new
        return (after.best_epoch != before.best_epoch) | ~self.restores[runs]

    def take(self, runs: np.ndarray) -> EarlyStopping:
        """Return the early stopping of some runs alone, as a copy. runs: indices [n] of the runs."""
        other = copy(self)
        other.patience, other.min_change = self.patience[runs], self.min_change[runs]
        other.restores = self.restores[runs]
        other.state = StoppingState(*(values[runs] for values in self.state))
        return other

    def put(self, runs: np.ndarray, other: EarlyStopping) -> None:
        """Take over the state `other` of some runs. runs: indices [n] of the runs."""
        for values, new in zip(self.state, other.state, strict=True):
            values[runs] = new

    def stopped(self, runs: np.ndarray) -> np.ndarray:
        """Return for each of the runs with the indices `runs` [n] whether it has stopped early: bools [n]."""
        return self.state.stopped[runs]

    def ends(self, runs: np.ndarray, otherwise: int) -> np.ndarray:
        """Return after how many evaluations each of some runs has stopped early, [n].

        runs: indices [n] of the runs. otherwise: number for a run that has not stopped early.
        """
        ends = self.state.best_epoch[runs] + self.state.waited[runs] + 1
        return np.where(self.stopped(runs), ends, otherwise)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return a copy of the state of early stopping for a checkpoint, arrays [run] by name.

        It is empty if no run has patience.
        """
        return {name: values.copy() for name, values in self.state._asdict().items()} if self.used else {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over the state of early stopping from a checkpoint, as `arrays` returned it."""
        if arrays:
            self.state = StoppingState(**arrays)


class BestWeights(NamedTuple):
    """The parameters and running statistics at the best evaluation so far of each run in a group.

    A group holds the runs that one core or GPU trains together. All arrays are [member, ...].
    """

    params: Params
    stats: Statistics

    @classmethod
    def choose(
        cls, before: BestWeights | None, params: Params, stats: Statistics, better: np.ndarray
    ) -> BestWeights:
        """Return the best weights after one more evaluation of a group of runs, [member, ...].

        They are the new ones, `params` and `stats`, where `better` [member] is True, else those of `before`.
        Without `before`, all are new.
        """
        # Always a copy, since the next segment reuses the memory of the statistics.
        now = params, stats
        return cls(*_choose(better, now, now if before is None else tuple(before)))


@jax.jit
def _choose(
    better: jax.Array, now: tuple[Params, Statistics], before: tuple[Params, Statistics]
) -> tuple[Params, Statistics]:
    """Return for each member [member, ...] the arrays of `now` where `better`, else those of `before`."""

    def choose(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, now, before)
