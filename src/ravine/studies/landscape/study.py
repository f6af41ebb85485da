"""The loss around solutions: slices, planes, paths of optimizers, barriers, sharpness against the limit.

DATA: every optimizer is trained from the same start on the same rows, the first one from other starts too.
MODEL: what can be measured from the parameters alone; a model keeps neither its path nor its optimizer's
state.
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
from ravine.studies.landscape.loss_point import Viewpoint
from ravine.studies.landscape.measurements import (
    Barrier,
    Direction,
    Plane,
    Relief,
    barriers,
    plane_of_paths,
    plane_of_solutions,
)
from ravine.studies.landscape.result import LandscapeResult, NotDrawn
from ravine.studies.landscape.result_rows import (
    arrays_of,
    barrier_row,
    centre_row,
    direction_row,
    plane_row,
    sharpness_row,
    trajectory_rows,
)
from ravine.studies.landscape.settings import LandscapeSettings
from ravine.studies.landscape.trajectories import Trajectory, trajectory_of, travel

__all__ = ["run"]


@dataclass(frozen=True)
class _Centre:
    """A viewpoint with what only training gives: paths of optimizers, solutions from other starts."""

    view: Viewpoint
    trajectories: dict[str, Trajectory]
    solutions: npt.NDArray[np.float64]
    notes: list[str]


def run(design: LandscapeDesign, context: RunContext) -> LandscapeResult:
    """Train, or take the model, measure the loss around it, and return the result.

    Raises Stopped after saving, and NothingTrained if the first optimizer diverges.
    """
    settings = design.settings
    if unused := settings.unused:
        context.notify(Noted(f"Not used with a model, which is trained already: {', '.join(unused)}."))
    centre = _centre(design, context)
    _measuring(context, "curvature")
    relief = Relief(centre.view, settings.seed)
    directions, flat, ratio = _directions(relief, settings, context)
    planes, not_drawn = _planes(relief, centre, settings, context)
    lines: list[Barrier] = []
    if len(centre.solutions) > 1:
        _measuring(context, "barriers")
        lines = barriers(centre.view, centre.solutions)
    arrays = arrays_of(relief, [*directions, flat], planes, centre.trajectories, centre.solutions, lines)
    return LandscapeResult(
        study="landscape",
        source=settings.source,
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        centre=centre_row(relief),
        sharpness=sharpness_row(relief, ratio),
        directions=[direction_row(direction) for direction in directions],
        planes=[plane_row(plane) for plane in planes],
        trajectories=trajectory_rows(relief, centre.trajectories, planes),
        barriers=[barrier_row(line) for line in lines],
        not_drawn=not_drawn,
        notes=centre.notes,
        seconds=time.perf_counter() - context.started,
    ).with_artifacts(Artifacts(arrays=arrays, records=context.records))


def _measuring(context: RunContext, about: str) -> None:
    """Report that a measurement begins, unless the study was asked to stop."""
    context.check_stop()
    context.stage("measure", about)


def _centre(design: LandscapeDesign, context: RunContext) -> _Centre:
    if design.model_view is not None:
        view = design.model_view
        return _Centre(view, {}, np.zeros((0, view.network.parameters)), [])
    assert design.trainings is not None
    return _trained(design.trainings, design.settings, context)


def _trained(made: Trainings, settings: LandscapeSettings, context: RunContext) -> _Centre:
    """Train every optimizer from the common start, the first one from the others too."""
    trajectories = {}
    for name, cohort in made.cohorts.items():
        context.stage("train", name)
        record = context.train_with("train", name, cohort, partial(travel, cohort, made.rows_seed))
        trajectories[name] = trajectory_of(cohort, made.rows_seed, record)
    name, first = next(iter(trajectories.items()))
    if not first.finished[0]:
        raise NothingTrained(
            f"Training with {name} diverged.",
            "A landscape surrounds the point where the first optimizer ends.",
            "Give a lower --rate, or name another optimizer first.",
        )
    plan, runs = made.first.plan, made.first.runs
    ends = first.points[first.finished, -1].astype(np.float64)
    params = from_vector(plan.network.init(np.random.default_rng(0), dtype=settings.precision), ends[0])
    numbers = {name: made.recipe.numbers[name] for name in ("slope",) if name in plan.network.hyper_names}
    state = jax.tree.map(lambda leaf: np.asarray(leaf)[0], first.opt_state)
    rows = made.batches.data(made.rows_seed).train
    view = Viewpoint(
        plan.network, params, plan.loss, rows, numbers, plan.rule, first.rate, "trained here",
        int(first.steps[-1]), state, float(runs.rate[0]),
    )  # fmt: skip
    lost = len(first.finished) - len(ends)
    notes = [f"{lost} of {len(first.finished)} starts diverged."] if lost else []
    return _Centre(view, trajectories, ends, notes)


def _directions(
    relief: Relief, settings: LandscapeSettings, context: RunContext
) -> tuple[list[Direction], Direction, StabilityRatio | None]:
    """Return the directions; a random one as far as the sharpest; how near the rule is to its limit.

    Two random ones, two eigenvectors, and last the one in which the rule is nearest its limit.
    """
    line = np.linspace(-1, 1, 2 * settings.grid - 1)
    random = relief.random()
    _measuring(context, "slices")
    found = [
        relief.direction(f"random {place + 1}", along, settings.span * line)
        for place, along in enumerate(random)
    ]
    for place, vector in enumerate(relief.pairs.vectors):
        context.check_stop()
        reach = settings.span * relief.reach(vector)
        residual = float(relief.pairs.residuals[place])
        found.append(relief.direction(f"eigenvector {place + 1}", vector, reach * line, residual))
    context.check_stop()
    ratio, steep = relief.sharpness()
    reach = settings.span * relief.reach(steep)
    found.append(relief.direction("sharpest", steep, reach * line))
    flat = relief.direction("flat", random[0] / np.linalg.norm(random[0]), reach * line)
    return found, flat, ratio


def _planes(
    relief: Relief, centre: _Centre, settings: LandscapeSettings, context: RunContext
) -> tuple[list[Plane], list[NotDrawn]]:
    """Return the planes that exist, and those that do not with the reason."""
    points = settings.grid
    line = settings.span * np.linspace(-1, 1, points)
    _measuring(context, f"random plane, {points} by {points} points")
    planes = [relief.plane("random", relief.random(), line, line, "length of the weights into each unit")]
    _measuring(context, "plane of the top eigenvectors")
    top = list(relief.pairs.vectors)
    x, y = (relief.reach(vector) * line for vector in top)
    planes.append(relief.plane("eigenvectors", top, x, y, "distance"))
    if not centre.trajectories:
        why = "A model keeps its last parameters only. Name DATA to train networks here and follow them."
        return planes, [NotDrawn(what="trajectories, solutions, barriers", why=why)]
    not_drawn = []
    _measuring(context, "plane of the trajectories")
    try:
        paths = {name: path.way(0).astype(np.float64) for name, path in centre.trajectories.items()}
        planes.append(plane_of_paths(relief, paths, points))
    except UsageError as error:  # a path along a line has no plane; the rest is drawn
        not_drawn.append(NotDrawn(what="trajectories", why=str(error)))
    count = len(centre.solutions)
    if count < 3:
        why = f"A plane goes through three solutions; there {'is' if count == 1 else 'are'} {count}."
        return planes, [*not_drawn, NotDrawn(what="solutions", why=why)]
    _measuring(context, "plane through the solutions")
    try:
        planes.append(plane_of_solutions(relief, centre.solutions, points))
    except UsageError as error:
        not_drawn.append(NotDrawn(what="solutions", why=str(error)))
    return planes, not_drawn
