"""Verdicts on what was learned: by heart, near the interpolation peak, by the luck of the seed."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding

__all__ = ["interpolation_peak", "overfits", "seed_sensitivity"]


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
    best = int(o.series("step")[o.metadata.best])
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


def interpolation_peak(o: Observation) -> Finding | None:
    """As many weights as numbers to fit, fitted exactly, and wrong elsewhere."""
    if not o.trained or o.diverged:
        return None
    size = o.metadata.parameters / (o.metadata.train * max(1, _answers(o)))
    valid = float(np.mean(o.final("valid_rows")))
    worse = valid / max(o.constant_loss, 1e-300)
    fires = bool(1 / 3 <= size <= 3 and o.progress > 0.8 and worse > 1.2)
    said = (
        f"The network is near the interpolation peak: {size:.2g} weights for each number to fit, training "
        f"loss almost gone, and validation loss {worse:.2g} times that of a constant."
    )
    return Finding(
        "interpolation_peak", fires, said if fires else "The network is not at the interpolation peak.",
        (
            Evidence("validation loss over that of a constant", worse, 1.2),
            Evidence("weights over rows times outputs", size, 3.0),
            Evidence("share of the training loss removed", o.progress, 0.8),
        ),
        "G7", 2, ("l2", "ridge", "wider", "early stopping"),
    )  # fmt: skip


def _answers(o: Observation) -> int:
    return o.metadata.outputs


def seed_sensitivity(o: Observation) -> Finding | None:
    """Seeds that end in quite different places."""
    if not o.has("spread"):
        return None
    spread = o.final("spread")
    value = float(np.std(spread, ddof=1))
    good = float(spread.max())  # a single seed that succeeds shows most of all that the seed decides
    failed = float(np.mean(spread < 0.7 * good)) if good > 0.2 else 0.0
    error = float(1.96 * value / np.sqrt(2 * max(len(spread) - 1, 1)))
    fires = bool(value > 0.12 and failed >= 0.1 and good > 0.2)
    said = (
        f"The seed decides: of {len(spread)} seeds {100 * failed:.0f} % remove less than 70 % of the loss "
        "that the best does."
    )
    return Finding(
        "seed_sensitivity", fires, said if fires else "Seeds end alike.",
        (
            Evidence("spread over seeds of the share of the loss removed", value, 0.12, error,
                     f"{len(spread)} seeds"),
            Evidence("share of seeds below 70 % of the best", failed, 0.1),
        ),
        "L2", 2, ("wider", "adam", "initialisation", "relu"),
    )  # fmt: skip
