"""Read access to the record of a measured run, for verdicts. This module needs no JAX.

A run is measured at points: at its start and after every segment of steps. A quantity that was not measured
at a point is NaN there. The record holds these arrays by name:

    series   one value for each point: step; rate, the current learning rate; batch_loss, mean since the
             point before; train_loss; objective, training loss with batch statistics; valid_loss; score;
             squares, mean squared norm of the gradients of pieces of rows; signal, squared norm of their
             mean; gradient_norm, its root; raised, share of pieces whose loss rises in a step with their own
             gradient; agreeing, pairs, numbers of pairs of first-layer weights of a unit, with gradients of
             equal sign and in total; weight_norm; sharpness, sharpness_error; limit, the sharpness above
             which the optimizer is unstable
    final    arrays of the run as a whole, or of several points:
             curve [step], losses of batches; gradient, relative_update [point, layer], norms of the gradient
             and of a step over the weights; flow, saturated, dead [point, hidden layer], norm of the gradient
             by activations, shares of flat values and of units that are flat for every row
             alike [hidden layer], share of units that start with equal weights
             train_rows, valid_rows [row], losses at the point `end`; best_rows, constant_rows [row], losses
             of validation rows at the lowest validation loss, and of a constant prediction; train_weights,
             valid_weights [row], if rows have weights
             averaged [3], training loss of the mean of the last weights, mean of their losses, last loss
             lowest [4], smallest eigenvalue of the Hessian and its residual, largest eigenvalue, largest
             entry of the eigenvector of the smallest one
             column_mean, column_sd, neighbors, drift [column], mean, standard deviation, correlation with
             the next row and with the row number; column_condition [], condition number of the second
             moments of the inputs; agreement [], share of gradient signs expected to be equal
             sorted_by_target, order_rows [1]; near_duplicates [2], share of rows and number of rows
             recall, counts, valid_counts, class_weights, confident_wrong, confident_rows [class];
             contradicting [], share of rows with the inputs but not the label of others; unrelated_targets
             [4] of a regression
             spread, seed_scores [seed], share of the loss of a constant that training removed, and validation
             score, on the seeds for remedies, if any
             baseline_NAME [seed], validation scores of a baseline on the seed of the run, then on others
             names of changed trainings, such as wider [row], lowest losses of validation rows; with the
             suffix _train, the training loss [] there
    meta     the fields of `RunMetadata`: optimizer, network, rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.result_parts import MetricFacts
from ravine.networks import METRICS
from ravine.records.record import Record, Status
from ravine.studies.diagnose.metadata import RunMetadata

__all__ = ["Observation", "with_baselines", "with_smallest_difference", "with_spread"]

BASELINE = "baseline_"  # beginning of the names of their scores


@dataclass(frozen=True)
class Observation:
    """Read access to the measurements of one run; every verdict is a function of such an object."""

    record: Record

    def series(self, name: str) -> np.ndarray:
        """Return the curve of a quantity over the run, such as `train_loss`: [point], float64.

        There is one value for each step at which the run was measured, NaN where this quantity was not.
        """
        return np.asarray(self.record.series[name][0], np.float64)

    def final(self, name: str) -> np.ndarray:
        """Return one of the arrays of the record besides the series, such as `curve`, as float64 [...].

        The docstring of the module `observation` lists their names and shapes.
        """
        return np.asarray(self.record.final[name][0], np.float64)

    def has(self, name: str) -> bool:
        """Return whether the record holds an array with this name besides the series, such as `curve`."""
        return name in self.record.final

    @cached_property
    def metadata(self) -> RunMetadata:
        """Facts about the run that are not arrays, such as optimizer, network and numbers of rows.

        Raises DataError if the record is not that of a measured run.
        """
        return RunMetadata.from_dict(self.record.meta)

    @property
    def score(self) -> float | None:
        """Validation score at the end of the run; None if it is not finite.

        With early stopping, it is the score at the point with the lowest validation loss. It is measured on
        at most 4,096 validation rows.
        """
        value = float(self.series("score")[self.end])
        return value if np.isfinite(value) else None

    @property
    def metric(self) -> MetricFacts:
        """Facts on the score: its name, its direction, and the smallest difference of scores that matters."""
        return MetricFacts.of(METRICS[self.metadata.metric], self.metadata.smallest_difference)

    @property
    def baselines(self) -> dict[str, np.ndarray]:
        """Validation scores [seed] of each baseline (simpler model) by its name; empty without baselines.

        The names are those of `ravine.baselines.BASELINES`. The first score belongs to the seed of this run,
        so that it can be compared with `score`: both have the same training and validation rows. The other
        scores belong to the first seeds of `seed_scores`. The metadata name the metric and say whether a
        greater score is better.
        """
        return {
            name.removeprefix(BASELINE): self.final(name)
            for name in self.record.final
            if name.startswith(BASELINE)
        }

    @property
    def seed_scores(self) -> np.ndarray:
        """Validation scores [seed] of the same training on the seeds on which remedies are tried.

        The array is empty if no remedies are tried. The seed of the measured run is not among them. A run
        that diverged has NaN.
        """
        return self.final("seed_scores") if self.has("seed_scores") else np.zeros(0)

    @property
    def diverged(self) -> bool:
        """Whether the run ended early because its loss or its gradient was no longer finite."""
        return bool(self.record.status[0] == Status.DIVERGED)

    @property
    def trained(self) -> bool:
        """Whether the run was measured at more than one point.

        False for a trained model, and for a run that diverged before the second point.
        """
        return len(self.series("step")) > 1

    @property
    def end(self) -> int:
        """Index of the point of measurement that verdicts judge.

        It is the last point, or with early stopping the point with the lowest validation loss.
        """
        return self.metadata.end

    @property
    def constant_loss(self) -> float:
        """Smallest loss on the training rows that a constant prediction can have."""
        return self.metadata.constant_loss

    @property
    def progress(self) -> float:
        """Share of the loss of the best constant prediction that training removed, on training rows.

        It is 1 for a training loss of 0 at the end, and negative if the loss is above that of the constant.
        """
        return 1 - float(self.series("train_loss")[self.end]) / max(self.constant_loss, 1e-300)

    def mean_of(self, rows: np.ndarray, kind: str) -> tuple[float, float]:
        """Return the mean of values [row], weighted by the weights of the rows, and its standard error.

        kind: "train" if the values belong to training rows, "valid" if they belong to validation rows.
        """
        weights = self.final(f"{kind}_weights") if self.has(f"{kind}_weights") else np.ones(len(rows))
        total = float(weights.sum())
        if not total > 0:
            return np.nan, np.nan
        mean = float(weights @ rows) / total
        return mean, float(np.sqrt(np.sum((weights * (rows - mean)) ** 2))) / total

    def ratio(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the sharpness divided by the stability limit, and the error of this ratio, each [point].

        The sharpness is the largest eigenvalue of the Hessian, with the preconditioner of the optimizer.
        Above a ratio of 1 the optimizer is unstable. Values that are not known are NaN.
        """
        limits = self.series("limit")
        return self.series("sharpness") / limits, self.series("sharpness_error") / limits

    def noise_scale(self, points: slice) -> tuple[float, float, float]:
        """Return gradient noise scale, variance of the gradient of a row, and squared norm of its mean.

        The noise scale is the variance divided by the squared norm, in rows. In a batch of so many rows,
        noise and mean gradient are equally large. Variance and squared norm are averages over the points of
        measurement in the slice `points`, and the squared norm is corrected for noise. The scale is infinite
        if the noise hides the mean gradient.
        """
        b, count = self.metadata.piece, self.metadata.pieces
        squares, signal = self.series("squares")[points], self.series("signal")[points]
        finite = np.isfinite(squares) & np.isfinite(signal)
        noise = float(np.mean(b * (squares - signal)[finite])) * count / max(count - 1, 1)
        signal_left = float(np.mean(signal[finite])) - noise / (b * count)
        return (noise / signal_left if signal_left > 0 else np.inf), noise, signal_left


def with_baselines(record: Record, rows: Sequence[BaselineRow]) -> Record:
    """Return a copy of the record of a measured run with the validation scores of baselines added.

    rows: one row for each baseline, with a score for each seed.
    """
    scores = {
        BASELINE + row.model: np.array([row.values], np.float64) for row in rows if row.values
    }  # [run, seed]; None becomes NaN
    return replace(record, final={**record.final, **scores}) if scores else record


def with_smallest_difference(record: Record, value: float | None) -> Record:
    """Return a copy of the record of a measured run with the smallest difference of scores that matters.

    value: the difference that the user set, or None for that of the metric.
    """
    return replace(record, meta={**record.meta, "smallest_difference": value})


def with_spread(record: Record, cohort: Record) -> Record:
    """Return a copy of the record of a measured run with results of the same training on several seeds.

    The added array `spread` [seed] is the share of the loss of a constant prediction that training removed,
    from 0 to 1; it is 0 for a run that diverged. `seed_scores` [seed] are the validation scores. cohort:
    record of the runs on these seeds.
    """
    constant = Observation(record).constant_loss
    last = np.array([row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan
                     for row in cohort.series["train_loss"].astype(np.float64)])  # fmt: skip
    share = np.where(cohort.status == Status.FINISHED, 1 - last / max(constant, 1e-300), 0.0)
    spread = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
    scores = np.asarray(cohort.final["score"], np.float64)
    return replace(record, final={**record.final, "spread": spread[None], "seed_scores": scores[None]})
