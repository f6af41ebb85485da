"""Read access to the record of a measured run, for verdicts. It needs NumPy only.

A run is measured at points [point]: at its start and after every segment of steps. A quantity that was not
measured at a point is NaN there. The record holds these arrays:

series   step, rate, batch_loss (mean since the point before), train_loss, valid_loss, score, gradient_norm,
         squares, signal, raised, agreement, weight_norm, sharpness, sharpness_error
final    curve [steps] batch losses; gradient, relative_update [point, layer]; saturated, dead [point, layer];
         alike [hidden layer]; train_rows, valid_rows (losses of rows at the point `end`), best_rows (at the
         lowest validation loss), constant_rows (of a constant), train_weights, valid_weights (of rows, if
         they have weights); averaged (training loss of the averaged weights, mean and last of the losses
         averaged); lowest (smallest eigenvalue, its residual, largest eigenvalue, largest entry of the
         vector); column_mean, column_sd, column_condition, neighbors, drift [column]; sorted_by_target,
         order_rows (of the rows in which neighbors and drift were measured) [1]; recall, counts,
         valid_counts, class_weights, confident_wrong, confident_rows [class]; near_duplicates (share, rows);
         spread, seed_scores [seed] (progress and validation score of each seed, if several were trained);
         baseline_NAME [seed] (validation scores of a baseline, if baselines were fitted; the first seed is
         that of the run, the others are those of seed_scores, or the first of them); the names of changed
         trainings, such as wider (losses of validation rows), and the training loss of each with the suffix
         _train
meta     the fields of `RunMetadata`: optimizer, network, rows, costs in seconds
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.result import MetricFacts
from ravine.networks import METRICS
from ravine.records.record import Record, Status
from ravine.studies.diagnose.metadata import RunMetadata

__all__ = ["Observation", "with_baselines", "with_smallest_difference", "with_spread"]

BASELINE = "baseline_"  # beginning of the names of their scores


@dataclass(frozen=True)
class Observation:
    """Read access to the record of one measured run."""

    record: Record

    def series(self, name: str) -> np.ndarray:
        """Return the values [point] of a measured quantity at all points, float64."""
        return np.asarray(self.record.series[name][0], np.float64)

    def final(self, name: str) -> np.ndarray:
        """Return a final value of the run as float64 [...]; the docstring of this module lists the shapes."""
        return np.asarray(self.record.final[name][0], np.float64)

    def has(self, name: str) -> bool:
        """Return whether the record holds a final value with this name."""
        return name in self.record.final

    @cached_property
    def metadata(self) -> RunMetadata:
        """Facts on optimizer, network and data. Raises DataError if the record is not of a measured run."""
        return RunMetadata.from_dict(self.record.meta)

    @property
    def score(self) -> float | None:
        """The validation score at the point that verdicts refer to; None if it is not finite.

        It is measured on at most 4,096 validation rows.
        """
        value = float(self.series("score")[self.end])
        return value if np.isfinite(value) else None

    @property
    def metric(self) -> MetricFacts:
        """The metric of the score, with the smallest difference that matters."""
        return MetricFacts.of(METRICS[self.metadata.metric], self.metadata.smallest_difference)

    @property
    def baselines(self) -> dict[str, np.ndarray]:
        """Validation scores [seed] of each baseline by its name; empty if no baseline was fitted.

        The names are those of `ravine.baselines.BASELINES`. The first score belongs to the seed of this run,
        so that it can be compared with `score`: both have the same training and validation rows. The others
        belong to the first seeds of `seed_scores`. The metric and its direction are `metadata.metric` and
        `metadata.greater_is_better`.
        """
        return {
            name.removeprefix(BASELINE): self.final(name)
            for name in self.record.final
            if name.startswith(BASELINE)
        }

    @property
    def seed_scores(self) -> np.ndarray:
        """Validation scores [seed] of the same training on the seeds of the proof; empty without a proof.

        The seed of this run is none of them. A run that diverged has NaN.
        """
        return self.final("seed_scores") if self.has("seed_scores") else np.zeros(0)

    @property
    def diverged(self) -> bool:
        """Whether the loss became infinite."""
        return bool(self.record.status[0] == Status.DIVERGED)

    @property
    def trained(self) -> bool:
        """Whether the run was trained here, so that it has more than one point."""
        return len(self.series("step")) > 1

    @property
    def end(self) -> int:
        """Index of the point that verdicts refer to: the last one, or the best with early stopping."""
        return self.metadata.end

    @property
    def constant_loss(self) -> float:
        """Loss of the best constant prediction on the training rows."""
        return self.metadata.constant_loss

    @property
    def progress(self) -> float:
        """Share of the loss of a constant prediction that training removed; negative if the loss grew."""
        return 1 - float(self.series("train_loss")[self.end]) / max(self.constant_loss, 1e-300)

    def mean_of(self, rows: np.ndarray, kind: str) -> tuple[float, float]:
        """Return the weighted mean of values [row] and its standard error.

        kind: the rows that the values belong to, "train" or "valid".
        """
        weights = self.final(f"{kind}_weights") if self.has(f"{kind}_weights") else np.ones(len(rows))
        total = float(weights.sum())
        if not total > 0:
            return np.nan, np.nan
        mean = float(weights @ rows) / total
        return mean, float(np.sqrt(np.sum((weights * (rows - mean)) ** 2))) / total

    def ratio(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ratio of sharpness to stability limit and its error, each [point]; NaN if not known."""
        limits = self.series("limit")
        return self.series("sharpness") / limits, self.series("sharpness_error") / limits

    def noise_scale(self, points: slice) -> tuple[float, float, float]:
        """Return gradient noise scale in rows, variance of a row's gradient, and squared mean gradient.

        The scale is the ratio of variance and squared mean, each averaged over the points. It is infinite if
        the gradient noise hides the mean gradient.
        """
        b, count = self.metadata.piece, self.metadata.pieces
        squares, signal = self.series("squares")[points], self.series("signal")[points]
        finite = np.isfinite(squares) & np.isfinite(signal)
        noise = float(np.mean(b * (squares - signal)[finite])) * count / max(count - 1, 1)
        signal_left = float(np.mean(signal[finite])) - noise / (b * count)
        return (noise / signal_left if signal_left > 0 else np.inf), noise, signal_left


def with_baselines(record: Record, rows: Sequence[BaselineRow]) -> Record:
    """Return the record of a measured run, to which the validation scores of baselines are added."""
    scores = {
        BASELINE + row.model: np.array([row.values], np.float64) for row in rows if row.values
    }  # [run, seed]; None becomes NaN
    return replace(record, final={**record.final, **scores}) if scores else record


def with_smallest_difference(record: Record, value: float | None) -> Record:
    """Return the record of a measured run with the smallest difference of scores that the user set."""
    return replace(record, meta={**record.meta, "smallest_difference": value})


def with_spread(record: Record, cohort: Record) -> Record:
    """Return the record of a measured run, to which progress and score of several seeds [seed] are added.

    cohort: record of the same training on several seeds.
    """
    constant = Observation(record).constant_loss
    last = np.array([row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan
                     for row in cohort.series["train_loss"].astype(np.float64)])  # fmt: skip
    share = np.where(cohort.status == Status.FINISHED, 1 - last / max(constant, 1e-300), 0.0)
    spread = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
    scores = np.asarray(cohort.final["score"], np.float64)
    return replace(record, final={**record.final, "spread": spread[None], "seed_scores": scores[None]})
