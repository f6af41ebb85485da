"""The result of a double-descent study: errors against width, epochs and training rows; and its dry run."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.field_types import Pair, check_lengths
from ravine.execution.result import Result, StudyPlan
from ravine.execution.result_parts import (
    DivergedRuns,
    Measure,
    MetricFacts,
    PlannedNetworks,
    RepeatedTraining,
    Seconds,
    SplitSizes,
)

__all__ = [
    "FITTED_BELOW",
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
"""Name of the error of a classification: share of rows wrong. A regression reports its metric's name."""

FITTED_BELOW = 0.01  # share of wrong training labels, or mean squared error of standardized targets


@dataclass(frozen=True, kw_only=True)
class RowCounts(SplitSizes):
    """Numbers of training, validation and test rows, for the errors against width and against epochs."""

    available: int
    """Training rows in the data; the curve against training rows uses at most this number."""


@dataclass(frozen=True, kw_only=True)
class DescentTraining(RepeatedTraining):
    """Settings of the training that all networks of a double-descent study share."""

    label_noise: float
    """Share of the training labels that are replaced by random labels."""
    ridge: float
    """L2 penalty of the networks named "ridge"."""
    patience: int
    """Evaluations without improvement that end a run of the networks named "early stopping"."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The rise of an error curve to a peak, or the fall from it: mean over seeds, with its 95 % interval.

    Each seed is measured at the peak and the minimum of the mean curve of the other seeds.
    """

    mean: float
    """Mean over seeds."""
    interval: Pair
    """95 % interval of the mean, [low, high]."""


@dataclass(frozen=True, kw_only=True)
class SecondDescent:
    """Double descent of one curve: whether it rises to a peak and falls from this peak again.

    The curve is the mean loss, or the mean error, against network width, training steps or training rows.
    """

    peak: int | None
    """Units, step or rows at the peak; null if the mean curve has no peak."""
    rise: Change | None
    """Rise to the peak from the lowest point before it; null without a peak, or with fewer than 3 seeds."""
    fall: Change | None
    """Fall from the peak to the lowest point after it; null without a peak, or with fewer than 3 seeds."""
    double_descent: bool
    """Whether the intervals of rise and fall both lie above 0."""


@dataclass(frozen=True, kw_only=True)
class SecondDescents:
    """Double descent of the loss and of the error, against network width, training steps or training rows.

    Each has the place of the peak, with the rise to it and the fall from it. The error is the share of rows
    wrong, or the root mean square error in the unit of the target.
    """

    loss: SecondDescent
    """Double descent of the loss."""
    error: SecondDescent
    """Double descent of the error."""


@dataclass(frozen=True, kw_only=True)
class ErrorCurves:
    """Losses and errors of networks: mean and interval over seeds, for each width or number of training rows.

    A loss is the cross-entropy in nats, or the squared error of standardized targets. An error is the share
    of rows wrong, or the root mean square error in the unit of the target.
    """

    train_loss: list[Measure]
    """Loss on the training rows with the labels of the training, random labels included."""
    train_error: list[Measure]
    """Error on the training rows with the labels of the training, random labels included."""
    test_loss: list[Measure]
    """Loss on the test rows."""
    test_error: list[Measure]
    """Error on the test rows."""

    def __post_init__(self) -> None:
        check_lengths(self, "train_loss", "train_error", "test_loss", "test_error")


@dataclass(frozen=True, kw_only=True)
class Arm(ErrorCurves):
    """Losses and errors against width, for one kind of training.

    The kinds are plain (as the settings say), with added ridge (an L2 penalty), and with added early
    stopping.
    """

    name: str
    """Kind of training: plain, ridge (an L2 penalty) or early stopping."""


@dataclass(frozen=True, kw_only=True)
class WidthThreshold:
    """The narrowest network that fits its training rows, and the number of equations that it must fulfill.

    Rows are fitted if at most 1 % have a wrong label, or for numbers, if the mean squared error is at most
    1 % of the variance of the target. The number of equations is training rows times outputs. A network with
    as many parameters as equations should just fit the rows.
    """

    units: int | None
    """Units in every hidden layer of this network; null if no network fits them."""
    parameters: int | None
    """Number of parameters of this network; null if no network fits them."""
    by_count: int
    """Training rows times outputs: with as many parameters, there are as many unknowns as equations."""


@dataclass(frozen=True, kw_only=True)
class WidthSweep:
    """Losses and errors of networks of several widths, all trained on the same number of rows."""

    units: list[int]
    """Units in every hidden layer."""
    parameters: list[int]
    """Parameters of each network."""
    arms: list[Arm]
    """Plain networks first, then networks with ridge and with early stopping."""
    threshold: WidthThreshold
    """The narrowest network that fits its training rows."""
    descent: SecondDescents
    """Second descent in the test loss and test error of the plain networks."""

    def __post_init__(self) -> None:
        check_lengths(self, "units", "parameters")
        if not self.arms or any(len(arm.test_loss) != len(self.units) for arm in self.arms):
            raise ValueError(f"every arm needs a loss for each of {len(self.units)} widths")


@dataclass(frozen=True, kw_only=True)
class EpochCurve:
    """Losses and errors of networks of one width during training: mean and interval over seeds.

    The networks are trained without the ridge and the early stopping that the study adds for comparison.
    """

    units: int
    """Units in every hidden layer."""
    train_loss: list[Measure]
    """Mean loss of the training batches since the evaluation before."""
    valid_loss: list[Measure]
    """Loss on the validation rows."""
    valid_error: list[Measure]
    """Error on the validation rows."""
    descent: SecondDescents
    """Second descent in validation loss and validation error."""

    def __post_init__(self) -> None:
        check_lengths(self, "train_loss", "valid_loss", "valid_error")


@dataclass(frozen=True, kw_only=True)
class EpochSweep:
    """Losses and errors during training, of networks of up to three widths."""

    step: list[int]
    """Training steps done at each point of the curves."""
    epoch: list[float]
    """Passes over the training rows at each point of the curves."""
    curves: list[EpochCurve]
    """Curves of a narrow network, of the narrowest that fits its training rows, and of the widest."""

    def __post_init__(self) -> None:
        check_lengths(self, "step", "epoch")
        if any(len(curve.valid_loss) != len(self.step) for curve in self.curves):
            raise ValueError(f"every curve needs a loss for each of {len(self.step)} steps")


@dataclass(frozen=True, kw_only=True)
class RowThreshold:
    """The largest training set, in rows, that networks of one width fit, with at most 1 % wrong.

    Its size is measured (`rows`), and estimated by counting equations (`by_count`).
    """

    rows: int | None
    """Largest number of training rows that the network fits; null if there is none."""
    by_count: float
    """Parameters over outputs: with as many rows, there are as many equations as unknowns."""


@dataclass(frozen=True, kw_only=True)
class ExampleSweep(ErrorCurves):
    """Losses and errors of networks of one width against the number of training rows."""

    rows: list[int]
    """Numbers of training rows at which the curves are given."""
    units: int
    """Units in every hidden layer: of the narrowest network that fits its rows, else of the widest."""
    parameters: int
    """Number of parameters of the network."""
    threshold: RowThreshold
    """The largest number of training rows that the network fits."""
    descent: SecondDescents
    """Second descent in test loss and test error."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_lengths(self, "rows", "test_loss")


@dataclass(frozen=True, kw_only=True)
class ProgramSeconds(Seconds):
    """Wall-clock seconds of a study, and the number of programs that it compiled."""

    programs: int
    """Number of compiled programs."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DescentResult(Result):
    """The result of a double-descent study: error on new rows against width, epochs and training rows."""

    rows: RowCounts
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """The error: share of rows wrong, or root mean square error."""
    plan: DescentTraining
    """Settings of the training that all networks share."""
    widths: WidthSweep
    """Losses and errors against width."""
    epochs: EpochSweep
    """Losses and errors against epochs."""
    examples: ExampleSweep
    """Losses and errors against the number of training rows."""
    seconds: ProgramSeconds | None = None
    """Wall-clock seconds by kind of work, such as compiling and training; null if `times.json` is gone."""
    result: DivergedRuns
    """Runs that diverged."""
    pictures: list[str]
    """Paths of the pictures; empty if no run directory was written."""

    def summary(self) -> str:
        """Return one line for the list of `ravine runs`: against which quantities the loss descends twice.

        The quantities are width, examples (number of training rows) and epochs.
        """
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

    def incomplete(self) -> bool:
        """Return whether a point of the curves of test loss has no value, since all its seeds diverged.

        The points are the numbers of training rows, and each width with each kind of training: plain, ridge
        (an L2 penalty) and early stopping.
        """
        curves = [*(arm.test_loss for arm in self.widths.arms), self.examples.test_loss]
        points = [point for curve in curves for point in curve]
        return any(all(value is None for value in point.values) for point in points)


@dataclass(frozen=True, kw_only=True)
class PlannedDescent(DescentTraining, PlannedNetworks):
    """The networks that a double-descent study would train, and their number."""

    widths: list[int]
    """Widths of the networks: units in every hidden layer."""
    arms: list[str]
    """Kinds of training for each width: plain, ridge, early stopping."""
    examples: list[int]
    """Numbers of training rows for the curve against training rows."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DescentPlan(StudyPlan):
    """The result of a dry run of a double-descent study: the networks that it would train."""

    rows: RowCounts
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """The error: share of rows wrong, or root mean square error."""
    plan: PlannedDescent
    """The networks to train."""
