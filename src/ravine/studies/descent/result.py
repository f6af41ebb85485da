"""The result of `descent`, and the document of its dry run."""

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
    SplitSizes,
    StudyPlan,
)

__all__ = [
    "SHARE_WRONG",
    "Arm",
    "Change",
    "DescentPlan",
    "DescentResult",
    "DescentTraining",
    "EpochCurve",
    "EpochSweep",
    "ErrorCurves",
    "ExampleSweep",
    "PlannedDescent",
    "ProgramSeconds",
    "RowCounts",
    "RowThreshold",
    "SecondDescent",
    "SecondDescents",
    "WidthSweep",
    "WidthThreshold",
]  # fmt: skip

SHARE_WRONG = "share wrong"
"""Name of the error of a classification. The error of a regression has the name of its metric."""


@dataclass(frozen=True, kw_only=True)
class RowCounts(SplitSizes):
    """Numbers of rows of the sweeps in width and epochs."""

    available: int
    """Training rows in the data; the sweep in examples uses at most these."""


@dataclass(frozen=True, kw_only=True)
class DescentTraining(RepeatedTraining):
    """The training of each network."""

    label_noise: float
    """Share of the training labels that are drawn at random."""
    ridge: float
    """L2 penalty of the arm "ridge"."""
    patience: int
    """Evaluations without improvement that end a run of the arm "early stopping"."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A rise or fall of a curve, over the seeds that did not choose the peak."""

    mean: float
    """Mean over seeds."""
    interval: list[float]
    """95 % interval of the mean, [low, high]."""


@dataclass(frozen=True, kw_only=True)
class SecondDescent:
    """Whether a curve rises to a peak and falls from it again."""

    peak: int | None
    """Units, step or rows at the peak; null if the mean curve has no peak."""
    rise: Change | None
    """Rise to the peak from the lowest place before it; null without a peak, or with fewer than 3 seeds."""
    fall: Change | None
    """Fall from the peak to the lowest place after it; null without a peak, or with fewer than 3 seeds."""
    double_descent: bool
    """Whether the intervals of rise and fall both lie above 0."""


@dataclass(frozen=True, kw_only=True)
class SecondDescents:
    """The second descent of loss and of error."""

    loss: SecondDescent
    """Of the loss."""
    error: SecondDescent
    """Of the error."""


@dataclass(frozen=True, kw_only=True)
class ErrorCurves:
    """Losses and errors, one measure over seeds for each width or number of rows.

    A loss is the cross-entropy in nats, or the squared error of standardized targets. An error is the share
    of rows wrong, or the root mean square error in the unit of the target.
    """

    train_loss: list[Measure]
    """Loss on the training rows and their labels, random ones included."""
    train_error: list[Measure]
    """Error on the training rows and their labels, random ones included."""
    test_loss: list[Measure]
    """Loss on the test rows."""
    test_error: list[Measure]
    """Error on the test rows."""


@dataclass(frozen=True, kw_only=True)
class Arm(ErrorCurves):
    """Networks of all widths with one kind of training; curves over `units`."""

    name: str
    """plain, ridge or early stopping."""


@dataclass(frozen=True, kw_only=True)
class WidthThreshold:
    """The narrowest network that fits all training rows."""

    units: int | None
    """Its units in every hidden layer; null if no network fits them."""
    parameters: int | None
    """Its parameters; null if no network fits them."""
    by_count: int
    """Number of training rows times outputs: the threshold by counting equations, in parameters."""


@dataclass(frozen=True, kw_only=True)
class WidthSweep:
    """Networks of several widths, on the same rows."""

    units: list[int]
    """Units in every hidden layer."""
    parameters: list[int]
    """Parameters of each network."""
    arms: list[Arm]
    """Plain networks first, then networks with ridge and with early stopping."""
    threshold: WidthThreshold
    """The narrowest network that fits all training rows."""
    descent: SecondDescents
    """Second descent of the plain networks' test loss and error."""


@dataclass(frozen=True, kw_only=True)
class EpochCurve:
    """A plain network of one width during training; curves over `step`."""

    units: int
    """Units in every hidden layer."""
    train_loss: list[Measure]
    """Mean loss of the batches since the last evaluation."""
    valid_loss: list[Measure]
    """Loss on the validation rows."""
    valid_error: list[Measure]
    """Error on the validation rows."""
    descent: SecondDescents
    """Second descent of validation loss and error."""


@dataclass(frozen=True, kw_only=True)
class EpochSweep:
    """Networks of three widths during training."""

    step: list[int]
    """Steps done."""
    epoch: list[float]
    """Passes over the training rows."""
    curves: list[EpochCurve]
    """A narrow network, the one at the threshold, and the widest."""


@dataclass(frozen=True, kw_only=True)
class RowThreshold:
    """The number of rows up to which the network fits all of them."""

    rows: int | None
    """Largest number of rows that is fitted; null if no number is fitted."""
    by_count: float
    """Parameters per output: the threshold by counting equations, in rows."""


@dataclass(frozen=True, kw_only=True)
class ExampleSweep(ErrorCurves):
    """One network on several numbers of training rows; curves over `rows`."""

    rows: list[int]
    """Training rows."""
    units: int
    """Units in every hidden layer: those at the threshold of the width sweep, else the widest."""
    parameters: int
    """Parameters of the network."""
    threshold: RowThreshold
    """The number of rows up to which the network fits all of them."""
    descent: SecondDescents
    """Second descent of test loss and error."""


@dataclass(frozen=True, kw_only=True)
class ProgramSeconds(Seconds):
    """Wall-clock seconds, and programs."""

    programs: int
    """Number of compiled programs."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DescentResult(Result):
    """The result of a search for double descent."""

    rows: RowCounts
    """Numbers of rows."""
    metric: MetricFacts
    """The error: share wrong or rmse."""
    plan: DescentTraining
    """Training of each network."""
    widths: WidthSweep
    """Error against width."""
    epochs: EpochSweep
    """Error against epochs."""
    examples: ExampleSweep
    """Error against the number of training rows."""
    seconds: ProgramSeconds
    """Seconds by kind of work."""
    result: DivergedRuns
    """Runs that failed."""
    pictures: list[str]
    """Paths of the pictures; empty if nothing was kept."""

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        parts = {
            "width": [self.widths.descent],
            "examples": [self.examples.descent],
            "epochs": [curve.descent for curve in self.epochs.curves],
        }
        names = [
            name
            for name, descents in parts.items()
            if any(descent.loss.double_descent for descent in descents)
        ]
        return f"double descent in {', '.join(names)}" if names else "no double descent"

    def some_failed(self) -> bool:
        """Return whether a run diverged."""
        return self.result.diverged > 0


@dataclass(frozen=True, kw_only=True)
class PlannedDescent(DescentTraining, PlannedNetworks):
    """The planned training of each network, and the number of networks."""

    widths: list[int]
    """Units in every hidden layer."""
    arms: list[str]
    """Arms of the width sweep."""
    examples: list[int]
    """Training rows of the sweep in examples."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DescentPlan(StudyPlan):
    """The plan of a search for double descent."""

    rows: RowCounts
    """Numbers of rows."""
    metric: MetricFacts
    """The error: share wrong or rmse."""
    plan: PlannedDescent
    """Training of each network."""
