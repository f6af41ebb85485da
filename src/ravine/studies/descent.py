"""Double descent: the error on new rows against width, epochs, examples; early stopping and ridge beside it.

widths     every hidden layer with H units, on `rows` training rows; threshold: the narrowest that fits them
epochs     the same networks on the way: the narrowest, that at the threshold, the widest
examples   the network at the threshold, on fewer and more rows
By count the threshold lies where parameters = rows x outputs.

Source: Belkin, Hsu, Ma & Mandal 2019; Nakkiran et al. 2020, Deep double descent.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset, split
from ravine.data.splits import Split
from ravine.engines import Devices, find_devices
from ravine.errors import DataError, NothingTrained, UsageError
from ravine.networks import default_metric
from ravine.optimizers import resolve, schedule
from ravine.records.record import Record, Status
from ravine.records.rundir import RunDirectory
from ravine.reporting.descent import descent_text
from ravine.reporting.descent_pictures import descent_pictures
from ravine.studies.documents import keep_document
from ravine.studies.events import Event, Notify, StopAsked
from ravine.studies.loading import data_line, load
from ravine.studies.memory import AMOUNT, summary_of
from ravine.studies.peaks import double_descent
from ravine.studies.recipe import Recipe, alike, around_of, recipe
from ravine.studies.recording import data_document, keep_plan
from ravine.studies.relabelled import Relabelled
from ravine.studies.runner import Runner
from ravine.studies.settings import DescentSettings
from ravine.studies.widths import can_share, narrowed, of_width
from ravine.training import Cohort, Plan, Rows, Runs, Streams, Trained, shape_for, trained

__all__ = ["Descent", "descent_plan", "descent_study"]

SCHEMA_VERSION = 1
FIRST_SEED = 4_000
FITTED = 0.01  # share of training labels wrong, or mean squared error of standardised targets, that is a fit
RIDGE, PATIENCE = 0.01, 8
TO_THE_END = 3.0  # times the usual rate: there is no peak before the networks have fitted what they can
BATCH = 32  # rows in a batch, where none is asked for
LOOKS = 60  # evaluations of a run
HELD_OUT = 1_000  # validation rows at most
FEWEST_ROWS = 16
SHARES = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 4)  # of `rows`, for the sweep in examples
ARMS = ("plain", "ridge", "early stopping")


@dataclass(frozen=True)
class Level:
    """How much is done. rows: training rows of the sweeps in width and epochs, at most."""

    widths: tuple[int, ...]
    rows: int
    seeds: int
    steps: int


LEVELS = {
    "quick": Level((1, 2, 4, 6, 8, 12, 16, 32, 128), 300, 4, 2_000),
    "standard": Level((1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 128, 256), 300, 8, 3_000),
}


@dataclass(frozen=True)
class Descent:
    """What was found. `document`: all of it as plain values, as `ravine descent --json` prints it."""

    document: dict[str, Any]
    records: dict[str, Record] = field(repr=False)

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return descent_text(self.document, 100)


def descent_study(
    settings: DescentSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Descent:
    """Run the sweeps as the settings say (data read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    clock = time.perf_counter()
    notify, stop = notify or (lambda _: None), stop or (lambda: None)
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        notify(Event("data", note))
    study = _Sweeps(settings, dataset, find_devices(settings.device))
    keep_plan(run, "descent", settings, dataset, study.plan_document())
    notify(Event("plan", study.line()))
    runner = Runner(run, notify, stop, study.network_steps)
    widths, epochs = study.widths(runner)
    if not any(each["mean"] is not None for arm in widths["arms"] for each in arm["test_loss"]):
        raise NothingTrained(
            "Training diverged at every width.",
            f"The learning rate was {study.rate:.3g}.",
            "Give a lower --rate.",
        )
    examples = study.examples(runner, widths["threshold"]["units"] or widths["units"][-1])
    document = {
        **study.document(),
        "widths": widths,
        "epochs": epochs,
        "examples": examples,
        "seconds": {
            "total": time.perf_counter() - clock,
            "compile": sum(
                runner.compile_seconds([plan], shape, study.devices) for plan, shape in study.used.items()
            ),
            "programs": len(study.used),
            "train": runner.train_seconds,
        },
        "result": {"diverged": study.diverged},
        "run_dir": None if run is None else str(run.path),
        "pictures": [],
    }
    keep_document(run, document, descent_pictures, _told(document))
    return Descent(document, study.records)


def descent_plan(settings: DescentSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what the sweeps would do: what `--dry-run` prints."""
    dataset = dataset if dataset is not None else load(settings)
    study = _Sweeps(settings, dataset, find_devices(settings.device))
    asked, document = study.plan_document(), study.document()
    document["plan"] |= {
        "around": around_of(settings),
        **{name: asked[name] for name in ("widths", "arms", "examples")},
        "runs": study.runs,
        "network_steps": study.network_steps,
    }
    return document


class _Sweeps:
    """The sweeps, fixed before training but for the width of the last one, which the first one finds."""

    def __init__(self, settings: DescentSettings, dataset: Dataset, devices: Devices) -> None:
        self.settings, self.dataset, self.devices = settings, dataset, devices
        self.level = LEVELS[settings.effort]
        if settings.metric not in (None, default_metric(dataset.task)):
            raise UsageError(
                f"--metric {settings.metric} cannot be used.",
                "Errors are the share of rows wrong, or the root mean square.",
                "Leave it out.",
            )
        self.rule = resolve(settings.optimizer)
        # as it is said: 0.009, not 0.009000000000000001
        self.rate = settings.rate or float(f"{TO_THE_END * self.rule.rate_centre:.3g}")
        self.seeds = np.arange(FIRST_SEED, FIRST_SEED + (settings.seeds or self.level.seeds))
        self.plain = recipe(settings, dataset)
        if len(self.plain.network.sizes) < 3:
            raise UsageError(
                f"The network '{settings.net}' has no width.", "It has no hidden layer.", "Type --net 64."
            )
        self.available = len(self._split(0).train)
        self.rows = min(self.available, self.level.rows)
        if self.rows < FEWEST_ROWS:
            raise DataError(f"{self.rows} training rows are too few.", "", f"Give {FEWEST_ROWS} or more.")
        self.sizes: list[int] = sorted(
            {round(share * self.rows) for share in SHARES if share * self.rows <= self.available}
        )
        self.batch_size = min(settings.batch_size or BATCH, self.sizes[0])
        self.outputs = self.plain.network.sizes[-1]
        self.share = can_share(self.plain.network, self.rule)
        self.used: dict[Plan, Any] = {}
        self.records: dict[str, Record] = {}
        self.diverged = 0

    @property
    def steps(self) -> int:
        """Steps of every run."""
        if self.settings.epochs is None:
            return self.level.steps
        return max(1, round(self.settings.epochs * self.rows / self.batch_size))

    @property
    def runs(self) -> int:
        return len(self.seeds) * (len(self.level.widths) * len(self._arms()) + len(self.sizes))

    @property
    def network_steps(self) -> int:
        return self.runs * self._plan(self._made(1)).steps

    def _split(self, seed: int, rows: int | None = None) -> Split:
        parts = split(self.dataset, seed, self.settings.validation)
        return Split(parts.train[:rows], parts.valid[:HELD_OUT])

    def _streams(self, rows: int) -> Streams:
        parts = partial(self._split, rows=rows)
        return Relabelled(
            self.dataset,
            self.settings.seed,
            self.batch_size,
            self.settings.precision,
            parts,
            self.settings.noise,
        )

    def _made(self, units: int) -> Recipe:
        network = narrowed(self.plain.network, units, self.level.widths, self.share)
        return replace(self._arms()["plain"], network=network)

    def _arms(self) -> dict[str, Recipe]:
        """Recipes of equal structure; what the user has switched on is on in all, and no arm of its own."""
        asked = {"plain": self.settings}
        if self.settings.l2 is None:
            asked["ridge"] = replace(self.settings, l2=RIDGE)
        if not self.settings.early_stop:
            asked["early stopping"] = replace(self.settings, early_stop=PATIENCE)
        return dict(zip(asked, alike([recipe(each, self.dataset) for each in asked.values()]), strict=True))

    def _plan(self, made: Recipe) -> Plan:
        stride = max(1, -(-self.steps // LOOKS))
        plan = made.plan(self.settings, self.dataset, self.rule, self._streams(self.rows), self.steps)
        return replace(plan, stride=stride, evaluations=max(1, -(-self.steps // stride)))

    def _runs(self, plan: Plan, arms: Sequence[Recipe]) -> Runs:
        """Return every arm on every seed, seeds varying fastest."""
        count = len(self.seeds)
        text = str(schedule(self.settings.schedule))
        parts = [
            each.runs(plan, np.full(count, self.rate), np.full(count, text), self.seeds, {}) for each in arms
        ]

        def joined(values: list[Any]) -> np.ndarray:
            return np.concatenate([np.zeros(count) if each is None else each for each in values])

        return replace(
            parts[0],
            rate=joined([each.rate for each in parts]),
            schedule=joined([each.schedule for each in parts]),
            seed=joined([each.seed for each in parts]),
            extra={name: joined([each.extra[name] for each in parts]) for name in parts[0].extra},
            patience=joined([each.patience for each in parts]),
            min_change=joined([each.min_change for each in parts]),
        )

    def _trained(
        self, runner: Runner, stage: str, units: int, rows: int, arms: Sequence[Recipe]
    ) -> tuple[Record, Plan, list[dict[str, np.ndarray]]]:
        """Return the record of one width on that many rows, and what was judged of each arm: [seed]."""
        made, streams = self._made(units), self._streams(rows)
        plan = self._plan(made)
        runs = self._runs(plan, arms)
        most = len(self.seeds) * len(self._arms())  # one shape for both sweeps, so that they share programs
        shape = shape_for(plan, streams, most, len(self.seeds), self.devices)
        self.used[plan] = shape
        cohort = Cohort(plan, runs, streams, made.initial, True)
        record = runner.cohort(stage, f"{units} units", cohort, shape, self.devices)
        self.records[f"{stage} {units}"] = record
        self.diverged += int(np.sum(record.status == Status.DIVERGED))
        judged = self._judged(record, plan, streams)
        count = len(self.seeds)
        parts = [slice(k * count, (k + 1) * count) for k in range(len(arms))]
        return record, plan, [{name: each[part] for name, each in judged.items()} for part in parts]

    def _judged(self, record: Record, plan: Plan, streams: Streams) -> dict[str, np.ndarray]:
        """Return loss and error on training rows (their labels) and test rows, NaN where diverged: [run]."""
        found = {
            name: np.full(len(record), np.nan)
            for name in ("train_loss", "train_error", "test_loss", "test_error")
        }
        for k in np.flatnonzero(record.status == Status.FINISHED).tolist():
            seed = int(record.hyper["seed"][k])
            network, own = trained(plan.network, record, k), streams.rows(seed)
            for name, rows in (("train", own.train), ("test", streams.test(seed))):
                loss, error = _loss_and_error(network, rows, self.dataset.task, own.unit)
                found[f"{name}_loss"][k], found[f"{name}_error"][k] = loss, error
        return found

    def widths(self, runner: Runner) -> tuple[dict[str, Any], dict[str, Any]]:
        """Sweep the width; return it, and the same networks by epoch."""
        arms, units = self._arms(), list(self.level.widths)
        found, curves = [], {}
        for each in units:
            record, plan, judged = self._trained(runner, "width", each, self.rows, list(arms.values()))
            found.append(judged)
            curves[each] = (record, plan)
        fit = [np.mean(self._misfit(judged[0])) for judged in found]
        fitted = [k for k, misfit in enumerate(fit) if misfit <= FITTED]
        sized = [of_width(self.plain.network, each).parameters for each in units]
        document = {
            "units": units,
            "parameters": sized,
            "arms": [
                {"name": name, **_columns([each[k] for each in found])} for k, name in enumerate(arms)
            ],
            "threshold": {
                "units": units[fitted[0]] if fitted else None,
                "parameters": sized[fitted[0]] if fitted else None,
                "by_count": self.rows * self.outputs,
            },
            "descent": _descents([each[0] for each in found], units),
        }  # fmt: skip
        middle = units[fitted[0]] if fitted else units[len(units) // 2]
        shown = dict.fromkeys((units[len(units) // 4], middle, units[-1]))
        return document, self._by_epoch({each: curves[each] for each in shown})

    def _misfit(self, judged: dict[str, np.ndarray]) -> np.ndarray:
        return judged["train_error" if self.dataset.task == "classify" else "train_loss"]

    def _by_epoch(self, curves: dict[int, tuple[Record, Plan]]) -> dict[str, Any]:
        """Return losses and errors on validation rows of the plain networks, over the steps."""
        plan = next(iter(curves.values()))[1]
        steps = plan.stride * (1 + np.arange(plan.evaluations))
        lines = []
        for units, (record, _) in curves.items():
            part = slice(0, len(self.seeds))
            loss = record.series["valid_loss"][part].astype(np.float64)
            score = record.series["score"][part].astype(np.float64)
            error = 1 - score if self.dataset.task == "classify" else score
            train = record.series["train_loss"][part].astype(np.float64)
            lines.append(
                {
                    "units": units,
                    "train_loss": [summary_of(each, bounds=AMOUNT) for each in train.T],
                    "valid_loss": [summary_of(each, bounds=AMOUNT) for each in loss.T],
                    "valid_error": [summary_of(each, bounds=AMOUNT) for each in error.T],
                    "descent": {"loss": _placed(loss, steps), "error": _placed(error, steps)},
                }
            )
        epochs = steps * self.batch_size / self.rows
        return {"step": steps.tolist(), "epoch": epochs.tolist(), "curves": lines}

    def examples(self, runner: Runner, units: int) -> dict[str, Any]:
        """Sweep the number of training rows at one width."""
        arm = [self._arms()["plain"]]
        found = [self._trained(runner, f"{rows} rows", units, rows, arm)[2][0] for rows in self.sizes]
        fitted = [
            rows
            for rows, each in zip(self.sizes, found, strict=True)
            if np.mean(self._misfit(each)) <= FITTED
        ]
        parameters = of_width(self.plain.network, units).parameters
        return {
            "rows": self.sizes,
            "units": units,
            "parameters": parameters,
            **_columns(found),
            "threshold": {"rows": max(fitted) if fitted else None, "by_count": parameters / self.outputs},
            "descent": _descents(found, self.sizes),
        }

    def line(self) -> str:
        """Say what is going to be done."""
        widths = self.level.widths
        return (
            f"{self.rule.title} at {self.rate:.3g}, {len(widths)} widths from {widths[0]} to {widths[-1]}, "
            f"{self.sizes[0]:,} to {self.sizes[-1]:,} rows, {self.settings.noise:.0%} of the labels anew, "
            f"{len(self.seeds)} seeds, {self.steps:,} steps"
        )

    def plan_document(self) -> dict[str, Any]:
        """Return plan.json."""
        return {
            **self._plan(self.plain).describe(),
            "rate": self.rate,
            "schedule": str(schedule(self.settings.schedule)),
            "seeds": self.seeds.tolist(),
            "widths": list(self.level.widths),
            "rows": self.rows,
            "examples": self.sizes,
            "noise": self.settings.noise,
            "arms": list(self._arms()),
        }

    def document(self) -> dict[str, Any]:
        """Return what was asked, as plain values."""
        plan, classify = self._plan(self.plain), self.dataset.task == "classify"
        return {
            "schema_version": SCHEMA_VERSION,
            "study": "descent",
            "data": data_document(self.dataset),
            "rows": {
                "train": self.rows,
                "validation": len(self._split(0).valid),
                "test": len(self.dataset.test),
                "available": self.available,
            },
            "metric": {"name": "share wrong" if classify else "rmse", "greater_is_better": False},
            "plan": {
                "effort": self.settings.effort,
                "optimizer": self.rule.name,
                "learning_rate": self.rate,
                "schedule": str(schedule(self.settings.schedule)),
                "network": str(self.plain.network),
                "noise": self.settings.noise,
                "steps": plan.steps,
                "epochs": plan.steps * self.batch_size / self.rows,
                "batch_size": self.batch_size,
                "seeds": self.seeds.tolist(),
                "ridge": RIDGE,
                "patience": PATIENCE,
            },
        }


def _loss_and_error(network: Trained, rows: Rows, task: str, unit: float) -> tuple[float, float]:
    """Return cross-entropy and share wrong, or mean squared error, standardised, and its root, in units."""
    z = network.outputs(rows.x).astype(np.float64)
    weight = None if rows.weight is None else rows.weight.astype(np.float64)
    if task == "regress":
        loss = float(np.average((z[:, 0] - rows.y) ** 2, weights=weight))
        return loss, float(np.sqrt(max(loss, 0.0)) * unit)
    top = z.max(axis=1)
    each = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(z)), rows.y]
    return float(np.average(each, weights=weight)), float(
        np.average(z.argmax(axis=1) != rows.y, weights=weight)
    )


def _columns(found: Sequence[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return {measure: [place] of means with intervals}."""
    return {name: [summary_of(each[name], bounds=AMOUNT) for each in found] for name in found[0]}


def _descents(found: Sequence[dict[str, np.ndarray]], places: Sequence[int]) -> dict[str, Any]:
    return {
        name: _placed(np.stack([each[f"test_{name}"] for each in found], axis=1), places)
        for name in ("loss", "error")
    }


def _placed(curves: np.ndarray, places: Sequence[int] | np.ndarray) -> dict[str, Any]:
    """Return the second descent of curves [seed, place], its peak as a width, a number of rows or a step."""
    found = double_descent(curves)
    return {**found, "peak": None if found["peak"] is None else int(places[found["peak"]])}


def _told(document: dict[str, Any]) -> str:
    """What `ravine runs` shows."""
    seen = [
        name
        for name, part in (("width", document["widths"]), ("examples", document["examples"]))
        if part["descent"]["loss"]["twice"]
    ]
    if any(each["descent"]["loss"]["twice"] for each in document["epochs"]["curves"]):
        seen.append("epochs")
    return f"double descent in {', '.join(seen)}" if seen else "no double descent"
