"""The loss around solutions: slices, planes, ways of several optimizers, barriers, sharpness against the limit.

DATA: every optimizer is trained from the same start on the same rows, the first of them from other starts too.
MODEL: what is seen from the parameters alone; a model keeps neither its way nor its optimizer's state.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.data import Dataset
from ravine.diagnostics import from_vector
from ravine.errors import NothingTrained, UsageError
from ravine.optimizers import resolve_all, schedule
from ravine.reporting.landscape import landscape_text
from ravine.studies.design import streams_for
from ravine.studies.events import Event, Notify
from ravine.studies.loading import data_line, load
from ravine.studies.model_rows import view_of_model
from ravine.studies.recipe import recipe
from ravine.studies.recording import data_document
from ravine.studies.relief import Barrier, Direction, Plane, Relief, barriers, plane_of_paths, plane_of_solutions
from ravine.studies.settings import LandscapeSettings
from ravine.studies.train import EPOCHS, FEWEST_STEPS, FIRST_SEED
from ravine.studies.trajectories import Trajectory, travel
from ravine.studies.viewpoint import Viewpoint

__all__ = ["Landscape", "landscape_study"]

SCHEMA_VERSION = 1
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Landscape:
    """What was seen. `document`: plain values, as `ravine landscape --json` prints them.

    `arrays`: every slice, plane, way and line by name, as `landscape.npz` holds them.
    """

    document: dict[str, Any]
    arrays: Arrays = field(repr=False)

    def __repr__(self) -> str:
        return landscape_text(self.document, 100)


@dataclass(frozen=True)
class _Seen:
    """A viewpoint with what only training gives: ways of optimizers, solutions from other starts."""

    view: Viewpoint
    data: dict[str, Any]
    ways: dict[str, Trajectory]
    solutions: npt.NDArray[np.float64]
    notes: list[str]


def landscape_study(
    settings: LandscapeSettings,
    *,
    model: str | Path | None = None,
    dataset: Dataset | None = None,
    notify: Notify | None = None,
) -> Landscape:
    """Look at the loss as the settings say: around networks trained here, or around `model`.

    Raises DataError, UsageError, NothingTrained where the first optimizer diverges.
    """
    clock = time.perf_counter()
    tell = notify or (lambda _: None)
    seen = _trained(settings, dataset, tell) if model is None else _loaded(settings, model, dataset, tell)
    tell(Event("measure", "curvature"))
    relief = Relief(seen.view, settings.seed)
    directions, flat, ratio = _directions(relief, settings)
    planes, left = _planes(relief, seen, settings, tell)
    tell(Event("measure", "barriers"))
    found = barriers(seen.view, seen.solutions) if len(seen.solutions) > 1 else []
    document = {
        "schema_version": SCHEMA_VERSION,
        "data": seen.data,
        "centre": _centre(seen, relief),
        "sharpness": _sharpness(relief, ratio),
        "directions": [_direction(each) for each in directions],
        "planes": [_plane(each) for each in planes],
        "trajectories": _ways(seen, planes),
        "barriers": [_barrier(each) for each in found],
        "not_drawn": left,
        "notes": seen.notes,
        "seconds": time.perf_counter() - clock,
        "files": [],
    }
    return Landscape(document, _arrays(relief, [*directions, flat], planes, seen, found))


def _trained(settings: LandscapeSettings, dataset: Dataset | None, tell: Notify) -> _Seen:
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        tell(Event("data", note))
    rules = resolve_all(settings.optimizers)
    streams, made = streams_for(settings, dataset), recipe(settings, dataset)
    per_epoch = streams.sizes[0] / streams.batch_size
    steps = max(FEWEST_STEPS, round(EPOCHS * per_epoch))
    if settings.epochs is not None:
        steps = max(1, round(settings.epochs * per_epoch))
    ways, plans = {}, {}
    for k, rule in enumerate(rules):
        starts = [FIRST_SEED + each for each in range(settings.solutions if k == 0 else 1)]
        plan = plans[rule.name] = made.plan(settings, dataset, rule, streams, steps)
        rate = np.full(len(starts), settings.rate or rule.rate_centre)
        text = np.full(len(starts), str(schedule(settings.schedule)))
        tell(Event("train", f"{rule.title} at {rate[0]:.3g}, {plan.network}, {plan.steps:,} steps"))
        runs = made.runs(plan, rate, text, np.asarray(starts), {})
        ways[rule.name] = travel(plan, runs, streams, FIRST_SEED, made.initial, starts)
    first = ways[rules[0].name]
    if not first.finished[0]:
        raise NothingTrained(
            f"Training with {rules[0].name} diverged.",
            "A landscape is seen from where the first optimizer ends.",
            "Give a lower --rate, or name another optimizer first.",
        )
    import jax

    ends = first.points[first.finished, -1].astype(np.float64)
    plan = plans[rules[0].name]
    params = from_vector(made.network.init(np.random.default_rng(0), dtype=settings.precision), ends[0])
    numbers = {name: made.numbers[name] for name in ("slope",) if name in plan.network.needs}
    state = jax.tree.map(lambda a: np.asarray(a)[0], first.state.slots)
    rows = streams.rows(FIRST_SEED).train
    view = Viewpoint(
        plan.network, params, plan.loss, rows, numbers, rules[0], first.rate, "trained here",
        int(first.steps[-1]), state,
    )  # fmt: skip
    lost = len(first.finished) - len(ends)
    notes = [f"{lost} of {len(first.finished)} starts diverged."] if lost else []
    return _Seen(view, data_document(dataset), ways, ends, notes)


def _loaded(
    settings: LandscapeSettings, model: str | Path, dataset: Dataset | None, tell: Notify
) -> _Seen:
    view, data = view_of_model(model, settings, dataset)
    tell(Event("data", f"{data['name']}: {len(view.rows.x):,} rows"))
    return _Seen(view, data, {}, np.zeros((0, view.network.parameters)), [])


def _directions(relief: Relief, settings: LandscapeSettings) -> tuple[list[Direction], Direction, Any]:
    """Return the directions; a random one as far as the sharpest; how near the rule is to its limit.

    Two random ones, two eigenvectors, and last the one in which the rule is nearest its limit.
    """
    line = np.linspace(-1, 1, 2 * settings.grid - 1)
    random = relief.random()
    found = [
        relief.direction(f"random {k + 1}", each, settings.span * line) for k, each in enumerate(random)
    ]
    for k, vector in enumerate(relief.pairs.vectors):
        reach = settings.span * relief.reach(vector)
        residual = float(relief.pairs.residuals[k])
        found.append(relief.direction(f"eigenvector {k + 1}", vector, reach * line, residual))
    ratio, steep = relief.sharpness()
    reach = settings.span * relief.reach(steep)
    found.append(relief.direction("sharpest", steep, reach * line))
    flat = relief.direction("flat", random[0] / np.linalg.norm(random[0]), reach * line)
    return found, flat, ratio


def _planes(
    relief: Relief, seen: _Seen, settings: LandscapeSettings, tell: Notify
) -> tuple[list[Plane], list[dict[str, str]]]:
    """Return the planes there are, and those that cannot be with the reason."""
    points = settings.grid
    line = settings.span * np.linspace(-1, 1, points)
    tell(Event("measure", f"random plane, {points}x{points} points"))
    planes = [relief.plane("random", relief.random(), line, line, "length of the weights")]
    tell(Event("measure", "plane of the top eigenvectors"))
    reaches = [relief.reach(each) * line for each in relief.pairs.vectors]
    planes.append(relief.plane("eigenvectors", list(relief.pairs.vectors), *reaches, "distance"))
    left = []
    if not seen.ways:
        why = "A model keeps its last parameters only. Name DATA to train and be followed here."
        return planes, [{"what": "trajectories, solutions, barriers", "why": why}]
    tell(Event("measure", "plane of the trajectories"))
    try:
        paths = {name: way.way(0).astype(np.float64) for name, way in seen.ways.items()}
        planes.append(plane_of_paths(relief, paths, points))
    except UsageError as error:  # a path that does not leave a line: said, and the rest is drawn
        left.append({"what": "trajectories", "why": str(error)})
    if len(seen.solutions) < 3:
        why = f"A plane goes through three solutions; there {'is' if len(seen.solutions) == 1 else 'are'} "
        left.append({"what": "solutions", "why": f"{why}{len(seen.solutions)}."})
        return planes, left
    tell(Event("measure", "plane through the solutions"))
    try:
        planes.append(plane_of_solutions(relief, seen.solutions, points))
    except UsageError as error:
        left.append({"what": "solutions", "why": str(error)})
    return planes, left


def _centre(seen: _Seen, relief: Relief) -> dict[str, Any]:
    view = seen.view
    return {
        "origin": view.origin,
        "network": str(view.network),
        "parameters": view.network.parameters,
        "optimizer": None if view.rule is None else view.rule.name,
        "rate": view.rate,
        "steps": view.steps,
        "loss": relief.value,
        "loss_name": view.loss_name,
        "rows": len(view.rows.x),
        "gradient": float(np.linalg.norm(relief.gradient)),
        "length": float(np.linalg.norm(relief.here)),
        "chance": view.chance,
    }


def _sharpness(relief: Relief, ratio: Any) -> dict[str, Any]:
    top, limit = relief.pairs[0], relief.limit
    return {
        "value": top.value,
        "error": top.residual,
        "converged": bool(relief.pairs.converged[0]),
        "limit": limit.value,
        "formula": limit.formula or None,
        "preconditioned": limit.preconditioned,
        "measured": None if ratio is None else ratio.value * ratio.limit,
        "ratio": None if ratio is None else ratio.value,
        "ratio_error": None if ratio is None else ratio.error,
        "stable": None if ratio is None else ratio.stable,
        "reason": relief.why_not or None,
    }


def _direction(each: Direction) -> dict[str, Any]:
    losses = each.along.losses[each.along.finite]
    return {
        "name": each.name,
        "length": each.norm,
        "slope": each.slope,
        "curvature": each.curvature,
        "error": each.error,
        "limit": each.limit,
        "highest": float(losses.max()) if losses.size else None,
        "lowest": float(losses.min()) if losses.size else None,
        "not_finite": int((~each.along.finite).sum()),
    }


def _plane(each: Plane) -> dict[str, Any]:
    losses, y = each.seen.losses[each.seen.finite], each.seen.y
    assert y is not None
    return {
        "name": each.name,
        "points": [len(each.seen.x), len(y)],
        "unit": each.unit,
        "x": [float(each.seen.x[0]), float(each.seen.x[-1])],
        "y": [float(y[0]), float(y[-1])],
        "lowest": float(losses.min()) if losses.size else None,
        "highest": float(losses.max()) if losses.size else None,
        "not_finite": int((~each.seen.finite).sum()),
        "explained": None if each.explained is None else list(each.explained),
    }


def _ways(seen: _Seen, planes: list[Plane]) -> list[dict[str, Any]]:
    plane = next((each for each in planes if each.name == "trajectories"), None)
    found = []
    for name, way in seen.ways.items():
        path = way.way(0)
        ended = bool(way.finished[0])
        found.append(
            {
                "optimizer": name,
                "rate": way.rate,
                "steps": int(way.steps[len(path) - 1]),
                "points": len(path),
                "diverged": not ended,
                "loss": float(seen.view.at(path[-1])[0]) if ended else None,
                "end": None if plane is None else [float(each) for each in plane.marks[name][-1]],
                "outside": None if plane is None or plane.outside is None else float(plane.outside[name][-1]),
            }
        )
    return found


def _barrier(each: Barrier) -> dict[str, Any]:
    return {
        "a": each.a + 1,
        "b": each.b + 1,
        "before": each.before.barrier,
        "before_error": each.before.error,
        "after": None if each.after is None else each.after.barrier,
        "after_error": None if each.after is None else each.after.error,
        "distance_before": None if each.distances is None else each.distances[0],
        "distance_after": None if each.distances is None else each.distances[1],
        "ends": [float(each.before.losses[0]), float(each.before.losses[-1])],
        "why_not": each.why_not or None,
    }


def _arrays(
    relief: Relief, directions: list[Direction], planes: list[Plane], seen: _Seen, found: list[Barrier]
) -> Arrays:
    """Return everything that can be drawn, by name: `slice/NAME/x`, `plane/NAME/loss`, `line/1-2/before`."""
    arrays: Arrays = {"centre/parameters": relief.here, "sharpness/values": relief.pairs.values}
    arrays["sharpness/residuals"] = relief.pairs.residuals
    for each in directions:
        base = f"slice/{each.name}"
        arrays |= {f"{base}/x": each.along.x, f"{base}/loss": each.along.losses, f"{base}/direction": each.unit}
        edge = relief.edge(each)
        if edge is not None:
            arrays[f"{base}/limit"] = edge
    for plane in planes:
        base, y = f"plane/{plane.name}", plane.seen.y
        assert y is not None
        arrays |= {f"{base}/x": plane.seen.x, f"{base}/y": y, f"{base}/loss": plane.seen.losses}
        arrays |= {f"{base}/mark/{name}": places for name, places in plane.marks.items()}
    for name, way in seen.ways.items():
        arrays |= {f"way/{name}/steps": way.steps[: len(way.way(0))], f"way/{name}/parameters": way.way(0)}
    if len(seen.solutions):
        arrays["solutions/parameters"] = seen.solutions
    for line in found:
        base = f"line/{line.a + 1}-{line.b + 1}"
        arrays |= {f"{base}/t": line.before.positions, f"{base}/before": line.before.losses}
        if line.after is not None:
            arrays[f"{base}/after"] = line.after.losses
    return arrays
