"""Measures that several verdicts share: rise and fall of the loss, flat units, gradients, curvature."""

from __future__ import annotations

import numpy as np

from ravine.networks import activation
from ravine.studies.diagnose.observation import Observation

__all__ = [
    "CRAWLING", "CRAWLING_ERRORS", "FALLING", "STUCK", "curvature_over_limit", "early_jump",
    "first_layer_gradient", "generalizes", "gradient_pull", "highest_loss", "is_stuck", "largest_update",
    "remaining_decrease", "slowdown", "starts_high", "still_falls", "units_lost", "uphill_share",
]  # fmt: skip

FALLING = 0.02  # share of the loss left that as much training again would remove; above it the loss falls
FALLING_ERRORS = 4.0  # standard errors that this share must exceed
CRAWLING = 0.005  # the same share for ill-conditioned problems, whose loss falls slowly
CRAWLING_ERRORS = 3.0  # fewer errors suffice, because curvature and inputs must show the cause too
JUMP_STEPS = 100  # first steps, in which a loss jumps if the learning rate is too high
JUMP_WINDOW = 5  # steps
HIGH_START = 10.0  # loss at the start over that of a constant; usual initial weights stay far below
STUCK = 0.01  # gradient of a row's loss at the first hidden layer below which no signal arrives


def highest_loss(run: Observation) -> float:
    """Return the highest loss of a run divided by its loss at the start.

    The highest loss is that on training rows at a point of measurement, or the mean over the batches between
    two points. If the loss diverged, single batches count too. The loss at the start counts as at least that
    of the best constant prediction. The result is 1 if no loss is finite.
    """
    losses = np.concatenate([run.series("train_loss"), run.series("batch_loss")])
    curve = run.final("curve")
    if run.diverged and len(curve):  # the segment in which it diverged has no mean
        finite = curve[np.isfinite(curve)]
        losses = np.append(losses, finite.max() if len(finite) else np.nan)
    losses = losses[np.isfinite(losses)]
    start = max(float(run.series("train_loss")[0]), run.constant_loss, 1e-300)
    return float(losses.max()) / start if len(losses) and np.isfinite(start) else 1.0


def early_jump(run: Observation) -> float:
    """Return the highest loss in the first 100 steps of a run divided by its loss at the start.

    The highest loss is a mean over 5 consecutive batches. The loss at the start counts as at least that of
    the best constant prediction. The result is 1 without such a mean, as for a trained model.
    """
    curve = run.final("curve")[:JUMP_STEPS]
    curve = curve[np.isfinite(curve)]
    start = max(float(run.series("train_loss")[0]), run.constant_loss, 1e-300)
    if len(curve) < JUMP_WINDOW or not np.isfinite(start):
        return 1.0
    return float(np.convolve(curve, np.ones(JUMP_WINDOW) / JUMP_WINDOW, "valid").max()) / start


def starts_high(run: Observation) -> bool:
    """Return whether the loss before the first step exceeds 10 times the loss of a constant prediction.

    Initial weights or inputs are then wrong, and training only repairs the start, at any learning rate.
    """
    return float(run.series("train_loss")[0]) > HIGH_START * max(run.constant_loss, 1e-300)


def units_lost(run: Observation) -> tuple[float, int]:
    """Return how much the share of flat units of a layer grew during the run, and the index of the layer.

    The layer with the largest growth is taken. A flat unit has almost no derivative for every row. For an
    activation that is flat on both sides, such as tanh, the share of values with almost no derivative counts
    instead. The result is (0, 0) if the shares were not measured.
    """
    if not run.has("dead") or not run.trained:
        return 0.0, 0
    flat_on_both_sides = activation(run.metadata.activation).saturating
    shares = run.final("saturated" if flat_on_both_sides else "dead")
    growth = shares[run.end] - shares[0]
    layer = int(np.argmax(growth))
    return float(growth[layer]), layer


def largest_update(run: Observation) -> float:
    """Return the largest norm of a step relative to the norm of the weights, over layers and points.

    The points are those of measurement in the run. The value is NaN if it was not measured.
    """
    if not run.has("relative_update"):
        return np.nan
    return float(np.nanmax(run.final("relative_update")))


def remaining_decrease(run: Observation) -> tuple[float, float]:
    """Return the share of the remaining loss that as much training again would remove, and its error.

    The slope of the training loss in the second half of the run is extrapolated. The slope is taken against
    the sum of the learning rates, so that schedules that decay to zero are judged fairly. The error is a
    standard error. The result is (0, 0) if less than 15 % of the loss of a constant prediction is left, or
    with fewer than 6 points.
    """
    loss, rate = run.series("train_loss")[: run.end + 1], run.series("rate")[: run.end + 1]
    spent = np.concatenate([[0.0], np.cumsum(rate[1:])])
    half = len(loss) // 2
    left = float(loss[-1])
    if len(loss) < 6 or left < 0.15 * run.constant_loss or not spent[-1] > 0:
        return 0.0, 0.0
    x, y = spent[half:] / spent[-1], loss[half:]
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    error = float(np.sqrt(rest @ rest / (len(x) - 2) / (x @ x)))
    return -slope / left, error / left


def still_falls(run: Observation, least: float = FALLING, errors: float = FALLING_ERRORS) -> bool:
    """Return whether the training loss still falls at the end of the run.

    The slope of the second half is extrapolated over as much training again. The decrease must exceed the
    share `least`, both of the loss that is left and of the loss of a constant prediction. It must also exceed
    `errors` times its standard error.
    """
    decrease, error = remaining_decrease(run)
    removable = decrease * float(run.series("train_loss")[run.end]) / max(run.constant_loss, 1e-300)
    return bool(decrease > max(least, errors * error) and removable > least)


def slowdown(run: Observation) -> float:
    """Return the pace of the training loss in the second half of the run, divided by that in the first half.

    The pace is the decrease of the loss in a half, divided by the sum of the learning rates in this half. The
    loss at the start counts as at most that of a constant prediction, because a few steps repair a bad
    initialization at any learning rate. The result is 1 if the first half did not lower the loss.
    """
    loss, rate = run.series("train_loss")[: run.end + 1], run.series("rate")[: run.end + 1]
    half = len(loss) // 2
    first, second = float(rate[1 : half + 1].sum()), float(rate[half + 1 :].sum())
    begin = min(float(loss[0]), run.constant_loss)
    if not (first > 0 and second > 0 and begin > loss[half]):
        return 1.0
    return float((loss[half] - loss[-1]) / second * first / (begin - loss[half]))


def generalizes(run: Observation) -> bool:
    """Return whether the validation loss falls with the training loss in the second half of the run.

    The validation loss must fall by more than a quarter of the fall of the training loss. Otherwise the
    network memorizes. Each fall is the median of the second half less the last value.
    """
    half = (run.end + 1) // 2
    train, valid = (run.series(name)[half : run.end + 1] for name in ("train_loss", "valid_loss"))
    return bool(np.median(valid) - valid[-1] > max(0.25 * (np.median(train) - train[-1]), 0.0))


def uphill_share(run: Observation) -> float:
    """Return the share of steps in the second half of the run that raise the loss of their own batch.

    Steps are weighted by their learning rates: at a learning rate of almost 0, a loss changes by rounding
    alone.
    """
    half = (run.end + 1) // 2
    raised, rate = (run.series(name)[half : run.end + 1] for name in ("raised", "rate"))
    return float(raised @ rate / rate.sum()) if rate.sum() > 0 else float(np.mean(raised))


def curvature_over_limit(run: Observation) -> tuple[float, float]:
    """Return the median over the run of curvature divided by stability limit, and the error of this ratio.

    The points after the start at which curvature was measured count. Both numbers are NaN without such a
    point, or if no limit is known for the optimizer.
    """
    ratio, error = run.ratio()
    finite_points = np.flatnonzero(np.isfinite(ratio) & (run.series("step") > 0))
    if not len(finite_points):
        return np.nan, np.nan
    middle = finite_points[np.argsort(ratio[finite_points])[len(finite_points) // 2]]
    return float(ratio[middle]), float(error[middle])


def first_layer_gradient(run: Observation) -> float:
    """Return the size of the gradient of a row's loss with respect to activations of the first hidden layer.

    It is the root mean square of the norm over validation rows, at the end of the run. The value is NaN for a
    network without a hidden layer.
    """
    if not run.has("flow"):
        return np.nan
    return float(run.final("flow")[run.end][0] * np.sqrt(run.metadata.valid))


def is_stuck(run: Observation) -> bool:
    """Return whether the network learned nothing because almost no gradient reaches its first hidden layer.

    Training then removed less than 15 % of the loss of a constant prediction. The gradient of a row's loss
    with respect to the activations of that layer is below 0.01.
    """
    return run.progress < 0.15 and first_layer_gradient(run) < STUCK


def gradient_pull(run: Observation) -> float:
    """Return |gradient| |weights| / (loss of a constant prediction) at the end of a run.

    To first order, this is the decrease of the loss in a step as long as the weights, over the loss of a
    constant. The gradient is the mean over the last points of measurement, corrected for gradient noise. A
    norm of the weights below 1 counts as 1.
    """
    length = max(float(run.series("weight_norm")[run.end]), 1.0)
    _, _, signal = run.noise_scale(slice(max(0, run.end - 4), run.end + 1))
    return float(np.sqrt(max(signal, 0.0))) * length / max(run.constant_loss, 1e-300)
