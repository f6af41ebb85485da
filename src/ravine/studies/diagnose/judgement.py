"""Judgement of remedies: trainings with changed settings against the original, on the same seeds.

A remedy is confirmed if it is better, significantly and by at least the smallest difference that matters:

    in the score, or in one validation loss while score and other loss are not worse           (1)
    significant: p < 0.05 in Wilcoxon's test, adjusted by Holm over all remedies and measures  (2)

The measures are the score, the validation loss at the end of training, and the lowest validation loss. A
measure is worse if it is worse on more seeds with p < 0.05, not adjusted; the lowest loss only if also the
difference matters. A remedy may learn more and then overfit: its lowest loss is better, and its loss at the
end is worse. Another one may learn less and therefore overfit less: its loss at the end is better, and its
lowest loss is worse. Only a better score confirms these two. A remedy that diverges on at least half of the
seeds is not confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ravine.execution.result_parts import MetricFacts
from ravine.execution.score_summary import finite_or_none
from ravine.networks import find_loss
from ravine.records.record import Record
from ravine.significance import SIGNIFICANCE_LEVEL
from ravine.statistics import compare_paired, holm
from ravine.studies.diagnose.result import Outcome, PairedComparison

__all__ = [
    "Judged", "Outcomes", "Yardstick", "can_confirm", "choose", "is_better", "judge", "most_confirmable",
]  # fmt: skip

SMALLEST_LOSS_SHARE = 0.005  # of the loss of a constant; no smaller difference of two losses matters
ROUNDING = 1e-9  # relative; 0.975 - 0.970 is a little below 0.005
MEASURES = ("loss", "lowest_loss", "score")


def can_confirm(seeds: int, remedies: int) -> bool:
    """Return whether a number of seeds suffices to confirm one of several remedies (changes of settings).

    It suffices if the difference of a remedy that is better on all seeds is significant (5 % level), after
    adjustment for the number of remedies and for the three measures of each.
    """
    return remedies <= most_confirmable(seeds)


def most_confirmable(seeds: int) -> int:
    """Return the largest number of remedies, of which one that is better on all seeds can be confirmed."""
    p_value = 2.0 ** (1 - seeds)  # of a difference with the same sign on all seeds
    return int(SIGNIFICANCE_LEVEL / (len(MEASURES) * p_value))


@dataclass(frozen=True)
class Outcomes:
    """Losses and scores of a training on several seeds, each [seed]; NaN where a run diverged.

    loss: validation loss at the end. lowest_loss: lowest validation loss of all evaluations. score:
    validation score at the end. With early stopping, the end is the evaluation with the lowest loss.
    """

    loss: np.ndarray
    lowest_loss: np.ndarray
    score: np.ndarray

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return losses and scores from the record of a training, which has one run for each seed."""
        loss = np.asarray(record.final["valid_loss"], np.float64)
        curves = np.asarray(record.series["valid_loss"], np.float64)
        if "curve_error" in record.final:  # curves on a sample of the rows, `loss` on all
            end = np.maximum(record.final["evaluation"], 0)
            curves = curves + (loss - curves[np.arange(len(loss)), end])[:, None]
        lowest = np.fmin.reduce(curves, axis=1)
        return cls(
            loss,
            np.where(np.isfinite(loss), np.fmin(lowest, loss), np.nan),
            np.asarray(record.final["score"], np.float64),
        )

    @property
    def diverged(self) -> int:
        """Number of seeds on which the training diverged, so that its loss is not finite."""
        return int(np.sum(~np.isfinite(self.loss)))

    @property
    def fails(self) -> bool:
        """Whether the training diverged on at least half of the seeds."""
        return bool(np.mean(np.isfinite(self.loss)) <= 0.5)

    def learns(self, constant_loss: float) -> bool:
        """Return whether the network learned: its loss is more than 5 % below that of a constant prediction.

        The loss is the median over seeds of the validation loss at the end; a run that diverged counts as
        infinite.
        """
        losses = np.where(np.isfinite(self.loss), self.loss, np.inf)
        return bool(np.median(losses) < 0.95 * constant_loss)


@dataclass(frozen=True)
class Yardstick:
    """Rules to compare two trainings: the smallest differences that matter, and the direction of the score.

    metric: facts about the score. loss: name of the loss. constant_loss: loss of the best constant
    prediction; a difference of losses below 0.5 % of it does not matter.
    """

    metric: MetricFacts
    loss: str
    constant_loss: float

    def greater(self, measure: str) -> bool:
        """Return whether greater values of a measure are better: for a score as its metric says, else False.

        measure: "loss", "lowest_loss" or "score".
        """
        return self.metric.greater_is_better and measure == "score"

    def smallest(self, measure: str, before: float | None, after: float | None) -> float:
        """Return the smallest difference between two values of a measure that matters.

        measure: "loss", "lowest_loss" or "score". before, after: the two values, medians over seeds, which
        set the scale of the difference; None if at least half of the runs diverged.
        """
        if measure == "score":
            return self.metric.smallest_difference_at(before, after)
        smallest = find_loss(self.loss).smallest_difference_at(before, after)
        return max(smallest, SMALLEST_LOSS_SHARE * self.constant_loss)

    def compare(self, measure: str, before: np.ndarray, after: np.ndarray) -> PairedComparison:
        """Compare one measure of two trainings seed by seed and return the comparison.

        Its p value is not adjusted for several comparisons. measure: "loss", "lowest_loss" or "score".
        before, after: its values in the original and in the changed training, [seed], NaN where a run
        diverged.
        """
        greater = self.greater(measure)
        result = compare_paired(after, before, greater)
        ends = [_median(values, greater) for values in (before, after)]
        pair = PairedComparison(
            before=ends[0],
            after=ends[1],
            difference=result.difference,
            interval=None if result.interval is None else [finite_or_none(end) for end in result.interval],
            smallest_difference=self.smallest(measure, *ends),
            better=round((result.p_better - result.p_equal / 2) * len(before)),
            equal=round(result.p_equal * len(before)),
            seeds=len(before),
            diverged_before=int(np.sum(~np.isfinite(before))),
            diverged_after=int(np.sum(~np.isfinite(after))),
            p_value=result.p_value,
            p_holm=result.p_value,
            confirmed=False,
            worse=False,
        )
        return _adjusted(pair, result.p_value)


@dataclass(frozen=True)
class Judged:
    """Judgement of one remedy: its outcome, and its two losses and its score compared with the original."""

    loss: PairedComparison
    lowest_loss: PairedComparison
    score: PairedComparison
    outcome: Outcome

    @property
    def confirmed(self) -> bool:
        """Whether the remedy is confirmed: better in the score; or in one loss, and worse in nothing else."""
        return self.outcome == "confirmed"


def judge(before: Outcomes, after: Mapping[str, Outcomes], yardstick: Yardstick) -> dict[str, Judged]:
    """Compare every remedy with the original training and return the judgements by name of the remedy.

    before: losses and scores of the original training. after: those with each remedy, on the same seeds.
    yardstick: smallest differences that matter. The p values are adjusted over all remedies and measures by
    Holm's method.
    """
    compared = {
        (name, measure): yardstick.compare(measure, getattr(before, measure), getattr(outcomes, measure))
        for name, outcomes in after.items()
        for measure in MEASURES
    }
    p_values = holm([pair.p_value for pair in compared.values()])  # (2)
    pairs = {key: _adjusted(compared[key], float(p)) for key, p in zip(compared, p_values, strict=True)}
    enough = can_confirm(len(before.loss), len(after))
    judged = {}
    for name, outcomes in after.items():
        loss, lowest_loss, score = (pairs[name, measure] for measure in MEASURES)
        outcome = _outcome(loss, lowest_loss, score, outcomes.fails, enough)
        judged[name] = Judged(loss, lowest_loss, score, outcome)
    return judged


def _outcome(
    loss: PairedComparison, lowest: PairedComparison, score: PairedComparison, fails: bool, enough: bool
) -> Outcome:
    """Return the outcome of a trial. fails: whether it diverged. enough: whether seeds can confirm it."""
    if fails:
        return "diverges"
    if score.confirmed:
        return "confirmed"
    if score.worse:
        return "worse" if _matters(score) else "too_small"
    if loss.confirmed and _much_worse(lowest):
        return "learns_less"
    if loss.confirmed or (lowest.confirmed and not loss.worse):  # (1)
        return "confirmed"
    if lowest.confirmed:
        return "overfits"
    if loss.worse:
        return "worse" if _matters(loss) else "too_small"
    if not enough:
        return "too_few_seeds"
    better = [pair for pair in (loss, lowest, score) if _significant(pair) and _wins(pair)]
    return "too_small" if better else "no_difference"


def _median(values: np.ndarray, greater: bool) -> float | None:
    """Return the median of values [seed], in which diverged runs are worst; None if it is infinite."""
    worst = -np.inf if greater else np.inf
    return finite_or_none(np.median(np.where(np.isfinite(values), values, worst)))


def _center(values: np.ndarray, greater: bool) -> float | None:
    """Return the mean of values [seed]; if a run diverged, the median."""
    return float(np.mean(values)) if np.isfinite(values).all() else _median(values, greater)


def _adjusted(pair: PairedComparison, p_holm: float) -> PairedComparison:
    """Return a comparison with its adjusted p value, and whether the change is better or worse."""
    return replace(
        pair,
        p_holm=p_holm,
        confirmed=p_holm < SIGNIFICANCE_LEVEL and is_better(pair),
        worse=pair.p_value < SIGNIFICANCE_LEVEL and not _wins(pair),  # not adjusted: caution
    )


def is_better(pair: PairedComparison) -> bool:
    """Return whether a changed training is better than the original, by a difference that matters.

    It must be better on more seeds than it is worse. A difference that is not finite, because runs diverged,
    matters.
    """
    return _wins(pair) and _matters(pair)


def _much_worse(pair: PairedComparison) -> bool:
    """Return whether a change is significantly worse, by a difference that matters."""
    return pair.worse and _matters(pair)


def _matters(pair: PairedComparison) -> bool:
    """Return whether the difference is at least the smallest one that matters; None is infinite."""
    return pair.difference is None or abs(pair.difference) >= (1 - ROUNDING) * pair.smallest_difference


def _significant(pair: PairedComparison) -> bool:
    return pair.p_holm < SIGNIFICANCE_LEVEL


def _wins(pair: PairedComparison) -> bool:
    """Return whether a change is better on more seeds than it is worse."""
    return 2 * pair.better + pair.equal > pair.seeds


def choose(
    candidates: Mapping[str, Outcomes], sizes: Mapping[str, int], yardstick: Yardstick, by_score: bool
) -> str:
    """Choose among candidate changes of settings, and return the name of the smallest change among the best.

    The best are those whose difference from the very best one does not matter. Only the candidates that
    diverge on the fewest seeds are considered. candidates: losses and scores with each change, by name.
    sizes: size of each change. by_score: whether the score decides, and not the validation loss at the end.
    """
    measure = "score" if by_score else "loss"
    sign = 1 if yardstick.greater(measure) else -1
    values = {name: getattr(outcomes, measure) for name, outcomes in candidates.items()}
    diverged = {name: int(np.sum(~np.isfinite(own))) for name, own in values.items()}
    fewest = min(diverged.values())
    values = {name: own for name, own in values.items() if diverged[name] == fewest}
    centers = {name: _center(own, sign > 0) for name, own in values.items()}
    merits = {name: -np.inf if center is None else sign * center for name, center in centers.items()}
    best = max(merits, key=lambda name: merits[name])
    leads = {name: yardstick.compare(measure, own, values[best]) for name, own in values.items()}
    near = [name for name, lead in leads.items() if not is_better(lead)]
    return min(near, key=lambda name: (sizes[name], -merits[name]))
