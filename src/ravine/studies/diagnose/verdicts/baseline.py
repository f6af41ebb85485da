"""The verdict that a network is no better than a constant prediction or another simple baseline."""

from __future__ import annotations

import numpy as np

from ravine.baselines import SIMPLE
from ravine.networks import METRICS
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["no_better_than_baseline"]

MIN_LOSS_GAIN = 0.02  # decrease of the loss of a constant that counts, as a share of that loss
ERRORS = 1.5  # standard errors of a score by which a network must differ from a simple model


@verdict("RAV306", "no better than a simple model")
def no_better_than_baseline(run: Observation) -> Finding | None:
    """Return the verdict "no_better_than_baseline".

    It is a fault to predict no better than a constant, in loss and score, or worse than a simple baseline by
    more than chance. A network at the level of a baseline is no fault of training: the table of baselines in
    the report shows it.
    """
    score = run.score
    constant_loss = _loss_gain(run)
    if constant_loss is None:
        return None
    gain, error, loss = constant_loss
    constant_score = run.metadata.constant_score
    evidence = [
        Evidence("decrease of the validation loss of a constant, as a share", gain, MIN_LOSS_GAIN,
                 1.96 * error, "lowest loss"),
    ]  # fmt: skip
    metric = run.metadata.metric
    fires, severity = False, 3
    sentence = "The network is not worse than simple models."
    if constant_score is not None and score is not None:
        evidence.append(Evidence(metric, score, constant_score, None, "validation rows"))
    if gain <= MIN_LOSS_GAIN and not _beyond(run, score, constant_score):
        fires = True
        sentence = (
            "The network is no better than a constant: its lowest validation loss is "
            f"{loss * (1 - gain):.3g}, and that of a constant is {loss:.3g}."
        )
    else:
        for name, other in _simple_scores(run).items():
            evidence.append(Evidence(f"{metric} of the {name}", other, None, None, "validation rows"))
            if score is not None and _beyond(run, other, score):
                fires, severity = True, 2
                sentence = f"The network is worse than a {name}: {metric} {score:.4g}, {name} {other:.4g}."
    return Finding("no_better_than_baseline", fires, sentence, tuple(evidence), None, severity, ())


def _loss_gain(run: Observation) -> tuple[float, float, float] | None:
    """Return the share of the validation loss of a constant that the network removes, its error, the loss."""
    if not run.has("constant_rows"):
        return None
    constant, best = run.final("constant_rows"), run.final("best_rows")
    if not (np.isfinite(constant).all() and np.isfinite(best).all()):
        return None
    difference, error = run.mean_of(constant - best, "valid")
    loss = run.mean_of(constant, "valid")[0]
    return difference / max(loss, 1e-300), error / max(loss, 1e-300), loss


def _simple_scores(run: Observation) -> dict[str, float]:
    """Return the validation scores of simple baselines on the rows of this run, by name."""
    scores = {name: float(run.baselines[name][0]) for name in SIMPLE if name in run.baselines}
    return {name: value for name, value in scores.items() if np.isfinite(value)}


def _gain(run: Observation, score: float, other: float) -> float:
    """Return by how much `score` is better than `other`."""
    return score - other if run.metadata.greater_is_better else other - score


def _beyond(run: Observation, score: float | None, other: float | None) -> bool:
    """Return whether `score` is better than `other` by a difference that matters and is no chance."""
    if score is None or other is None:
        return False
    metric, rows = METRICS[run.metadata.metric], max(run.metadata.valid, 1)
    if metric.bounds == (0, 1):
        deviation = np.sqrt(max(score * (1 - score), other * (1 - other)) / rows)
    else:
        deviation = max(abs(score), abs(other)) / np.sqrt(2 * rows)
    return metric.matters(score, other) and _gain(run, score, other) > ERRORS * float(deviation)
