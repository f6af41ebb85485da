"""Verdicts: pure functions of what was observed, so that each is had again from the saved record. NumPy only.

Each reads one number against one threshold, which the table in `docs/diagnose.md` explains. A verdict that
does not apply (no hidden layer, no classes, no history) is None: it is not said to be fine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine.studies.diagnosing.observation import Observation

__all__ = ["PRINCIPLES", "VERDICTS", "Evidence", "Finding", "judge"]

PRINCIPLES = {  # claims of the lecture, as `ravine lecture ID` shows them
    "L4": "to converge needs a rate below 2 / curvature",
    "L6": "on real networks training runs to that edge",
    "L8": "saddles outnumber minima in high dimension",
    "L9": "at zero gradient descent is stuck; along a saddle it crawls",
    "N1": "ill-conditioning: crawl along the shallow, jitter along the steep",
    "N2": "minibatch gradients are noisy",
    "N3": "start high, decrease the rate",
    "P1": "always-positive inputs make a neuron's gradients all of one sign",
    "P2": "standardising fixes the geometry",
    "A1": "sigmoid and tanh saturate on both sides",
    "A2": "saturation starves early layers",
    "G1": "deep nets fit random labels",
    "G6": "early stopping with patience",
    "G7": "beware double descent",
    "G9": "batch normalisation",
    "L2": "where you start decides where you end",
    "O8": "reported with intervals, never assumed",
}


@dataclass(frozen=True)
class Evidence:
    """One number: `what`, its `value` and `error` (None where it has none), the `threshold`, and `where`."""

    what: str
    value: float
    threshold: float | None = None
    error: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict on one run. `fires`: whether it is said; `severity`: 0 only told, 3 the worst.

    The first of `evidence` is the number that decided.
    """

    verdict: str
    fires: bool
    sentence: str
    evidence: tuple[Evidence, ...]
    principle: str
    severity: int = 2
    remedies: tuple[str, ...] = field(default=())


Verdict = Callable[[Observation], Finding | None]


def judge(record: Any) -> list[Finding]:
    """Return every verdict that applies to a record, those that fire first, worst first."""
    seen = Observation(record)
    found = [finding for verdict in VERDICTS for finding in [verdict(seen)] if finding is not None]
    order = {id(each): k for k, each in enumerate(found)}
    return sorted(found, key=lambda each: (not each.fires, -each.severity, order[id(each)]))


# ------------------------------------------------------------------------------------------------ the rate


def rate_high(o: Observation) -> Finding | None:
    """The loss diverged, or rose far above its start and did not come back."""
    if not o.trained and not o.diverged:
        return None
    peak = _peak(o)
    ratio, error = o.ratio()
    known = np.isfinite(ratio)
    top = int(np.flatnonzero(known)[np.argmax(ratio[known])]) if known.any() else None
    evidence = [Evidence("highest batch loss over the loss at the start", peak, 3.0)]
    if top is not None:
        evidence.append(
            Evidence(
                f"curvature over the limit {o.about('formula')}", float(ratio[top]), 1.0, float(error[top]),
                f"step {int(o.series('step')[top])}, top eigenvector",
            )
        )  # fmt: skip
    evidence.append(
        Evidence("share of steps that raise their own loss", float(np.nanmean(o.series("raised"))), 0.5)
    )
    above = top is not None and float(ratio[top]) > 1
    stuck = peak > 10 or (o.progress < 0.5 and (peak > 3.0 or (above and peak > 1.5)))
    fires = o.diverged or stuck
    rate = o.about("rate")
    if o.diverged:
        # the steps counted are those before the loss became infinite
        finite = np.isfinite(o.final("curve"))
        at = int(np.argmin(finite)) if not finite.all() else len(finite)
        evidence.insert(
            0, Evidence("first step whose loss is not finite", float(at), float(o.about("steps")))
        )
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


def _peak(o: Observation) -> float:
    """Return the highest loss met over that at the start: means of stretches, since single batches vary."""
    met = np.concatenate([o.series("train_loss"), o.series("batch_loss")])
    curve = o.final("curve")
    if o.diverged and len(curve):  # the stretch it diverged in has no mean
        finite = curve[np.isfinite(curve)]
        met = np.append(met, finite.max() if len(finite) else np.nan)
    met = met[np.isfinite(met)]
    start = max(float(o.series("train_loss")[0]), o.constant_loss, 1e-300)
    return float(met.max()) / start if len(met) and np.isfinite(start) else 1.0


def edge(o: Observation) -> Finding | None:
    """Curvature at the stability limit while the loss falls."""
    ratio, error = o.ratio()
    known = np.flatnonzero(np.isfinite(ratio) & (o.series("step") > 0))
    if len(known) < 4 or not o.trained:
        return None
    last = known[len(known) // 2 :]
    value = float(np.median(ratio[last]))
    loss = o.series("train_loss")
    fell = loss[last[-1]] < loss[last[0]]
    fires = bool(0.8 <= value <= 1.3 and fell and not o.diverged)
    said = (
        f"Training sits at the edge of stability: curvature is {value:.2f} of the limit, and the loss falls."
    )
    return Finding(
        "edge", fires, said if fires else "Training is not at the edge of stability.",
        (
            Evidence(
                f"curvature over the limit {o.about('formula')}", value, 0.8, float(np.max(error[last])),
                f"median of {len(last)} points from step {int(o.series('step')[last[0]])}, top eigenvector",
            ),
            Evidence("share of steps that raise their own loss", float(np.nanmean(o.series("raised")[last]))),
        ),
        "L6", 0, ("decay",),
    )  # fmt: skip


def _falling(o: Observation) -> tuple[float, float]:
    """Return what as much training again would remove of the loss left, and its error.

    By the slope of the second half against the rates spent, in which a rate that falls to zero is fair; 0
    where less than 15 % of the loss of a constant is left.
    """
    loss, rate = o.series("train_loss")[: o.end + 1], o.series("rate")[: o.end + 1]
    spent = np.concatenate([[0.0], np.cumsum(rate[1:])])
    half = len(loss) // 2
    left = float(loss[-1])
    if len(loss) < 6 or left < 0.15 * o.constant_loss or not spent[-1] > 0:
        return 0.0, 0.0
    x, y = spent[half:] / spent[-1], loss[half:]
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (x @ x)))
    return -slope / left, error / left


def _still(o: Observation) -> bool:
    """Whether the loss is still falling at the end, beyond doubt and by something that matters."""
    falling, doubt = _falling(o)
    at_stake = falling * float(o.series("train_loss")[o.end]) / max(o.constant_loss, 1e-300)
    return bool(falling > max(FALLING, 4 * doubt) and at_stake > 0.02)


PACE, JITTER = 0.3, 0.01


def _pace(o: Observation) -> float:
    """Return the pace of the second half over that of the first: loss removed for the rates spent.

    From the loss of a constant on: bad first weights are put right in a few steps, at any rate.
    """
    loss, rate = o.series("train_loss")[: o.end + 1], o.series("rate")[: o.end + 1]
    half = len(loss) // 2
    first, second = float(rate[1 : half + 1].sum()), float(rate[half + 1 :].sum())
    begin = min(float(loss[0]), o.constant_loss)
    if not (first > 0 and second > 0 and begin > loss[half]):
        return 1.0
    return float((loss[half] - loss[-1]) / second * first / (begin - loss[half]))


def _generalises(o: Observation) -> bool:
    """Whether the validation loss falls with the training loss: else more training is memorising."""
    valid = o.series("valid_loss")[: o.end + 1]
    return bool(valid[-1] < np.median(valid[len(valid) // 2 :]))


def _reach(o: Observation) -> tuple[float, float]:
    """Return the largest curvature over the limit, and its error; NaN where no limit is known."""
    ratio, error = o.ratio()
    known = np.flatnonzero(np.isfinite(ratio) & (o.series("step") > 0))
    if not len(known):
        return np.nan, np.nan
    middle = known[np.argsort(ratio[known])[len(known) // 2]]
    return float(ratio[middle]), float(error[middle])


FALLING = 0.02
AGAIN = "share of the loss left that as much training again would remove"


def rate_low(o: Observation) -> Finding | None:
    """Still falling at the end, far below the limit."""
    if not o.trained or o.diverged:
        return None
    (falling, doubt), (reach, error) = _falling(o), _reach(o)
    raised = o.series("raised")[: o.end + 1]
    jitter = float(np.mean(raised[len(raised) // 2 :]))  # steps that are too small never raise their own loss
    far = (not np.isfinite(reach) or reach < 0.1) and jitter <= JITTER
    fires = bool(_still(o) and _pace(o) > PACE and _generalises(o) and far and not _stuck(o) and _peak(o) < 3)
    said = (
        f"The learning rate {o.about('rate'):.3g} is too small: at the pace of its second half, as much "
        f"training again would remove {100 * falling:.0f} % of the loss left."
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
    evidence.append(Evidence("pace of the second half over that of the first", _pace(o), PACE))
    evidence.append(Evidence("share of steps that raise their own loss", jitter, JITTER, None, "second half"))
    if np.isfinite(reach):
        evidence.append(
            Evidence(f"curvature over the limit {o.about('formula')}", reach, 0.1, error, "median of the run")
        )
    return Finding(
        "rate_low", fires, said if fires else "The learning rate is not too small.", tuple(evidence), "L4", 2,
        ("rate x 10", "rate x 30", "rate x 100"),
    )  # fmt: skip


def ill_conditioned(o: Observation) -> Finding | None:
    """Still falling at the end, at a rate that could not be much higher."""
    if not o.trained or o.diverged:
        return None
    (falling, doubt), (reach, error) = _falling(o), _reach(o)
    if not np.isfinite(reach):
        return None
    condition = float(o.final("column_condition"))
    fires = bool(_still(o) and 0.1 <= reach <= 1.5 and condition > 100 and _peak(o) < 3)
    said = (
        f"The problem is ill-conditioned: the inputs' condition number is {condition:.3g}, the rate is at "
        f"{reach:.2g} of its limit, and the loss still falls."
    )
    return Finding(
        "ill_conditioned", fires, said if fires else "Conditioning does not hold training up.",
        (
            Evidence(AGAIN, falling, FALLING, 2 * doubt, "second half"),
            Evidence("condition number of the inputs' second moments", condition, 100.0),
            Evidence("curvature over the limit", reach, 0.1, error, "median of the run"),
            Evidence("iterations gradient descent needs, condition ln(10) / 2", condition * np.log(10) / 2),
        ),
        "N1", 2, ("standardise", "momentum", "adam", "batchnorm"),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------- inputs and units


def not_standardised(o: Observation) -> Finding | None:
    """Columns whose means or scales are not those of standardised ones."""
    mean, sd = o.final("column_mean"), o.final("column_sd")
    used = sd > 0
    if not used.any():
        return None
    mean, sd = mean[used], sd[used]
    if o.about("image"):  # one mean and scale for all pixels
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
    if not o.has("saturated") or o.about("activation") not in ("sigmoid", "tanh"):
        return None
    shares = o.final("saturated")[[0, o.end]]
    point, layer = np.unravel_index(int(np.argmax(shares)), shares.shape)
    value = float(shares[point, layer])
    error = float(np.sqrt(max(value * (1 - value), 0) / o.about("valid")))
    fires = value > 0.5
    where = f"layer {layer + 1}, step {int(o.series('step')[0 if point == 0 else o.end])}"
    said = (
        f"Units are saturated: {100 * value:.0f} % of the values in {where} lie where "
        f"{o.about('activation')} is flat."
    )
    return Finding(
        "saturated", fires, said if fires else "Units are not saturated.",
        (Evidence("share of values whose derivative is below 5 % of its maximum", value, 0.5, error, where),),
        "A1", 2, ("standardise", "initialisation", "relu", "rate / 10"),
    )  # fmt: skip


def dead(o: Observation) -> Finding | None:
    """Units whose derivative is zero for every row."""
    if not o.has("dead") or o.about("activation") == "leaky_relu":
        return None
    shares = o.final("dead")[o.end]
    layer = int(np.argmax(shares))
    value = float(shares[layer])
    unseen = float(1 - 0.05 ** (1 / max(o.about("valid"), 1)))
    fires = value > 0.4
    where = f"layer {layer + 1}, step {int(o.series('step')[o.end])}"
    said = f"Units are dead: {100 * value:.0f} % of {where.split(',')[0]} pass no gradient for any row."
    return Finding(
        "dead", fires, said if fires else "Units are not dead.",
        (Evidence("share of units flat for every validation row", value, 0.4, unseen, where),),
        "A1", 2, ("standardise", "initialisation", "rate / 10", "leaky_relu", "batchnorm"),
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


FLOW = 30.0


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
    """Gradients that grow on their way back."""
    flow = _gradient_flow(o)
    return flow and _flow_finding(
        o, "exploding", flow[0],
        "Gradients explode: each of {hidden} hidden layers multiplies its gradient by {gain:.2g}, "
        "{total:.3g} in all.",
        "Gradients do not explode.",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ noise, plateaus


def noise(o: Observation) -> Finding | None:
    """The weights dance around a point whose loss is lower than any of theirs."""
    if not o.has("averaged") or o.diverged:
        return None
    averaged, own, _ = o.final("averaged")
    lost = float(own - averaged) / max(own, 1e-300)
    scale, _, _ = o.noise_scale(slice(-5, None))
    batch = o.about("batch_size")
    at_stake = float(own - averaged) / max(o.constant_loss, 1e-300)
    fires = bool(lost > 0.15 and at_stake > 0.02 and scale > batch and _peak(o) < 3)
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
        "noise", fires, said if fires else "Gradient noise does not hold training up.", tuple(evidence),
        "N2", 2, ("decay", "average", "batch x 4"),
    )  # fmt: skip


STUCK = 0.01


def _arriving(o: Observation) -> float:
    """Return the gradient of a row's loss at the first hidden layer, root mean square; NaN without one."""
    if not o.has("flow"):
        return np.nan
    return float(o.final("flow")[o.end][0] * np.sqrt(o.about("valid")))


def _stuck(o: Observation) -> bool:
    """Whether nothing was learned because nothing reaches the first weights."""
    return o.progress < 0.15 and _arriving(o) < STUCK


def _pull(o: Observation) -> float:
    """Return |gradient| |weights| over the loss of a constant, the gradient's noise taken off."""
    grown = max(float(o.series("weight_norm")[o.end]), 1.0)
    _, _, signal = o.noise_scale(slice(max(0, o.end - 4), o.end + 1))
    return float(np.sqrt(max(signal, 0.0))) * grown / max(o.constant_loss, 1e-300)


def plateau(o: Observation) -> Finding | None:
    """Stuck where the gradient is nothing: a saddle where there is a way down, else a plateau."""
    if not o.trained or o.diverged or not o.has("lowest") or not o.has("flow"):
        return None  # without a hidden layer the loss is convex: nothing to be stuck at
    low, residual, high, _ = o.final("lowest")
    pull = _pull(o)
    fires = bool(_stuck(o) and _peak(o) < 1.5)
    tolerance = max(abs(residual), 1e-3 * abs(high), 1e-7) if np.isfinite(low) else np.nan
    saddle = bool(np.isfinite(low) and low < -tolerance)
    steps = o.about("steps")
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
        Evidence("gradient of a row's loss at the first hidden layer", _arriving(o), STUCK, None, "the end"),
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
        ("initialisation", "relu", "momentum", "adam", "rate x 10"),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------- generalisation


def overfits(o: Observation) -> Finding | None:
    """Validation loss has risen from its lowest, or is far above the training loss."""
    train, valid = o.final("train_rows"), o.final("valid_rows")
    if len(valid) < 8 or o.diverged or not (np.isfinite(train).all() and np.isfinite(valid).all()):
        return None
    gap = float(valid.mean() - train.mean())
    gap_error = float(np.sqrt(valid.var() / len(valid) + train.var() / len(train)))
    change = valid - o.final("best_rows")
    rise, error = float(change.mean()), float(change.std() / np.sqrt(len(change)))
    constant = max(o.constant_loss, 1e-300)
    rises = rise > 2 * error and rise > 0.1 * constant
    memorises = gap > 2 * gap_error and gap > 0.4 * constant and o.progress > 0.5
    fires = bool(rises or memorises)
    best = int(o.series("step")[o.about("best")])
    low = float(o.final("best_rows").mean())
    if rises:
        said = (
            f"The network overfits: validation loss rose from {low:.3g} at step {best:,} to "
            f"{valid.mean():.3g}."
        )
    else:
        said = f"The network memorises: training loss {train.mean():.3g}, validation loss {valid.mean():.3g}."
    return Finding(
        "overfits", fires, said if fires else "The network does not overfit.",
        (
            Evidence("rise of the validation loss from its lowest", rise, 0.1 * constant, 1.96 * error,
                     f"steps {best:,} to {int(o.series('step')[o.end]):,}"),
            Evidence("validation less training loss", gap, 0.4 * constant, 1.96 * gap_error, "the end"),
            *_membership(train, valid),
        ),
        "G1", 2, ("early stopping", "dropout", "l2", "smaller"),
    )  # fmt: skip


def _membership(train: np.ndarray, valid: np.ndarray) -> list[Evidence]:
    """Return what an attack gains that guesses "member" below a loss chosen on every second row."""
    cuts = np.quantile(np.concatenate([train[::2], valid[::2]]), np.linspace(0, 1, 101))
    gain = [(train[::2] <= cut).mean() - (valid[::2] <= cut).mean() for cut in cuts]
    cut = cuts[int(np.argmax(gain))]
    p, q = (train[1::2] <= cut).mean(), (valid[1::2] <= cut).mean()
    n, m = len(train[1::2]), len(valid[1::2])
    error = 1.96 * float(np.sqrt(p * (1 - p) / n + q * (1 - q) / m))
    return [Evidence("advantage of a membership attack", float(p - q), None, error, "the end")]


def peak(o: Observation) -> Finding | None:
    """As many weights as numbers to fit, fitted exactly, and wrong elsewhere."""
    if not o.trained or o.diverged:
        return None
    size = float(o.about("parameters")) / (o.about("train") * max(1, _answers(o)))
    valid = float(np.mean(o.final("valid_rows")))
    worse = valid / max(o.constant_loss, 1e-300)
    fires = bool(1 / 3 <= size <= 3 and o.progress > 0.8 and worse > 1.2)
    said = (
        f"The network is near the interpolation peak: {size:.2g} weights for each number to fit, training "
        f"loss almost gone, and validation loss {worse:.2g} times that of a constant."
    )
    return Finding(
        "peak", fires, said if fires else "The network is not at the interpolation peak.",
        (
            Evidence("validation loss over that of a constant", worse, 1.2),
            Evidence("weights over rows times outputs", size, 3.0),
            Evidence("share of the training loss removed", o.progress, 0.8),
        ),
        "G7", 2, ("l2", "ridge", "wider", "early stopping"),
    )  # fmt: skip


def _answers(o: Observation) -> int:
    return int(o.about("outputs"))


def lottery(o: Observation) -> Finding | None:
    """Seeds that end in quite different places."""
    if not o.has("spread"):
        return None
    spread = o.final("spread")
    value = float(np.std(spread, ddof=1))
    good = float(np.quantile(spread, 0.9))
    failed = float(np.mean(spread < 0.7 * good)) if good > 0.2 else 0.0
    error = float(1.96 * value / np.sqrt(2 * max(len(spread) - 1, 1)))
    fires = bool(value > 0.12 and 0.1 <= failed <= 0.9 and good > 0.2)
    said = (
        f"The seed decides: of {len(spread)} seeds {100 * failed:.0f} % remove less than 70 % of the loss "
        "that the best do."
    )
    return Finding(
        "lottery", fires, said if fires else "Seeds end alike.",
        (
            Evidence("spread over seeds of the share of the loss removed", value, 0.12, error,
                     f"{len(spread)} seeds"),
            Evidence("share of seeds below 70 % of the best", failed, 0.1),
        ),
        "L2", 2, ("wider", "adam", "initialisation", "relu"),
    )  # fmt: skip


# --------------------------------------------------------------------------------------------- data checks


def imbalance(o: Observation) -> Finding | None:
    """A rare class that is not recognised."""
    if not o.has("counts"):
        return None
    counts, recall, there = o.final("counts"), o.final("recall"), o.final("valid_counts")
    if there.min() < 3:
        return None
    rare = int(np.argmin(counts))
    share = float(counts[rare] / counts.sum() * len(counts))
    error = float(np.sqrt(recall[rare] * (1 - recall[rare]) / there[rare]))
    others = float(np.sum(np.delete(recall * there, rare)) / np.sum(np.delete(there, rare)))
    fires = bool(share < 0.3 and recall[rare] < 0.5 and others > recall[rare] + 0.3)
    name = o.about("classes")[rare]
    said = (
        f"Classes are imbalanced: '{name}' is {100 * counts[rare] / counts.sum():.1f} % of the rows, and "
        f"{100 * recall[rare]:.0f} % of it is recognised."
    )
    return Finding(
        "imbalance", fires, said if fires else "Rare classes are recognised.",
        (
            Evidence("share of the rarest class that is recognised", float(recall[rare]), 0.5, 1.96 * error,
                     f"class '{name}'"),
            Evidence("share of the others that is recognised", others, float(recall[rare]) + 0.3),
            Evidence("its rows over those of equal classes", share, 0.3),
        ),
        "O8", 1, (),
    )  # fmt: skip


def leaking(o: Observation) -> Finding | None:
    """Columns that give the target away."""
    names = o.about("leaks")
    shown = ", ".join(f"'{each}'" for each in names[:3])
    said = f"A column may leak the target: {shown} alone predicts it almost without error."
    return Finding(
        "leaking", bool(names), said if names else "No column gives the target away.",
        (Evidence("columns that alone leave a twentieth of the error or less", float(len(names)), 0.0),),
        "O8", 3, (),
    )  # fmt: skip


def constant_columns(o: Observation) -> Finding | None:
    """Columns that are the same in every training row."""
    sd = o.final("column_sd")
    count = int(np.sum(sd == 0))
    names = [name for name, each in zip(o.about("features"), sd, strict=True) if each == 0]
    shown = ", ".join(f"'{each}'" for each in names[:3]) + (" and others" if count > 3 else "")
    plural = "s are" if count > 1 else " is"
    said = f"{count} column{plural} constant in the training rows, and say nothing: {shown}."
    return Finding(
        "constant_columns", count > 0, said if count else "No column is constant.",
        (Evidence("constant columns", float(count), 0.0),), "P2", 0, (),
    )  # fmt: skip


def contradicting(o: Observation) -> Finding | None:
    """Equal rows with different labels."""
    if not o.has("contradicting"):
        return None
    value = float(o.final("contradicting"))
    fires = value > 0.02
    said = (
        f"Labels contradict each other: {100 * value:.1f} % of the training rows have the inputs of rows "
        "with another label."
    )
    return Finding(
        "contradicting", fires, said if fires else "Labels do not contradict each other.",
        (Evidence("share of rows with the inputs of others and another label", value, 0.02),), "G1", 1, (),
    )  # fmt: skip


def batchnorm(o: Observation) -> Finding | None:
    """A network that is another one in training than in use."""
    if o.about("norm") != "batchnorm" or o.diverged:
        return None
    some = slice(max(1, o.end - 4), o.end + 1)  # one look at small batches is noisy
    use, training = (float(np.mean(o.series(name)[some])) for name in ("train_loss", "objective"))
    value = (use - training) / max(use, training, 0.05 * o.constant_loss)
    batch = int(o.about("batch_size"))
    # of normal values; of images every place counts, so a few suffice
    sampled = 0.0 if "conv" in o.about("network") else float(np.sqrt(2 / max(batch - 1, 1)))
    fires = bool(value > 0.25 or sampled > 0.6)
    if sampled > 0.6:
        said = (
            f"Batches are too small for batch normalisation: the variance of {batch} values is known to "
            f"{100 * sampled:.0f} %."
        )
    else:
        said = (
            f"Batch normalisation disagrees with itself: the loss on training rows is {training:.3g} with "
            f"the statistics of batches of {batch}, and {use:.3g} with the running ones."
        )
    evidence = (
        Evidence("relative error of a batch's variance, root of 2 / (B - 1)", sampled, 0.6),
        Evidence(
            "loss with running less that with batch statistics, share of the larger",
            value,
            0.25,
            None,
            "the end",
        ),
    )
    return Finding(
        "batchnorm", fires, said if fires else "Batch normalisation agrees with itself.",
        evidence if sampled > 0.6 else evidence[::-1], "G9", 2, ("layernorm", "batch x 8", "no norm"),
    )  # fmt: skip


VERDICTS: tuple[Verdict, ...] = (
    rate_high, leaking, plateau, vanishing, exploding, not_standardised, dead, saturated, batchnorm, overfits,
    peak, noise, rate_low, ill_conditioned, lottery, imbalance, contradicting, edge, constant_columns,
)  # fmt: skip
