"""How much of the data a network learns by heart, what that costs and risks, and what limits it.

shares   the random-label test: a share of the development rows gets labels drawn anew, once for all networks
limits   dropout, L2, noise on the inputs, early stopping, side by side, on the labels as they are and on
         labels of which LIMITED are drawn anew
Of each pair of rows every network is trained on one, drawn anew for each seed: see `memory`.

Source: Zhang et al. 2017; Feldman & Zhang 2020; Arpit et al. 2017.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.corruption import corrupt_labels
from ravine.engines import Devices, find_devices
from ravine.errors import DataError, NothingTrained, UsageError
from ravine.networks import METRICS
from ravine.optimizers import Rule, resolve, schedule
from ravine.records.record import Record, Status
from ravine.records.rundir import RunDirectory
from ravine.reporting.memorise import memorise_text
from ravine.reporting.memory_pictures import memory_pictures
from ravine.studies.documents import keep_document
from ravine.studies.effort import batch_size_for
from ravine.studies.events import Event, Notify, StopAsked
from ravine.studies.limits import bounds
from ravine.studies.loading import data_line, load
from ravine.studies.memory import FITTED, Pairs, answers, measured, pairs
from ravine.studies.recipe import Recipe, alike, around_of, recipe
from ravine.studies.recording import data_document, keep_plan
from ravine.studies.relabelled import Relabelled
from ravine.studies.runner import Runner
from ravine.studies.settings import MemoriseSettings
from ravine.training import Cohort, Plan, Streams, first_parameters, shape_for, trained
from ravine.training.stream import keyed

__all__ = ["LIMITED", "Memory", "memorise_plan", "memorise_study"]

SCHEMA_VERSION = 1
FIRST_SEED = 3_000
LIMITED = 0.25  # share of labels drawn anew at which limits are compared
FEWEST_PAIRS = 8
METRIC = "accuracy"  # counts right answers
LOOKS = 120  # evaluations at most
DROPOUT, L2, NOISE, PATIENCE = 0.5, 0.01, 0.5, 5


@dataclass(frozen=True)
class Level:
    """How much is done. epochs become steps, at least `fewest`. pairs: at most, half their rows train."""

    shares: tuple[float, ...]
    seeds: int
    epochs: float
    fewest: int
    pairs: int


LEVELS = {
    "quick": Level((0.0, LIMITED, 1.0), 8, 60, 1_000, 500),
    "standard": Level((0.0, 0.1, LIMITED, 0.5, 0.75, 1.0), 10, 120, 2_500, 1_000),
}


@dataclass(frozen=True)
class Memory:
    """What the test found. `document`: all of it as plain values, as `ravine memorise --json` prints it."""

    document: dict[str, Any]
    records: dict[str, Record] = field(repr=False)

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return memorise_text(self.document, 100)


@dataclass(frozen=True)
class Arm:
    """Networks trained alike: `share` of labels drawn anew, what limits them, how they are made."""

    share: float
    limit: str
    made: Recipe
    watch: str = "train"

    @property
    def name(self) -> str:
        return f"{self.share:.0%} drawn anew" + (f", {self.limit}" if self.limit else "")


def memorise_study(
    settings: MemoriseSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Memory:
    """Run the test as the settings say (data read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    clock = time.perf_counter()
    notify, stop = notify or (lambda _: None), stop or (lambda: None)
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        notify(Event("data", note))
    settings = _checked(settings, dataset)
    test = _Test(settings, dataset, find_devices(settings.device))
    keep_plan(run, "memorise", settings, dataset, test.plan_document())
    notify(Event("plan", test.line()))
    runner = Runner(run, notify, stop, test.network_steps)
    found = [(arm, *test.measure(arm, runner)) for arm in test.arms]
    if not any(facts["networks"] for _, facts, _ in found):
        raise NothingTrained(
            "Training diverged on every seed.",
            f"The learning rate was {test.rate:.3g}.",
            "Give a lower --rate.",
        )
    document = test.document([(arm, facts) for arm, facts, _ in found])
    document["seconds"] = {
        "total": time.perf_counter() - clock,
        "compile": runner.compile_seconds(test.plans, test.shape, test.devices),
        "train": runner.train_seconds,
    }
    document["run_dir"] = None if run is None else str(run.path)
    document["pictures"] = []
    keep_document(run, document, memory_pictures, _told(document))
    return Memory(document, {arm.name: record for arm, _, record in found})


def memorise_plan(settings: MemoriseSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what the test would do: what `--dry-run` prints."""
    dataset = dataset if dataset is not None else load(settings)
    test = _Test(_checked(settings, dataset), dataset, find_devices(settings.device))
    document = test.head()
    document["plan"] |= {
        "around": around_of(settings),
        "arms": [{"share": arm.share, "limit": arm.limit or None} for arm in test.arms],
        "runs": len(test.arms) * len(test.seeds),
        "network_steps": test.network_steps,
    }
    return document


def _checked(settings: MemoriseSettings, dataset: Dataset) -> MemoriseSettings:
    if dataset.task != "classify":
        raise UsageError(
            f"Memory of the target '{dataset.target}' cannot be counted.",
            "It counts right answers, and a number is never right, only near.",
            "Name a target of classes, or give --task classify.",
        )
    if settings.metric not in (None, METRIC):
        raise UsageError(
            f"--metric {settings.metric} cannot be used.", "Right answers are counted.", "Leave it out."
        )
    if len(dataset.development) < 2 * FEWEST_PAIRS:
        raise DataError(
            f"{len(dataset.development)} rows are too few.",
            "Half of them are held out.",
            f"Give {2 * FEWEST_PAIRS}.",
        )
    return settings


class _Test:
    """One test, fixed before training: arms, pairs, plans."""

    def __init__(self, settings: MemoriseSettings, dataset: Dataset, devices: Devices) -> None:
        self.settings, self.dataset, self.devices = settings, dataset, devices
        self.level = LEVELS[settings.effort]
        self.rule: Rule = resolve(settings.optimizer)
        self.rate = settings.rate or self.rule.rate_centre
        self.schedule = str(schedule(settings.schedule))
        self.seeds = np.arange(FIRST_SEED, FIRST_SEED + (settings.seeds or self.level.seeds))
        self.pairs: Pairs = pairs(dataset, settings.seed, self.level.pairs)
        self.batch_size = min(settings.batch_size or batch_size_for(self.rows), self.rows)
        plain = recipe(settings, dataset)
        self.arms = [Arm(share, "", plain) for share in self.level.shares]
        self.arms += _limiting(settings, dataset, plain)
        self._streams: tuple[tuple[float, str], Streams] | None = None
        self.streams(self.arms[0])
        self.shape = shape_for(
            self.plan(self.arms[0]), self.streams(self.arms[0]), len(self.seeds), len(self.seeds), devices
        )

    @property
    def rows(self) -> int:
        """How many rows a network is trained on."""
        return len(self.pairs.rows)

    @property
    def network_steps(self) -> int:
        return sum(len(self.seeds) * self.plan(arm).steps for arm in self.arms)

    @property
    def plans(self) -> list[Plan]:
        return list(dict.fromkeys(self.plan(arm) for arm in self.arms))

    def streams(self, arm: Arm) -> Streams:
        """Return the rows of an arm; those of the arm before are let go unless they are the same."""
        key = arm.share, arm.watch
        if self._streams is None or self._streams[0] != key:
            data = replace(self.dataset, y=self.labels(arm.share))
            parts = partial(self.pairs.split, watch=arm.watch)
            made = Relabelled(data, self.settings.seed, self.batch_size, self.settings.precision, parts)
            self._streams = key, made
        return self._streams[1]

    def labels(self, share: float) -> np.ndarray:
        """Return the labels of all rows, a share of the pairs' drawn anew, the same for all networks."""
        rows, y = self.pairs.rows.ravel(), self.dataset.y.copy()
        classes = len(self.dataset.classes or ())
        y[rows], _ = corrupt_labels(y[rows], share, keyed(self.settings.seed, "corruption"), classes)
        return y

    def plan(self, arm: Arm) -> Plan:
        """Return the plan of an arm, evaluated once an epoch, more rarely where there are many."""
        per_epoch = self.rows / self.batch_size
        epochs = self.settings.epochs
        steps = (
            round(epochs * per_epoch)
            if epochs
            else max(self.level.fewest, round(self.level.epochs * per_epoch))
        )
        stride = max(1, round(per_epoch), -(-steps // LOOKS))
        made = arm.made.plan(
            self.settings, self.dataset, self.rule, self.streams(self.arms[0]), max(1, steps)
        )
        return replace(made, metric=METRIC, stride=stride, evaluations=max(1, -(-steps // stride)))

    def line(self) -> str:
        """Say what is going to be done."""
        plan, half = self.plan(self.arms[0]), f"{self.rows:,} of {2 * self.rows:,} rows"
        return (
            f"{self.rule.title} at {self.rate:.3g}, {plan.network}: {len(self.arms)} times {len(self.seeds)} "
            f"networks, each trained on {half}, {plan.steps:,} steps"
        )

    def plan_document(self) -> dict[str, Any]:
        """Return plan.json."""
        plan = self.plan(self.arms[0])
        return {
            **plan.describe(),
            "rate": self.rate,
            "schedule": self.schedule,
            "seeds": self.seeds.tolist(),
            "rows": {"pairs": self.rows, "development": len(self.dataset.development)},
            "arms": [{"share": arm.share, "limit": arm.limit, **arm.made.numbers} for arm in self.arms],
        }

    def measure(self, arm: Arm, runner: Runner) -> tuple[dict[str, Any], Record]:
        """Train the networks of an arm, and count."""
        plan, streams = self.plan(arm), self.streams(arm)
        count = len(self.seeds)
        runs = arm.made.runs(plan, np.full(count, self.rate), np.full(count, self.schedule), self.seeds, {})
        cohort = Cohort(plan, runs, streams, arm.made.initial, True)
        record = runner.cohort(f"memorise {arm.name}", self.rule.name, cohort, self.shape, self.devices)
        watched = arm.watch == "train"
        seen = answers(record, plan, streams, self.pairs, self.dataset.y, watched)
        facts: dict[str, Any] = {
            "share": arm.share,
            "limit": arm.limit or None,
            "diverged": count - len(seen.test),
        }
        if not len(seen.test):
            return {**facts, "networks": 0}, record
        facts |= measured(seen, watched)
        if not arm.limit:
            runner.notify(Event("bounds", arm.name))
            facts["curve"] = _curve(record, plan, streams)
            facts["bounds"] = self._bounds(arm, record, plan, streams, 1 - facts["held_out"]["values"][0])
        return facts, record

    def _bounds(
        self, arm: Arm, record: Record, plan: Plan, streams: Streams, wrong: float
    ) -> list[dict[str, Any]]:
        """Of the first network that did not diverge."""
        k = int(np.flatnonzero(record.status == Status.FINISHED)[0])
        seed = int(record.hyper["seed"][k])
        gate = arm.made.numbers.get("gate_bias")
        first = first_parameters(plan.network, streams.root, seed, *arm.made.initial, plan.precision, gate)
        train = streams.rows(seed).train
        commonest = np.bincount(train.y).max() / len(train.y)
        return bounds(trained(plan.network, record, k), first, train, wrong, self.rows, float(1 - commonest))

    def head(self) -> dict[str, Any]:
        """Return what the document says before anything is found."""
        plan = self.plan(self.arms[0])
        return {
            "schema_version": SCHEMA_VERSION,
            "study": "memorise",
            "data": data_document(self.dataset),
            "rows": {"train": self.rows, "held_out": self.rows, "test": len(self.dataset.test)},
            "metric": {"name": METRIC, "greater_is_better": METRICS[METRIC].greater_is_better},
            "plan": {
                "effort": self.settings.effort,
                "optimizer": self.rule.name,
                "learning_rate": self.rate,
                "schedule": self.schedule,
                "network": str(plan.network),
                "parameters": plan.network.parameters,
                "steps": plan.steps,
                "epochs": plan.steps * plan.batch_size / self.rows,
                "batch_size": plan.batch_size,
                "seeds": self.seeds.tolist(),
                "fitted": FITTED,
            },
        }

    def document(self, found: Sequence[tuple[Arm, dict[str, Any]]]) -> dict[str, Any]:
        """Return what was found as plain values."""
        return {
            **self.head(),
            "shares": [facts for arm, facts in found if not arm.limit],
            "limits": [facts for arm, facts in found if arm.limit],
            "result": {"diverged": sum(facts["diverged"] for _, facts in found)},
        }


def _limiting(settings: MemoriseSettings, dataset: Dataset, plain: Recipe) -> list[Arm]:
    """Return what may limit memory, on labels as they are and on LIMITED; what is on already is no arm."""
    on = {}
    if not plain.network.dropout and len(plain.network.sizes) > 2:
        on[f"dropout {DROPOUT:g}"] = replace(settings, net=f"{settings.net} dropout={DROPOUT}")
    if settings.l2 is None:
        on[f"L2 {L2:g}"] = replace(settings, l2=L2)
    if not plain.augment:
        on[f"noise {NOISE:g}"] = replace(settings, augment=f"noise={NOISE}")
    made = dict(zip(on, alike([recipe(each, dataset) for each in on.values()]), strict=True))
    if not settings.early_stop:
        made["early stopping"] = recipe(replace(settings, early_stop=PATIENCE), dataset)
    return [
        Arm(share, limit, each, "held out" if limit == "early stopping" else "train")
        for share in (0.0, LIMITED)
        for limit, each in reversed(made.items())
    ]


def _curve(record: Record, plan: Plan, streams: Streams) -> dict[str, list[float]]:
    """Share of the training labels given, mean over networks, by epoch."""
    score = record.series["score"][record.status == Status.FINISHED].astype(np.float64)
    epochs = plan.stride * (1 + np.arange(plan.evaluations)) * streams.batch_size / streams.sizes[0]
    return {"epoch": epochs.tolist(), "train": score.mean(axis=0).tolist()}


def _told(document: dict[str, Any]) -> str:
    """What `ravine runs` shows."""
    share = (document["shares"][0].get("memorised") or {}).get("mean")
    return "" if share is None else f"{share:.1%} memorised"
