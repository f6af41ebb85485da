"""The result of a landscape study, and the result of its dry run, as dataclasses of plain values.

A landscape study measures loss and curvature around trained weights, the center. A dry run lists the planned
trainings and measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ravine.execution.field_types import Pair, Positive
from ravine.execution.result import Result, StudyPlan
from ravine.execution.result_parts import PlannedNetworks
from ravine.records.array_rules import ArrayRule
from ravine.render.numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BarrierRow", "Center", "DirectionRow", "LandscapePlan", "LandscapePlanFacts", "LandscapeResult",
    "NotDrawn", "PlaneRow", "PlannedOptimizer", "PlannedTraining", "Sharpness", "TrajectoryRow",
]  # fmt: skip

LossName = Annotated[str, Meta(pattern=r"^(cross_entropy|squared_error|.+\.py:\w+@[0-9a-f]{64})$")]
DECAYED = 0.01  # share of the first learning rate; at a smaller one every curvature is stable


@dataclass(frozen=True, kw_only=True)
class Center:
    """The center of a loss landscape: the trained weights around which it is measured, and their training."""

    origin: str
    """`trained here`, or the path of the model that holds the weights."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    optimizer: str | None
    """The optimizer that trained the network; null if the model does not name it."""
    learning_rate: float | None
    """Learning rate that the schedule multiplies; null if the model does not name it."""
    current_learning_rate: float | None
    """Learning rate at the last step; null if not known."""
    steps: int | None
    """Number of training steps; null if the model does not name this number."""
    loss: float
    """Mean loss over `rows` rows, without penalties, dropout and label smoothing."""
    loss_name: LossName
    """cross_entropy (in nats) or squared_error (in variances of the target)."""
    rows: int
    """Number of rows that the loss is a mean of."""
    gradient: float
    """Euclidean norm of the gradient of the loss."""
    length: float
    """Euclidean norm of the parameters."""
    chance: float
    """Loss of a constant prediction: equal class probabilities, or the mean target."""

    @property
    def decayed(self) -> bool:
        """Whether the schedule had lowered the learning rate to below 1 % of its full value at the last step.

        At such a small learning rate every curvature is stable. The sharpness is therefore not compared with
        the optimizer's stability limit.
        """
        rate, first = self.current_learning_rate, self.learning_rate
        return rate is not None and first is not None and rate < DECAYED * first


@dataclass(frozen=True, kw_only=True)
class Sharpness:
    """The sharpness (largest curvature) of the loss at the center, and the optimizer's stability limit.

    The center is the trained weights that a landscape study measures.
    """

    value: float
    """Largest eigenvalue of the Hessian."""
    error: float
    """Norm of the residual: the Hessian has an eigenvalue within this distance of the value."""
    converged: bool
    """Whether the residual is below the tolerance; if not, the value is a lower bound."""
    limit: float | None
    """Largest curvature at which the optimizer is stable at its last learning rate; null if not known."""
    formula: str | None
    """The limit as a formula of the learning rate eta; null if there is no limit."""
    preconditioned: bool
    """Whether the limit refers to the Hessian preconditioned by the optimizer's state."""
    measured: float | None
    """Largest eigenvalue of the matrix that the limit refers to; null if not known."""
    ratio: float | None
    """`measured` in units of the limit; null if not known."""
    ratio_error: float | None
    """Error of the ratio from the residual; null without a ratio."""
    stable: bool | None
    """Whether the ratio is below 1; null if the error of the ratio leaves this open, or without a ratio."""
    reason: str | None
    """Reason why there is no ratio; null if there is a ratio."""


@dataclass(frozen=True, kw_only=True)
class DirectionRow:
    """The loss on one line in weight space through the center, the trained weights of a landscape study.

    Slope and curvature are derivatives with respect to length in weight space.
    """

    name: str
    """`random 1`, `random 2`, `eigenvector 1`, `eigenvector 2` or `sharpest`."""
    length: float
    """Length in weight space of one unit along the line."""
    slope: float
    """First derivative of the loss along the line, at the center."""
    curvature: float
    """Second derivative of the loss along the line, at the center."""
    error: float
    """Error of the curvature: residual for an eigenvector, else an estimate of the rounding error."""
    limit: float | None
    """Curvature along this direction at which the optimizer is just stable; null if not known."""
    highest: float | None
    """Highest loss on the line; null if no loss is finite."""
    lowest: float | None
    """Lowest loss on the line; null if no loss is finite."""
    not_finite: int
    """Number of points at which the loss is not finite."""


@dataclass(frozen=True, kw_only=True)
class PlaneRow:
    """The loss on one plane in weight space through the center, the trained weights of a landscape study.

    The array `plane/NAME/loss` of the result holds the losses.
    """

    name: str
    """Kind of the plane: random, eigenvectors, trajectories or solutions."""
    points: Annotated[list[Positive], Meta(min_length=2, max_length=2)]
    """Number of points along x and along y."""
    unit: str
    """Unit of the coordinates x and y, in words."""
    x: Pair
    """First and last coordinate x."""
    y: Pair
    """First and last coordinate y."""
    lowest: float | None
    """Lowest loss on the plane; null if no loss is finite."""
    highest: float | None
    """Highest loss on the plane; null if no loss is finite."""
    not_finite: int
    """Number of points at which the loss is not finite."""
    explained: Pair | None
    """Shares of the variance of the optimizers' paths on both axes; null for other planes."""


@dataclass(frozen=True, kw_only=True)
class TrajectoryRow:
    """The path of one optimizer in weight space, from the initial weights that all optimizers share."""

    optimizer: str
    """Name of the optimizer."""
    current_learning_rate: float
    """Learning rate at the last step."""
    steps: int
    """Training steps until the last point with finite weights."""
    points: int
    """Number of points of the path with finite weights, the start included."""
    diverged: bool
    """Whether the training diverged."""
    loss: float | None
    """Loss at the end of the path, on the rows of the center; null if the training diverged."""
    end: Pair | None
    """Coordinates of the end on the plane of the paths; null if there is no such plane."""
    outside: float | None
    """Distance of the end from the plane of the paths; null if there is no such plane."""


@dataclass(frozen=True, kw_only=True)
class BarrierRow:
    """The loss barrier on the straight line between two solutions, the weights at the ends of two trainings.

    The barrier is measured before and after the hidden units of the two networks are matched.
    """

    a: int
    """Number of the first solution, from 1."""
    b: int
    """Number of the second solution."""
    before: float
    """Height of the barrier: largest excess of the loss over the straight line between its ends."""
    before_error: float
    """Error of the height, from the distance between the measured points."""
    after: float | None
    """Height once the units of b are matched to those of a; null if the units cannot be matched."""
    after_error: float | None
    """Error of the height after matching; null without this height."""
    distance_before: float | None
    """Distance between the solutions in weight space; null if the units cannot be matched."""
    distance_after: float | None
    """Distance once the units are matched; null if the units cannot be matched."""
    ends: Pair
    """Losses at both solutions."""
    why_not: str | None
    """Reason why the units cannot be matched; null if they can."""


@dataclass(frozen=True, kw_only=True)
class NotDrawn:
    """A part of a loss landscape that could not be measured, with the reason."""

    what: str
    """The missing part."""
    why: str
    """The reason."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LandscapeResult(Result):
    """The result of a landscape study: loss and curvature around trained weights, the center.

    Its property `arrays` (the file `arrays.npz` of a run) holds the values of all figures. P is the number of
    parameters, T the number of points of a path. The names of the arrays are

        center/parameters [P]; sharpness/values and sharpness/residuals (largest eigenvalues of the Hessian)
        slice/NAME/x, loss, direction, limit (parabola of the stability limit), for each line through the
        center; NAME is also `flat`, a random line of the length of the line `sharpest`
        plane/NAME/x, y, loss [y, x], mark/NAME [point, 2] (paths and points on the plane), for each plane
        way/NAME/steps [T] and parameters [T, P] (path in weight space), for each optimizer
        solutions/parameters (weights at the ends of trainings)
        line/A-B/t (share of the line), before and after (losses before and after the hidden units are
        matched), for each line between two solutions A and B
    """

    center: Center
    """The weights that the landscape surrounds."""
    sharpness: Sharpness
    """Largest curvature at the center, and stability limit of the optimizer."""
    directions: list[DirectionRow]
    """The loss on lines through the center."""
    planes: list[PlaneRow]
    """The loss on planes through the center."""
    trajectories: list[TrajectoryRow]
    """Paths of the optimizers in weight space; empty if a trained model is measured."""
    barriers: list[BarrierRow]
    """The loss on lines between solutions; empty with fewer than two solutions."""
    not_drawn: list[NotDrawn]
    """Parts of the landscape that could not be measured."""
    notes: list[str]
    """Sentences on the training, such as the number of diverged starts."""
    seconds: float | None = None
    """Wall-clock seconds from the start of the study to its result; null if `times.json` is gone."""
    pictures: list[str] = field(default_factory=list)
    """Paths of the pictures; empty if no run directory was written."""

    def array_rules(self) -> dict[str, ArrayRule]:
        """Return the types and shapes of `arrays` by name."""

        def numbers(*shape: int | str | None, optional: bool = False) -> ArrayRule:
            return ArrayRule("if", shape, optional=optional)

        weights = self.center.parameters
        rules = {"center/parameters": numbers(weights)}
        rules["solutions/parameters"] = numbers(None, weights, optional=True)
        rules |= {f"sharpness/{part}": numbers("eigenvalue") for part in ("values", "residuals")}
        for name in (*(row.name for row in self.directions), "flat"):
            base = f"slice/{name}"
            rules |= {f"{base}/{part}": numbers(base) for part in ("x", "loss")}
            rules |= {f"{base}/limit": numbers(base, optional=True), f"{base}/direction": numbers(weights)}
        optimizers = [row.optimizer for row in self.trajectories]
        marks = ["center", *optimizers, *(f"solution {k}" for row in self.barriers for k in (row.a, row.b))]
        for plane in self.planes:
            base, (x, y) = f"plane/{plane.name}", plane.points
            rules |= {f"{base}/x": numbers(x), f"{base}/y": numbers(y), f"{base}/loss": numbers(y, x)}
            rules |= {f"{base}/mark/{name}": numbers(None, 2, optional=True) for name in marks}
        for name in optimizers:
            base = f"way/{name}"
            rules |= {f"{base}/steps": numbers(base), f"{base}/parameters": numbers(base, weights)}
        for row in self.barriers:
            base = f"line/{row.a}-{row.b}"
            rules |= {f"{base}/{part}": numbers(base) for part in ("t", "before")}
            rules[f"{base}/after"] = numbers(base, optional=True)
        return rules

    def figures(self) -> dict[str, Figure]:
        """Return the figures of the loss landscape by name, drawn with matplotlib."""
        figures: dict[str, Figure] = resolve_name("ravine.studies.landscape.plots:figures")(self)
        return figures

    def title_of(self, direction: DirectionRow) -> str:
        """Return the name of a direction in weight space as tables and figures show it.

        The sharpest direction for an optimizer with preconditioner gets the name of the optimizer, because
        another optimizer would have another sharpest direction.
        """
        if direction.name == "sharpest" and self.sharpness.preconditioned:
            return f"sharpest for {self.center.optimizer} (preconditioned)"
        return direction.name

    def summary(self) -> str:
        """Return one line for the list of `ravine runs`: optimizer and sharpness of the loss at the center.

        The sharpness as a share of the optimizer's stability limit is added if it is known, and if the
        schedule did not lower the learning rate to below 1 % of its full value.
        """
        sharp = self.sharpness
        text = f"sharpness {number(sharp.value)}"
        if self.center.optimizer is not None:
            text = f"{self.center.optimizer}: {text}"
        if sharp.ratio is None or self.center.decayed:
            return text
        return f"{text}, {number(sharp.ratio)} of the stability limit"


@dataclass(frozen=True, kw_only=True)
class PlannedOptimizer:
    """The planned trainings of one optimizer in a landscape study."""

    optimizer: str
    """Name of the optimizer."""
    learning_rate: float
    """Learning rate that the schedule multiplies."""
    runs: int
    """Number of starts (initial weights with an order of batches)."""


@dataclass(frozen=True, kw_only=True)
class PlannedTraining(PlannedNetworks):
    """The planned trainings of all optimizers in a landscape study."""

    optimizers: list[PlannedOptimizer]
    """The optimizers; the landscape surrounds the weights at the end of the first one's training."""
    schedule: str
    """Learning-rate schedule."""
    steps: int
    """Steps of one network."""
    epochs: float
    """Passes over the training rows."""
    batch_size: int
    """Rows in a batch."""


@dataclass(frozen=True, kw_only=True)
class LandscapePlanFacts:
    """The planned trainings of a landscape study, and its planned measurements of the loss."""

    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    rows: int
    """Number of rows that the loss is a mean of."""
    training: PlannedTraining | None
    """The trainings; null if a trained model is measured."""
    slices: list[str]
    """Names of the lines through the center, along which the loss is measured."""
    planes: list[str]
    """Names of the planes on which the loss is measured."""
    points: list[int]
    """Number of points of a plane along x and along y."""
    barriers: int
    """Number of lines between solutions."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LandscapePlan(StudyPlan):
    """The result of a dry run of a landscape study: planned trainings and measurements."""

    model: str | None
    """Path of the trained run or model to measure; null if networks are trained."""
    plan: LandscapePlanFacts
    """The planned trainings and measurements."""
