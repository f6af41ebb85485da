"""What the sweeps of `descent` are going to train, fixed before they begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ravine.data import Dataset, split
from ravine.data.splits import Split
from ravine.engines import Devices
from ravine.errors import DataError, UsageError
from ravine.execution.label_noise import Relabelled
from ravine.execution.run_files import data_document
from ravine.execution.training_spec import Recipe, alike, recipe
from ravine.networks import default_metric
from ravine.optimizers import resolve, schedule
from ravine.studies.descent.settings import DescentSettings
from ravine.studies.descent.width_groups import can_share, narrowed
from ravine.training import Plan, Runs, Streams

__all__ = ["DescentDesign", "Level"]

SCHEMA_VERSION = 1
FIRST_SEED = 4_000
RIDGE, PATIENCE = 0.01, 8
TO_THE_END = 3.0  # times the usual rate: there is no peak before the networks have fitted what they can
BATCH = 32  # rows in a batch, where none is asked for
LOOKS = 60  # evaluations of a run
HELD_OUT = 1_000  # validation rows at most
FEWEST_ROWS = 16
SHARES = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 4)  # of `rows`, for the sweep in examples


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


class DescentDesign:
    """The sweeps, but for the width of the last one, which the first one finds.

    Raises UsageError for a metric or a network that cannot be used, DataError for too few rows.
    """

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
        self.available = len(self.parts(0).train)
        self.rows = min(self.available, self.level.rows)
        if self.rows < FEWEST_ROWS:
            raise DataError(f"{self.rows} training rows are too few.", "", f"Give {FEWEST_ROWS} or more.")
        self.sizes: list[int] = sorted(
            {round(share * self.rows) for share in SHARES if share * self.rows <= self.available}
        )
        self.batch_size = min(settings.batch_size or BATCH, self.sizes[0])
        self.outputs = self.plain.network.sizes[-1]
        self.share = can_share(self.plain.network, self.rule)

    @property
    def steps(self) -> int:
        """Steps of every run."""
        if self.settings.epochs is None:
            return self.level.steps
        return max(1, round(self.settings.epochs * self.rows / self.batch_size))

    @property
    def runs(self) -> int:
        """Networks trained in all."""
        return len(self.seeds) * (len(self.level.widths) * len(self.arms()) + len(self.sizes))

    @property
    def network_steps(self) -> int:
        """Steps of all networks together."""
        return self.runs * self.plan(self.at_width(1)).steps

    def parts(self, seed: int, rows: int | None = None) -> Split:
        """Return the rows of a seed, of those trained on the first `rows`."""
        parts = split(self.dataset, seed, self.settings.validation)
        return Split(parts.train[:rows], parts.valid[:HELD_OUT])

    def streams(self, rows: int) -> Streams:
        """Return the batches of so many training rows, some of their labels drawn anew."""
        parts = partial(self.parts, rows=rows)
        return Relabelled(
            self.dataset,
            self.settings.seed,
            self.batch_size,
            self.settings.precision,
            parts,
            self.settings.noise,
        )

    def at_width(self, units: int) -> Recipe:
        """Return the plain recipe with `units` in every hidden layer."""
        network = narrowed(self.plain.network, units, self.level.widths, self.share)
        return replace(self.arms()["plain"], network=network)

    def arms(self) -> dict[str, Recipe]:
        """Recipes of equal structure; what the user has switched on is on in all, and no arm of its own."""
        asked = {"plain": self.settings}
        if self.settings.l2 is None:
            asked["ridge"] = replace(self.settings, l2=RIDGE)
        if not self.settings.early_stop:
            asked["early stopping"] = replace(self.settings, early_stop=PATIENCE)
        return dict(zip(asked, alike([recipe(each, self.dataset) for each in asked.values()]), strict=True))

    def plan(self, made: Recipe) -> Plan:
        """Return how a recipe is trained."""
        stride = max(1, -(-self.steps // LOOKS))
        plan = made.plan(self.settings, self.dataset, self.rule, self.streams(self.rows), self.steps)
        return replace(plan, stride=stride, evaluations=max(1, -(-self.steps // stride)))

    def runs_of(self, plan: Plan, arms: Sequence[Recipe]) -> Runs:
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
            **self.plan(self.plain).describe(),
            "rate": self.rate,
            "schedule": str(schedule(self.settings.schedule)),
            "seeds": self.seeds.tolist(),
            "widths": list(self.level.widths),
            "rows": self.rows,
            "examples": self.sizes,
            "noise": self.settings.noise,
            "arms": list(self.arms()),
        }

    def document(self) -> dict[str, Any]:
        """Return what was asked, as plain values."""
        plan, classify = self.plan(self.plain), self.dataset.task == "classify"
        return {
            "schema_version": SCHEMA_VERSION,
            "study": "descent",
            "data": data_document(self.dataset),
            "rows": {
                "train": self.rows,
                "validation": len(self.parts(0).valid),
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
