"""The trend of a validation loss at the end of training: whether it falls, rises or stays flat.

    p_t                share of the training done at evaluation t, from 0 to 1                   (1)
    L_s(p) ~ a_s + b_s p    least squares over the evaluations of seed s with p_t > 3/4         (2)
    c_s = b_s / 10 / |a_s + 0.9 b_s|      relative change in the last tenth of training          (3)
    r_s = L_s(1) / L_s(lowest) - 1        relative rise since the lowest loss                    (4)

L_s is the loss of seed s. The fit (2) uses at least 5 evaluations. L_s(1) in (4) is the mean of the last two
losses.

Falling: the median of c_s is at most -0.5 %, and c_s < 0 on significantly many seeds. Where the loss is too
noisy for this count, c_s from the evaluations with p_t > 1/2 decides. Rising: the median of r_s is at least
2 %, and r_s > 0 on significantly many seeds. A loss for which both hold is flat: it fell last, but to a level
above its lowest. A sign test over seeds decides what is significant. With fewer than six seeds no sign test
can be significant. Then all seeds must agree, and the mean change must be at least four times its standard
error.

The lowest loss in (4) is taken where the median curve of all *other* seeds is lowest. An evaluation chosen by
the same seed would be low by chance, and every flat noisy curve would seem to rise.

A learning rate that decays to zero stops the loss at the end of every training, short or long. `progress` can
therefore measure the training in (1) by the sum of the learning rates, not by steps. A fall then includes the
decrease of the gradient noise, so it must be 2 %.

The limits were chosen on 24 trainings of 6 data tables for 10 to 12 epochs, 10 seeds each. With 4 times the
epochs, 7 of the 24 final losses were lower by more than 6 %. By the limits these 7 are falling, and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.significance import MIN_TEST_SEEDS, SIGNIFICANCE_LEVEL
from ravine.statistics.diverged import FloatArray, as_floats

__all__ = ["FinalTrend", "final_trend"]

Direction = Literal["falling", "rising", "flat"]

MIN_FALL = 0.005
"""Smallest fall in the last tenth of training, as a share of the loss, of a loss that still falls."""
MIN_FALL_BY_RATE = 0.02
"""Smallest fall, as above, where the sum of the learning rates measures the training."""
MIN_RISE = 0.02
"""Smallest rise since the lowest loss, as a share of the loss, of a loss that rises."""
WINDOW, WIDE_WINDOW = 0.25, 0.5
"""Shares of the training, at its end, whose points determine the change in the last tenth."""
MIN_POINTS = 5
"""Fewest points of a curve, and of the window."""
MIN_RATIO = 4.0
"""Smallest mean change over its standard error, with fewer seeds."""


@dataclass(frozen=True)
class FinalTrend:
    """The trend of a validation loss at the end of training, over the runs of several seeds.

    direction   "falling", "rising" or "flat"
    change      median over seeds of the relative change in the last tenth of training; negative if it falls
    agreeing    share of seeds whose own relative change has the same sign as `change`; if the loss rises,
                share of seeds whose own relative rise has the same sign as `rise`
    rise        median over seeds of the relative rise since the lowest loss
    lowest      time index of the lowest loss of the median curve
    seeds       number of seeds that trained to the end
    window      share of the evaluations, at the end, that the last tenth of training takes; 0.1 for equal
                steps
    """

    direction: Direction
    change: float
    agreeing: float
    rise: float
    lowest: int
    seeds: int
    window: float = 0.1


def final_trend(losses: npt.ArrayLike, progress: npt.ArrayLike | None = None) -> FinalTrend | None:
    """Return the trend of the loss curves [seed, time] at the end of training: falling, rising or flat.

    Successive evaluations are the same number of steps apart.

    progress   share of the training done at each time, [time], ascending to 1; None if every step counts the
               same. With `progress`, a falling loss must fall by 2 % instead of 0.5 %.

    Seeds with a loss that is not finite (diverged, or stopped early) are left out. Return None if less than
    half of the seeds remain, and for curves of fewer than 5 evaluations.

    Raises UsageError if `losses` is not [seed, time], or if `progress` does not fit or decreases.
    """
    curves = as_floats(losses, 2, "losses")
    times = curves.shape[1]
    done = np.arange(1, times + 1) / times if progress is None else as_floats(progress, 1, "progress")
    if done.shape != (times,) or not np.isfinite(done).all() or (np.diff(done) < 0).any():
        raise UsageError(
            f"`progress` has shape {done.shape}, and the losses were evaluated at {times} times.",
            "It must hold one finite value for each time, and never decrease.",
            "Pass the share of the training that is done at each time.",
        )
    whole = curves[np.isfinite(curves).all(axis=1)]
    if times < MIN_POINTS or 2 * len(whole) < len(curves):
        return None
    least = MIN_FALL if progress is None else MIN_FALL_BY_RATE
    changes, change_errors = _changes(whole, done, WINDOW)
    wide, wide_errors = _changes(whole, done, WIDE_WINDOW)
    rises, rise_errors = _rises(whole)
    falls = float(np.median(changes)) <= -least and (
        _agree(-changes, change_errors) or (float(np.median(wide)) <= -least and _agree(-wide, wide_errors))
    )
    climbs = float(np.median(rises)) >= MIN_RISE and _agree(rises, rise_errors)
    direction: Direction = "flat" if falls == climbs else "falling" if falls else "rising"
    deciding = rises if direction == "rising" else changes
    return FinalTrend(
        direction=direction,
        change=float(np.median(changes)),
        agreeing=float(np.mean(np.sign(deciding) == np.sign(np.median(deciding)))),
        rise=float(np.median(rises)),
        lowest=int(np.argmin(np.median(whole, axis=0))),
        seeds=len(whole),
        window=1 - float(np.interp(0.9, done, np.arange(1, times + 1) / times)),
    )


def _changes(curves: FloatArray, done: FloatArray, window: float) -> tuple[FloatArray, FloatArray]:
    """Return equation (3) for `curves` [seed, time], and its standard errors: [seed] each.

    window: share of the training, at its end, over which the line is fitted.
    """
    start = min(int(np.searchsorted(done, 1 - window, side="right")), len(done) - MIN_POINTS)
    x, y = done[start:], curves[:, start:]
    x = x - x.mean()
    spread = float(x @ x)
    middle = y.mean(axis=1)
    slope = (y - middle[:, None]) @ x / spread  # (2)
    rest = y - middle[:, None] - slope[:, None] * x
    error = np.sqrt((rest**2).sum(axis=1) / (len(x) - 2) / spread)
    level = middle + slope * (0.9 - done[start:].mean())
    return _relative(slope / 10, level), _relative(error / 10, level)  # (3)


def _rises(curves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return equation (4) for `curves` [seed, time], and standard errors: [seed] each.

    The loss at the end is the mean of the last two points. It has not risen if one of the two is the lowest.
    The standard error is estimated from the differences of successive points in the second half of the curve.
    """
    count, times = curves.shape
    lowest = [
        int(np.argmin(np.median(np.delete(curves, seed, axis=0) if count > 1 else curves, axis=0)))
        for seed in range(count)
    ]
    low = curves[np.arange(count), lowest]
    end = curves[:, -2:].mean(axis=1)
    noise = np.diff(curves[:, times // 2 :], axis=1).std(axis=1)
    change = np.where(np.asarray(lowest) < times - 2, end - low, 0.0)
    return _relative(change, low), _relative(noise, low)


def _relative(change: FloatArray, level: FloatArray) -> FloatArray:
    """Return `change` / |`level`|, [seed]: 0 where nothing changes, infinite for a change of a loss of 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(change == 0, 0.0, change / np.abs(level))


def _agree(changes: FloatArray, errors: FloatArray) -> bool:
    """Return whether `changes` [seed] are positive on significantly many seeds, by a two-sided sign test.

    errors: standard errors of the changes [seed], which decide with few seeds.
    """
    count, positive = len(changes), int(np.count_nonzero(changes > 0))
    if count < MIN_TEST_SEEDS:
        error = float(np.sqrt((errors**2).sum())) / count
        return bool(positive == count and changes.mean() >= MIN_RATIO * error)
    tail = sum(comb(count, k) for k in range(positive, count + 1)) / 2**count
    return bool(2 * tail <= SIGNIFICANCE_LEVEL)
