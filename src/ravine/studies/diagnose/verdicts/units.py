"""Verdicts on inputs and units: scales, saturation, dead units, gradients that vanish or explode."""

from __future__ import annotations

import numpy as np

from ravine.networks import activation
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding

__all__ = ["dead", "exploding", "not_standardised", "saturated", "vanishing"]

FLOW = 30.0


def not_standardised(o: Observation) -> Finding | None:
    """Columns whose means or scales are not those of standardised ones."""
    mean, sd = o.final("column_mean"), o.final("column_sd")
    used = sd > 0
    if not used.any():
        return None
    mean, sd = mean[used], sd[used]
    if o.metadata.image:  # one mean and scale for all pixels
        mean, sd = np.array([mean.mean()]), np.array([np.sqrt(np.mean(mean**2 + sd**2))])
    offset = float(np.median(np.abs(mean) / sd))
    size = float(np.sqrt(np.mean(mean**2 + sd**2)))
    low, high = np.quantile(sd, [0.1, 0.9])
    spread = float(high / low)
    agreement = float(o.final("agreement"))
    worst = max(offset / 0.5, size / 3, 1 / (3 * max(size, 1e-300)), spread / 10)
    fires = worst > 1
    said = (
        f"The inputs are not standardised: their means are {offset:.2g} of their spreads, their size is "
        f"{size:.3g} and their scales differ {spread:.3g}-fold."
    )
    evidence = [
        Evidence("worst of the four below over its threshold", worst, 1.0, None, "inputs"),
        Evidence("median |mean| / spread of the columns", offset, 0.5),
        Evidence("root mean square of the inputs", size, 3.0),
        Evidence("90th over 10th percentile of the columns' scales", spread, 10.0),
    ]
    if np.isfinite(agreement):
        evidence.append(Evidence("expected agreement of gradient signs, 1/2 + asin(rho)/pi", agreement, 0.6))
        counted = o.series("pairs")[0]
        if counted:
            own = float(o.series("agreeing")[0] / counted)
            evidence.append(
                Evidence("agreement of gradient signs, layer 1", own, None, None, "layer 1, step 0")
            )
    return Finding(
        "not_standardised", fires, said if fires else "The inputs are standardised.", tuple(evidence),
        "P1" if offset > 0.5 else "P2", 2, ("standardise",),
    )  # fmt: skip


def saturated(o: Observation) -> Finding | None:
    """Units on the flat parts of a function that is flat on both sides."""
    if not o.has("saturated") or not activation(o.metadata.activation).saturating:
        return None
    shares = o.final("saturated")[[0, o.end]]
    point, layer = np.unravel_index(int(np.argmax(shares)), shares.shape)
    value = float(shares[point, layer])
    error = float(np.sqrt(max(value * (1 - value), 0) / o.metadata.valid))
    fires = value > 0.5
    where = f"layer {layer + 1}, step {int(o.series('step')[0 if point == 0 else o.end])}"
    said = (
        f"Units are saturated: {100 * value:.0f} % of the values in {where} lie where "
        f"{o.metadata.activation} is flat."
    )
    return Finding(
        "saturated", fires, said if fires else "Units are not saturated.",
        (Evidence("share of values whose derivative is below 5 % of its maximum", value, 0.5, error, where),),
        "A1", 2, ("standardise", "initialisation", "relu", "rate / 10"),
    )  # fmt: skip


def dead(o: Observation) -> Finding | None:
    """Units whose derivative is zero for every row."""
    if not o.has("dead") or not activation(o.metadata.activation).has_flat_side:
        return None
    shares = o.final("dead")[o.end]
    layer = int(np.argmax(shares))
    value = float(shares[layer])
    unseen = float(1 - 0.05 ** (1 / max(o.metadata.valid, 1)))
    fires = value > 0.4
    where = f"layer {layer + 1}, step {int(o.series('step')[o.end])}"
    said = f"Units are dead: {100 * value:.0f} % of {where.split(',')[0]} pass no gradient for any row."
    return Finding(
        "dead", fires, said if fires else "Units are not dead.",
        (Evidence("share of units flat for every validation row", value, 0.4, unseen, where),),
        "A2", 2, ("standardise", "initialisation", "rate / 10", "leaky_relu", "batchnorm"),
    )  # fmt: skip


def _gradient_flow(o: Observation) -> tuple[float, float, float] | None:
    """Return gradient at the first over that at the last hidden layer, gain of a layer, error of its log."""
    if not o.has("flow"):
        return None
    norms = o.final("flow")[0]
    depth = np.flatnonzero(norms > 0)
    if len(norms) < 2:
        return None
    if len(depth) < 2 or depth[0] > 0:  # underflow: nothing arrives at all
        return 0.0, 0.0, 0.0
    logs = np.log(norms[depth])
    x = depth - depth.mean()
    slope = float(x @ logs / (x @ x))
    rest = logs - logs.mean() - slope * x
    error = float(np.sqrt(rest @ rest / max(len(depth) - 2, 1) / (x @ x)))
    return float(np.exp(logs[0] - logs[-1])), float(np.exp(-slope)), error


def _flow_finding(o: Observation, name: str, over: float, said: str, fine: str) -> Finding | None:
    flow = _gradient_flow(o)
    if flow is None:
        return None
    total, gain, error = flow
    fires = over > FLOW
    hidden = len(o.final("flow")[0])
    return Finding(
        name, fires, said.format(total=total, gain=gain, hidden=hidden) if fires else fine,
        (
            Evidence(
                "gradient at the first over that at the last hidden layer", total,
                1 / FLOW if name == "vanishing" else FLOW, None, "step 0",
            ),
            Evidence("gain of one layer backwards", gain, None, gain * error, f"{hidden} hidden layers"),
        ),
        "A2", 2, ("initialisation", "relu", "residual", "batchnorm"),
    )  # fmt: skip


def vanishing(o: Observation) -> Finding | None:
    """Gradients that do not reach the first layers."""
    flow = _gradient_flow(o)
    return flow and _flow_finding(
        o, "vanishing", 1 / max(flow[0], 1e-300),
        "Gradients vanish: each of {hidden} hidden layers passes {gain:.2g} of its gradient back, "
        "{total:.2g} in all.",
        "Gradients do not vanish.",
    )  # fmt: skip


def exploding(o: Observation) -> Finding | None:
    """Gradients that grow on their way back; where the loss diverged, that is the finding."""
    if o.diverged:
        return None
    flow = _gradient_flow(o)
    return flow and _flow_finding(
        o, "exploding", flow[0],
        "Gradients explode: each of {hidden} hidden layers multiplies its gradient by {gain:.2g}, "
        "{total:.3g} in all.",
        "Gradients do not explode.",
    )  # fmt: skip
