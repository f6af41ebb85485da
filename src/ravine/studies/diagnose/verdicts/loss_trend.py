"""How training went, as the verdicts ask it: how high the loss rose, whether it still falls, and how fast."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation

__all__ = [
    "CRAWLING", "FALLING", "STUCK", "curvature_over_limit", "first_layer_gradient", "generalises",
    "gradient_pull", "highest_loss", "is_stuck", "remaining_decrease", "slowdown", "still_falls",
    "uphill_share",
]  # fmt: skip

FALLING = 0.02
CRAWLING = 0.005  # the worse a problem is conditioned, the more slowly its loss falls
STUCK = 0.01


def highest_loss(o: Observation) -> float:
    """Return the highest loss met over that at the start: means of stretches, since single batches vary."""
    met = np.concatenate([o.series("train_loss"), o.series("batch_loss")])
    curve = o.final("curve")
    if o.diverged and len(curve):  # the stretch it diverged in has no mean
        finite = curve[np.isfinite(curve)]
        met = np.append(met, finite.max() if len(finite) else np.nan)
    met = met[np.isfinite(met)]
    start = max(float(o.series("train_loss")[0]), o.constant_loss, 1e-300)
    return float(met.max()) / start if len(met) and np.isfinite(start) else 1.0


def remaining_decrease(o: Observation) -> tuple[float, float]:
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


def still_falls(o: Observation, least: float = FALLING) -> bool:
    """Whether the loss is still falling at the end, beyond doubt and by `least`, a share that matters."""
    falling, doubt = remaining_decrease(o)
    at_stake = falling * float(o.series("train_loss")[o.end]) / max(o.constant_loss, 1e-300)
    return bool(falling > max(least, 4 * doubt) and at_stake > least)


def slowdown(o: Observation) -> float:
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


def generalises(o: Observation) -> bool:
    """Whether the validation loss falls by a quarter of what the training loss does, in the second half.

    Else more training is memorising.
    """
    half = (o.end + 1) // 2
    train, valid = (o.series(name)[half : o.end + 1] for name in ("train_loss", "valid_loss"))
    return bool(np.median(valid) - valid[-1] > max(0.25 * (np.median(train) - train[-1]), 0.0))


def uphill_share(o: Observation) -> float:
    """Return the share of steps that raise their own loss, of the second half, weighted by their rates.

    A step whose rate has fallen to nothing changes a loss by rounding, up as often as down.
    """
    half = (o.end + 1) // 2
    raised, rate = (o.series(name)[half : o.end + 1] for name in ("raised", "rate"))
    return float(raised @ rate / rate.sum()) if rate.sum() > 0 else float(np.mean(raised))


def curvature_over_limit(o: Observation) -> tuple[float, float]:
    """Return the largest curvature over the limit, and its error; NaN where no limit is known."""
    ratio, error = o.ratio()
    known = np.flatnonzero(np.isfinite(ratio) & (o.series("step") > 0))
    if not len(known):
        return np.nan, np.nan
    middle = known[np.argsort(ratio[known])[len(known) // 2]]
    return float(ratio[middle]), float(error[middle])


def first_layer_gradient(o: Observation) -> float:
    """Return the gradient of a row's loss at the first hidden layer, root mean square; NaN without one."""
    if not o.has("flow"):
        return np.nan
    return float(o.final("flow")[o.end][0] * np.sqrt(o.metadata.valid))


def is_stuck(o: Observation) -> bool:
    """Whether nothing was learned because nothing reaches the first weights."""
    return o.progress < 0.15 and first_layer_gradient(o) < STUCK


def gradient_pull(o: Observation) -> float:
    """Return |gradient| |weights| over the loss of a constant, the gradient's noise taken off."""
    grown = max(float(o.series("weight_norm")[o.end]), 1.0)
    _, _, signal = o.noise_scale(slice(max(0, o.end - 4), o.end + 1))
    return float(np.sqrt(max(signal, 0.0))) * grown / max(o.constant_loss, 1e-300)
