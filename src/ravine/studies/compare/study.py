"""Which optimizer, at which learning rate, for these data: tune all alike, evaluate on fresh seeds, compare.

`Dataset → Design → tune → (extend) → evaluate → leaderboard → test, once → model`
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
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.events import Event, Notify, StopAsked
from ravine.execution.loading import data_line, load
from ravine.execution.run_files import data_document, keep_plan, keep_result, split_document
from ravine.execution.runner import Runner
from ravine.execution.saved_model import Model
from ravine.execution.training_spec import Recipe, around_of, moving_of
from ravine.networks import METRICS, find_metric
from ravine.optimizers import Rule, resolve
from ravine.optimizers.optimizer_text import parse
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.choose_effort import choose_effort
from ravine.studies.compare.design import EXTENSIONS, Design, design
from ravine.studies.compare.leaderboard import Evaluated, Tuned
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.study import leaderboard
from ravine.studies.compare.view import leaderboard_text
from ravine.training import Cohort, trained

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCHEMA_VERSION", "Comparison", "compare_study", "plan_document"]

SCHEMA_VERSION = 1
REFERENCE = "sgd"  # the rule whose best validation value is the target of the others, if it takes part


@dataclass(frozen=True)
class Comparison:
    """What a comparison found. `document`: all of it as plain values, what `compare --json` prints."""

    document: dict[str, Any]
    model: Model
    records: dict[str, Record] = field(repr=False)

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row an optimizer, best first."""
        import pandas as pd

        hidden = ("values", "sensitivity")
        rows = [{k: v for k, v in row.items() if k not in hidden} for row in self.document["leaderboard"]]
        return pd.DataFrame(rows)

    @property
    def pairs(self) -> pd.DataFrame:
        """The paired difference of every two optimizers."""
        import pandas as pd

        return pd.DataFrame(self.document["pairs"])

    @property
    def sensitivity(self) -> pd.DataFrame:
        """Score against learning rate, one row a rate and optimizer."""
        import pandas as pd

        parts = [
            pd.DataFrame({"optimizer": row["optimizer"], "schedule": row["schedule"], **row["sensitivity"]})
            for row in self.document["leaderboard"]
            if "sensitivity" in row
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def values(self) -> pd.DataFrame:
        """Validation score by evaluation seed (rows) and optimizer (columns); NaN where a run diverged."""
        import pandas as pd

        rows = [row for row in self.document["leaderboard"] if row["values"]]
        return pd.DataFrame({row["optimizer"]: np.array(row["values"], np.float64) for row in rows})

    @property
    def best(self) -> str:
        """The name of the first optimizer of the leaderboard; see its tier for who shares it."""
        return str(self.document["leaderboard"][0]["optimizer"])

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return leaderboard_text(self.document, 100)


def plan_document(settings: CompareSettings, dataset: Dataset | None = None) -> dict[str, Any]:
    """Return what a comparison would do, with its estimated seconds: what `--dry-run` prints."""
    dataset = dataset or load(settings)
    devices = find_devices(settings.device)
    level, seconds, why = choose_effort(settings, dataset, devices)
    return {
        "schema_version": SCHEMA_VERSION,
        "data": data_document(dataset),
        "estimated_seconds": seconds,
        "effort_chosen": why,
        "around": around_of(settings),
        **design(settings, dataset, devices, level).document(),
    }


def compare_study(
    settings: CompareSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Comparison:
    """Compare optimizers on a data set (read from `settings.source` if not given).

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory), NothingTrained.
    """
    return _Comparing(settings, dataset, run, notify or (lambda _: None), stop or (lambda: None)).result()


class _Comparing:
    """The steps of one comparison, in order."""

    def __init__(
        self,
        settings: CompareSettings,
        dataset: Dataset | None,
        run: RunDirectory | None,
        notify: Notify,
        stop: StopAsked,
    ) -> None:
        self.clock = time.perf_counter()
        self.run, self.notify = run, notify
        self.dataset = dataset if dataset is not None else load(settings)
        notify(Event("data", data_line(self.dataset)))
        for note in self.dataset.notes:
            notify(Event("data", note))
        self.devices: Devices = find_devices(settings.device)
        level, seconds, why = choose_effort(settings, self.dataset, self.devices)
        self.settings = replace(settings, effort=level, budget=None)
        self.design: Design = design(self.settings, self.dataset, self.devices, level)
        self.settings = self.design.settings
        seeds = [*self.design.tuning_seeds, *self.design.seeds]
        check_metric_defined(self.dataset, find_metric(self.settings.metric), seeds, self.settings.validation)
        self.metric = METRICS[next(iter(self.design.plans.values())).metric]
        self.runner = Runner(run, notify, stop, self.design.runs * self.design.steps)
        keep_plan(run, "compare", self.settings, self.dataset, self.design.document())
        for name, text in self.design.recipe.moving.items():
            follow = [each for each, plan in self.design.plans.items() if name in plan.moving]
            notify(Event("data", f"{name} follows {text} in {', '.join(follow)}"))
        steps = f"{self.design.steps:,} step{'s' * (self.design.steps != 1)}"
        about = f"{self.design.runs:,} networks of {steps}, effort {level} ({why})"
        notify(Event("plan", f"{about}, about {max(1, round(seconds))} s on {self.devices}"))
        self.records: dict[str, Record] = {}
        self.kept: dict[str, str] = {}  # evaluations on disk, by optimizer

    def result(self) -> Comparison:
        tuned, grown = self.tune()
        evaluated = self.evaluate(tuned)
        seed = self.settings.seed
        table = leaderboard.rows(
            tuned, evaluated, self._reference(), self.design.plans[self.design.rules[0].name].stride,
            self._step_seconds(), seed,
        )  # fmt: skip
        if not any(row["median"] is not None for row in table):
            raise NothingTrained(
                "Every run diverged.",
                f"The loss of all {self.runner.diverged:,} runs became infinite, at every rate tried.",
                "Look for extreme values among the inputs, or try --init-scale 0.1.",
            )
        self.notify(Event("test", "the test split, read once"))
        model, test = self.test(table[0], tuned, evaluated)
        document = self._document(table, tuned, evaluated, grown, test)
        best = _best_settings(self.settings, table[0], self.design.recipe)
        keep_result(self.run, document, model, best)
        return Comparison(document, model, self.records)

    def tune(self) -> tuple[dict[str, Tuned], list[str]]:
        """Try all trials on the tuning seeds; let the ranges of all grow where some best lies at an edge."""
        tuned = {rule.name: self._tune(rule, "tune", ()) for rule in self.design.rules}
        grown: list[str] = []
        while len(grown) < EXTENSIONS:
            sides = {name: edge for name, each in tuned.items() if (edge := each.edge())}
            side = next((s for s in ("high", "low") if s in sides.values()), None)
            if side is None:
                break
            grown.append(side)
            who = ", ".join(name for name, edge in sides.items() if edge == side)
            self.notify(Event("extend", f"best rate of {who} at the {side} end: one decade more for all"))
            self.runner.total += (
                sum(len(self.design.extended(rule, grown)) for rule in self.design.rules)
                * len(self.design.tuning_seeds)
                * self.design.steps
            )
            tuned = {
                rule.name: self._tune(rule, "extend", grown, tuned[rule.name]) for rule in self.design.rules
            }
        return tuned, grown

    def _tune(self, rule: Rule, stage: str, grown: Any, before: Tuned | None = None) -> Tuned:
        trials = self.design.extended(rule, grown) if grown else self.design.trials(rule)
        seeds = self.design.tuning_seeds
        record = self._cohort(rule, f"{stage}{len(grown) or ''}", trials, seeds, False)
        scores = record.final["score"].astype(np.float64).reshape(len(trials), len(seeds))
        if before is not None:
            trials, scores = before.trials.plus(trials), np.concatenate([before.scores, scores])
            order = np.lexsort((trials.schedule, trials.rate))
            trials, scores = trials.take(order), scores[order]
        return Tuned(
            trials,
            scores,
            self.design.range(rule, grown),
            self.metric.greater_is_better,
            self.metric.bounds,
        )

    def evaluate(self, tuned: Mapping[str, Tuned]) -> dict[str, dict[str, Evaluated]]:
        """Run the setting each optimizer was tuned to, under each schedule, on fresh seeds."""
        found: dict[str, dict[str, Evaluated]] = {}
        for rule in self.design.rules:
            best = {name: tuned[rule.name].best(name) for name in self.settings.schedules}
            chosen = {name: trial for name, trial in best.items() if trial is not None}
            if not chosen:
                continue
            seeds = self.design.seeds
            trials = tuned[rule.name].trials.take(list(chosen.values()))
            record = self._cohort(rule, "evaluate", trials, seeds, True)
            curves = record.series["score"].astype(np.float64).reshape(len(chosen), len(seeds), -1)
            scores = record.final["score"].astype(np.float64).reshape(len(chosen), len(seeds))
            found[rule.name] = {
                name: Evaluated(trial, scores[k], curves[k]) for k, (name, trial) in enumerate(chosen.items())
            }
        return found

    def _cohort(self, rule: Rule, stage: str, trials: Any, seeds: list[int], keep: bool) -> Record:
        plan, made = self.design.plans[rule.name], self.design.recipe
        cohort = Cohort(plan, trials.runs(made, plan, seeds), self.design.streams, made.initial, keep)
        record = self.runner.cohort(stage, rule.name, cohort, self.design.shape, self.devices)
        # parameters that are on disk need no memory, which would grow with the number of runs
        light = record if self.run is None else record.without("parameters", "statistics")
        self.records[f"{stage} {rule.name}"] = light
        if keep and self.run is not None:
            self.kept[rule.name] = self.runner.key(stage, cohort)
        return light

    def _with_parameters(self, name: str) -> Record:
        """Return the evaluation of an optimizer with the parameters of its runs."""
        if self.run is None:
            return self.records[f"evaluate {name}"]
        return self.run.load_cohort(self.kept[name])

    def test(
        self,
        winner: Mapping[str, Any],
        tuned: Mapping[str, Tuned],
        evaluated: Mapping[str, Mapping[str, Evaluated]],
    ) -> tuple[Model, dict[str, Any]]:
        """Score the winner's networks on the test split; the model is the best of them by validation."""
        name, schedule = winner["optimizer"], winner["schedule"]
        record, seeds = self._with_parameters(name), self.design.seeds
        first = list(evaluated[name]).index(schedule) * len(seeds)
        plan, streams = self.design.plans[name], self.design.streams
        scores = np.full(len(seeds), np.nan)
        for k, seed in enumerate(seeds):
            if record.status[first + k] == Status.FINISHED:
                unit = streams.rows(seed).unit
                scores[k] = trained(plan.network, record, first + k).score(
                    plan.metric, streams.test(seed), unit
                )
        greater = self.metric.greater_is_better
        valid = evaluated[name][schedule].scores
        best = int(np.argmax(np.where(np.isfinite(valid), valid if greater else -valid, -np.inf)))
        about = {
            "optimizer": name,
            "learning_rate": winner["learning_rate"],
            "hyperparameters": winner["hyperparameters"],
            "schedule": schedule,
            "steps": plan.steps,
            "seed": seeds[best],
            "metric": self.metric.name,
            "validation": float(valid[best]),
            "test": float(scores[best]),
            "data": {"name": self.dataset.name, "sha256": self.dataset.sha256},
        }
        network = trained(plan.network, record, first + best)
        model = Model.of(self.dataset, network, streams.rows(seeds[best]), about)
        return model, {
            "optimizer": name,
            "model": float(scores[best]),
            **leaderboard.summary(scores, greater, bounds=self.metric.bounds),
        }

    def _document(
        self,
        table: list[dict[str, Any]],
        tuned: Mapping[str, Tuned],
        evaluated: Mapping[str, Mapping[str, Evaluated]],
        grown: list[str],
        test: dict[str, Any],
    ) -> dict[str, Any]:
        greater, seed = self.metric.greater_is_better, self.settings.seed
        plan = self.design.plans[self.design.rules[0].name]
        runs = sum(len(each) for each in self.records.values())
        return {
            "schema_version": SCHEMA_VERSION,
            "data": data_document(self.dataset),
            "split": split_document(self.dataset, self.design.streams),
            "metric": {"name": self.metric.name, "greater_is_better": greater},
            "plan": {
                "effort": self.design.effort.name,
                "track": self.settings.track,
                "runs": runs,
                "network_steps": runs * plan.steps,
                "steps": plan.steps,
                "epochs": plan.steps * plan.batch_size / self.design.streams.sizes[0],
                "batch_size": plan.batch_size,
                "network": str(plan.network),
                "around": around_of(self.settings),
                "cohorts": len(self.records),
                "ranges_grown": grown,
            },
            "seconds": {
                "total": time.perf_counter() - self.clock,
                "compile": self.runner.compile_seconds(
                    self.design.plans.values(), self.design.shape, self.devices
                ),
                "train": self.runner.train_seconds,
            },
            "leaderboard": table,
            "pairs": leaderboard.pairs(table, greater, seed),
            "schedules": leaderboard.schedules(tuned, evaluated, seed),
            "test": test,
            "run_dir": None if self.run is None else str(self.run.path),
            "model": None if self.run is None else str(self.run.models),
        }

    def _reference(self) -> str:
        names = [rule.name for rule in self.design.rules]
        return REFERENCE if REFERENCE in names else names[0]

    def _step_seconds(self) -> dict[str, float]:
        """Seconds of one network step by optimizer, compilation left out."""
        return {
            rule.name: seconds for rule in self.design.rules
            if (seconds := self.runner.step_seconds(rule.name)) is not None
        }  # fmt: skip


def _best_settings(
    settings: CompareSettings, winner: Mapping[str, Any], made: Recipe
) -> FixedTrainingSettings:
    """Return what `train -c` takes to train the winner."""
    shared = {
        name: value
        for name, value in settings.to_dict().items()
        if name in FixedTrainingSettings.__dataclass_fields__ and name != "seeds"
    }
    spec = parse(winner["optimizer"])  # what was fixed by hand stays; what was tuned comes with it
    optimizer = str(spec._replace(keywords={**spec.keywords, **winner["hyperparameters"]}))
    shared["moving"] = moving_of(settings.moving, made, resolve(optimizer))
    return FixedTrainingSettings.from_dict(
        {**shared, "optimizer": optimizer, "rate": winner["learning_rate"], "schedule": winner["schedule"]}
    )
