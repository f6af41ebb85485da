"""Verdicts from comparison trainings with one change: no penalty, no dropout, wider layers, larger batches.

A fault is present if the training with the change reaches a clearly lower validation loss, although it has at
most as many steps. With larger batches, it has at most as many passes over the rows.
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
    """Return a finding that says whether the penalty on the weights (L1, L2 or weight decay) is too strong.

    The fault is present if the same training without penalties reaches a clearly lower validation loss in at
    most as many steps. The result is None if the training has no penalty, for a trained model, or if a loss
    is not finite.
    """
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
    """Return a finding that says whether dropout is too strong.

    The fault is present if the same training without dropout reaches a clearly lower validation loss in at
    most as many steps. The result is None if the training has no dropout, for a trained model, or if a loss
    is not finite.
    """
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
    """Return a finding that says whether the hidden layers of the network are too narrow, or missing.

    The fault is present if the same training with layers of at least 64 units reaches a clearly lower
    validation loss in at most as many steps. A wider network also suffers less from a wrong learning rate, a
    short training, a penalty and dropout. If one of these is the fault, a small network is not reported.

    The result is None if all hidden layers have at least 16 units, for a convolutional network, for a trained
    model, or if a loss is not finite.
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
    """Return a finding that says whether batches of fewer than 16 rows are too small.

    The fault is present if the same training with larger batches, of at most 64 rows, reaches a clearly lower
    validation loss in as many epochs. It is also present if the verdict `gradient_noise` reports that
    gradient noise keeps the loss high. The result is None if batches have 16 rows or more, with too few
    training rows for larger batches, for a trained model, or if a loss is not finite.
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
