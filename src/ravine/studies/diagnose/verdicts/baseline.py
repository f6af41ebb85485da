"""The verdict that a network is no better than a constant prediction or another simple model.

On several seeds, scores of network and simple model are compared seed by seed. The seeds have other splits of
the same rows, so their scores depend on one another. The error of the mean difference is therefore

    s sqrt(1 / n + m / N)                                                    (1)

with the standard deviation s of the differences, n seeds, m validation rows and N training rows of a split.

Source: Nadeau and Bengio 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ravine.baselines import simple_baselines
from ravine.networks import METRICS
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["no_better_than_baseline"]

MIN_LOSS_GAIN = 0.02  # decrease of the loss of a constant that counts, as a share of that loss
ERRORS = 1.5  # standard errors of a score on one seed by which a simple model must be better
PAIRED_ERRORS = 2.0  # the same of the mean difference over seeds
CONSTANT = "constant"  # name of the simplest baseline
UNTUNED = 3.0  # smallest differences by which a linear model must lead: it is tuned, the network is not
MIN_PAIRS = 6  # seeds; with fewer, the seed of the run alone decides


@verdict("RAV306", "no better than a simple model")
def no_better_than_baseline(run: Observation) -> Finding | None:
    """Return a finding that says whether the network is no better than a simple model.

    The fault is present in one of three cases:

    - The lowest validation loss is at most 2 % below that of a constant prediction, and the score is not
      clearly better.
    - The same holds for the validation loss at the end, and the score is not better by a difference that
      matters.
    - The score is worse than that of a constant by a difference that matters, or worse than that of a linear
      model by three times as much; in both cases by more than chance. The linear model is tuned and the
      network is not, so that a smaller lead says little about the training.

    A network at the level of a linear model has no fault. With rare classes, the score may be that of a
    constant although the network learned; a lower loss then suffices. The result is None if a loss is not
    finite.
    """
    if not run.has("constant_rows"):
        return None
    final, lowest = _loss_gain(run, "valid_rows"), _loss_gain(run, "best_rows")
    if final is None or lowest is None:
        return None
    metric, score, constant = run.metadata.metric, run.score, run.metadata.constant_score
    evidence = [
        Evidence("decrease of the validation loss of a constant, as a share", final.share, MIN_LOSS_GAIN,
                 1.96 * final.error, "the end"),
    ]  # fmt: skip
    if constant is not None and score is not None:
        evidence.append(Evidence(metric, score, constant, None, "validation rows"))
    evidence.append(
        Evidence("decrease of the loss of a constant, as a share", lowest.share, None, 1.96 * lowest.error,
                 "lowest loss")
    )  # fmt: skip
    comparisons = [pair for name in simple_baselines() if (pair := _comparison(run, name)) is not None]
    leading = [pair for pair in comparisons if pair.clear]
    learned_nothing = lowest.share <= MIN_LOSS_GAIN and not _beyond(run, score, constant)
    ends_as_constant = (
        final.share <= MIN_LOSS_GAIN
        and score is not None
        and constant is not None
        and not _matters(run, score, constant)
    )
    severity = 3
    if learned_nothing:
        sentence = (
            f"The network is no better than a constant: its lowest validation loss is {lowest.loss:.3g}, and "
            f"that of a constant is {lowest.constant:.3g}."
        )
    elif ends_as_constant:
        sentence = (
            f"The network ends no better than a constant: its validation loss is {final.loss:.3g} and its "
            f"{metric} is {score:.4g}; a constant has {final.constant:.3g} and {constant:.4g}."
        )
    elif leading:  # the simplest model is the clearest case
        severity, sentence = 2, leading[0].sentence(metric)
        evidence = [*leading[0].evidence(metric), *evidence]
        comparisons.remove(leading[0])
    else:
        sentence = "The network is not worse than simple models."
    if learned_nothing or ends_as_constant:
        sentence += "".join(pair.ahead(metric) for pair in comparisons if pair.name == CONSTANT)
    evidence += [item for pair in comparisons for item in pair.evidence(metric)]
    fires = learned_nothing or ends_as_constant or bool(leading)
    return Finding("no_better_than_baseline", fires, sentence, tuple(evidence), None, severity, ())


@dataclass(frozen=True)
class _LossGain:
    """The share of the validation loss of a constant that the network removes, its error, and both losses."""

    share: float
    error: float
    loss: float
    constant: float


def _loss_gain(run: Observation, rows: str) -> _LossGain | None:
    """Return how far the network lowers the loss of a constant; None if a loss is infinite.

    rows: name of the losses of validation rows: at the end, or at the lowest validation loss.
    """
    constant, own = run.final("constant_rows"), run.final(rows)
    if not (np.isfinite(constant).all() and np.isfinite(own).all()):
        return None
    difference, error = run.mean_of(constant - own, "valid")
    loss = run.mean_of(constant, "valid")[0]
    scale = max(loss, 1e-300)
    return _LossGain(difference / scale, error / scale, run.mean_of(own, "valid")[0], loss)


@dataclass(frozen=True)
class _Comparison:
    """A simple baseline next to the network, on the seed of the run or on several seeds.

    other, score: scores of baseline and network, means over seeds. gain: by how much the baseline is better.
    error: standard error of the gain. threshold: gain beyond which the network is worse. seeds: number of
    seeds that both were scored on.
    """

    name: str
    other: float
    score: float
    gain: float
    error: float
    threshold: float
    seeds: int

    @property
    def clear(self) -> bool:
        """Whether the simple model is better than the network by a difference that matters, beyond chance."""
        return self.gain > self.threshold

    def sentence(self, metric: str) -> str:
        """Return the sentence for the report that the network is worse than this simple model.

        metric: name of the score.
        """
        on = f", means over {self.seeds} seeds" if self.seeds > 1 else ""
        return (
            f"The network is worse than a {self.name}: {metric} {self.score:.4g}, {self.name} "
            f"{self.other:.4g}{on}."
        )

    def ahead(self, metric: str) -> str:
        """Return the sentence that the network is clearly better on several seeds; "" if it is not.

        metric: name of the score.
        """
        if self.seeds == 1 or -self.gain <= self.threshold:
            return ""
        return (
            f" This holds on the measured seed. The means over {self.seeds} seeds are {metric} "
            f"{self.score:.4g} and {self.other:.4g}."
        )

    def evidence(self, metric: str) -> list[Evidence]:
        """Return evidence for a finding: the lead of the simple model over the network, and its own score.

        The lead is the amount by which the score of the simple model is better. metric: name of the score.
        """
        where = f"mean over {self.seeds} seeds" if self.seeds > 1 else "validation rows"
        return [
            Evidence(f"lead of the {self.name} over the network in {metric}", self.gain, self.threshold,
                     1.96 * self.error, where),
            Evidence(f"{metric} of the {self.name}", self.other, None, None, where),
        ]  # fmt: skip


def _comparison(run: Observation, name: str) -> _Comparison | None:
    """Return the comparison with a baseline; None if one of the two has no score."""
    if name not in run.baselines:
        return None
    baseline, score = run.baselines[name], run.score
    first = float(baseline[0])
    ours, theirs = run.seed_scores[: len(baseline) - 1], baseline[1 : len(run.seed_scores) + 1]
    known = np.isfinite(ours) & np.isfinite(theirs)
    if known.sum() >= MIN_PAIRS:
        ours, theirs = ours[known], theirs[known]
        gains = _gain(run, theirs, ours)
        shared = run.metadata.valid / max(run.metadata.train, 1)
        error = float(np.std(gains, ddof=1) * np.sqrt(1 / len(gains) + shared))  # (1)
        own, other, errors, seeds = float(ours.mean()), float(theirs.mean()), PAIRED_ERRORS, len(gains)
    elif score is not None and np.isfinite(first):
        own, other, errors, seeds = score, first, ERRORS, 1
        error = _error(run, own, other)
    else:
        return None
    smallest = run.metric.smallest_difference_at(own, other)
    if name != CONSTANT:
        smallest *= UNTUNED
    gain = float(_gain(run, np.array(other), np.array(own)))
    return _Comparison(name, other, own, gain, error, max(smallest, errors * error), seeds)


def _gain(run: Observation, score: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return by how much scores are better than others, any shape."""
    return score - other if run.metadata.greater_is_better else other - score


def _matters(run: Observation, score: float, other: float) -> bool:
    """Return whether `score` is better than `other` by a difference that matters."""
    gain = float(_gain(run, np.array(score), np.array(other)))
    return gain > 0 and run.metric.matters(score, other)


def _error(run: Observation, score: float, other: float) -> float:
    """Return the larger standard error of two scores on the validation rows of one seed."""
    rows = max(run.metadata.valid, 1)
    if METRICS[run.metadata.metric].bounds == (0, 1):
        return float(np.sqrt(max(score * (1 - score), other * (1 - other)) / rows))
    return max(abs(score), abs(other)) / float(np.sqrt(2 * rows))


def _beyond(run: Observation, score: float | None, other: float | None) -> bool:
    """Return whether `score` is better than `other` by a difference that matters and is no chance."""
    if score is None or other is None or not _matters(run, score, other):
        return False
    return abs(score - other) > ERRORS * _error(run, score, other)
