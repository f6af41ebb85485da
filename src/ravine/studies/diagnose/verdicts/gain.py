"""Decrease of the validation loss by one change of the training, such as a tenth of the learning rate.

`ravine.studies.diagnose.changed_runs` trains with each change. The lowest validation loss of the original
training is compared with that of the changed one, so that overfitting at the end does not decide.
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
    """Comparison of a training with a training that has one change, at their lowest validation losses.

    share: decrease of the validation loss by the change, over the loss of the best constant prediction.
    error: standard error of the share. train_share: decrease of the training loss, over the same loss.
    before, after: validation losses without and with the change. min_errors: number of standard errors that
    the share must exceed.
    """

    share: float
    error: float
    train_share: float
    before: float
    after: float
    min_errors: float = MIN_ERRORS

    @property
    def threshold(self) -> float:
        """Smallest decrease of the validation loss that counts, over the loss of a constant prediction.

        It is the larger of 0.04 and `min_errors` standard errors of the decrease.
        """
        return max(MIN_GAIN, self.min_errors * self.error)

    @property
    def clear(self) -> bool:
        """Whether the change clearly lowers the validation loss, and also lowers the training loss.

        Clearly means by more than the threshold. For the training loss, any decrease suffices.
        """
        return self.share > self.threshold and self.train_share > 0

    def evidence(self, change: str) -> tuple[Evidence, ...]:
        """Return the decreases of validation loss and training loss as evidence for a finding.

        change: the change in words, such as "without dropout".
        """
        return (
            Evidence(
                f"decrease of the validation loss {change}, share of the loss of a constant",
                self.share, self.threshold, 1.96 * self.error, "lowest losses",
            ),
            Evidence(f"decrease of the training loss {change}, the same share", self.train_share, 0.0),
        )  # fmt: skip


def gain_of(run: Observation, change: str) -> Gain | None:
    """Return by how much a change of the training lowers the losses of a run.

    The result is None if no training with this change was made, or if a loss is not finite. change: name of
    the change, such as `lower_rate`.
    """
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
    """Return whether at least one of several changes of the training lowers the loss of a run clearly.

    changes: names of changes, such as `without_dropout`. A change for which no training was made does not
    count.
    """
    gains = (gain_of(run, change) for change in changes)
    return any(gain is not None and gain.clear for gain in gains)
