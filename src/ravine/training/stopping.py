"""Early stopping with patience.  Lecture: "Early stopping".

Source: Prechelt 1998, "Early stopping - but when?".

    better     L_e < L_best - min_change                                (1)      NaN is never better
    waited     0 where better, waited + 1 otherwise                     (2)
    stopped    as soon as waited >= patience                            (3)
    restored   the weights of the best epoch                            (4)

The state is one run's, as scalars inside a compiled loop, or that of many runs, as arrays [run]; of NumPy or
of JAX alike, so that the compiled loop and a judge of finished curves cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError

if TYPE_CHECKING:
    import jax

__all__ = ["Stopping", "patient", "stop_epoch", "watch"]

Array: TypeAlias = "np.ndarray | jax.Array"


class Stopping(NamedTuple):
    """How far a run has waited. Epochs count from 0; the last one watched is `best_epoch + waited`.

    best_loss: inf before the first epoch. best_epoch: int32, -1 where no epoch was better than inf.
    waited: int32, epochs since the best. stopped: bool.
    """

    best_loss: Any
    best_epoch: Any
    waited: Any
    stopped: Any


def patient(runs: tuple[int, ...] = (), dtype: str = "float64") -> Stopping:
    """Return the state before the first epoch, as NumPy arrays of shape `runs`."""
    return Stopping(
        best_loss=np.full(runs, np.inf, dtype),
        best_epoch=np.full(runs, -1, np.int32),
        waited=np.zeros(runs, np.int32),
        stopped=np.zeros(runs, bool),
    )


def watch(state: Stopping, loss: Array, patience: Array, min_change: Array) -> Stopping:
    """Return the state after one more epoch; a stopped run stays as it is.

    loss, min_change: arrays of the state's dtype; patience: int32 array. All may be traced, and differ by
    run.
    """
    xp = loss.__array_namespace__()
    better = loss < state.best_loss - min_change  # (1)
    epoch = state.best_epoch + state.waited + 1
    waited = xp.where(better, 0, state.waited + 1).astype(state.waited.dtype)  # (2)
    after = Stopping(
        best_loss=xp.where(better, loss, state.best_loss),
        best_epoch=xp.where(better, epoch, state.best_epoch),
        waited=waited,
        stopped=waited >= patience,  # (3)
    )
    return Stopping(*(xp.where(state.stopped, old, new) for old, new in zip(state, after, strict=True)))


def stop_epoch(
    losses: npt.ArrayLike, patience: int, min_change: float = 0.0
) -> tuple[int | None, int | None]:
    """Return the epoch at whose end training stops, None if it goes on, and the epoch that is restored.

    losses: validation losses [epoch] of one run, NaN where it diverged. The second is None where no loss was
    below infinity: there is nothing to restore. Raises UsageError for a patience below 1, a negative or
    infinite `min_change`, or losses that are not one row.
    """
    curve = np.asarray(losses, np.float64)
    if curve.ndim != 1:
        raise UsageError(f"Losses of shape {curve.shape} are not one run.", "One number an epoch is needed.")
    check_patience(patience, min_change)
    state = patient()
    for loss in curve:
        state = watch(state, np.asarray(loss), np.asarray(patience), np.asarray(min_change, np.float64))
        if state.stopped:
            break
    best, waited = int(state.best_epoch), int(state.waited)
    return (best + waited if state.stopped else None), (None if best < 0 else best)  # (4)


def check_patience(patience: object, min_change: float = 0.0) -> None:
    """Raise UsageError where patience is no whole number of at least 1, or min_change no number from 0 on."""
    if isinstance(patience, bool) or not isinstance(patience, int | np.integer) or patience < 1:
        raise UsageError(
            f"A patience of {patience!r} cannot be used.",
            "It is how many epochs without improvement end the training.",
            "Give a whole number, 1 or more.",
        )
    if not 0 <= min_change < np.inf:
        raise UsageError(
            f"A min_change of {min_change!r} cannot be used.",
            "It is by how much a loss must fall to count as better.",
            "Give a number, 0 or more.",
        )
