"""Verdicts: pure functions of what was observed, so that each is had again from the saved record. NumPy only.

Each reads one number against one threshold, which `docs/diagnose/README.md` explains. A verdict that does not
apply (no hidden layer, no classes, no history) is None: it is not said to be fine.
"""

from __future__ import annotations

from collections.abc import Callable

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.curvature import gradient_noise, ill_conditioned, plateau
from ravine.studies.diagnose.verdicts.data import (
    batchnorm,
    constant_columns,
    contradicting,
    imbalance,
    leaking,
)
from ravine.studies.diagnose.verdicts.finding import Evidence, Finding
from ravine.studies.diagnose.verdicts.fit import interpolation_peak, overfits, seed_sensitivity
from ravine.studies.diagnose.verdicts.learning_rate import edge_of_stability, rate_high, rate_low
from ravine.studies.diagnose.verdicts.units import (
    dead,
    exploding,
    not_standardised,
    saturated,
    vanishing,
)

__all__ = ["PRINCIPLES", "VERDICTS", "Evidence", "Finding", "find_all"]

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

Verdict = Callable[[Observation], Finding | None]

VERDICTS: tuple[Verdict, ...] = (
    rate_high, leaking, plateau, vanishing, exploding, not_standardised, dead, saturated, batchnorm, overfits,
    interpolation_peak, gradient_noise, rate_low, ill_conditioned, seed_sensitivity, imbalance,
    contradicting, edge_of_stability, constant_columns,
)  # fmt: skip


def find_all(record: Record) -> list[Finding]:
    """Return every verdict that applies to a record, those that fire first, worst first."""
    run = Observation(record)
    found = [finding for verdict in VERDICTS if (finding := verdict(run)) is not None]
    return sorted(found, key=lambda finding: (not finding.fires, -finding.severity))  # else as in VERDICTS
