"""Verdicts: ill-conditioned problem, gradient noise, training that is stuck on a plateau or at a saddle."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.gain import MIN_GAIN, clear_gain, gain_of
from ravine.studies.diagnose.verdicts.learning_rate import rate_high
from ravine.studies.diagnose.verdicts.loss_trend import (
    CRAWLING,
    CRAWLING_ERRORS,
    STUCK,
    curvature_over_limit,
    first_layer_gradient,
    generalizes,
    gradient_pull,
    highest_loss,
    is_stuck,
    remaining_decrease,
    still_falls,
)
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["gradient_noise", "ill_conditioned", "plateau"]

LITTLE = 0.3  # share of the loss that training removed; conditioning that leaves less is only reported
MIN_NOISE = 0.01  # share of the loss of a constant that noise costs; twice the smallest that matters
NOISY = 0.5  # noise scale over batch size; a third of the squared gradient of a batch is then noise
MOMENTUM = "momentum"  # remedies that are optimizers, by their names in `remedies.REMEDIES`
ADAM = "adam"
REMAINING_DECREASE = "share of the loss left that as much training again would remove"


@verdict("RAV104", "ill-conditioned problem")
def ill_conditioned(run: Observation) -> Finding | None:
    """Return a finding that says whether ill-conditioned inputs slow the training down.

    The fault is present if training and validation loss still fall at the end, although the learning rate
    cannot be much higher: the curvature is 0.1 to 1.5 times the stability limit. The condition number of the
    second moments of the inputs must exceed 100, and the loss must never reach 3 times its start. If a
    training of four times the length was made, its loss must be clearly lower.

    It is only an observation if training removed 30 % of the loss of a constant prediction or more. The
    result is None if the stability limit or the curvature is not known, for a trained model, and if the loss
    diverged.
    """
    if not run.trained or run.diverged:
        return None
    (decrease, decrease_error), (curvature, error) = remaining_decrease(run), curvature_over_limit(run)
    if not np.isfinite(curvature):
        return None
    condition = float(run.final("column_condition"))
    longer = gain_of(run, "longer")
    crawls = (
        still_falls(run, CRAWLING, CRAWLING_ERRORS) and generalizes(run) and (longer is None or longer.clear)
    )
    fires = bool(crawls and 0.1 <= curvature <= 1.5 and condition > 100 and highest_loss(run) < 3)
    sentence = (
        f"The problem is ill-conditioned: the inputs have condition number {condition:.3g}, the learning "
        f"rate is at {curvature:.2g} of its stability limit, and the loss still falls."
    )
    return Finding(
        "ill_conditioned", fires, sentence if fires else "Conditioning does not slow training down.",
        (
            Evidence(REMAINING_DECREASE, decrease, CRAWLING, 2 * decrease_error, "second half"),
            Evidence("condition number of the inputs' second moments", condition, 100.0),
            Evidence("curvature over the limit", curvature, 0.1, error, "median of the run"),
            Evidence(
                "steps of gradient descent for a tenth of the error, condition ln(10) / 2",
                condition * np.log(10) / 2,
            ),
        ),
        "N1", 2 if run.progress < LITTLE else 0, ("standardize", MOMENTUM, ADAM, "batchnorm"),
    )  # fmt: skip


@verdict("RAV105", "gradient noise")
def gradient_noise(run: Observation) -> Finding | None:
    """Return a finding that says whether gradient noise keeps the loss high.

    Measured is the gain by averaging: the mean of the training losses at the last measured weights, less the
    loss at the mean of these weights. The gain must exceed 15 % of the loss that is left and 1 % of the loss
    of a constant prediction, or else 4 % of the latter. The averaged weights must also be better than the
    last ones, and a longer training must not be clearly better. The noise scale, variance over squared mean
    of the gradient of a row, must exceed half of the batch size. The loss must never reach 3 times its start.

    The result is None if the last weights were not averaged, for example because the loss diverged.
    """
    if not run.has("averaged") or run.diverged:
        return None
    averaged, mean_loss, last_loss = run.final("averaged")
    gain = float(mean_loss - averaged) / max(mean_loss, 1e-300)
    scale, _, _ = run.noise_scale(slice(-5, None))
    batch = run.metadata.batch_size
    gain_over_constant = float(mean_loss - averaged) / max(run.constant_loss, 1e-300)
    costs = (gain > 0.15 and gain_over_constant > MIN_NOISE) or gain_over_constant > MIN_GAIN
    # while the loss falls fast, its mean is high without any noise
    costs = costs and averaged < last_loss and not clear_gain(run, "longer")
    fires = bool(costs and scale > NOISY * batch and highest_loss(run) < 3)
    scale_text = "above the number of rows measured" if not np.isfinite(scale) else f"{scale:,.0f} rows"
    sentence = (
        f"Gradient noise dominates: the noise scale is {scale_text}, the batch size is {batch}, and the mean "
        f"of the last weights has a loss {100 * gain:.0f} % below the mean of their losses."
    )
    evidence = [
        Evidence("share of the loss that averaging the last weights removes", gain, 0.15, None, "the end"),
        Evidence("the same over the loss of a constant", gain_over_constant, MIN_NOISE),
    ]
    if np.isfinite(scale):
        evidence.append(Evidence("noise scale in rows", scale, NOISY * batch, None, "last 5 points"))
    return Finding(
        "gradient_noise", fires, sentence if fires else "Gradient noise does not limit training.",
        tuple(evidence), "N2", 2, ("decay", "average", "batch x 4"),
    )  # fmt: skip


@verdict("RAV103", "plateau or saddle")
def plateau(run: Observation) -> Finding | None:
    """Return a finding that says whether training is stuck on a plateau or at a saddle.

    Training must have removed less than 15 % of the loss of a constant prediction. The gradient of a row's
    loss with respect to the activations of the first hidden layer must be below 0.01. The place is a saddle
    if the lowest eigenvalue of the Hessian is clearly negative. No fault is reported if the loss rose to 1.5
    times its start, or if a high learning rate, a strong penalty or strong dropout is the cause.

    The result is None for a trained model, if the loss diverged, and without a hidden layer, where the loss
    is convex.
    """
    if not run.trained or run.diverged or not run.has("lowest") or not run.has("flow"):
        return None  # without a hidden layer the loss is convex
    low, residual, top, _ = run.final("lowest")
    scaled_gradient = gradient_pull(run)
    high = rate_high(run)
    explained = clear_gain(run, "without_penalty", "without_dropout") or bool(high and high.fires)
    fires = bool(is_stuck(run) and highest_loss(run) < 1.5 and not explained)
    tolerance = max(abs(residual), 1e-3 * abs(top), 1e-7) if np.isfinite(low) else np.nan
    saddle = bool(np.isfinite(low) and low < -tolerance)
    steps = run.metadata.steps
    if saddle:
        rate = float(run.series("rate")[run.end])
        sentence = (
            f"Training is stuck at a saddle: after {steps:,} steps the loss is that of a constant. Along "
            f"the lowest eigenvalue, {low:.2g}, a distance grows by the factor 1 + {rate * -low:.2g} a step."
        )
    else:
        flat = "the Hessian is zero" if top == 0 and low == 0 else "no direction leads down"
        sentence = (
            f"Training is stuck on a plateau: after {steps:,} steps the loss is that of a constant, and "
            f"{flat}."
        )
    evidence = [
        Evidence(
            "gradient of a row's loss at the first hidden layer",
            first_layer_gradient(run),
            STUCK,
            None,
            "the end",
        ),
        Evidence("share of the loss removed", run.progress, 0.15),
        Evidence(
            "gradient times weights over the loss of a constant", scaled_gradient, None, None, "the end"
        ),
    ]
    if np.isfinite(low):
        evidence.append(
            Evidence(
                "lowest eigenvalue of the Hessian", float(low), -float(tolerance), float(residual), "the end"
            )
        )
    return Finding(
        "plateau", fires, sentence if fires else "Training is not stuck.", tuple(evidence), "L9", 3,
        ("initialization", "relu", MOMENTUM, ADAM, "rate x 10"),
    )  # fmt: skip
