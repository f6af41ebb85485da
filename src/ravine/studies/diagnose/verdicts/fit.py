"""Verdicts on the fit: overfitting, the interpolation peak, and results that depend on the seed."""

from __future__ import annotations

import numpy as np

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["interpolation_peak", "overfits", "seed_sensitivity"]

LEARNED = 0.1  # share of the loss of a constant; a network that removed less has learned nothing


@verdict("RAV301", "overfitting")
def overfits(run: Observation) -> Finding | None:
    """Return a finding that says whether the network overfits.

    The fault is present in one of two cases. Losses are compared with the loss of the best constant
    prediction, C.

    - The validation loss rose from its minimum to the end, by more than 2 standard errors and 0.1 C. It does
      not count if the training loss rose too and the network ends with nothing learned: at most 0.1 C was
      removed.
    - The validation loss exceeds the training loss by more than 2 standard errors and 0.4 C, and training
      removed more than 0.5 C.

    The result is None with fewer than 8 validation rows, or if a loss is not finite.
    """
    train, valid = run.final("train_rows"), run.final("valid_rows")
    if len(valid) < 8 or run.diverged or not (np.isfinite(train).all() and np.isfinite(valid).all()):
        return None
    (valid_loss, valid_error), (train_loss, train_error) = (
        run.mean_of(valid, "valid"),
        run.mean_of(train, "train"),
    )
    gap, gap_error = valid_loss - train_loss, float(np.hypot(valid_error, train_error))
    rise, error = run.mean_of(valid - run.final("best_rows"), "valid")
    constant = max(run.constant_loss, 1e-300)
    losses = run.series("train_loss")
    learned = run.progress > LEARNED or losses[run.end] <= losses[run.metadata.best]
    rises = rise > 2 * error and rise > 0.1 * constant and learned
    memorizes = gap > 2 * gap_error and gap > 0.4 * constant and run.progress > 0.5
    fires = bool(rises or memorizes)
    best = int(run.series("step")[run.metadata.best])
    low = run.mean_of(run.final("best_rows"), "valid")[0]
    if rises:
        sentence = (
            f"The network overfits: validation loss rose from {low:.3g} at step {best:,} to {valid_loss:.3g}."
        )
    else:
        sentence = f"The network memorizes: training loss {train_loss:.3g}, validation loss {valid_loss:.3g}."
    return Finding(
        "overfits", fires, sentence if fires else "The network does not overfit.",
        (
            Evidence("rise of the validation loss from its lowest", rise, 0.1 * constant, 1.96 * error,
                     f"steps {best:,} to {int(run.series('step')[run.end]):,}"),
            Evidence("validation less training loss", gap, 0.4 * constant, 1.96 * gap_error, "the end"),
            *_membership(train, valid),
        ),
        "G1", 2, ("early stopping", "dropout", "l2", "smaller"),
    )  # fmt: skip


def _membership(train: np.ndarray, valid: np.ndarray) -> list[Evidence]:
    """Return the advantage of an attack that says "training row" below a threshold of the loss.

    Every second row chooses the threshold; the other rows measure the advantage.
    """
    cuts = np.quantile(np.concatenate([train[::2], valid[::2]]), np.linspace(0, 1, 101))
    gain = [(train[::2] <= cut).mean() - (valid[::2] <= cut).mean() for cut in cuts]
    cut = cuts[int(np.argmax(gain))]
    p, q = (train[1::2] <= cut).mean(), (valid[1::2] <= cut).mean()
    n, m = len(train[1::2]), len(valid[1::2])
    error = 1.96 * float(np.sqrt(p * (1 - p) / n + q * (1 - q) / m))
    return [Evidence("advantage of a membership attack", float(p - q), None, error, "the end")]


@verdict("RAV302", "interpolation peak")
def interpolation_peak(run: Observation) -> Finding | None:
    """Return a finding that says whether the network is at the interpolation peak of double descent.

    There, the network has about as many weights as numbers to fit, and a poor validation loss. The fault is
    present if weights / (training rows x outputs) is between 1/3 and 3. The training loss must be below 0.2
    C, and the validation loss above 1.2 C, where C is the loss of the best constant prediction. The result is
    None for a trained model and for a run that diverged.
    """
    if not run.trained or run.diverged:
        return None
    size = run.metadata.parameters / (run.metadata.train * max(1, run.metadata.outputs))
    valid = run.mean_of(run.final("valid_rows"), "valid")[0]
    worse = valid / max(run.constant_loss, 1e-300)
    fires = bool(1 / 3 <= size <= 3 and run.progress > 0.8 and worse > 1.2)
    sentence = (
        f"The network is near the interpolation peak: it has {size:.2g} weights for each number to fit. Its "
        f"training loss is {100 * (1 - run.progress):.2g} % of that of a constant, its validation loss "
        f"{100 * worse:.0f} %."
    )
    return Finding(
        "interpolation_peak", fires, sentence if fires else "The network is not at the interpolation peak.",
        (
            Evidence("validation loss over that of a constant", worse, 1.2),
            Evidence("weights over rows times outputs", size, 3.0),
            Evidence("share of the training loss removed", run.progress, 0.8),
        ),
        "G7", 2, ("l2", "ridge", "wider", "early stopping"),
    )  # fmt: skip


@verdict("RAV107", "results that depend on the seed")
def seed_sensitivity(run: Observation) -> Finding | None:
    """Return a finding that says whether the result of the training depends strongly on the seed.

    Measured on each seed is the share of the loss of a constant prediction that training removes. Its
    standard deviation over seeds must exceed 0.12. At least a tenth of the seeds must stay below 70 % of the
    best seed, whose share must exceed 0.2. The result is None if the training was not repeated on several
    seeds.
    """
    if not run.has("spread"):
        return None
    spread = run.final("spread")
    value = float(np.std(spread, ddof=1))
    good = float(spread.max())  # one good seed among many bad ones is the clearest case
    failed = float(np.mean(spread < 0.7 * good)) if good > 0.2 else 0.0
    error = float(1.96 * value / np.sqrt(2 * max(len(spread) - 1, 1)))
    fires = bool(value > 0.12 and failed >= 0.1 and good > 0.2)
    sentence = (
        f"Results depend strongly on the seed: {100 * failed:.0f} % of {len(spread)} seeds reduce the loss "
        "by less than 70 % of the best seed's reduction."
    )
    return Finding(
        "seed_sensitivity", fires, sentence if fires else "All seeds end with similar losses.",
        (
            Evidence("spread over seeds of the share of the loss removed", value, 0.12, error,
                     f"{len(spread)} seeds"),
            Evidence("share of seeds below 70 % of the best", failed, 0.1),
        ),
        "L2", 2, ("wider", "adam", "initialization", "relu"),
    )  # fmt: skip
