"""Verdicts by trainings with one change: penalty, dropout, width and batch size.

A fault is present if the training with the change reaches a clearly lower validation loss, although it is
shorter.
"""

from __future__ import annotations

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.curvature import gradient_noise
from ravine.studies.diagnose.verdicts.finding import Finding
from ravine.studies.diagnose.verdicts.gain import clear_gain, gain_of
from ravine.studies.diagnose.verdicts.learning_rate import rate_high, rate_low
from ravine.studies.diagnose.verdicts.verdict import verdict

__all__ = ["batches_small", "dropout_strong", "penalty_strong", "too_small"]

UNFINISHED = 0.7  # share of the gain by wider layers that a longer training has too; then width is no cause


@verdict("RAV304", "penalty too strong")
def penalty_strong(run: Observation) -> Finding | None:
    """Return the verdict "penalty_strong": a shorter training without the penalty has a lower loss."""
    gain = gain_of(run, "without_penalty")
    if gain is None:
        return None
    sentence = (
        f"The penalty is too strong ({run.metadata.changed['without_penalty']}): without it, a shorter "
        f"training lowers the validation loss from {gain.before:.3g} to {gain.after:.3g}."
    )
    return Finding(
        "penalty_strong", gain.clear, sentence if gain.clear else "The penalty is not too strong.",
        gain.evidence("without the penalty"), "G8", 3,
        ("penalty / 10", "remove penalty"),
    )  # fmt: skip


@verdict("RAV305", "dropout too strong")
def dropout_strong(run: Observation) -> Finding | None:
    """Return the verdict "dropout_strong": a shorter training without dropout has a lower loss."""
    gain = gain_of(run, "without_dropout")
    if gain is None:
        return None
    sentence = (
        f"Dropout is too strong ({run.metadata.changed['without_dropout']}): without it, a shorter training "
        f"lowers the validation loss from {gain.before:.3g} to {gain.after:.3g}."
    )
    return Finding(
        "dropout_strong", gain.clear, sentence if gain.clear else "Dropout is not too strong.",
        gain.evidence("without dropout"), None, 2, ("dropout / 10", "remove dropout"),
    )  # fmt: skip


@verdict("RAV303", "network too small")
def too_small(run: Observation) -> Finding | None:
    """Return the verdict "too_small": a wider network reaches a lower loss in fewer steps.

    A wider network is also less sensitive to a wrong learning rate, a short training, a penalty and dropout.
    The verdict does not apply if one of them is the fault.
    """
    gain = gain_of(run, "wider")
    if gain is None:
        return None
    others = [judge(run) for judge in (rate_high, rate_low)]
    longer = gain_of(run, "longer")
    unfinished = longer is not None and longer.clear and longer.share > UNFINISHED * gain.share
    explained = unfinished or clear_gain(run, "without_penalty", "without_dropout")
    fires = gain.clear and not explained and not any(other and other.fires for other in others)
    sentence = (
        f"The network is too small: with hidden layers of {run.metadata.changed['wider']} units, a shorter "
        f"training lowers the validation loss from {gain.before:.3g} to {gain.after:.3g}."
    )
    return Finding(
        "too_small", fires, sentence if fires else "The network is not too small.",
        gain.evidence("with wider layers"), "G7", 2, ("usual width", "wider"),
    )  # fmt: skip


@verdict("RAV109", "batches too small")
def batches_small(run: Observation) -> Finding | None:
    """Return the verdict "batches_small": gradient noise of small batches limits training.

    Either larger batches reach a lower loss in as many passes over the rows, or the verdict "gradient_noise"
    is given.
    """
    gain = gain_of(run, "larger_batch")
    if gain is None:
        return None
    noise = gradient_noise(run)
    fires = gain.clear or bool(noise and noise.fires)
    batch, larger = run.metadata.batch_size, run.metadata.changed["larger_batch"]
    rows = f"{batch} row{'s' * (batch > 1)}"
    if gain.clear:
        sentence = (
            f"Batches of {rows} are too small: with {larger} rows, as many passes over the data lower the "
            f"validation loss from {gain.before:.3g} to {gain.after:.3g}."
        )
    else:
        sentence = f"Batches of {rows} are too small: the noise of their gradients keeps the loss high."
    return Finding(
        "batches_small", fires, sentence if fires else "Batches are not too small.",
        (*gain.evidence("with larger batches"), *(noise.evidence[:1] if noise else ())),
        "N2", 2, ("batch x 8", "batch x 4", "rate / 10"),
    )  # fmt: skip
