"""Verdicts on the learning rate: too high, at the optimizer's stability limit, too small."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.loss_trend import (
    FALLING,
    curvature_over_limit,
    generalizes,
    highest_loss,
    is_stuck,
    remaining_decrease,
    slowdown,
    still_falls,
    uphill_share,
)
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["edge_of_stability", "rate_high", "rate_low"]

MIN_PACE = 0.3  # of the second half over the first; below it a low rate is not the reason
MAX_UPHILL = 0.01  # share of steps that raise their own loss; steps that are too small raise none


@verdict("RAV101", "learning rate too high")
def rate_high(run: Observation) -> Finding | None:
    """Return the verdict "rate_high": the loss diverged, rose tenfold, or rose and stayed high."""
    if not run.trained and not run.diverged:
        return None
    peak = highest_loss(run)
    ratio, error = run.ratio()
    is_finite = np.isfinite(ratio)
    top = int(np.flatnonzero(is_finite)[np.argmax(ratio[is_finite])]) if is_finite.any() else None
    evidence = [Evidence("highest batch loss over the loss at the start", peak, 3.0)]
    if top is not None:
        evidence.append(
            Evidence(
                f"curvature over the limit {run.metadata.formula}", float(ratio[top]), 1.0, float(error[top]),
                f"step {int(run.series('step')[top])}, top eigenvector",
            )
        )  # fmt: skip
    evidence.append(
        Evidence("share of steps that raise their own loss", float(np.nanmean(run.series("raised"))), 0.5)
    )
    above = top is not None and float(ratio[top]) > 1
    stuck = peak > 10 or (run.progress < 0.5 and (peak > 3.0 or (above and peak > 1.5)))
    fires = run.diverged or stuck
    rate = run.metadata.rate
    if run.diverged:
        # index of the first step without a finite loss
        finite = np.isfinite(run.final("curve"))
        at = int(np.argmin(finite)) if not finite.all() else len(finite)
        evidence.insert(0, Evidence("first step whose loss is not finite", float(at)))
        sentence = f"The learning rate {rate:.3g} is too high: the loss became infinite at step {at:,}."
    else:
        sentence = (
            f"The learning rate {rate:.3g} is too high: the loss rose to {peak:.3g} times its start, "
            f"and training removed {100 * max(run.progress, 0):.0f} % of the loss of a constant."
        )
    return Finding(
        "rate_high", fires, sentence if fires else "The learning rate is not too high.", tuple(evidence),
        "L4", 3,
        (
            "rate / 10", "rate / 100", "onecycle", "stable rate", "usual rate", "stable rate / 10",
            "rate / 10000",
        ),
    )  # fmt: skip


@verdict("RAV106", "edge of stability")
def edge_of_stability(run: Observation) -> Finding | None:
    """Return the verdict "edge_of_stability": curvature stays at the stability limit while the loss falls."""
    ratio, error = run.ratio()
    finite_points = np.flatnonzero(np.isfinite(ratio) & (run.series("step") > 0))
    if len(finite_points) < 4 or not run.trained:
        return None
    last = finite_points[len(finite_points) // 2 :]
    value = float(np.median(ratio[last]))
    loss, since = run.series("train_loss")[: run.end + 1], int(last[0])
    fell = np.mean(loss[since:]) < np.mean(loss[:since])  # means, because single steps may raise the loss
    fires = bool(0.8 <= value <= 1.3 and fell and not run.diverged)
    sentence = (
        f"Training runs at the edge of stability: curvature is {value:.2f} of the limit, and the loss falls."
    )
    return Finding(
        "edge_of_stability", fires, sentence if fires else "Training is not at the edge of stability.",
        (
            Evidence(
                f"curvature over the limit {run.metadata.formula}", value, 0.8, float(np.max(error[last])),
                f"median of {len(last)} points from step {int(run.series('step')[last[0]])}, top eigenvector",
            ),
            Evidence(
                "share of steps that raise their own loss", float(np.nanmean(run.series("raised")[last]))
            ),
        ),
        "L6", 0, ("decay",),
    )  # fmt: skip


@verdict("RAV102", "learning rate too small")
def rate_low(run: Observation) -> Finding | None:
    """Return the verdict "rate_low": the loss still falls, with curvature far below the stability limit."""
    if not run.trained or run.diverged:
        return None
    (decrease, decrease_error), (curvature, error) = remaining_decrease(run), curvature_over_limit(run)
    uphill = uphill_share(run)
    far = (not np.isfinite(curvature) or curvature < 0.1) and uphill <= MAX_UPHILL
    fires = bool(
        still_falls(run)
        and slowdown(run) > MIN_PACE
        and generalizes(run)
        and far
        and not is_stuck(run)
        and highest_loss(run) < 3
    )
    sentence = (
        f"The learning rate {run.metadata.rate:.3g} is too small: at the pace of the second half, as much "
        f"training again would remove {100 * min(decrease, 1):.0f} % of the loss left."
    )
    evidence = [
        Evidence(
            "share of the loss left that as much training again would remove",
            decrease,
            FALLING,
            2 * decrease_error,
            "second half",
        )
    ]
    evidence.append(Evidence("pace of the second half over the pace of the first", slowdown(run), MIN_PACE))
    evidence.append(
        Evidence(
            "share of steps that raise their own loss",
            uphill,
            MAX_UPHILL,
            None,
            "second half, weighted by learning rate",
        )
    )
    if np.isfinite(curvature):
        evidence.append(
            Evidence(
                f"curvature over the limit {run.metadata.formula}", curvature, 0.1, error, "median of the run"
            )
        )
    return Finding(
        "rate_low", fires, sentence if fires else "The learning rate is not too small.", tuple(evidence),
        "L4", 2,
        ("rate x 10", "rate x 30", "rate x 100"),
    )  # fmt: skip
