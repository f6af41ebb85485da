"""The result of `memorize`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.result import (
    DivergedRuns,
    Measure,
    MetricFacts,
    PlannedNetworks,
    RepeatedTraining,
    Result,
    Seconds,
    StudyPlan,
    TimeMeasure,
)

__all__ = [
    "ArmResult",
    "Bound",
    "Information",
    "LearningCurve",
    "Membership",
    "MemorizePlan",
    "MemorizeResult",
    "MemorizeTraining",
    "MemorizedRows",
    "PairRows",
    "PlannedArm",
    "PlannedMemorization",
    "RandomLabelsResult",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PairRows:
    """Numbers of rows. Rows come in pairs; each network trains on one row of every pair."""

    train: int
    """Rows that a network is trained on."""
    held_out: int
    """Rows of the same pairs that it is not trained on."""
    test: int
    """Rows that no network is trained on."""


@dataclass(frozen=True, kw_only=True)
class MemorizeTraining(RepeatedTraining):
    """The training of each network."""

    parameters: int
    """Number of parameters."""
    fitted: float
    """Share of correct training labels at which a network has fitted them."""


@dataclass(frozen=True, kw_only=True)
class MemorizedRows:
    """Memory of single rows: P(right, trained on the row) - P(right, not trained on it)."""

    mean: float | None
    """Mean over rows; null if no row was both trained on and held out."""
    interval: list[float] | None
    """95 % interval over rows, [low, high]."""
    memorized_share: float | None
    """Share of rows whose memory is above 0.5."""
    rows: int
    """Number of rows that were both trained on and held out."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """The attack that separates training rows from held-out rows by their loss."""

    advantage: Measure
    """Share of training rows recognized less share of held-out rows taken for them; 0 = guessing, 1 = all."""
    area: Measure
    """Area under the attack's ROC curve; 0.5 = guessing."""


@dataclass(frozen=True, kw_only=True)
class Information:
    """The f-CMI: information that correct predictions hold about which row of a pair was trained on."""

    nats: float
    """Mean over pairs without its bias, in nats."""
    error: float
    """Standard error over pairs, in nats."""
    plain: float
    """Mean over pairs with its bias, in nats."""
    floor: float
    """Bound that the bias alone would give."""
    bound: float
    """Bound on the expected gap between training and held-out accuracy."""
    bound_high: float
    """The same bound at the upper end of the 95 % interval of the information."""
    vacuous: bool
    """Whether the bound is at least 1, so that it holds for every network."""


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """Accuracy on the training labels by epoch, mean over networks."""

    epoch: list[float]
    """Passes over the training rows."""
    train: list[float | None]
    """Share of the training labels that are predicted."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A bound on the error or the gap of the first network that did not diverge."""

    name: str
    """pac_bayes, held_out, lecture or xu_raginsky."""
    of: str
    """Bounded quantity: error (on new rows) or gap (error on new rows less error on training rows)."""
    value: float
    """The bound, as a share of rows."""
    error: float | None
    """Its error from that of the estimated information; null for a certificate."""
    vacuous: bool
    """Whether the bound is no better than guessing."""
    noisy_error: float | None = None
    """Training error of the network with noise on its weights (pac_bayes)."""
    divergence: float | None = None
    """KL divergence from the prior, in nats (pac_bayes)."""
    width: float | None = None
    """Relative width of the noise on the weights (pac_bayes)."""
    delta: float | None = None
    """The bound holds with probability 1 - delta (pac_bayes, held_out)."""
    rows: int | None = None
    """Number of held-out rows (held_out)."""
    nats: float | None = None
    """Estimated information in the weights, in nats (lecture, xu_raginsky)."""
    nats_error: float | None = None
    """Error of that estimate, in nats (lecture, xu_raginsky)."""
    prior_precision: float | None = None
    """1 / mean square of the initial weights (lecture, xu_raginsky)."""


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """Networks that differ in their seed alone. With `networks` = 0 all diverged, and measures are empty."""

    share: float
    """Share of the labels that were drawn at random."""
    limit: str | None
    """The limit on memorization; null without one."""
    diverged: int
    """Number of networks that diverged."""
    networks: int
    """Number of networks that did not diverge; every measure is over these."""
    wrong: float | None
    """Share of the labels that are wrong; a label drawn at random can be the true one."""
    train: Measure
    """Accuracy on training rows, with the labels of the training."""
    held_out: Measure
    """Accuracy on held-out rows, with the labels of the training."""
    test: Measure
    """Accuracy on test rows, with true labels."""
    gap: Measure
    """`train` less `held_out` of each network."""
    memorized: MemorizedRows
    """Memory of single rows."""
    wrong_learned: Measure | None
    """Share of the wrong training labels that are predicted; null if no label is wrong."""
    fit: TimeMeasure | None
    """Epochs until the training labels were fitted; null for early stopping, which watches held-out rows."""
    membership: Membership
    """The attack that separates training rows from others."""
    information: Information | None
    """f-CMI; null with fewer than 8 networks."""


@dataclass(frozen=True, kw_only=True)
class RandomLabelsResult(ArmResult):
    """Networks without a limit, at one share of random labels."""

    curve: LearningCurve
    """Accuracy on the training labels by epoch."""
    bounds: list[Bound]
    """Bounds of the theory; empty if all networks diverged."""


@dataclass(frozen=True, kw_only=True, repr=False)
class MemorizeResult(Result):
    """The result of a measurement of memorization."""

    rows: PairRows
    """Numbers of rows."""
    metric: MetricFacts
    """The score."""
    plan: MemorizeTraining
    """Training of each network."""
    shares: list[RandomLabelsResult]
    """The random-label test: one entry for each share of random labels."""
    limits: list[ArmResult]
    """Limits on memorization, at two of the shares."""
    result: DivergedRuns
    """Runs that failed."""
    seconds: Seconds
    """Seconds by kind of work."""
    pictures: list[str]
    """Paths of the pictures; empty if nothing was kept."""

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        share = self.shares[0].memorized.mean
        return "" if share is None else f"{share:.1%} memorized"

    def some_failed(self) -> bool:
        """Return whether a run diverged."""
        return self.result.diverged > 0


@dataclass(frozen=True, kw_only=True)
class PlannedArm:
    """Networks that would differ in their seed alone."""

    share: float
    """Share of the labels drawn at random."""
    limit: str | None
    """The limit on memorization; null without one."""


@dataclass(frozen=True, kw_only=True)
class PlannedMemorization(MemorizeTraining, PlannedNetworks):
    """The planned training of each network, and the number of networks."""

    arms: list[PlannedArm]
    """Groups of networks, one network for each seed."""


@dataclass(frozen=True, kw_only=True, repr=False)
class MemorizePlan(StudyPlan):
    """The plan of a measurement of memorization."""

    rows: PairRows
    """Numbers of rows."""
    metric: MetricFacts
    """The score."""
    plan: PlannedMemorization
    """Training of each network."""
