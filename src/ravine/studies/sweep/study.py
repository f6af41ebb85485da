"""Does it help on these data? Every setting of a design on the same fresh seeds, each at its own tuned rate.

`Dataset → settings → tune → (extend) → evaluate → leaderboard, effects → test, once → model`

Settings that differ in numbers share programs and cohorts; those that differ in structure have their own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices, find_devices
from ravine.errors import NothingTrained
from ravine.execution.events import Event, Notify, StopAsked
from ravine.execution.loading import data_line, load
from ravine.execution.run_files import data_document, keep_plan, keep_result, split_document
from ravine.execution.runner import Runner
from ravine.execution.saved_model import Model
from ravine.networks import METRICS, find_metric
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.leaderboard import summary
from ravine.studies.sweep.design import EXTENSIONS, Place, Sweep, sweep_design
from ravine.studies.sweep.effects import Scores
from ravine.studies.sweep.settings import SweepSettings
from ravine.studies.sweep.study import effects
from ravine.studies.sweep.view import sweep_text
from ravine.training import trained

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Swept", "sweep_plan", "sweep_study"]

SCHEMA_VERSION = 1
LONG = 3600  # seconds: beyond it, what takes less is named


@dataclass(frozen=True)
class Swept:
    """What a sweep found. `document`: all of it as plain values, what `sweep --json` prints."""

    document: dict[str, Any]
    model: Model
    records: dict[str, Record] = field(repr=False)

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row a setting, best first, its levels as columns."""
        import pandas as pd

        hidden = ("values", "levels", "against_first")
        return pd.DataFrame(
            [
                {**row["levels"], **{name: each for name, each in row.items() if name not in hidden}}
                for row in self.document["leaderboard"]
            ]
        )

    @property
    def effects(self) -> pd.DataFrame:
        """What every level does against the first of its factor, the others averaged over."""
        import pandas as pd

        return pd.DataFrame(self.document["effects"])

    @property
    def values(self) -> pd.DataFrame:
        """Validation score by fresh seed (rows) and setting (columns); NaN where a run diverged."""
        import pandas as pd

        rows = [row for row in self.document["leaderboard"] if row["values"]]
        return pd.DataFrame({row["setting"]: np.array(row["values"], np.float64) for row in rows})

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return sweep_text(self.document, 100)


def sweep_plan(settings: SweepSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what a sweep would do, with its estimated seconds: what `--dry-run` prints."""
    dataset = dataset or load(settings)
    made = sweep_design(settings, dataset, find_devices(settings.device))
    return {
        "schema_version": SCHEMA_VERSION,
        "data": data_document(dataset),
        "estimated_seconds": made.seconds(),
        **made.document(),
    }


def sweep_study(
    settings: SweepSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Swept:
    """Run a sweep on a data set (read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    return _Sweeping(settings, dataset, run, notify or (lambda _: None), stop or (lambda: None)).result()


class _Sweeping:
    """The steps of one sweep, in order."""

    def __init__(
        self,
        settings: SweepSettings,
        dataset: Dataset | None,
        run: RunDirectory | None,
        notify: Notify,
        stop: StopAsked,
    ) -> None:
        self.clock = time.perf_counter()
        self.settings, self.run, self.notify = settings, run, notify
        self.dataset = dataset if dataset is not None else load(settings)
        for note in (data_line(self.dataset), *self.dataset.notes):
            notify(Event("data", note))
        self.devices: Devices = find_devices(settings.device)
        self.design: Sweep = sweep_design(settings, self.dataset, self.devices)
        seeds = [*self.design.tuning_seeds, *self.design.seeds]
        check_metric_defined(self.dataset, find_metric(settings.metric), seeds, settings.validation)
        self.metric = METRICS[self.design.places[0].plan.metric]
        self.runner = Runner(run, notify, stop, self.design.network_steps)
        keep_plan(run, "sweep", settings, self.dataset, self.design.document())
        programs, seconds = self.design.programs, max(1, round(self.design.seconds()))
        counted = f"{len(self.design.places)} settings, {self.design.runs:,} networks"
        counted += f", {programs} program{'s' * (programs > 1)}"
        if seconds > LONG:
            hours = f"About {seconds / 3600:.1f} hours."
            notify(Event("data", f"{hours} Fewer values, --random N or a lower --effort take less."))
        notify(Event("plan", f"{counted}, about {seconds:,} s on {self.devices}"))
        self.records: dict[str, Record] = {}
        self.kept: dict[str, str] = {}  # evaluations on disk, by group
        self.evaluated: dict[int, tuple[str, int]] = {}  # by setting: its group, its first run there

    def result(self) -> Swept:
        tuned, grown = self.tune()
        scores = self.evaluate(tuned)
        if not any(np.isfinite(each.values).any() for each in scores):
            raise NothingTrained(
                "Every run diverged.",
                f"The loss of all {self.runner.diverged:,} runs became infinite.",
                "Give a lower --rate, or look for extreme values among the inputs.",
            )
        table = effects.rows(scores, self.metric.greater_is_better, self.settings.seed, self.metric.bounds)
        levels = effects.marginal(
            scores, [f.name for f in self.design.factors], self.design.grid, self.metric.greater_is_better,
            self.settings.seed,
        )  # fmt: skip
        self.notify(Event("test", "the test split, read once"))
        winner = self.design.places[table[0]["index"]]
        model, test = self.test(winner, table[0], scores[table[0]["index"]])
        document = self._document(table, levels, test, grown)
        best = replace(winner.variant.settings, rate=table[0]["learning_rate"], epochs=winner.epochs)
        keep_result(self.run, document, model, best)
        return Swept(document, model, self.records)

    def tune(self) -> tuple[list[Scores], list[str]]:
        """Try rates for every setting without one; more for all where some best lies at an end."""
        scores = [Scores(place.variant) for place in self.design.places]
        grown: list[str] = []
        if self.design.tuning_runs:
            self._tune("tune", scores, self.design.shares)
        while self.design.tuning_runs and len(grown) < EXTENSIONS:
            sides = [side for each in scores if (side := each.edge(self.metric.greater_is_better))]
            side = next((s for s in ("high", "low") if s in sides), None)
            if side is None:
                break
            grown.append(side)
            self.notify(Event("extend", f"{sides.count(side)} best at the {side} end: more rates for all"))
            shares = self.design.more(grown)
            self.runner.total += self.design.tuning_steps(len(shares))
            self._tune(f"extend{len(grown)}", scores, shares)
        return scores, grown

    def _tune(self, stage: str, scores: list[Scores], shares: np.ndarray) -> None:
        """Run every setting at its centre times 10^share, and note the scores [rate, seed]."""
        seeds = self.design.tuning_seeds
        for name, group in self.design.groups.items():
            places = [place for place in group if place.rate is None]
            if not places:
                continue
            rates = {place.index: place.variant.rule.rate_centre * 10**shares for place in places}
            record = self._cohort(stage, name, places, rates, seeds, False)
            found = record.final["score"].astype(np.float64).reshape(len(places), len(shares), len(seeds))
            for place, part in zip(places, found, strict=True):
                scores[place.index].tried(rates[place.index], part)

    def evaluate(self, tuned: list[Scores]) -> list[Scores]:
        """Run every setting at its rate on the fresh seeds; one all of whose tuning diverged is left out."""
        seeds, greater = self.design.seeds, self.metric.greater_is_better
        for name, group in self.design.groups.items():
            rates = {
                place.index: np.array([rate])
                for place in group
                if (rate := place.rate or tuned[place.index].best(greater)) is not None
            }
            places = [place for place in group if place.index in rates]
            if not places:
                continue
            record = self._cohort("evaluate", name, places, rates, seeds, True)
            values = record.final["score"].astype(np.float64).reshape(len(places), len(seeds))
            taken = record.final["evaluation"].reshape(len(places), len(seeds))
            for k, place in enumerate(places):
                mine = tuned[place.index]
                mine.rate, mine.values = float(rates[place.index][0]), values[k]
                mine.stops = place.epochs * (1 + taken[k]) / place.plan.evaluations
                self.evaluated[place.index] = name, k * len(seeds)
        return tuned

    def _cohort(
        self,
        stage: str,
        name: str,
        places: list[Place],
        rates: Mapping[int, np.ndarray],
        seeds: list[int],
        keep: bool,
    ) -> Record:
        cohort = self.design.cohort(places, rates, seeds, keep)
        record = self.runner.cohort(stage, name, cohort, self.design.shapes[name], self.devices)
        light = record if self.run is None else record.without("parameters", "statistics")
        self.records[f"{stage} {name}"] = light
        if keep and self.run is not None:
            self.kept[name] = self.runner.key(stage, cohort)
        return light

    def _with_parameters(self, name: str) -> Record:
        """Return the evaluation of a group with the parameters of its runs."""
        if self.run is None:
            return self.records[f"evaluate {name}"]
        return self.run.load_cohort(self.kept[name])

    def test(self, place: Place, row: Mapping[str, Any], scores: Scores) -> tuple[Model, dict[str, Any]]:
        """Score the winner's networks on the test split; the model is the best of them by validation."""
        name, first = self.evaluated[place.index]
        record, seeds = self._with_parameters(name), self.design.seeds
        plan, streams, greater = place.plan, place.streams, self.metric.greater_is_better
        tests = np.full(len(seeds), np.nan)
        for k, seed in enumerate(seeds):
            if record.status[first + k] == Status.FINISHED:
                network = trained(plan.network, record, first + k)
                tests[k] = network.score(plan.metric, streams.test(seed), streams.rows(seed).unit)
        valid = scores.values
        best = int(np.argmax(np.where(np.isfinite(valid), valid if greater else -valid, -np.inf)))
        about = {
            "optimizer": row["optimizer"],
            "setting": row["setting"],
            "learning_rate": row["learning_rate"],
            "schedule": row["schedule"],
            "steps": plan.steps,
            "seed": seeds[best],
            "metric": self.metric.name,
            "validation": float(valid[best]),
            "test": float(tests[best]),
            "data": {"name": self.dataset.name, "sha256": self.dataset.sha256},
        }
        network = trained(plan.network, record, first + best)
        model = Model.of(self.dataset, network, streams.rows(seeds[best]), about)
        return model, {
            "setting": row["setting"],
            "model": float(tests[best]),
            **summary(tests, greater, self.settings.seed, self.metric.bounds),
        }

    def _document(
        self,
        table: list[dict[str, Any]],
        levels: list[dict[str, Any]],
        test: dict[str, Any],
        grown: list[str],
    ) -> dict[str, Any]:
        made = self.design
        plans = {place.plan: made.shapes[name] for name, group in made.groups.items() for place in group}
        return {
            "schema_version": SCHEMA_VERSION,
            "data": data_document(self.dataset),
            "split": split_document(self.dataset, made.places[0].streams),
            "metric": {"name": self.metric.name, "greater_is_better": self.metric.greater_is_better},
            "design": {
                "kind": "grid" if made.grid else "random",
                "factors": [each.describe() for each in made.factors],
                "settings": len(made.places),
                "rate": "tuned" if made.tuning_runs else "given",
            },
            "plan": {
                "effort": made.effort.name,
                "runs": sum(len(each) for each in self.records.values()),
                "network_steps": self.runner.total,
                "epochs": max(place.epochs for place in made.places),
                "programs": made.programs,
                "cohorts": len(self.records),
                "ranges_grown": grown,
            },
            "seconds": {
                "total": time.perf_counter() - self.clock,
                "compile": sum(
                    self.runner.compile_seconds([plan], shape, self.devices) for plan, shape in plans.items()
                ),
                "train": self.runner.train_seconds,
            },
            "leaderboard": table,
            "effects": levels,
            "test": test,
            "run_dir": None if self.run is None else str(self.run.path),
            "model": None if self.run is None else str(self.run.models),
        }
