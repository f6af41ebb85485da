"""The gain by a changed training, as `ravine.studies.diagnose.changed_runs` makes them.

Both losses are the lowest of their training, so that overfitting does not decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence

__all__ = ["MIN_GAIN", "Gain", "clear_gain", "gain_of"]

MIN_GAIN = 0.04  # of the validation loss, as a share of the loss of a constant
MIN_ERRORS = 3.0  # standard errors that a gain must exceed
EXPECTED_ERRORS = 2.0  # the same of a change that a measurement of the run suggests: rate and length
EXPECTED = ("lower_rate", "higher_rate", "longer")


@dataclass(frozen=True)
class Gain:
    """The losses of a training and of a changed one.

    share: decrease of the validation loss by the change, over the loss of a constant. error: its standard
    error. train_share: the same of the training loss. before, after: validation losses. min_errors: standard
    errors that the decrease must exceed.
    """

    share: float
    error: float
    train_share: float
    before: float
    after: float
    min_errors: float = MIN_ERRORS

    @property
    def threshold(self) -> float:
        """The decrease of the validation loss that counts, as `share`."""
        return max(MIN_GAIN, self.min_errors * self.error)

    @property
    def clear(self) -> bool:
        """Whether the change lowers the validation loss clearly, and the training loss too."""
        return self.share > self.threshold and self.train_share > 0

    def evidence(self, change: str) -> tuple[Evidence, ...]:
        """Return the numbers behind a verdict. change: the change in words."""
        return (
            Evidence(
                f"decrease of the validation loss {change}, share of the loss of a constant",
                self.share, self.threshold, 1.96 * self.error, "lowest losses",
            ),
            Evidence(f"decrease of the training loss {change}, the same share", self.train_share, 0.0),
        )  # fmt: skip


def gain_of(run: Observation, change: str) -> Gain | None:
    """Return the gain by a change, or None if the changed training was not made or diverged."""
    if not run.has(change) or run.diverged:
        return None
    before, after = run.final("best_rows"), run.final(change)
    train = float(run.final(f"{change}_train"))
    if not (np.isfinite(before).all() and np.isfinite(after).all() and np.isfinite(train)):
        return None
    constant = max(run.constant_loss, 1e-300)
    difference, error = run.mean_of(before - after, "valid")
    train_before = float(run.series("train_loss")[run.metadata.best])
    return Gain(
        difference / constant, error / constant, (train_before - train) / constant,
        run.mean_of(before, "valid")[0], run.mean_of(after, "valid")[0],
        EXPECTED_ERRORS if change in EXPECTED else MIN_ERRORS,
    )  # fmt: skip


def clear_gain(run: Observation, *changes: str) -> bool:
    """Return whether one of the changes lowers the loss clearly."""
    gains = (gain_of(run, change) for change in changes)
    return any(gain is not None and gain.clear for gain in gains)
