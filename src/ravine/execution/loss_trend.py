"""The trend of the validation loss of several runs at the end of training, from their curves."""

from __future__ import annotations

import numpy as np

from ravine.execution.length_advice import LossTrend
from ravine.execution.result_parts import MetricFacts
from ravine.execution.score_summary import finite_or_none
from ravine.optimizers import schedule
from ravine.statistics import final_trend
from ravine.training import Batches, Plan

__all__ = ["loss_trend"]


def loss_trend(
    losses: np.ndarray,
    scores: np.ndarray,
    metric: MetricFacts,
    plan: Plan,
    batches: Batches,
    schedule_text: str,
) -> LossTrend | None:
    """Return whether validation losses [seed, time] fall, rise or stay flat at the end of training.

    scores [seed, time]: validation scores by `metric`. schedule_text: schedule of the learning rate. If the
    learning rate changes by a schedule that does not depend on the loss, the sum of the learning rates so far
    measures the progress of the training, not the number of steps. Returns None if most runs diverged or
    stopped early, or if there are too few evaluations; see `final_trend`.
    """
    trend = final_trend(losses, _progress(plan, batches, schedule_text))
    if trend is None:
        return None
    step = plan.steps_per_evaluation * (1 + trend.lowest)
    return LossTrend(
        direction=trend.direction,
        change=finite_or_none(trend.change),
        agreeing=trend.agreeing,
        rise=finite_or_none(trend.rise),
        lowest_step=step,
        lowest_epochs=step * plan.batch_size / batches.sizes[0],
        score_improves=_improves(scores, metric, trend.lowest),
        seeds=trend.seeds,
        window=trend.window,
    )


def _progress(plan: Plan, batches: Batches, text: str) -> np.ndarray | None:
    """Return the share of the sum of all learning rates that is done at each evaluation, [time].

    The value is None for a constant rate, and for a schedule that depends on the loss.
    """
    spec = schedule(text)
    if spec.depends_on_loss:
        return None
    factors = spec.factors(plan.steps, batches.sizes[0] / batches.batch_size)
    done = np.cumsum(factors)[plan.steps_per_evaluation - 1 :: plan.steps_per_evaluation]
    shares = np.asarray(done / done[-1], np.float64)
    return None if np.allclose(shares, np.arange(1, len(shares) + 1) / len(shares)) else shares


def _improves(scores: np.ndarray, metric: MetricFacts, lowest: int) -> bool:
    """Return whether the median score at the end is better than at time `lowest`, by what matters."""
    whole = scores[np.isfinite(scores).all(axis=1)]
    if not len(whole):
        return False
    before, after = float(np.median(whole[:, lowest])), float(np.median(whole[:, -2:].mean(axis=1)))
    better = after > before if metric.greater_is_better else after < before
    return better and metric.matters(before, after)
