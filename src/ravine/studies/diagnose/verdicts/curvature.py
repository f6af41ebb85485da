"""Verdicts on the ground: ill-conditioned, noisy, flat or a saddle."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.loss_trend import (
    CRAWLING,
    STUCK,
    curvature_over_limit,
    first_layer_gradient,
    generalises,
    gradient_pull,
    highest_loss,
    is_stuck,
    remaining_decrease,
    still_falls,
)

__all__ = ["gradient_noise", "ill_conditioned", "plateau"]

MOMENTUM = "momentum"  # remedies that are optimizers, by their names in `remedies.REMEDIES`
ADAM = "adam"
AGAIN = "share of the loss left that as much training again would remove"


def ill_conditioned(o: Observation) -> Finding | None:
    """Still falling at the end, at a rate that could not be much higher."""
    if not o.trained or o.diverged:
        return None
    (falling, doubt), (reach, error) = remaining_decrease(o), curvature_over_limit(o)
    if not np.isfinite(reach):
        return None
    condition = float(o.final("column_condition"))
    crawls = still_falls(o, CRAWLING) and generalises(o)
    fires = bool(crawls and 0.1 <= reach <= 1.5 and condition > 100 and highest_loss(o) < 3)
    said = (
        f"The problem is ill-conditioned: the inputs' condition number is {condition:.3g}, the rate is at "
        f"{reach:.2g} of its limit, and the loss still falls."
    )
    return Finding(
        "ill_conditioned", fires, said if fires else "Conditioning does not hold training up.",
        (
            Evidence(AGAIN, falling, CRAWLING, 2 * doubt, "second half"),
            Evidence("condition number of the inputs' second moments", condition, 100.0),
            Evidence("curvature over the limit", reach, 0.1, error, "median of the run"),
            Evidence("iterations gradient descent needs, condition ln(10) / 2", condition * np.log(10) / 2),
        ),
        "N1", 2, ("standardise", MOMENTUM, ADAM, "batchnorm"),
    )  # fmt: skip


def gradient_noise(o: Observation) -> Finding | None:
    """The weights dance around a point whose loss is lower than any of theirs."""
    if not o.has("averaged") or o.diverged:
        return None
    averaged, own, _ = o.final("averaged")
    lost = float(own - averaged) / max(own, 1e-300)
    scale, _, _ = o.noise_scale(slice(-5, None))
    batch = o.metadata.batch_size
    at_stake = float(own - averaged) / max(o.constant_loss, 1e-300)
    fires = bool(lost > 0.15 and at_stake > 0.02 and scale > batch and highest_loss(o) < 3)
    told = "at least the rows looked at" if not np.isfinite(scale) else f"{scale:,.0f} rows"
    said = (
        f"Gradient noise dominates: the noise scale is {told} against batches of {batch}, and the mean of "
        f"the last weights has a loss {100 * lost:.0f} % below theirs."
    )
    evidence = [
        Evidence("share of the loss that averaging the last weights removes", lost, 0.15, None, "the end"),
        Evidence("the same over the loss of a constant", at_stake, 0.02),
    ]
    if np.isfinite(scale):
        evidence.append(Evidence("noise scale in rows", scale, float(batch), None, "last 5 points"))
    return Finding(
        "gradient_noise", fires, said if fires else "Gradient noise does not hold training up.",
        tuple(evidence), "N2", 2, ("decay", "average", "batch x 4"),
    )  # fmt: skip


def plateau(o: Observation) -> Finding | None:
    """Stuck where the gradient is nothing: a saddle where there is a way down, else a plateau."""
    if not o.trained or o.diverged or not o.has("lowest") or not o.has("flow"):
        return None  # without a hidden layer the loss is convex: nothing to be stuck at
    low, residual, high, _ = o.final("lowest")
    pull = gradient_pull(o)
    fires = bool(is_stuck(o) and highest_loss(o) < 1.5)
    tolerance = max(abs(residual), 1e-3 * abs(high), 1e-7) if np.isfinite(low) else np.nan
    saddle = bool(np.isfinite(low) and low < -tolerance)
    steps = o.metadata.steps
    if saddle:
        rate = float(o.series("rate")[o.end])
        way = f"lowest eigenvalue {low:.2g}, along which a distance grows by {rate * -low:.2g} a step"
        said = f"Training is stuck at a saddle: after {steps:,} steps the loss is that of a constant; {way}."
    else:
        flat = "the Hessian is zero" if high == 0 and low == 0 else "no direction leads down"
        said = (
            f"Training is stuck on a plateau: after {steps:,} steps the loss is that of a constant, and "
            f"{flat}."
        )
    evidence = [
        Evidence(
            "gradient of a row's loss at the first hidden layer",
            first_layer_gradient(o),
            STUCK,
            None,
            "the end",
        ),
        Evidence("share of the loss removed", o.progress, 0.15),
        Evidence("gradient times weights over the loss of a constant", pull, None, None, "the end"),
    ]
    if np.isfinite(low):
        evidence.append(
            Evidence(
                "lowest eigenvalue of the Hessian", float(low), -float(tolerance), float(residual), "the end"
            )
        )
    return Finding(
        "plateau", fires, said if fires else "Training is not stuck.", tuple(evidence), "L9", 3,
        ("initialisation", "relu", MOMENTUM, ADAM, "rate x 10"),
    )  # fmt: skip
