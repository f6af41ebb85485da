"""The result of a memorization study: random labels, limits, membership attack, bounds; and its dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ravine.execution.field_types import Pair, check_lengths
from ravine.execution.result import Result, StudyPlan
from ravine.execution.result_parts import (
    DivergedRuns,
    Measure,
    MetricFacts,
    PlannedNetworks,
    RepeatedTraining,
    Seconds,
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
    """Numbers of rows of a memorization study. Each network trains on one row of every pair of rows."""

    train: int
    """Number of rows that each network is trained on: one row of every pair."""
    held_out: int
    """Number of held-out rows of each network: the other row of every pair."""
    test: int
    """Number of test rows, which no network is trained on."""


@dataclass(frozen=True, kw_only=True)
class MemorizeTraining(RepeatedTraining):
    """Settings of the training that all networks of a memorization study share."""

    parameters: int
    """Number of parameters of each network."""
    fitted: float
    """A network has fitted its training labels once it predicts this share of the labels."""


@dataclass(frozen=True, kw_only=True)
class MemorizedRows:
    """Memory of the labels of single rows by the networks of a memorization study, averaged over rows.

    The memory of a row is a difference of two shares. The first is the share of networks that predict the
    label of the row, of those trained on the row. The second is this share of those that held the row out.
    """

    mean: float | None
    """Mean memory over rows; null if no row is trained on by one network and held out by another."""
    interval: Pair | None
    """95 % interval over rows, [low, high]."""
    memorized_share: float | None
    """Share of rows whose memory is above 0.5."""
    rows: int
    """Number of rows that some networks train on and others hold out."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Success of an attack that guesses from a row's loss whether the network was trained on the row."""

    advantage: Measure
    """Share of training rows recognized less share of held-out rows taken for training rows; 0 = guessing."""
    area: Measure
    """Area under the attack's ROC curve; 0.5 = guessing."""


@dataclass(frozen=True, kw_only=True)
class Information:
    """The f-CMI: information in right and wrong predictions about the trained row of a pair of rows.

    It bounds the expected gap between accuracy on training rows and on held-out rows.
    """

    nats: float
    """Mean information over pairs, in nats, with the bias of the estimate removed."""
    error: float
    """Standard error over pairs, in nats."""
    plain: float
    """Mean information over pairs, in nats, with the bias of the estimate."""
    floor: float
    """Bound on the gap that the bias of the estimate alone would give."""
    bound: float
    """Bound on the expected gap between training and held-out accuracy."""
    bound_high: float
    """The same bound at the upper end of the 95 % interval of the information."""
    vacuous: bool
    """Whether the bound is at least 1, so that every network satisfies it."""


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """Accuracy on the training labels by epoch, as the mean over networks that differ in their seed."""

    epoch: list[float]
    """Passes over the training rows."""
    train: list[float | None]
    """Share of the training labels that the networks predict."""

    def __post_init__(self) -> None:
        check_lengths(self, "epoch", "train")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A theoretical bound on the error of a trained network on new rows, or on its gap.

    The gap is the error on new rows less that on training rows. The network is the first that did not
    diverge, of those that differ in their seed.
    """

    name: Literal["pac_bayes", "held_out", "lecture", "xu_raginsky"]
    """Name of the bound: pac_bayes, held_out, lecture or xu_raginsky."""
    of: Literal["error", "gap"]
    """Bounded quantity: error (on new rows) or gap (error on new rows less that on training rows)."""
    value: float
    """The bound, as a share of rows."""
    error: float | None
    """Error of the bound, from the error of the estimated information; null if no estimate is used."""
    vacuous: bool
    """Whether the bound is no better than guessing."""
    noisy_error: float | None = None
    """Training error of the network with noise on its weights; for pac_bayes only."""
    divergence: float | None = None
    """KL divergence of the noisy weights from the prior, in nats; for pac_bayes only."""
    width: float | None = None
    """Relative width of the noise on the weights; for pac_bayes only."""
    delta: float | None = None
    """The bound holds with probability 1 - delta; for pac_bayes and held_out only."""
    rows: int | None = None
    """Number of held-out rows; for held_out only."""
    nats: float | None = None
    """Estimated information in the weights, in nats; for lecture and xu_raginsky only."""
    nats_error: float | None = None
    """Error of the estimated information, in nats; for lecture and xu_raginsky only."""
    prior_precision: float | None = None
    """1 / mean square of the initial weights; for lecture and xu_raginsky only."""


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """Measures of memorization of networks that differ in their seed alone.

    If `networks` is 0, all networks diverged and the measures are empty.
    """

    share: float
    """Share of the labels that were replaced by random labels."""
    limit: str | None
    """The limit on memorization, such as dropout; null for networks without a limit."""
    diverged: int
    """Number of networks that diverged."""
    networks: int
    """Number of networks that did not diverge; every measure is over these networks."""
    wrong: float | None
    """Share of the labels that are wrong; a random label can equal the true label."""
    train: Measure
    """Accuracy on training rows, with the labels of the training."""
    held_out: Measure
    """Accuracy on held-out rows, with the labels of the training."""
    test: Measure
    """Accuracy on test rows, with true labels."""
    gap: Measure
    """Accuracy on training rows less accuracy on held-out rows, for each network."""
    memorized: MemorizedRows
    """Memory of rows: accuracy on a row with and without training on the row."""
    wrong_learned: Measure | None
    """Share of the wrong training labels that the networks predict; null if no label is wrong."""
    fit: TimeMeasure | None
    """Epochs until the training labels were fitted; null for early stopping, which watches held-out rows."""
    membership: Membership
    """Success of an attack that guesses from a row's loss whether the row was trained on."""
    information: Information | None
    """Information of predictions about the trained row (f-CMI); null with fewer than 8 networks."""


@dataclass(frozen=True, kw_only=True)
class RandomLabelsResult(ArmResult):
    """Results of networks at one share of random labels, trained without an added limit on memorization.

    The limits of other results are dropout, L2, noise on the inputs and early stopping.
    """

    curve: LearningCurve
    """Accuracy on the training labels by epoch."""
    bounds: list[Bound]
    """Theoretical bounds on error and gap; empty if all networks diverged."""


@dataclass(frozen=True, kw_only=True, repr=False)
class MemorizeResult(Result):
    """The result of a memorization study: random labels, limits on memorization, and bounds."""

    rows: PairRows
    """Numbers of training, held-out and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: MemorizeTraining
    """Settings of the training that all networks share."""
    shares: list[RandomLabelsResult]
    """The random-label test: one entry for each share of random labels."""
    limits: list[ArmResult]
    """Limits on memorization, such as dropout, each at two shares of random labels."""
    result: DivergedRuns
    """Runs that diverged."""
    seconds: Seconds | None = None
    """Wall-clock seconds by kind of work, such as compiling and training; null if `times.json` is gone."""
    pictures: list[str]
    """Paths of the pictures; empty if no run directory was written."""

    def __post_init__(self) -> None:
        if not self.shares:
            raise ValueError("shares has no entry")

    def summary(self) -> str:
        """Return one line for the list of `ravine runs`: the memorized share, without random labels.

        This share is a mean over rows of a difference: the share of networks that predict the row's label, of
        those trained on the row, less this share of the other networks.
        """
        share = self.shares[0].memorized.mean
        return "" if share is None else f"{share:.1%} memorized"

    def incomplete(self) -> bool:
        """Return whether all networks diverged for some share of random labels, or for some limit."""
        return any(arm.networks == 0 for arm in (*self.shares, *self.limits))


@dataclass(frozen=True, kw_only=True)
class PlannedArm:
    """Networks that a memorization study would train and that would differ in their seed alone."""

    share: float
    """Share of the labels that would be replaced by random labels."""
    limit: str | None
    """The limit on memorization; null without one."""


@dataclass(frozen=True, kw_only=True)
class PlannedMemorization(MemorizeTraining, PlannedNetworks):
    """The networks that a memorization study would train, and their number."""

    arms: list[PlannedArm]
    """Groups of networks, one network for each seed."""


@dataclass(frozen=True, kw_only=True, repr=False)
class MemorizePlan(StudyPlan):
    """The result of a dry run of a memorization study: the networks that it would train."""

    rows: PairRows
    """Numbers of training, held-out and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: PlannedMemorization
    """The networks to train."""
