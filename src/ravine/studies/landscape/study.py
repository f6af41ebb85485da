"""The loss around solutions: slices, planes, ways of optimizers, barriers, sharpness against the limit.

DATA: every optimizer is trained from the same start on the same rows, the first one from other starts too.
MODEL: what is seen from the parameters alone; a model keeps neither its way nor its optimizer's state.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from ravine.data import Dataset
from ravine.diagnostics import from_vector
from ravine.errors import NothingTrained, UsageError
from ravine.execution.events import Event, Notify
from ravine.execution.loading import data_line, load
from ravine.execution.run_files import data_document
from ravine.execution.training_spec import Recipe, around_of, recipe
from ravine.networks import INITIALISATIONS
from ravine.optimizers import resolve_all, schedule
from ravine.records.atomic_files import write_json, write_npz
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.render.plot_style import MISSING, can_draw
from ravine.studies.compare.design import streams_for
from ravine.studies.landscape.document import (
    arrays_of,
    barrier_row,
    centre_row,
    direction_row,
    plane_row,
    sharpness_row,
    way_rows,
)
from ravine.studies.landscape.from_model import view_of_model
from ravine.studies.landscape.loss_point import Viewpoint
from ravine.studies.landscape.measurements import (
    Direction,
    Plane,
    Relief,
    barriers,
    plane_of_paths,
    plane_of_solutions,
)
from ravine.studies.landscape.plots import draw, figures
from ravine.studies.landscape.settings import LandscapeSettings
from ravine.studies.landscape.trajectories import Trajectory, stretched, travel
from ravine.studies.landscape.view import landscape_text
from ravine.studies.train.study import EPOCHS, FEWEST_STEPS, FIRST_SEED
from ravine.training import Plan, Streams

__all__ = ["Landscape", "landscape_plan", "landscape_study"]

SCHEMA_VERSION = 1
SLICES = ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest")
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Landscape:
    """What was seen. `document`: plain values, as `ravine landscape --json` prints them.

    `arrays`: every slice, plane, way and line by name, as `landscape.npz` holds them.
    """

    document: dict[str, Any]
    arrays: Arrays = field(repr=False)

    def save(self, folder: str | PathLike[str], kind: str = "png") -> Landscape:
        """Write document, numbers and pictures (png, svg or pdf); return the landscape that names them.

        Where matplotlib is missing there are no pictures, and a note says so. Raises DataError, UsageError.
        """
        where = Path(folder)
        with os_errors_as_data_errors(where):
            where.mkdir(parents=True, exist_ok=True)
        numbers, about = where / "landscape.npz", where / "landscape.json"
        write_npz(numbers, self.arrays)
        pictures = draw(self.document, self.arrays, where, kind) if can_draw() else []
        notes = [*self.document["notes"], *[f"There are no pictures: {MISSING}"] * (not pictures)]
        files = [str(each) for each in (about, numbers, *pictures)]
        found = replace(self, document={**self.document, "notes": notes, "files": files})
        write_json(about, found.document, sort=False)
        return found

    def figures(self) -> dict[str, Any]:
        """Return the pictures as matplotlib figures by name. Raises UsageError without matplotlib."""
        return figures(self.document, self.arrays)

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


def landscape_plan(
    settings: LandscapeSettings, *, model: str | Path | None = None, dataset: Dataset | None = None
) -> dict[str, Any]:
    """Return what would be trained and looked at: what `--dry-run` prints."""
    planes = ["random", "eigenvectors"]
    if model is not None:
        view, data = view_of_model(model, settings, dataset)
        network, rows, solutions = view.network, len(view.rows.x), 0
        training: dict[str, Any] | None = None
    else:
        dataset = dataset if dataset is not None else load(settings)
        design = _planned(settings, dataset)
        first = next(iter(design.plans.values()))
        data, network, rows = data_document(dataset), first.network, design.streams.sizes[0]
        solutions = settings.solutions
        runs = {name: len(each) for name, each in design.starts.items()}
        training = {
            "optimizers": [
                {"optimizer": name, "learning_rate": design.rates[name], "runs": runs[name]} for name in runs
            ],
            "schedule": str(schedule(settings.schedule)),
            "steps": first.steps,
            "epochs": first.steps * first.batch_size / rows,
            "batch_size": first.batch_size,
            "around": around_of(settings),
            "runs": sum(runs.values()),
            "network_steps": sum(runs.values()) * first.steps,
        }
        planes += ["trajectories", *["solutions"] * (solutions > 2)]
    return {
        "schema_version": SCHEMA_VERSION,
        "data": data,
        "model": None if model is None else str(model),
        "plan": {
            "network": str(network),
            "parameters": network.parameters,
            "rows": rows,
            "training": training,
            "slices": list(SLICES),
            "planes": planes,
            "points": [settings.grid, settings.grid],
            "barriers": solutions * (solutions - 1) // 2,
        },
    }


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
        "centre": centre_row(relief),
        "sharpness": sharpness_row(relief, ratio),
        "directions": [direction_row(each) for each in directions],
        "planes": [plane_row(each) for each in planes],
        "trajectories": way_rows(relief, seen.ways, planes),
        "barriers": [barrier_row(each) for each in found],
        "not_drawn": left,
        "notes": seen.notes,
        "seconds": time.perf_counter() - clock,
        "files": [],
    }
    return Landscape(
        document, arrays_of(relief, [*directions, flat], planes, seen.ways, seen.solutions, found)
    )


@dataclass(frozen=True)
class _Plans:
    """What is trained: every rule from `starts` of its own."""

    streams: Streams
    recipe: Recipe
    plans: dict[str, Plan]
    rates: dict[str, float]
    starts: dict[str, list[int]]


def _planned(settings: LandscapeSettings, dataset: Dataset) -> _Plans:
    if not INITIALISATIONS[settings.init].random:
        raise UsageError(
            "From zero weights there are no directions to look along.",
            "They are as long as the weights: most would be zero.",
            "Take another --init.",
        )
    rules = resolve_all(settings.optimizers)
    streams, made = streams_for(settings, dataset), recipe(settings, dataset)
    per_epoch = streams.sizes[0] / streams.batch_size
    steps = max(FEWEST_STEPS, round(EPOCHS * per_epoch))
    if settings.epochs is not None:
        steps = max(1, round(settings.epochs * per_epoch))
    starts = [FIRST_SEED + each for each in range(settings.solutions)]
    return _Plans(
        streams,
        made,
        {rule.name: stretched(made.plan(settings, dataset, rule, streams, steps)) for rule in rules},
        {rule.name: settings.rate or rule.rate_centre for rule in rules},
        {rule.name: starts if k == 0 else starts[:1] for k, rule in enumerate(rules)},
    )


def _trained(settings: LandscapeSettings, dataset: Dataset | None, tell: Notify) -> _Seen:
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        tell(Event("data", note))
    design = _planned(settings, dataset)
    streams, made = design.streams, design.recipe
    ways = {}
    for name, plan in design.plans.items():
        starts = design.starts[name]
        rate = np.full(len(starts), design.rates[name])
        text = np.full(len(starts), str(schedule(settings.schedule)))
        tell(Event("train", f"{plan.rule.title} at {rate[0]:.3g}, {plan.network}, {plan.steps:,} steps"))
        runs = made.runs(plan, rate, text, np.asarray(starts), {})
        ways[name] = travel(plan, runs, streams, FIRST_SEED, made.initial, starts)
    named, plan = next(iter(design.plans.items()))
    first = ways[named]
    if not first.finished[0]:
        raise NothingTrained(
            f"Training with {named} diverged.",
            "A landscape is seen from where the first optimizer ends.",
            "Give a lower --rate, or name another optimizer first.",
        )
    ends = first.points[first.finished, -1].astype(np.float64)
    params = from_vector(made.network.init(np.random.default_rng(0), dtype=settings.precision), ends[0])
    numbers = {name: made.numbers[name] for name in ("slope",) if name in plan.network.needs}
    state = jax.tree.map(lambda a: np.asarray(a)[0], first.state.slots)
    rows = streams.rows(FIRST_SEED).train
    view = Viewpoint(
        plan.network, params, plan.loss, rows, numbers, plan.rule, first.rate, "trained here",
        int(first.steps[-1]), state, design.rates[named],
    )  # fmt: skip
    lost = len(first.finished) - len(ends)
    notes = [f"{lost} of {len(first.finished)} starts diverged."] if lost else []
    return _Seen(view, data_document(dataset), ways, ends, notes)


def _loaded(settings: LandscapeSettings, model: str | Path, dataset: Dataset | None, tell: Notify) -> _Seen:
    view, data = view_of_model(model, settings, dataset)
    tell(Event("data", f"{data['name']}: {len(view.rows.x):,} rows"))
    return _Seen(view, data, {}, np.zeros((0, view.network.parameters)), [])


def _directions(relief: Relief, settings: LandscapeSettings) -> tuple[list[Direction], Direction, Any]:
    """Return the directions; a random one as far as the sharpest; how near the rule is to its limit.

    Two random ones, two eigenvectors, and last the one in which the rule is nearest its limit.
    """
    line = np.linspace(-1, 1, 2 * settings.grid - 1)
    random = relief.random()
    found = [relief.direction(f"random {k + 1}", each, settings.span * line) for k, each in enumerate(random)]
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
    planes = [relief.plane("random", relief.random(), line, line, "length of the weights into each unit")]
    tell(Event("measure", "plane of the top eigenvectors"))
    top = list(relief.pairs.vectors)
    x, y = (relief.reach(each) * line for each in top)
    planes.append(relief.plane("eigenvectors", top, x, y, "distance"))
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
