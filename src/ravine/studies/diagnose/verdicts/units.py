"""Verdicts on inputs and hidden units: scales of inputs, saturated, dead or equal units, gradient flow."""

from __future__ import annotations

import numpy as np

from ravine.networks import activation
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.gain import gain_of
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["dead", "exploding", "not_standardized", "saturated", "units_alike", "vanishing"]

MAX_ALIKE = 0.5  # share of the units of a layer
LEARNED = 0.1  # share of the loss of a constant; a network that removed less has learned nothing
MAX_DEAD = 0.4  # the same, as `ravine.studies.diagnose.changed_runs.MANY_DEAD`
MAX_FLOW_RATIO = 30.0  # of the gradients at the first and the last hidden layer


@verdict("RAV401", "inputs not standardized")
def not_standardized(run: Observation) -> Finding | None:
    """Return a finding that says whether the inputs of the network are not standardized.

    One of three numbers must be out of range, over the columns that are not constant:

    - The median of abs(mean) / standard deviation exceeds 0.5.
    - The root mean square of the inputs is below 1/3 or above 3.
    - The 90th percentile of the standard deviations exceeds 10 times the 10th percentile.

    All pixels of an image count as one column. The result is None if all columns are constant.
    """
    mean, sd = run.final("column_mean"), run.final("column_sd")
    used = sd > 0
    if not used.any():
        return None
    mean, sd = mean[used], sd[used]
    if run.metadata.image:  # one mean and scale for all pixels
        mean, sd = np.array([mean.mean()]), np.array([np.sqrt(np.mean(mean**2 + sd**2))])
    offset = float(np.median(np.abs(mean) / sd))
    size = float(np.sqrt(np.mean(mean**2 + sd**2)))
    low, high = np.quantile(sd, [0.1, 0.9])
    spread = float(high / low)
    agreement = float(run.final("agreement"))
    worst = max(offset / 0.5, size / 3, 1 / (3 * max(size, 1e-300)), spread / 10)
    fires = worst > 1
    sentence = (
        f"The inputs are not standardized: their means are {offset:.2g} standard deviations, their root mean "
        f"square is {size:.3g}, and their scales differ {spread:.3g}-fold."
    )
    evidence = [
        Evidence("largest of the numbers below over its threshold", worst, 1.0, None, "inputs"),
        Evidence("median |mean| / standard deviation of the columns", offset, 0.5),
        Evidence("root mean square of the inputs", size, 3.0),
        Evidence("90th over 10th percentile of the columns' scales", spread, 10.0),
    ]
    if np.isfinite(agreement):
        evidence.append(Evidence("expected agreement of gradient signs, 1/2 + asin(rho)/pi", agreement, 0.6))
        pairs = run.series("pairs")[0]
        if pairs:
            observed = float(run.series("agreeing")[0] / pairs)
            evidence.append(
                Evidence("agreement of gradient signs, layer 1", observed, None, None, "layer 1, step 0")
            )
    return Finding(
        "not_standardized", fires, sentence if fires else "The inputs are standardized.", tuple(evidence),
        "P1" if offset > 0.5 else "P2", 2, ("standardize",),
    )  # fmt: skip


@verdict("RAV202", "saturated units")
def saturated(run: Observation) -> Finding | None:
    """Return a finding that says whether hidden units are saturated, in the flat parts of sigmoid or tanh.

    Measured is the share of the values of a layer whose derivative is below 5 % of its maximum, over units
    and validation rows. The fault is present if the share exceeds 0.5 in any layer at the start or at the end
    of the run. The result is None for an activation that is not flat on both sides.
    """
    if not run.has("saturated") or not activation(run.metadata.activation).saturating:
        return None
    shares = run.final("saturated")[[0, run.end]]
    point, layer = np.unravel_index(int(np.argmax(shares)), shares.shape)
    value = float(shares[point, layer])
    error = float(np.sqrt(max(value * (1 - value), 0) / run.metadata.valid))
    fires = value > 0.5
    where = f"layer {layer + 1}, step {int(run.series('step')[0 if point == 0 else run.end])}"
    sentence = (
        f"Units are saturated: {100 * value:.0f} % of the values in {where} lie where "
        f"{run.metadata.activation} is flat."
    )
    return Finding(
        "saturated", fires, sentence if fires else "Units are not saturated.",
        (Evidence("share of values whose derivative is below 5 % of its maximum", value, 0.5, error, where),),
        "A1", 2, ("standardize", "initialization", "relu", "rate / 10"),
    )  # fmt: skip


@verdict("RAV201", "dead units")
def dead(run: Observation) -> Finding | None:
    """Return a finding that says whether hidden units are dead: their derivative is almost 0 for every row.

    Measured is the largest share of such units in a layer, on validation rows at the end of the run. The
    fault is present if the share exceeds 0.4 and one of these holds:

    - The same training with leaky ReLU, in which no unit dies, has a clearly lower loss, or was not made.
    - More than 40 % of the units of a layer were dead at the start, so that they never learned anything.
    - All units of the layer are dead, or training removed at most a tenth of the loss of a constant
      prediction.

    Otherwise the dead units cost nothing, since many networks have more units than they need. The result is
    None for an activation that is flat on no side.
    """
    if not run.has("dead") or not activation(run.metadata.activation).has_flat_side:
        return None
    shares = run.final("dead")[run.end]
    layer = int(np.argmax(shares))
    value = float(shares[layer])
    error = float(1 - 0.05 ** (1 / max(run.metadata.valid, 1)))
    at_start = float(np.max(run.final("dead")[0]))
    gain = gain_of(run, "living_units")
    better = gain is not None and gain.clear
    compared = run.has("living_units")  # also by a training that diverged, which has no gain
    learned = run.progress > LEARNED
    wrong = at_start > MAX_DEAD or value == 1 or not learned
    fires = value > MAX_DEAD and (better or not compared or wrong)
    where = f"layer {layer + 1}, step {int(run.series('step')[run.end])}"
    units = f"{100 * value:.0f} % of the units in layer {layer + 1}"
    sentence = f"Units are dead: {units} pass no gradient for any row."
    healthy = f"{units} are dead, which costs nothing." if value > MAX_DEAD else "Units are not dead."
    return Finding(
        "dead", fires, sentence if fires else healthy,
        (
            Evidence("share of units that are flat for every validation row", value, MAX_DEAD, error, where),
            Evidence("the same at the start", at_start, MAX_DEAD),
            *(() if gain is None else gain.evidence("with leaky ReLU")),
        ),
        "A2", 2, ("standardize", "initialization", "rate / 10", "leaky_relu", "batchnorm"),
    )  # fmt: skip


@verdict("RAV206", "units that start alike")
def units_alike(run: Observation) -> Finding | None:
    """Return a finding that says whether units of a hidden layer start with equal incoming weights.

    The fault is present if more than half of the units of a layer have the incoming weights of another unit.
    Such units stay copies of one another if their outgoing weights are equal too. A trained model is examined
    as it is. The result is None without a hidden layer.
    """
    if not run.has("alike") or not len(run.final("alike")):
        return None
    shares = run.final("alike")
    layer = int(np.argmax(shares))
    value = float(shares[layer])
    fires = value > MAX_ALIKE
    verb = "start" if run.trained else "are"
    healthy = f"Units {'start with' if run.trained else 'have'} different weights."
    sentence = (
        f"Units {verb} alike: {100 * value:.0f} % of the units in layer {layer + 1} have the same incoming "
        "weights as another unit. If their outgoing weights are equal too, they stay copies of one another."
    )
    return Finding(
        "units_alike", fires, sentence if fires else healthy,
        (Evidence("share of units with the incoming weights of another unit", value, MAX_ALIKE, None,
                  f"layer {layer + 1}, step 0"),),
        "L2", 3, ("initialization",),
    )  # fmt: skip


def _gradient_flow(run: Observation) -> tuple[float, float, float] | None:
    """Return how the gradient changes from the last to the first hidden layer; None without two layers.

    The three numbers are the gradient at the first over that at the last hidden layer, the factor per layer,
    and the error of the logarithm of this factor.
    """
    if not run.has("flow"):
        return None
    norms = run.final("flow")[0]
    depth = np.flatnonzero(norms > 0)
    if len(norms) < 2:
        return None
    if len(depth) < 2 or depth[0] > 0:  # underflow: the first layers get no gradient
        return 0.0, 0.0, 0.0
    logs = np.log(norms[depth])
    x = depth - depth.mean()
    slope = float(x @ logs / (x @ x))
    rest = logs - logs.mean() - slope * x
    error = float(np.sqrt(rest @ rest / max(len(depth) - 2, 1) / (x @ x)))
    return float(np.exp(logs[0] - logs[-1])), float(np.exp(-slope)), error


def _flow_finding(run: Observation, name: str, ratio: float, fault: str, healthy: str) -> Finding | None:
    """Return a verdict on vanishing or exploding gradients.

    ratio: factor by which gradients vanish or explode; 1 = not at all.
    """
    flow = _gradient_flow(run)
    if flow is None:
        return None
    total, gain, error = flow
    fires = ratio > MAX_FLOW_RATIO
    hidden = len(run.final("flow")[0])
    return Finding(
        name, fires, fault.format(total=total, gain=gain, hidden=hidden) if fires else healthy,
        (
            Evidence(
                "gradient at the first over the last hidden layer", total,
                1 / MAX_FLOW_RATIO if name == "vanishing" else MAX_FLOW_RATIO, None, "step 0",
            ),
            Evidence("gain of one layer backwards", gain, None, gain * error, f"{hidden} hidden layers"),
        ),
        "A2", 2, ("initialization", "relu", "residual", "batchnorm"),
    )  # fmt: skip


@verdict("RAV203", "vanishing gradients")
def vanishing(run: Observation) -> Finding | None:
    """Return a finding that says whether gradients vanish on their way back to the first hidden layer.

    Measured before the first step is a gradient norm: of the loss with respect to the activations of a hidden
    layer. The fault is present if the norm at the first hidden layer is below 1/30 of that at the last. The
    result is None with fewer than two hidden layers.
    """
    flow = _gradient_flow(run)
    return flow and _flow_finding(
        run, "vanishing", 1 / max(flow[0], 1e-300),
        "Gradients vanish: from each of {hidden} hidden layers to the one before, the gradient is multiplied "
        "by {gain:.2g}, {total:.2g} in total.",
        "Gradients do not vanish.",
    )  # fmt: skip


@verdict("RAV204", "exploding gradients")
def exploding(run: Observation) -> Finding | None:
    """Return a finding that says whether gradients explode on their way back to the first hidden layer.

    Measured before the first step is a gradient norm: of the loss with respect to the activations of a hidden
    layer. The fault is present if the norm at the first hidden layer exceeds 30 times that at the last. The
    result is None with fewer than two hidden layers. It is also None if the loss diverged; the verdict
    `rate_high` then applies.
    """
    if run.diverged:
        return None
    flow = _gradient_flow(run)
    return flow and _flow_finding(
        run, "exploding", flow[0],
        "Gradients explode: from each of {hidden} hidden layers to the one before, the gradient is "
        "multiplied by {gain:.2g}, {total:.3g} in total.",
        "Gradients do not explode.",
    )  # fmt: skip
