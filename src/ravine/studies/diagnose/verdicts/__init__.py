"""Verdicts: checks of a measured run for one fault each, such as a learning rate that is too high.

A verdict compares measured numbers of the run with thresholds and returns a finding. It returns None if it
does not apply, for example without a hidden layer, without classes or without a training. Verdicts are pure
functions of the saved record of the run, so a saved record always gives the same findings.
`docs/diagnose/README.md` explains all verdicts. These modules need no JAX.
"""

from __future__ import annotations

from ravine.errors import UsageError, did_you_mean
from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.baseline import no_better_than_baseline
from ravine.studies.diagnose.verdicts.changed import (
    batches_small,
    dropout_strong,
    penalty_strong,
    too_small,
)
from ravine.studies.diagnose.verdicts.curvature import gradient_noise, ill_conditioned, plateau
from ravine.studies.diagnose.verdicts.data import (
    batchnorm,
    class_leak,
    constant_columns,
    imbalance,
    leaking,
)
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.fit import interpolation_peak, overfits, seed_sensitivity
from ravine.studies.diagnose.verdicts.learning_rate import (
    edge_of_stability,
    few_epochs,
    rate_high,
    rate_low,
)
from ravine.studies.diagnose.verdicts.rows import (
    contradicting,
    label_noise,
    near_duplicates,
    order_not_exchangeable,
    test_unlike,
)
from ravine.studies.diagnose.verdicts.units import (
    dead,
    exploding,
    not_standardized,
    saturated,
    units_alike,
    vanishing,
)
from ravine.studies.diagnose.verdicts.verdict import Verdict

__all__ = ["PRINCIPLES", "VERDICTS", "Evidence", "Finding", "Verdict", "check_code", "find_all"]

PRINCIPLES = {  # claims of the lecture; `ravine lecture ID` shows them
    "L4": "to converge needs a learning rate below 2 / curvature",
    "L6": "training runs to the edge of stability",
    "L8": "saddles outnumber minima in high dimension",
    "L9": "training is stuck at zero gradient and crawls along a saddle",
    "N1": "ill-conditioning: crawl along flat directions, jitter along steep ones",
    "N2": "minibatch gradients are noisy",
    "N3": "start with a high learning rate, then decrease it",
    "P1": "positive inputs give all weight gradients of a neuron one sign",
    "P2": "standardizing fixes the geometry",
    "A1": "sigmoid and tanh saturate on both sides",
    "A2": "saturation starves early layers",
    "G1": "deep nets fit random labels",
    "G6": "early stopping with patience",
    "G7": "double descent, in width and in epochs",
    "G8": "L2 shrinks all weights, L1 makes small ones zero",
    "G9": "batch normalization",
    "L2": "where you start decides where you end",
}

VERDICTS: tuple[Verdict, ...] = (
    rate_high, units_alike, penalty_strong, leaking, plateau, no_better_than_baseline, vanishing, exploding,
    not_standardized, dead, saturated, batchnorm, dropout_strong, too_small, batches_small, overfits,
    interpolation_peak, gradient_noise, rate_low, few_epochs, ill_conditioned, seed_sensitivity,
    near_duplicates, test_unlike, imbalance, contradicting, label_noise, class_leak, order_not_exchangeable,
    edge_of_stability, constant_columns,
)  # fmt: skip
"""All verdicts. Verdicts of equal severity are reported in this order."""


def find_all(record: Record) -> list[Finding]:
    """Return the findings of all verdicts that apply to a measured run.

    Faults and observations that are present come first, the most severe at the top; the checks that found
    nothing follow. record: measurements of the run.
    """
    run = Observation(record)
    findings = [finding for verdict in VERDICTS if (finding := verdict(run)) is not None]
    return sorted(
        findings, key=lambda finding: (not finding.fires, -finding.severity)
    )  # a stable sort: ties stay as in VERDICTS


def check_code(code: str) -> None:
    """Raise UsageError if no verdict has this code; `RAV301` is an example of a code."""
    codes = [verdict.code for verdict in VERDICTS]
    if code not in codes:
        raise UsageError(
            f"No verdict has the code '{code}'.", "", did_you_mean(code, codes),
            option="mute", value=code, allowed=tuple(sorted(codes)),
        )  # fmt: skip
