"""Train one network, or the same on several seeds, as asked: no tuning. The best by validation is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import find_devices
from ravine.errors import NothingTrained
from ravine.execution.events import Event, Notify, StopAsked
from ravine.execution.loading import data_line, load
from ravine.execution.run_files import data_document, keep_plan, keep_result, split_document
from ravine.execution.runner import Runner
from ravine.execution.saved_model import Model
from ravine.execution.settings import TrainSettings
from ravine.execution.training_spec import Recipe, around_of, check_moving, check_patience, recipe
from ravine.networks import METRICS
from ravine.optimizers import Rule, resolve, schedule
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.design import streams_for
from ravine.studies.compare.leaderboard import summary
from ravine.studies.train.view import training_text
from ravine.training import Cohort, Plan, Streams, shape_for, trained

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EPOCHS", "Training", "train_plan", "train_study"]

SCHEMA_VERSION = 1
EPOCHS = 50.0
FIRST_SEED = 2_000  # beyond those a comparison tunes and evaluates on: what it chose is judged anew
FEWEST_STEPS = 1_000  # so that small tables are trained too


@dataclass(frozen=True)
class Training:
    """What training gave. `document`: all of it as plain values, as `ravine train --json` prints it."""

    document: dict[str, Any]
    model: Model
    record: Record = field(repr=False)

    @property
    def curves(self) -> pd.DataFrame:
        """Losses and score by seed and step."""
        import pandas as pd

        return pd.DataFrame(self.document["curves"])

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return training_text(self.document, 100)


def train_study(
    settings: TrainSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Training:
    """Train as the settings say (data read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    clock = time.perf_counter()
    notify, stop = notify or (lambda _: None), stop or (lambda: None)
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        notify(Event("data", note))
    devices = find_devices(settings.device)
    rule, streams, made, plan = _planned(settings, dataset)
    seeds = np.arange(FIRST_SEED, FIRST_SEED + settings.seeds)
    rate = np.full(len(seeds), settings.rate or rule.rate_centre)
    runs = made.runs(plan, rate, np.full(len(seeds), str(schedule(settings.schedule))), seeds, {})
    check_metric_defined(dataset, plan.metric, seeds.tolist(), settings.validation)
    cohort = Cohort(plan, runs, streams, made.initial, True)
    keep_plan(run, "train", settings, dataset, {**plan.describe(), "seeds": seeds.tolist(), "rate": rate[0]})
    notify(Event("plan", f"{plan.rule.title} at {rate[0]:.3g}, {plan.network}, {plan.steps:,} steps"))
    runner = Runner(run, notify, stop, len(seeds) * plan.steps)
    shape = shape_for(plan, streams, len(seeds), len(seeds), devices)
    record = runner.cohort("train", rule.name, cohort, shape, devices)
    if not np.any(record.status == Status.FINISHED):
        raise NothingTrained(
            "Training diverged." if len(seeds) == 1 else "Training diverged on every seed.",
            f"The loss became infinite at learning rate {rate[0]:.3g}.",
            "Give a lower --rate, or ask `ravine compare` which one to use.",
        )
    notify(Event("test", "the test split, read once"))
    model, test = _tested(dataset, streams, plan, record, settings)
    greater = METRICS[plan.metric].greater_is_better
    last = record.final["score"].astype(np.float64)
    document = {
        "schema_version": SCHEMA_VERSION,
        "data": data_document(dataset),
        "split": split_document(dataset, streams),
        "metric": {"name": plan.metric, "greater_is_better": greater},
        "plan": _plan_document(settings, plan, streams, float(rate[0])),
        "seconds": {
            "total": time.perf_counter() - clock,
            "compile": runner.compile_seconds([plan], shape, devices),
            "train": runner.train_seconds,
        },
        "result": {
            "optimizer": rule.name,
            "learning_rate": float(rate[0]),
            "schedule": settings.schedule,
            **summary(last, greater, settings.seed, METRICS[plan.metric].bounds),
            "epochs": _epochs(record, plan, streams) if settings.early_stop else None,
        },
        "test": test,
        "curves": _curves(record, plan),
        "run_dir": None if run is None else str(run.path),
        "model": None if run is None else str(run.models),
    }
    keep_result(run, document, model, None)
    return Training(document, model, record)


def train_plan(settings: TrainSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what training would do, as plain values: what `ravine train --dry-run` prints.

    Raises DataError, UsageError as training does.
    """
    dataset = dataset if dataset is not None else load(settings)
    rule, streams, made, plan = _planned(settings, dataset)
    rate = float(settings.rate or rule.rate_centre)
    values = {**made.numbers, **rule.defaults}
    moving = {name: {"value": float(values[name]), "schedule": text} for name, text in made.moving.items()}
    return {
        "schema_version": SCHEMA_VERSION,
        "data": data_document(dataset),
        "split": split_document(dataset, streams),
        "metric": {"name": plan.metric, "greater_is_better": METRICS[plan.metric].greater_is_better},
        "plan": _plan_document(settings, plan, streams, rate),
        "optimizer": rule.name,
        "learning_rate": rate,
        "schedule": str(schedule(settings.schedule)),
        "moving": moving,
    }


def _planned(settings: TrainSettings, dataset: Dataset) -> tuple[Rule, Streams, Recipe, Plan]:
    rule = resolve(settings.optimizer)
    streams = streams_for(settings, dataset)
    made = recipe(settings, dataset)
    check_patience(settings)
    check_moving(made, [rule])
    return rule, streams, made, made.plan(settings, dataset, rule, streams, _steps(settings, streams))


def _plan_document(settings: TrainSettings, plan: Plan, streams: Streams, rate: float) -> dict[str, Any]:
    return {
        "runs": settings.seeds,
        "network_steps": settings.seeds * plan.steps,
        "steps": plan.steps,
        "epochs": plan.steps * plan.batch_size / streams.sizes[0],
        "batch_size": plan.batch_size,
        "network": str(plan.network),
        "parameters": plan.network.parameters,
        "layers": [
            {"layer": name, "output": list(shape), "parameters": count}
            for name, shape, count in plan.network.layers()
        ],
        "rates": _rates(settings, plan, streams, rate),
        "around": around_of(settings),
    }


def _steps(settings: TrainSettings, streams: Streams) -> int:
    per_epoch = streams.sizes[0] / streams.batch_size
    if settings.epochs is not None:
        return max(1, round(settings.epochs * per_epoch))
    return max(FEWEST_STEPS, round(EPOCHS * per_epoch))


def _rates(settings: TrainSettings, plan: Plan, streams: Streams, rate: float) -> list[float] | None:
    """Return the rate at the first step, and at the last before each evaluation; None for a plateau."""
    spec = schedule(settings.schedule)
    if spec.follows:
        return None
    factors = spec.factors(plan.steps, streams.sizes[0] / streams.batch_size)
    at = [0, *range(plan.stride - 1, plan.steps, plan.stride)]
    return [rate * float(factors[step]) for step in dict.fromkeys(at)]


def _epochs(record: Record, plan: Plan, streams: Streams) -> list[float | None]:
    """Return after how many epochs each seed had the weights that were kept; None where it diverged."""
    each = plan.stride * plan.batch_size / streams.sizes[0]
    return [each * (1 + int(k)) if k >= 0 else None for k in record.final["evaluation"]]


def _tested(
    dataset: Dataset, streams: Streams, plan: Plan, record: Record, settings: TrainSettings
) -> tuple[Model, dict[str, Any]]:
    """Score every seed's network on the test split; the model is the best of them by validation."""
    greater = METRICS[plan.metric].greater_is_better
    valid = record.final["score"].astype(np.float64)
    tests = np.full(len(record), np.nan)
    seeds = record.hyper["seed"].tolist()
    for k in np.flatnonzero(record.status == Status.FINISHED).tolist():
        unit = streams.rows(seeds[k]).unit
        tests[k] = trained(plan.network, record, k).score(plan.metric, streams.test(seeds[k]), unit)
    best = int(np.argmax(np.where(np.isfinite(valid), valid if greater else -valid, -np.inf)))
    about = {
        "optimizer": plan.rule.name,
        "learning_rate": float(record.hyper["rate"][best]),
        "schedule": settings.schedule,
        "steps": plan.steps,
        "seed": seeds[best],
        "metric": plan.metric,
        "validation": float(valid[best]),
        "test": float(tests[best]),
        "data": {"name": dataset.name, "sha256": dataset.sha256},
    }
    model = Model.of(dataset, trained(plan.network, record, best), streams.rows(seeds[best]), about)
    bounds = METRICS[plan.metric].bounds
    return model, {"model": float(tests[best]), **summary(tests, greater, settings.seed, bounds)}


def _curves(record: Record, plan: Plan) -> dict[str, list[Any]]:
    """Long columns: seed, step, train_loss, valid_loss, score; None where a run diverged."""
    count, times = record.series["score"].shape
    columns: dict[str, list[Any]] = {
        "seed": np.repeat(record.hyper["seed"], times).tolist(),
        "step": np.tile(plan.stride * (1 + np.arange(times)), count).tolist(),
    }
    for name, values in record.series.items():
        columns[name] = [float(each) if np.isfinite(each) else None for each in values.ravel()]
    return columns
