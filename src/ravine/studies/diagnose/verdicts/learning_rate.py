"""Verdicts on the learning rate: too high, at the edge of stability, too small."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.loss_trend import (
    FALLING,
    curvature_over_limit,
    generalises,
    highest_loss,
    is_stuck,
    remaining_decrease,
    slowdown,
    still_falls,
    uphill_share,
)

__all__ = ["edge_of_stability", "rate_high", "rate_low"]

PACE, JITTER = 0.3, 0.01


def rate_high(o: Observation) -> Finding | None:
    """The loss diverged, or rose far above its start and did not come back."""
    if not o.trained and not o.diverged:
        return None
    peak = highest_loss(o)
    ratio, error = o.ratio()
    known = np.isfinite(ratio)
    top = int(np.flatnonzero(known)[np.argmax(ratio[known])]) if known.any() else None
    evidence = [Evidence("highest batch loss over the loss at the start", peak, 3.0)]
    if top is not None:
        evidence.append(
            Evidence(
                f"curvature over the limit {o.metadata.formula}", float(ratio[top]), 1.0, float(error[top]),
                f"step {int(o.series('step')[top])}, top eigenvector",
            )
        )  # fmt: skip
    evidence.append(
        Evidence("share of steps that raise their own loss", float(np.nanmean(o.series("raised"))), 0.5)
    )
    above = top is not None and float(ratio[top]) > 1
    stuck = peak > 10 or (o.progress < 0.5 and (peak > 3.0 or (above and peak > 1.5)))
    fires = o.diverged or stuck
    rate = o.metadata.rate
    if o.diverged:
        # the steps counted are those before the loss became infinite
        finite = np.isfinite(o.final("curve"))
        at = int(np.argmin(finite)) if not finite.all() else len(finite)
        evidence.insert(0, Evidence("first step whose loss is not finite", float(at)))
        said = f"The learning rate {rate:.3g} is too high: the loss became infinite at step {at:,}."
    else:
        said = (
            f"The learning rate {rate:.3g} is too high: the loss rose to {peak:.3g} times its start; "
            f"by the end {100 * max(o.progress, 0):.0f} % of that of a constant was removed."
        )
    return Finding(
        "rate_high", fires, said if fires else "The learning rate is not too high.", tuple(evidence), "L4", 3,
        ("rate / 10", "rate / 100", "onecycle"),
    )  # fmt: skip


def edge_of_stability(o: Observation) -> Finding | None:
    """Curvature at the stability limit while the loss falls."""
    ratio, error = o.ratio()
    known = np.flatnonzero(np.isfinite(ratio) & (o.series("step") > 0))
    if len(known) < 4 or not o.trained:
        return None
    last = known[len(known) // 2 :]
    value = float(np.median(ratio[last]))
    loss, since = o.series("train_loss")[: o.end + 1], int(last[0])
    fell = np.mean(loss[since:]) < np.mean(loss[:since])  # over windows: step by step it need not
    fires = bool(0.8 <= value <= 1.3 and fell and not o.diverged)
    said = (
        f"Training sits at the edge of stability: curvature is {value:.2f} of the limit, and the loss falls."
    )
    return Finding(
        "edge_of_stability", fires, said if fires else "Training is not at the edge of stability.",
        (
            Evidence(
                f"curvature over the limit {o.metadata.formula}", value, 0.8, float(np.max(error[last])),
                f"median of {len(last)} points from step {int(o.series('step')[last[0]])}, top eigenvector",
            ),
            Evidence("share of steps that raise their own loss", float(np.nanmean(o.series("raised")[last]))),
        ),
        "L6", 0, ("decay",),
    )  # fmt: skip


def rate_low(o: Observation) -> Finding | None:
    """Still falling at the end, far below the limit."""
    if not o.trained or o.diverged:
        return None
    (falling, doubt), (reach, error) = remaining_decrease(o), curvature_over_limit(o)
    jitter = uphill_share(o)  # steps that are too small never raise their own loss
    far = (not np.isfinite(reach) or reach < 0.1) and jitter <= JITTER
    fires = bool(
        still_falls(o)
        and slowdown(o) > PACE
        and generalises(o)
        and far
        and not is_stuck(o)
        and highest_loss(o) < 3
    )
    said = (
        f"The learning rate {o.metadata.rate:.3g} is too small: at the pace of its second half, as much "
        f"training again would remove {100 * min(falling, 1):.0f} % of the loss left."
    )
    evidence = [
        Evidence(
            "share of the loss left that as much training again would remove",
            falling,
            FALLING,
            2 * doubt,
            "second half",
        )
    ]
    evidence.append(Evidence("pace of the second half over that of the first", slowdown(o), PACE))
    evidence.append(
        Evidence(
            "share of steps that raise their own loss", jitter, JITTER, None, "second half, by their rates"
        )
    )
    if np.isfinite(reach):
        evidence.append(
            Evidence(f"curvature over the limit {o.metadata.formula}", reach, 0.1, error, "median of the run")
        )
    return Finding(
        "rate_low", fires, said if fires else "The learning rate is not too small.", tuple(evidence), "L4", 2,
        ("rate x 10", "rate x 30", "rate x 100"),
    )  # fmt: skip
