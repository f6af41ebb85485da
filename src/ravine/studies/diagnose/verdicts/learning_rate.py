"""Verdicts: learning rate too high or too small, training at the edge of stability, training too short."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.gain import clear_gain, gain_of
from ravine.studies.diagnose.verdicts.loss_trend import (
    FALLING,
    curvature_over_limit,
    early_jump,
    generalizes,
    highest_loss,
    is_stuck,
    largest_update,
    remaining_decrease,
    slowdown,
    starts_high,
    still_falls,
    units_lost,
    uphill_share,
)
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["edge_of_stability", "few_epochs", "rate_high", "rate_low"]

MIN_PACE = 0.3  # of the second half over the first; below it a low rate is not the reason
STEADY_PACE = 0.5  # the same; above it the loss falls almost as fast as at the start
UNFINISHED = 0.1  # share of the loss left that as much training again would remove
MAX_RISE = 3.0  # of the loss over its start; a training that then removes little has too high a rate
MAX_LOST = 0.4  # share of the units of a layer that become flat during training
MUCH_WORSE = 0.1  # rise of the loss at a tenth of the learning rate, over the loss of a constant
POOR = 0.5  # share of the loss of a constant; a training that removed less went wrong
LARGE_UPDATE = 0.1  # size of a step relative to the weights of a layer; usual rates stay far below
SMALL_UPDATE = 0.005  # the same; below it weights hardly move
MAX_UPHILL = 0.01  # share of steps that raise their own loss; steps that are too small raise none


@verdict("RAV101", "learning rate too high")
def rate_high(run: Observation) -> Finding | None:
    """Return a finding that says whether the learning rate is too high.

    The fault is present if the loss diverged. It is also present if one of these holds and neither a strong
    penalty nor strong dropout explains the loss:

    - The loss rose to 10 times its start. If training removed less than half of the loss of a constant
      prediction, 3 times suffice; 1.5 times suffice if the curvature also exceeds the stability limit.
    - More than 40 % of the units of a layer became flat, and a step was larger than a tenth of the weights of
      a layer. A tenth of the learning rate, if it was tried, must be better. If training removed less than
      half, it need only be not much worse.
    - The same training at a tenth of the learning rate has a clearly lower validation loss.

    The result is None for a trained model.
    """
    if not run.trained and not run.diverged:
        return None
    peak, jump, update = highest_loss(run), early_jump(run), largest_update(run)
    lost, layer = units_lost(run)
    gain = gain_of(run, "lower_rate")
    ratio, error = run.ratio()
    is_finite = np.isfinite(ratio)
    top = int(np.flatnonzero(is_finite)[np.argmax(ratio[is_finite])]) if is_finite.any() else None
    above = top is not None and float(ratio[top]) > 1
    poor = run.progress < POOR
    stuck = peak > 10 or (poor and (max(peak, jump) > MAX_RISE or (above and peak > 1.5)))
    harmed = gain is None or gain.share > gain.error or (poor and gain.share >= -MUCH_WORSE)
    died = lost > MAX_LOST and update > LARGE_UPDATE and harmed
    better = gain is not None and gain.clear
    explained = clear_gain(run, "without_penalty", "without_dropout")
    fires = run.diverged or ((stuck or died or better) and not explained)
    rises = Evidence("highest batch loss over the loss at the start", peak, MAX_RISE)
    jumps = Evidence("highest loss of the first steps over the loss at the start", jump, MAX_RISE)
    units = Evidence("share of units that became flat during training", lost, MAX_LOST, None,
                     f"layer {layer + 1}")  # fmt: skip
    steps = Evidence("largest step relative to the weights of a layer", update, LARGE_UPDATE)
    others = [] if gain is None else list(gain.evidence("at a tenth of the learning rate"))
    if top is not None:
        others.append(
            Evidence(
                f"curvature over the limit {run.metadata.formula}", float(ratio[top]), 1.0, float(error[top]),
                f"step {int(run.series('step')[top])}, top eigenvector",
            )
        )  # fmt: skip
    others.append(
        Evidence("share of steps that raise their own loss", float(np.nanmean(run.series("raised"))), 0.5)
    )
    rate = run.metadata.rate
    if run.diverged:
        # index of the first step without a finite loss
        finite = np.isfinite(run.final("curve"))
        at = int(np.argmin(finite)) if not finite.all() else len(finite)
        evidence = [Evidence("first step whose loss is not finite", float(at)), rises]
        reason = f"the loss became infinite at step {at:,}"
    elif died and not stuck:
        evidence = [units, steps, jumps, rises]
        reason = (
            f"{100 * lost:.0f} % of the units in layer {layer + 1} became flat during training, after steps "
            f"of up to {100 * update:.2g} % of the weights"
        )
    elif stuck or gain is None or not better:
        evidence = [rises, jumps, units, steps]
        reason = (
            f"the loss rose to {max(peak, jump):.3g} times its start, and training removed "
            f"{100 * max(run.progress, 0):.0f} % of the loss of a constant"
        )
    else:
        evidence = [rises, jumps, units, steps]
        evidence, others = [*others[:1], *evidence], others[1:]
        reason = (
            f"at {run.metadata.changed['lower_rate']}, a shorter training lowers the validation loss from "
            f"{gain.before:.3g} to {gain.after:.3g}"
        )
    sentence = f"The learning rate {rate:.3g} is too high: {reason}."
    return Finding(
        "rate_high", fires, sentence if fires else "The learning rate is not too high.",
        (*evidence, *others), "L4", 3,
        (
            "rate / 10", "rate / 100", "onecycle", "stable rate", "usual rate", "stable rate / 10",
            "rate / 10000",
        ),
    )  # fmt: skip


@verdict("RAV106", "edge of stability")
def edge_of_stability(run: Observation) -> Finding | None:
    """Return a finding that says whether training runs at the edge of stability; this is no fault.

    Measured is the ratio of the curvature to the stability limit of the optimizer. Its median over the second
    half of the run must be between 0.8 and 1.3 while the loss falls. The result is None if the ratio is known
    at fewer than 4 points.
    """
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
    """Return a finding that says whether the learning rate is too small.

    The fault is present if the same training at ten times the learning rate has a clearly lower validation
    loss. It is also present if all of these hold:

    - The training loss still falls in the second half, at more than 0.3 of the pace of the first half. The
      validation loss falls too.
    - The curvature is below a tenth of the stability limit or not known. At most 1 % of the steps in the
      second half raise the loss of their own batch, and the loss never rose to 3 times its start.
    - The steps are below 0.5 % of the weights of every layer. With larger steps, the training is only too
      short.

    No fault is reported if almost no gradient reaches the first hidden layer, or if the training starts with
    a loss above 10 times that of a constant prediction. The result is None for a saved model, which is not
    trained, and if the loss diverged.
    """
    if not run.trained or run.diverged:
        return None
    (decrease, decrease_error), (curvature, error) = remaining_decrease(run), curvature_over_limit(run)
    uphill, update, gain = uphill_share(run), largest_update(run), gain_of(run, "higher_rate")
    far = (not np.isfinite(curvature) or curvature < 0.1) and uphill <= MAX_UPHILL
    small = not np.isfinite(update) or update < SMALL_UPDATE
    falls = (
        still_falls(run)
        and slowdown(run) > MIN_PACE
        and generalizes(run)
        and far
        and small
        and highest_loss(run) < 3
    )
    better = gain is not None and gain.clear
    fires = (falls or better) and not is_stuck(run) and not starts_high(run)
    if better and gain is not None:
        reason = (
            f"at {run.metadata.changed['higher_rate']}, a shorter training lowers the validation loss from "
            f"{gain.before:.3g} to {gain.after:.3g}"
        )
    else:
        reason = (
            "at the pace of the second half, as much training again would remove "
            f"{100 * min(decrease, 1):.0f} % of the loss left"
        )
    sentence = f"The learning rate {run.metadata.rate:.3g} is too small: {reason}."
    evidence = [
        *(gain.evidence("at ten times the learning rate") if better and gain is not None else ()),
        Evidence("share of the loss left that as much training again would remove", decrease, FALLING,
                 2 * decrease_error, "second half"),
        Evidence("pace of the second half over the pace of the first", slowdown(run), MIN_PACE),
        Evidence("share of steps that raise their own loss", uphill, MAX_UPHILL, None,
                 "second half, weighted by learning rate"),
    ]  # fmt: skip
    if np.isfinite(update):
        evidence.append(Evidence("largest step relative to the weights of a layer", update, SMALL_UPDATE))
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


@verdict("RAV108", "training too short")
def few_epochs(run: Observation) -> Finding | None:
    """Return a finding that says whether the training is too short.

    A training of few epochs and steps is compared with one of four times the length. The fault is present if
    the longer one has a clearly lower loss. For other trainings, both losses must still fall at the end. As
    much training again would remove more than 10 % of the training loss that is left. The pace of its fall
    must exceed half of that in the first half.

    No fault is reported if the learning rate is too high or too small, or if a penalty, dropout, bad initial
    weights or missing gradients explain the loss. The result is None for a trained model, and if the loss
    diverged.
    """
    if not run.trained or run.diverged:
        return None
    (decrease, decrease_error), pace, gain = remaining_decrease(run), slowdown(run), gain_of(run, "longer")
    falls = still_falls(run, UNFINISHED) and pace > STEADY_PACE and generalizes(run) and highest_loss(run) < 3
    better = gain is not None and gain.clear
    others = [judge(run) for judge in (rate_high, rate_low)]
    explained = clear_gain(run, "without_penalty", "without_dropout") or is_stuck(run) or starts_high(run)
    fires = (
        (falls if gain is None else better)
        and not explained
        and not any(other and other.fires for other in others)
    )
    epochs = run.metadata.epochs
    text = f"{epochs:.3g} epoch{'s' * (epochs != 1)}"
    if better and gain is not None:
        sentence = (
            f"Training is too short: {run.metadata.changed['longer']} epochs in place of {epochs:.3g} lower "
            f"the validation loss from {gain.before:.3g} to {gain.after:.3g}."
        )
    else:
        sentence = (
            f"Training is too short: after {text} the loss falls at {100 * pace:.0f} % of the pace of the "
            f"first half, and as much training again would remove {100 * min(decrease, 1):.0f} % of it."
        )
    return Finding(
        "few_epochs", fires, sentence if fires else "Training is long enough.",
        (
            *(gain.evidence("by longer training") if gain is not None else ()),
            Evidence("share of the loss left that as much training again would remove", decrease, UNFINISHED,
                     2 * decrease_error, "second half"),
            Evidence("pace of the second half over the pace of the first", pace, STEADY_PACE),
        ),
        "G6", 2, ("more epochs",),
    )  # fmt: skip
