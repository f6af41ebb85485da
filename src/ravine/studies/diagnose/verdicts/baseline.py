"""The verdict that a network is no better than a constant prediction or another simple model."""

from __future__ import annotations

import numpy as np

from ravine.networks import METRICS
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["no_better_than_baseline"]

MIN_LOSS_GAIN = 0.02  # decrease of the loss of a constant that counts, as a share of that loss


@verdict("RAV306", "no better than a simple model")
def no_better_than_baseline(run: Observation) -> Finding | None:
    """Return the verdict "no_better_than_baseline": the network predicts no better than a constant.

    Its lowest validation loss is not clearly below the loss of a constant, and its score is not better than
    that of a constant by more than the smallest difference that matters.
    """
    if not run.has("constant_rows"):
        return None
    constant, best = run.final("constant_rows"), run.final("best_rows")
    if not (np.isfinite(constant).all() and np.isfinite(best).all()):
        return None
    difference, error = run.mean_of(constant - best, "valid")
    loss = run.mean_of(constant, "valid")[0]
    gain, gain_error = difference / max(loss, 1e-300), error / max(loss, 1e-300)
    score, constant_score = float(run.series("score")[run.end]), run.metadata.constant_score
    fires = gain <= MIN_LOSS_GAIN and not _better_score(run, score, constant_score)
    sentence = (
        f"The network is no better than a constant: its lowest validation loss is {loss - difference:.3g}, "
        f"and that of a constant is {loss:.3g}."
    )
    evidence = [
        Evidence("decrease of the validation loss of a constant, as a share", gain, MIN_LOSS_GAIN,
                 1.96 * gain_error, "lowest loss"),
    ]  # fmt: skip
    if constant_score is not None and np.isfinite(score):
        evidence.append(Evidence(f"{run.metadata.metric}", score, constant_score, None, "validation rows"))
    return Finding(
        "no_better_than_baseline", fires, sentence if fires else "The network is better than a constant.",
        tuple(evidence), None, 3, (),
    )  # fmt: skip


def _better_score(run: Observation, score: float, constant: float | None) -> bool:
    """Return whether the score is better than that of a constant by more than a difference that matters."""
    if constant is None or not np.isfinite(score):
        return False
    metric = METRICS[run.metadata.metric]
    gain = score - constant if metric.greater_is_better else constant - score
    rows = max(run.metadata.valid, 1)
    if metric.bounds == (0, 1):
        smallest, chance = 0.01, 0.5 / np.sqrt(rows)
    else:
        smallest, chance = MIN_LOSS_GAIN * abs(constant), abs(constant) / np.sqrt(2 * rows)
    return gain > max(smallest, 1.5 * chance)
