"""What one run left behind for the verdicts: a Record of one run, and how it is read. NumPy only.

Points are the evaluations, with the start in front: [point]. What was not measured there is NaN.

series   step, rate, batch_loss (mean since the point before), train_loss, valid_loss, score, gradient_norm,
         squares, signal, raised, agreement, weight_norm, sharpness, sharpness_error
final    curve [steps] batch losses; gradient [point, layer]; saturated, dead [point, layer];
         train_rows, valid_rows (losses of rows at the point judged), best_rows (at the lowest validation
         loss), averaged (training loss of the averaged weights, and the mean loss of what was averaged),
         lowest (eigenvalue, residual, largest eigenvalue, largest entry of the vector), column_mean,
         column_sd, column_condition, recall [class], counts [class], spread [seed] (progress of the seeds,
         where a cohort was run)
meta     the fields of `RunMetadata`: optimizer, network, rows, costs in seconds
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ravine.records.record import Record, Status
from ravine.studies.diagnose.metadata import RunMetadata

__all__ = ["Observation", "with_spread"]


@dataclass(frozen=True)
class Observation:
    """Read access to the record of one observed run."""

    record: Record

    def series(self, name: str) -> np.ndarray:
        """Return a series [point], float64."""
        return np.asarray(self.record.series[name][0], np.float64)

    def final(self, name: str) -> np.ndarray:
        """Return what was kept at the end, float64."""
        return np.asarray(self.record.final[name][0], np.float64)

    def has(self, name: str) -> bool:
        """Whether something was kept under that name."""
        return name in self.record.final

    @cached_property
    def metadata(self) -> RunMetadata:
        """The facts that are not arrays. Raises DataError for a record of something else."""
        return RunMetadata.from_dict(self.record.meta)

    @property
    def diverged(self) -> bool:
        """Whether the loss became infinite."""
        return bool(self.record.status[0] == Status.DIVERGED)

    @property
    def trained(self) -> bool:
        """Whether there is a history: more than one point."""
        return len(self.series("step")) > 1

    @property
    def end(self) -> int:
        """The point that is judged: the last one measured, or the best with early stopping."""
        return self.metadata.end

    @property
    def constant_loss(self) -> float:
        """Loss of the best constant prediction."""
        return self.metadata.constant_loss

    @property
    def progress(self) -> float:
        """Share of the constant prediction's loss that training removed by the end; negative if it added."""
        return 1 - float(self.series("train_loss")[self.end]) / max(self.constant_loss, 1e-300)

    def ratio(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sharpness over the rule's stability limit, and its error: [point]; NaN where unknown."""
        limits = self.series("limit")
        return self.series("sharpness") / limits, self.series("sharpness_error") / limits

    def noise_scale(self, points: slice) -> tuple[float, float, float]:
        """Return (scale in rows, noise of a row, signal) over some points, averaged before dividing.

        The scale is infinite where the signal is not above zero: all that is known is "at least".
        """
        b, count = self.metadata.piece, self.metadata.pieces
        squares, signal = self.series("squares")[points], self.series("signal")[points]
        some = np.isfinite(squares) & np.isfinite(signal)
        noise = float(np.mean(b * (squares - signal)[some])) * count / max(count - 1, 1)
        left = float(np.mean(signal[some])) - noise / (b * count)
        return (noise / left if left > 0 else np.inf), noise, left


def with_spread(record: Record, cohort: Record) -> Record:
    """Return the observation with the progress of the seeds, which shows how much the seed decides."""
    constant = Observation(record).constant_loss
    last = np.array([row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan
                     for row in cohort.series["train_loss"].astype(np.float64)])  # fmt: skip
    share = np.where(cohort.status == Status.FINISHED, 1 - last / max(constant, 1e-300), 0.0)
    spread = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
    return replace(record, final={**record.final, "spread": spread[None]})
