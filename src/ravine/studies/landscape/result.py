"""The result of `landscape`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from ravine.execution.result import PlannedNetworks, Result, StudyPlan
from ravine.render.numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BarrierRow", "Center", "DirectionRow", "LandscapePlan", "LandscapePlanFacts", "LandscapeResult",
    "NotDrawn", "PlaneRow", "PlannedOptimizer", "PlannedTraining", "Sharpness", "TrajectoryRow",
]  # fmt: skip

DECAYED = 0.01  # share of the first learning rate; at a smaller one every curvature is stable


@dataclass(frozen=True, kw_only=True)
class Center:
    """The point that the landscape surrounds."""

    origin: str
    """`trained here`, or the path of the model."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    optimizer: str | None
    """The optimizer that trained the network; null if the model does not name it."""
    learning_rate: float | None
    """Learning rate at the first step; null if the model does not name it."""
    current_learning_rate: float | None
    """Learning rate at the last step; null if it is not known."""
    steps: int | None
    """Training steps; null if the model does not name them."""
    loss: float
    """Mean loss over the rows, without penalties, dropout and label smoothing."""
    loss_name: str
    """cross_entropy (in nats) or squared_error (in variances of the target)."""
    rows: int
    """Number of rows that the loss is a mean of."""
    gradient: float
    """Euclidean norm of the gradient of the loss."""
    length: float
    """Euclidean norm of the parameters."""
    chance: float
    """Loss of outputs that do not depend on the inputs."""

    @property
    def decayed(self) -> bool:
        """Whether the schedule had taken the learning rate to almost 0 at the last step."""
        rate, first = self.current_learning_rate, self.learning_rate
        return rate is not None and first is not None and rate < DECAYED * first


@dataclass(frozen=True, kw_only=True)
class Sharpness:
    """Largest curvature at the center, and the stability limit of the optimizer."""

    value: float
    """Largest eigenvalue of the Hessian."""
    error: float
    """Norm of its residual: an eigenvalue lies within this distance of the value."""
    converged: bool
    """Whether the residual is below the tolerance; if not, the value is a lower bound."""
    limit: float | None
    """Largest curvature at which the optimizer is stable at its last learning rate; null if not known."""
    formula: str | None
    """The limit as a formula of the learning rate eta; null if there is no limit."""
    preconditioned: bool
    """Whether the limit holds for the Hessian that is preconditioned by the optimizer's state."""
    measured: float | None
    """Largest eigenvalue of the matrix that the limit holds for; null if not known."""
    ratio: float | None
    """`measured` in units of the limit; null if not known."""
    ratio_error: float | None
    """Error of the ratio from the residual; null without a ratio."""
    stable: bool | None
    """Whether the ratio is below 1; null if its error leaves that open, or there is no ratio."""
    reason: str | None
    """Reason why there is no ratio; null if there is one."""


@dataclass(frozen=True, kw_only=True)
class DirectionRow:
    """A line through the center. Slope and curvature hold for a direction of length 1."""

    name: str
    """`random 1`, `random 2`, `eigenvector 1`, `eigenvector 2` or `sharpest`."""
    length: float
    """Euclidean norm of one unit of the slice."""
    slope: float
    """First derivative of the loss."""
    curvature: float
    """Second derivative of the loss."""
    error: float
    """Error of the curvature: residual of an eigenvector, else an estimate of rounding."""
    limit: float | None
    """Curvature along this direction at which the optimizer is just stable; null if not known."""
    highest: float | None
    """Highest loss of the slice; null if no loss is finite."""
    lowest: float | None
    """Lowest loss of the slice; null if no loss is finite."""
    not_finite: int
    """Number of points at which the loss is not finite."""


@dataclass(frozen=True, kw_only=True)
class PlaneRow:
    """A plane through the center. Its losses are arrays, in `plane/NAME/loss`."""

    name: str
    """random, eigenvectors, trajectories or solutions."""
    points: list[int]
    """Number of points along x and along y."""
    unit: str
    """Unit of x and y."""
    x: list[float]
    """First and last x."""
    y: list[float]
    """First and last y."""
    lowest: float | None
    """Lowest loss; null if no loss is finite."""
    highest: float | None
    """Highest loss; null if no loss is finite."""
    not_finite: int
    """Number of points at which the loss is not finite."""
    explained: list[float] | None
    """Shares of the variance of the trajectories on both axes; null for other planes."""


@dataclass(frozen=True, kw_only=True)
class TrajectoryRow:
    """The path of one optimizer from the common start."""

    optimizer: str
    """Name of the optimizer."""
    current_learning_rate: float
    """Learning rate at the last step."""
    steps: int
    """Steps until its last finite point."""
    points: int
    """Number of finite points of the path, its start included."""
    diverged: bool
    """Whether it diverged."""
    loss: float | None
    """Loss at its end, on the rows of the center; null if it diverged."""
    end: list[float] | None
    """Coordinates of its end on the plane of the trajectories; null without that plane."""
    outside: float | None
    """Distance of its end from that plane; null without that plane."""


@dataclass(frozen=True, kw_only=True)
class BarrierRow:
    """The straight line between two solutions."""

    a: int
    """Number of the first solution, from 1."""
    b: int
    """Number of the second solution."""
    before: float
    """Height of the barrier: largest excess of the loss over the straight line between its ends."""
    before_error: float
    """Error of the height, from the distance between the points."""
    after: float | None
    """Height after matching the units of b to those of a; null if they cannot be matched."""
    after_error: float | None
    """Error of that height; null without one."""
    distance_before: float | None
    """Distance between the solutions; null if the units cannot be permuted."""
    distance_after: float | None
    """Distance after permuting; null if the units cannot be permuted."""
    ends: list[float]
    """Losses at both solutions."""
    why_not: str | None
    """Reason why the units cannot be permuted; null if they can."""


@dataclass(frozen=True, kw_only=True)
class NotDrawn:
    """A part of the landscape that is missing."""

    what: str
    """The part."""
    why: str
    """The reason."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LandscapeResult(Result):
    """The loss around a point.

    `arrays` (in a run: `arrays.npz`) hold the values of all figures:
    center/parameters [P], sharpness/values, sharpness/residuals; for each direction slice/NAME/x, loss,
    direction and limit (the parabola of the stability limit); for each plane plane/NAME/x, y, loss [y, x] and
    mark/NAME [point, 2]; for each optimizer way/NAME/steps [T] and parameters [T, P]; solutions/parameters;
    for each line between solutions line/A-B/t, before and after.
    """

    center: Center
    """The point."""
    sharpness: Sharpness
    """Largest curvature and stability limit."""
    directions: list[DirectionRow]
    """Lines through the center."""
    planes: list[PlaneRow]
    """Planes through the center."""
    trajectories: list[TrajectoryRow]
    """Paths of the optimizers; empty for a model."""
    barriers: list[BarrierRow]
    """Lines between solutions; empty with fewer than two."""
    not_drawn: list[NotDrawn]
    """Parts that are missing."""
    notes: list[str]
    """Sentences on the training."""
    seconds: float
    """Wall-clock seconds from the first line to the result."""
    pictures: list[str] = field(default_factory=list)
    """Paths of the pictures; empty if no run directory was written."""

    def figures(self) -> dict[str, Figure]:
        """Return matplotlib figures by name."""
        figures: dict[str, Figure] = resolve_name("ravine.studies.landscape.plots:figures")(self)
        return figures

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        sharp = self.sharpness
        text = f"sharpness {number(sharp.value)}"
        if self.center.optimizer is not None:
            text = f"{self.center.optimizer}: {text}"
        if sharp.ratio is None or self.center.decayed:
            return text
        return f"{text}, {number(sharp.ratio)} of the stability limit"


@dataclass(frozen=True, kw_only=True)
class PlannedOptimizer:
    """The trainings of one optimizer."""

    optimizer: str
    """Name of the optimizer."""
    learning_rate: float
    """Learning rate at the first step."""
    runs: int
    """Number of starts."""


@dataclass(frozen=True, kw_only=True)
class PlannedTraining(PlannedNetworks):
    """The planned trainings."""

    optimizers: list[PlannedOptimizer]
    """The optimizers; the landscape surrounds the end of the first."""
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
    """The planned trainings and measurements."""

    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    rows: int
    """Number of rows that the loss is a mean of."""
    training: PlannedTraining | None
    """The trainings; null for a model."""
    slices: list[str]
    """Names of the lines through the center."""
    planes: list[str]
    """Names of the planes."""
    points: list[int]
    """Number of points of a plane along x and along y."""
    barriers: int
    """Number of lines between solutions."""


@dataclass(frozen=True, kw_only=True, repr=False)
class LandscapePlan(StudyPlan):
    """The plan of a landscape."""

    model: str | None
    """Path of the run or model that the landscape surrounds; null if networks are trained."""
    plan: LandscapePlanFacts
    """The planned trainings and measurements."""
