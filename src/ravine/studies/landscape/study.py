"""The computation of a landscape study: the loss around trained weights, on lines and planes in weight space.

It also measures the sharpness against the optimizer's stability limit, the paths of the optimizers, and loss
barriers between solutions (the ends of several trainings).

Without a trained model, every optimizer trains from the same initial weights on the same rows, and the first
optimizer also from further initial weights. If the user names a trained model, nothing is trained, and the
loss is measured around its weights. Paths, barriers and limits that depend on the optimizer's state are then
left out, since a model contains neither its path nor that state.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
import numpy.typing as npt

from ravine.diagnostics import StabilityRatio, from_vector
from ravine.errors import NothingTrained, UsageError
from ravine.execution.context import RunContext
from ravine.execution.events import Noted
from ravine.execution.result import Artifacts
from ravine.execution.run_files import data_facts
from ravine.studies.landscape.design import LandscapeDesign, Trainings
from ravine.studies.landscape.loss_point import LossPoint
from ravine.studies.landscape.measurements import (
    Barrier,
    Direction,
    LocalGeometry,
    Plane,
    barriers,
    plane_of_paths,
    plane_of_solutions,
)
from ravine.studies.landscape.result import LandscapeResult, NotDrawn
from ravine.studies.landscape.result_rows import (
    arrays_of,
    barrier_row,
    center_row,
    direction_row,
    plane_row,
    sharpness_row,
    trajectory_rows,
)
from ravine.studies.landscape.settings import LandscapeSettings
from ravine.studies.landscape.trajectories import (
    Trajectory,
    check_trajectory,
    train_with_snapshots,
    trajectory_of,
)

__all__ = ["run"]


@dataclass(frozen=True)
class _Centre:
    """The center of a landscape, with the trainings that led there.

    trajectories: paths by optimizer. solutions [S, D]: ends of the first optimizer from several starts. Both
    are empty for a model, which was not trained here.
    """

    point: LossPoint
    trajectories: dict[str, Trajectory]
    solutions: npt.NDArray[np.float64]
    notes: list[str]


def run(design: LandscapeDesign, context: RunContext) -> LandscapeResult:
    """Train the networks of a landscape study, measure the loss around the center, and return the result.

    The center is the end of the first optimizer's first training, or a trained model, without training.
    Raises Stopped if the user requested a stop, after the state was saved. Raises NothingTrained if the first
    optimizer's first training diverges, UsageError if the loss at the center is not finite.
    """
    settings = design.settings
    if unused := settings.unused:
        context.notify(
            Noted(f"A model is not trained again, so these options have no effect: {', '.join(unused)}.")
        )
    center = _center(design, context)
    _measuring(context, "curvature")
    geometry = LocalGeometry(center.point, settings.seed)
    directions, flat, ratio = _directions(geometry, settings, context)
    planes, not_drawn = _planes(geometry, center, settings, context)
    lines: list[Barrier] = []
    if len(center.solutions) > 1:
        _measuring(context, "barriers")
        lines = barriers(center.point, center.solutions)
    arrays = arrays_of(geometry, [*directions, flat], planes, center.trajectories, center.solutions, lines)
    return LandscapeResult(
        study="landscape",
        source=settings.source,
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        center=center_row(geometry),
        sharpness=sharpness_row(geometry, ratio),
        directions=[direction_row(direction) for direction in directions],
        planes=[plane_row(plane) for plane in planes],
        trajectories=trajectory_rows(geometry, center.trajectories, planes),
        barriers=[barrier_row(line) for line in lines],
        not_drawn=not_drawn,
        notes=center.notes,
        seconds=time.perf_counter() - context.started,
    ).with_artifacts(Artifacts(arrays=arrays, records=context.records))


def _measuring(context: RunContext, about: str) -> None:
    """Report that a measurement begins, or raise Stopped if a stop was requested."""
    context.check_stop()
    context.stage("measure", about)


def _center(design: LandscapeDesign, context: RunContext) -> _Centre:
    if design.model_point is not None:
        point = design.model_point
        return _Centre(point, {}, np.zeros((0, point.network.parameters)), [])
    assert design.trainings is not None
    return _trained(design.trainings, design.settings, context)


def _trained(trainings: Trainings, settings: LandscapeSettings, context: RunContext) -> _Centre:
    """Train every optimizer from the common start, the first one from all starts, and return the center.

    Raises NothingTrained if the first optimizer diverges from the common start.
    """
    trajectories = {}
    for name, cohort in trainings.cohorts.items():
        context.stage("train", name)
        seed = trainings.rows_seed
        train, check = partial(train_with_snapshots, cohort, seed), partial(check_trajectory, cohort, seed)
        record = context.train_with("train", name, cohort, train, check)
        trajectories[name] = trajectory_of(cohort, seed, record)
    name, first = next(iter(trajectories.items()))
    if not first.finished[0]:
        raise NothingTrained(
            f"Training with {name} diverged.",
            "A landscape surrounds the weights at which the first optimizer ends.",
            "Give a lower --learning-rate, or name another optimizer first.",
        )
    plan, runs = trainings.first.plan, trainings.first.runs
    ends = first.points[first.finished, -1].astype(np.float64)
    params = from_vector(plan.network.init(np.random.default_rng(0), dtype=settings.precision), ends[0])
    numbers = {name: trainings.spec.numbers[name] for name in ("slope",) if name in plan.network.hyper_names}
    state = jax.tree.map(lambda leaf: np.asarray(leaf)[0], first.opt_state)
    rows = trainings.batches.data(trainings.rows_seed).train
    point = LossPoint(
        plan.network, params, plan.loss, rows, numbers, plan.rule, first.rate, "trained here",
        int(first.steps[-1]), state, float(runs.rate[0]),
    )  # fmt: skip
    diverged = len(first.finished) - len(ends)
    notes = [f"{diverged} of {len(first.finished)} starts diverged."] if diverged else []
    return _Centre(point, trajectories, ends, notes)


def _directions(
    geometry: LocalGeometry, settings: LandscapeSettings, context: RunContext
) -> tuple[list[Direction], Direction, StabilityRatio | None]:
    """Return five directions, one more random direction, and the sharpness over the stability limit.

    The five are two random directions, two eigenvectors, and the sharpest direction for the optimizer. The
    loss along the further random direction covers the same distances as along the sharpest one.
    """
    line = np.linspace(-1, 1, 2 * settings.grid - 1)
    random = geometry.random()
    _measuring(context, "slices")
    directions = [
        geometry.direction(f"random {k + 1}", along, settings.span * line) for k, along in enumerate(random)
    ]
    for k, vector in enumerate(geometry.pairs.vectors):
        context.check_stop()
        radius = settings.span * geometry.plot_radius(vector)
        residual = float(geometry.pairs.residuals[k])
        directions.append(geometry.direction(f"eigenvector {k + 1}", vector, radius * line, residual))
    context.check_stop()
    ratio, steep = geometry.sharpness()
    radius = settings.span * geometry.plot_radius(steep)
    directions.append(geometry.direction("sharpest", steep, radius * line))
    flat = geometry.direction("flat", random[0] / np.linalg.norm(random[0]), radius * line)
    return directions, flat, ratio


def _planes(
    geometry: LocalGeometry, center: _Centre, settings: LandscapeSettings, context: RunContext
) -> tuple[list[Plane], list[NotDrawn]]:
    """Return the loss on planes, and the planes that do not exist with the reason."""
    points = settings.grid
    line = settings.span * np.linspace(-1, 1, points)
    _measuring(context, f"random plane, {points} by {points} points")
    planes = [geometry.plane("random", geometry.random(), line, line, "length of the weights into each unit")]
    _measuring(context, "plane of the top eigenvectors")
    top = list(geometry.pairs.vectors)
    x, y = (geometry.plot_radius(vector) * line for vector in top)
    planes.append(geometry.plane("eigenvectors", top, x, y, "distance"))
    if not center.trajectories:
        why = (
            "A model holds its last parameters only. To draw paths of training, type the data in place of "
            "the model."
        )
        return planes, [NotDrawn(what="trajectories, solutions, barriers", why=why)]
    not_drawn = []
    _measuring(context, "plane of the trajectories")
    try:
        paths = {name: path.path(0).astype(np.float64) for name, path in center.trajectories.items()}
        planes.append(plane_of_paths(geometry, paths, points))
    except UsageError as error:  # paths on one line span no plane
        not_drawn.append(NotDrawn(what="trajectories", why=str(error)))
    count = len(center.solutions)
    if count < 3:
        why = f"A plane goes through three solutions; there {'is' if count == 1 else 'are'} {count}."
        return planes, [*not_drawn, NotDrawn(what="solutions", why=why)]
    _measuring(context, "plane through the solutions")
    try:
        planes.append(plane_of_solutions(geometry, center.solutions, points))
    except UsageError as error:
        not_drawn.append(NotDrawn(what="solutions", why=str(error)))
    return planes, not_drawn
